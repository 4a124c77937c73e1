"""What is called, imported and inherited, by the rules of Python and not by the name alone."""

from __future__ import annotations

import random
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from knowledge_sources import Tree, pairs

from collegium.knowledge.resolving import (
    Interface,
    Run,
    differing,
    interface_of,
    resolve,
    signatures_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.facts import FileFacts

HOUSE = """
    class Door:
        def open(self): ...
        def close(self): ...

    class Gate(Door):
        def close(self):
            super().close()

    class Window:
        def open(self): ...

    class Chest:
        def open(self): ...
"""


def calls_from(code: str, *, of: str = "act", **more: str) -> set[str]:
    """What `act` of a module calls that has the house beside it, for certain."""
    files = {"app/__init__.py": "", "app/house.py": HOUSE, "app/main.py": code}
    files |= {name.replace("__", "/") + ".py": text for name, text in more.items()}
    found = pairs(Tree(files).edges(), "calls")
    return {target for source, target in found if source == f"app/main.py:{of}"}


DOOR, WINDOW = "app/house.py:Door.open", "app/house.py:Window.open"


@pytest.mark.parametrize(
    "body",
    [
        "def act(x: Door): x.open()",
        "def act(x: 'Door'): x.open()",
        "def act(x: Door | None = None): x.open()",
        "def act(x: Optional[Door]): x.open()",
        "def act(x: Gate): x.open()",
        "def act(xs: list[Door]):\n    for x in xs: x.open()",
        "def act(xs: list[Door]): [x.open() for x in xs]",
        "def act(xs: list[Door]): xs[0].open()",
        "def act(xs: list[Door]): next(iter(xs)).open()",
        "def act(xs: list[Door]): sorted(xs)[0].open()",
        "def act(xs: dict[str, Door]): xs['a'].open()",
        "def act(xs: dict[str, Door]): xs.get('a').open()",
        "def act(xs: dict[str, Door]):\n    for k, v in xs.items(): v.open()",
        "def act(xs: dict[str, Door]):\n    for v in xs.values(): v.open()",
        "def act(xs: tuple[Window, Door]): xs[1].open()",
        "def act(xs: tuple[Door, ...]): xs[3].open()",
        "def act(*xs: Door): xs[0].open()",
        "def act(**xs: Door): xs['a'].open()",
        "def act(x: Callable[[int], Door]): x(1).open()",
        "def act(x: type[Door]): x.open(None)",
        "def act(x):\n    if isinstance(x, Door): x.open()",
        "def act(x):\n    assert isinstance(x, Door)\n    x.open()",
        "def act(x):\n    if not isinstance(x, Door): return\n    x.open()",
        "def act(x): cast(Door, x).open()",
        "def act(x: Doors): x[0].open()",
        "Doors = list[Door]\ndef act(x: Doors): x[0].open()",
        "def made() -> Door: ...\ndef act():\n    x = made()\n    x.open()",
        "def made():\n    x = Door()\n    return x\ndef act(): made().open()",
        "async def made() -> Door: ...\nasync def act(): (await made()).open()",
        "def made():\n    yield Door()\ndef act():\n    for x in made(): x.open()",
        "@contextmanager\ndef made(): yield Door()\ndef act():\n    with made() as x: x.open()",
        "class C:\n    def __enter__(self) -> Door: ...\ndef act(c: C):\n    with c as x: x.open()",
        "class C:\n    def __iter__(self): return self\n    def __next__(self) -> Door: ...\n"
        "def act(c: C):\n    for x in c: x.open()",
        "class C:\n    def __getitem__(self, k) -> Door: ...\ndef act(c: C): c[0].open()",
        "class C:\n    def __call__(self) -> Door: ...\ndef act(c: C):\n    f = c\n    f().open()",
        "class C:\n    @property\n    def door(self): return Door()\ndef act(c: C): c.door.open()",
        "class C:\n    @functools.cached_property\n    def door(self) -> Door: ...\n"
        "def act(c: C): c.door.open()",
        "class C:\n    door: Door\ndef act(c: C): c.door.open()",
        "class C:\n    def __init__(self, door: Door): self.door = door\n"
        "def act(c: C): c.door.open()",
        "class C:\n    def fill(self): self.door = Door()\nclass D(C): ...\n"
        "def act(c: D): c.door.open()",
        "class C(Generic[T]):\n    def get(self) -> T: ...\ndef act(c: C[Door]): c.get().open()",
        "class C(Generic[T]):\n    item: T\nclass D(C[Door]): ...\ndef act(d: D): d.item.open()",
        "def same(x: T) -> T: ...\ndef act(): same(Door()).open()",
        "def made(kind: type[T]) -> T: ...\ndef act(): made(Door).open()",
        "def first(xs: list[T]) -> T: ...\ndef act(xs: list[Door]): first(xs).open()",
        "B = TypeVar('B', bound=Door)\ndef act(x: B): x.open()",
        "class C:\n    def me(self) -> Self: ...\n    door: Door\n"
        "def act(c: C): c.me().door.open()",
        "class C:\n    door: Door\n    @classmethod\n    def new(cls): return cls()\n"
        "class D(C): ...\n"
        "def act(): D.new().door.open()",
        "door = Door()\ndef act(): door.open()",
        "def act():\n    global door\n    door = Door()\n    door.open()",
        "def act():\n    x = Window()\n    x = Door()\n    x.open()",
        "def act():\n    x, y = Door(), Window()\n    x.open()",
        "def act():\n    if (x := Door()): x.open()",
        "def act():\n    try: pass\n    except Door as x: x.open()",
        "def act(): functools.partial(Door)().open()",
        "def act(x=Door()): x.open()",
        "@functools.wraps(print)\ndef made() -> Door: ...\ndef act(): made().open()",
        "class P(Protocol):\n    def door(self) -> Door: ...\ndef act(p: P): p.door().open()",
        "class N(NamedTuple):\n    door: Door\ndef act(n: N): n.door.open()",
        "@overload\ndef get(k: int) -> Window: ...\n@overload\ndef get(k: str) -> Door: ...\n"
        "def get(k): ...\ndef act(): get('a').open()",
        "class C:\n    def use(self, door: Door): ...\n"
        "class D(C):\n    def use(self, door): door.open()\nact = D.use",
    ],
)
def test_the_type_of_the_receiver_decides_which_method_is_called(body: str) -> None:
    head = (
        "import functools\n"
        "from contextlib import contextmanager\n"
        "from typing import *\n"
        "from .house import Door, Gate, Window, Chest\n"
        "T = TypeVar('T')\nDoors: TypeAlias = List[Door]\n"
    ).replace(
        "from typing import *",
        "from typing import Callable, Generic, NamedTuple, Optional,"
        " Protocol, Self, TypeAlias, TypeVar, List, cast, overload",
    )
    of = "D.use" if "D.use" in body else "act"
    called = calls_from(head + body, of=of)

    assert DOOR in called
    assert not {name for name in called if name.endswith((":Window.open", ":Chest.open"))}


def test_each_member_of_a_union_is_called() -> None:
    code = "from .house import Door, Window\ndef act(x: Door | Window): x.open()"

    assert calls_from(code) == {DOOR, WINDOW}


def test_both_branches_of_an_assignment_reach_what_comes_after_it() -> None:
    code = """
        from .house import Door, Window
        def act(x):
            if x:
                y = Door()
            else:
                y = Window()
            y.open()
    """

    assert calls_from(code) == {
        DOOR,
        WINDOW,
        "app/house.py:Door",
        "app/house.py:Window",
    }


def test_a_method_is_that_of_the_declared_type_and_overriding_ones_are_told_apart() -> None:
    code = "from .house import Door\ndef act(x: Door): x.close()"
    files = {"app/__init__.py": "", "app/house.py": HOUSE, "app/main.py": code}
    edges = Tree(files).edges()

    assert ("app/main.py:act", "app/house.py:Gate.close") not in pairs(edges, "calls")
    assert pairs(edges, "overrides") == {("app/house.py:Gate.close", "app/house.py:Door.close")}
    assert ("app/house.py:Gate.close", "app/house.py:Door.close") in pairs(edges, "calls")


def test_super_follows_the_method_resolution_order() -> None:
    files = {
        "a.py": """
            class Top:
                def go(self): ...
            class Left(Top): ...
            class Right(Top):
                def go(self): super().go()
            class Both(Left, Right):
                def go(self): super().go()
        """
    }

    assert pairs(Tree(files).edges(), "calls") == {
        ("a.py:Both.go", "a.py:Right.go"),
        ("a.py:Right.go", "a.py:Top.go"),
    }


def test_a_local_name_hides_an_import_and_a_class_body_hides_nothing_from_its_methods() -> None:
    files = {
        "tools.py": "def run(): ...\ndef stop(): ...",
        "main.py": """
            from tools import run, stop
            class C:
                def stop(self): stop()
            def act(run): run()
        """,
    }

    assert pairs(Tree(files).edges(), "calls") == {("main.py:C.stop", "tools.py:stop")}


def test_a_nested_function_sees_the_names_around_it() -> None:
    files = {
        "a.py": """
            class C:
                def act(self):
                    def inner():
                        self.go()
                        helper()
                    def helper(): ...
                    inner()
                def go(self): ...
        """
    }

    assert pairs(Tree(files).edges(), "calls") == {
        ("a.py:C.act.inner", "a.py:C.go"),
        ("a.py:C.act.inner", "a.py:C.act.helper"),
        ("a.py:C.act", "a.py:C.act.inner"),
    }


@pytest.mark.parametrize(
    "written",
    [
        "from pkg.core import thing\nthing()",
        "from pkg import thing\nthing()",
        "from pkg import thing as other\nother()",
        "import pkg\npkg.thing()",
        "import pkg.core\npkg.core.thing()",
        "import pkg.core as c\nc.thing()",
        "from pkg import core\ncore.thing()",
        "from pkg.every import *\nthing()",
        "import pkg.every as e\ne.thing()",
        "try:\n    from missing import thing\nexcept OSError:\n    from pkg import thing\nthing()",
        "def f():\n    from pkg.lazy import thing\n    thing()\nf()",
        "from pkg.sub import up\nup.thing()",
    ],
)
def test_imports_are_followed_to_where_a_thing_is_defined(written: str) -> None:
    files = {
        "src/pkg/__init__.py": "from .middle import thing",
        "src/pkg/middle.py": "from pkg.core import thing",
        "src/pkg/core.py": "def thing(): ...",
        "src/pkg/every.py": "from .core import *",
        "src/pkg/lazy.py": "from . import core\nthing = core.thing",
        "src/pkg/sub/__init__.py": "from .. import core as up",
        "src/main.py": written,
    }
    edges = Tree(files).edges()

    called = {target for source, target in pairs(edges, "calls") if source.startswith("src/main")}
    named = {target for source, target in pairs(edges, "references") if "main" in source}
    assert "src/pkg/core.py:thing" in called | named or "src/pkg/lazy.py:thing" in named


def test_who_imports_a_thing_by_any_road_imports_it() -> None:
    files = {
        "pkg/__init__.py": "from .core import thing",
        "pkg/core.py": "def thing(): ...",
        "one.py": "from pkg import thing",
        "two.py": "from pkg.core import thing as it",
        "three.py": "import pkg.core",
        "four.py": "from pkg.core import *",
    }
    found = pairs(Tree(files).edges(), "imports")

    assert {source for source, target in found if target == "pkg/core.py:thing"} == {
        "pkg/__init__.py",
        "one.py",
        "two.py",
    }
    assert {source for source, target in found if target == "pkg/core.py"} == {
        "pkg/__init__.py",
        "two.py",
        "three.py",
        "four.py",
    }


def test_what_lies_outside_is_named_and_never_a_candidate() -> None:
    files = {
        "a.py": """
            import json
            from collections import OrderedDict
            class Mine(OrderedDict):
                def join(self): ...
            def act(x: str):
                x.join([])
                json.join()
                Mine().popitem()
        """
    }
    edges = Tree(files).edges()

    assert ("a.py", "json") in pairs(edges, "imports")
    assert ("a.py:Mine", "collections.OrderedDict") in pairs(edges, "inherits")
    assert {target for _, target in pairs(edges, "calls", "resolved", "candidate")} == {"a.py:Mine"}


def test_of_an_unknown_receiver_the_bearers_of_the_name_are_candidates() -> None:
    files = {"a.py": HOUSE.replace("close", "shut"), "b.py": "def act(x): x.shut()"}
    edges = Tree(files).edges()

    assert {target for source, target in pairs(edges, "calls", "candidate")} == {
        "a.py:Door.shut",
        "a.py:Gate.shut",
    }
    assert not {each for each in pairs(edges, "calls") if each[0] == "b.py:act"}


def test_a_name_that_every_container_has_is_no_candidate_unless_it_is_the_only_one() -> None:
    two = "class A:\n    def get(self): ...\nclass B:\n    def get(self): ...\n"
    files = {"a.py": two, "b.py": "def act(x):\n    x.get()\n    x.pop()", "c.py": ""}
    files["c.py"] = "class C:\n    def pop(self): ..."

    assert pairs(Tree(files).edges(), "calls", "candidate") == {
        ("b.py:act", "c.py:C.pop"),
        ("b.py:act", "python .get()"),  # and that it may be any of those is not lost
    }


def test_a_document_names_symbols() -> None:
    files = {
        "README.md": "# Title\n\n## Use\n\nCall `Door.close` or `Gate`.\n",
        "house.py": HOUSE,
    }

    assert pairs(Tree(files).edges(), "documents") == {
        ("README.md:Title > Use", "house.py:Door.close"),
        ("README.md:Title > Use", "house.py:Gate"),
    }


CIRCLES: Sequence[Mapping[str, str]] = [
    {"a.py": "from b import x\nx()", "b.py": "from a import x"},
    {"a.py": "from b import *", "b.py": "from a import *\nx()"},
    {"a.py": "from b import B\nclass A(B): ...", "b.py": "from a import A\nclass B(A): ..."},
    {"a.py": "class A(A): ...\nA().x()"},
    {"a.py": "class A(B): ...\nclass B(A): ...\nB().x()"},
    {"a.py": "x = y\ny = x\ndef f(): x.go()"},
    {"a.py": "T = list['T']\ndef f(x: T): x[0][0].go()"},
    {"a.py": "def f(): return g()\ndef g(): return f()\nf().go()"},
    {"a.py": "class A:\n    def f(self): return self.f().f()\nA().f().go()"},
    {"a.py": "def f(x=f): return f(f)(f)\nf().go()"},
    {"a.py": "class A:\n    @property\n    def p(self): return self.p.p\nA().p.go()"},
    {
        "a.py": "class A:\n    def __iter__(self): return A()\n"
        "    def __next__(self): return iter(self)\n"
        "for x in A(): x.go()"
    },
    {"a.py": "from . import a\nfrom .a import a\nimport a.a.a\na.a.a.a()"},
    {"a.py": "x = " + ".".join(["a"] * 3000) + "\n" + "x" + "()" * 2000},
    {"a.py": "".join(f"def f{n}(): return f{n + 1}()\n" for n in range(300)) + "f0().go()"},
    {f"m{n}.py": f"from m{n + 1} import x\nx()" for n in range(90)},
    {"a.py": "".join(f"class C{n}(C{n + 1}): ...\n" for n in range(200)) + "C0().go()"},
    {
        f"m{n}.py": "".join(f"from m{k} import *\n" for k in range(10)) + f"def f{n}(): f3()\nq()"
        for n in range(10)
    },
    {
        "a.py": "".join(
            f"def f{n}(): return f{n * 7 % 60}() or f{n * 13 % 60}()\n" for n in range(60)
        )
        + "f1().go()"
    },
    {
        "a.py": "def f(x):\n"
        + "".join(f"    if x: x = x.n{n}()\n" for n in range(60))
        + "    x.go()"
    },
]


@pytest.mark.parametrize("files", CIRCLES)
def test_circles_and_endless_chains_end_and_tell_the_same_in_any_order(
    files: Mapping[str, str],
) -> None:
    tree = Tree(files)
    alone = {path: resolve(path, tree).edges for path in files}
    for order in (sorted(files), sorted(files, reverse=True)):
        run = Run(tree)
        assert {path: run.resolve(path).edges for path in order} == alone


class Listening(Tree):
    """A tree that knows all that it was asked."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(files)
        self.asked: set[str] = set()

    def facts(self, path: str) -> FileFacts | None:
        self.asked.add(f"facts:{path}")
        return super().facts(path)

    def interface(self, path: str) -> Interface | None:
        self.asked.add(f"file:{path}")
        return super().interface(path)

    def bearers(self, name: str) -> Sequence[str]:
        self.asked.add(f"name:{name}")
        return super().bearers(name)

    def exists(self, path: str) -> bool:
        self.asked.add(f"path:{path}")
        return super().exists(path)

    def folder(self, path: str) -> Sequence[str]:
        self.asked.add(f"folder:{path}")
        return super().folder(path)

    def files_named(self, tail: str) -> Sequence[str]:
        self.asked.add(f"tail:{tail}")
        return super().files_named(tail)


SHOP: Mapping[str, str] = {
    "app/__init__.py": "from .house import Door",
    "app/house.py": HOUSE,
    "app/main.py": """
        import json
        from . import Door
        from .house import *
        from .keys import Key, made
        def act(x, door: Door):
            x.close()
            door.open()
            made().turn()
            unknown()
    """,
    "app/keys.py": """
        from app.house import Chest
        class Key:
            def __init__(self): self.chest = Chest()
            def turn(self): self.chest.open()
        def made():
            key = Key()
            return key
    """,
    "README.md": "Use `Key.turn`.",
}


def test_nothing_is_asked_that_is_not_among_the_reads() -> None:
    for path in SHOP:
        tree = Listening(SHOP)
        reads = resolve(path, tree).reads
        own = {f"facts:{path}", f"file:{path}"}
        # Of the bearers of a name only their signatures are used, which the name stands for.
        bearing = {
            f"file:{bearer}"
            for key in reads
            if key.startswith("name:")
            for bearer in tree.bearers(key[5:])
        }

        # A part of a file is never asked for without its head.
        heads = {key.replace("head:", "file:") for key in reads if key.startswith("head:")}

        assert tree.asked - own - bearing <= reads | heads


def _changed(rng: random.Random, files: dict[str, str]) -> dict[str, str]:
    """Another tree, near to this one."""
    changed = dict(files)
    path = rng.choice(sorted(changed))
    match rng.randrange(5):
        case 0:
            del changed[path]
        case 1:
            changed[path.replace("keys", "house").replace("main", "keys")] = changed.pop(path)
        case 2:
            words = ["Door", "Gate", "Key", "open", "close", "turn", "act", "made", "chest", "self"]
            changed[path] = changed[path].replace(rng.choice(words), rng.choice(words))
        case 3:
            changed[path] += "\n\n# end\n"
        case _:
            lines = changed[path].splitlines()
            first = rng.randrange(len(lines) + 1)
            del lines[first : first + rng.randint(1, 6)]
            changed[path] = "\n".join(lines)
    return changed


def _differing(before: Tree, after: Tree) -> set[str]:
    """The keys of all answers that differ between two trees, as an index finds them."""
    keys: set[str] = set()
    for path in {*before.files, *after.files}:
        old, new = before.files.get(path), after.files.get(path)
        keys |= differing(path, before.interface(path), after.interface(path))
        signatures: list[Mapping[str, Any]] = [
            signatures_of(each) if each else {} for each in (old, new)
        ]
        for name in {*signatures[0], *signatures[1]}:
            if signatures[0].get(name) != signatures[1].get(name):
                keys.add(f"name:{name}")
        if (old is None) != (new is None):
            keys.add(f"tail:{path.rpartition('/')[2]}")
            keys.add(f"folder:{path.rpartition('/')[0]}")
            keys |= {f"path:{part}" for part in (path, path.rpartition("/")[0])}
    return keys


@pytest.mark.parametrize("seed", range(60))
def test_what_is_not_among_the_reads_may_change_and_no_edge_does(seed: int) -> None:
    rng = random.Random(seed)
    files = dict(SHOP)
    for _ in range(8):
        changed = _changed(rng, files)
        before, after = Tree(files), Tree(changed)
        differing = _differing(before, after)
        for path in before.files.keys() & after.files.keys():
            if before.files[path] != after.files[path]:
                continue
            old = resolve(path, before)
            if not old.reads & differing:
                assert resolve(path, after) == old
        files = changed or dict(SHOP)


STORE: Mapping[str, str] = {
    "store.py": """
        from base import *
        def helper(): ...
        class Store(Base):
            def load(self): return self.save()
            def save(self): return Receipt()
        class Receipt:
            def print(self): ...
    """,
    "base.py": "class Base:\n    def close(self): ...",
    "main.py": """
        from store import Store
        def run(store: Store):
            store.load().print()
            store.close()
    """,
}


def _shown_otherwise(path: str, old: str, new: str) -> frozenset[str]:
    """The keys of what the file shows otherwise when a text stands in the place of another."""
    changed = {**STORE, path: textwrap.dedent(STORE[path]).replace(old, new)}
    return differing(path, Tree(STORE).interface(path), Tree(changed).interface(path))


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("store.py", "def helper(): ...", "def helper(): ...\ndef other(): ..."),
        ("store.py", "def helper(): ...", ""),
        ("store.py", "def helper(): ...", "import os\nlimit = os.cpu_count()"),
        ("base.py", "class Base", "class Ground: ...\nclass Base"),
    ],
)
def test_what_a_file_shows_under_other_names_concerns_nobody(path: str, old: str, new: str) -> None:
    changed = _shown_otherwise(path, old, new)

    assert changed
    assert not changed & resolve("main.py", Tree(STORE)).reads


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("store.py", "def save(self)", "def save(self, twice)"),
        ("store.py", "class Store(Base)", "class Store"),
        ("store.py", "class Store", "class Shop"),
        ("store.py", "class Receipt", "Receipt = 1\nclass Receipt"),
        ("store.py", "from base import *", ""),
        ("base.py", "def close", "def open"),
        ("base.py", "class Base:", "__all__ = ['Base']\nclass Base:"),
    ],
)
def test_what_a_file_shows_under_a_name_concerns_those_who_asked_for_it(
    path: str, old: str, new: str
) -> None:
    assert _shown_otherwise(path, old, new) & resolve("main.py", Tree(STORE)).reads


@pytest.mark.parametrize("seed", range(20))
def test_what_was_worked_out_for_other_files_changes_nothing(seed: int) -> None:
    files = dict(SHOP)
    rng = random.Random(seed)
    for _ in range(rng.randrange(6)):
        files = _changed(rng, files) or files
    tree = Tree(files)
    order = sorted(files)
    rng.shuffle(order)
    run = Run(tree)
    for path in order:
        assert run.resolve(path) == resolve(path, tree)


def test_an_interface_has_no_lines_and_none_of_the_bodies() -> None:
    before = Tree({"a.py": "class A:\n    def f(self) -> int:\n        x = 1\n        return x\n"})
    after = Tree(
        {"a.py": "# new\nclass A:\n    def f(self) -> int:\n        y = 2; g()\n        return y\n"}
    )

    assert interface_of(before.files["a.py"]) == interface_of(after.files["a.py"])
    assert signatures_of(before.files["a.py"]) == signatures_of(after.files["a.py"])


def test_an_interface_tells_what_a_result_without_annotation_is_made_of() -> None:
    before = Tree({"a.py": "def f():\n    x = A()\n    return x\n"})
    after = Tree({"a.py": "def f():\n    x = B()\n    return x\n"})

    assert interface_of(before.files["a.py"]) != interface_of(after.files["a.py"])


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("def act(x: Gate):\n    if isinstance(x, Door): x.close()", "Gate.close"),
        ("def act(x: Door):\n    if isinstance(x, Gate): x.close()", "Gate.close"),
        ("def act(x: Door):\n    if isinstance(x, (Gate, Window)): x.close()", "Gate.close"),
        ("def act(x: str):\n    if isinstance(x, str): x = Gate()\n    x.close()", "Gate.close"),
        (
            "def act(x):\n    if isinstance(x, Door):\n        x = Gate()\n        x.close()",
            "Gate.close",
        ),
        (
            "class C:\n    x: Door\ndef act(c: C):\n    if isinstance(c.x, Gate): c.x.close()",
            "Gate.close",
        ),
        ("class C:\n    x: Door\ndef act(c: C):\n    c.x = Gate()\n    c.x.close()", "Gate.close"),
        (
            "x: Door = Door()\ndef act():\n    if isinstance(x, Gate): pass\n    x.close()",
            "Door.close",
        ),
    ],
)
def test_a_check_of_the_type_says_more_than_the_declaration(body: str, called: str) -> None:
    found = calls_from(f"from .house import Door, Gate, Window\n{body}")

    assert {name for name in found if name.endswith(".close")} == {f"app/house.py:{called}"}


def test_reading_a_property_is_a_reference_and_no_call_even_where_its_value_is_called() -> None:
    files = {
        "a.py": """
            class C:
                @property
                def made(self): return print
                @made.setter
                def made(self, value): ...
                def act(self):
                    self.made()
        """
    }
    edges = Tree(files).edges()

    assert ("a.py:C.act", "a.py:C.made") in pairs(edges, "references")
    assert not {target for _, target in pairs(edges, "calls", "resolved", "candidate")}


def test_an_attribute_without_annotation_is_of_the_type_that_a_base_declares() -> None:
    code = """
        from .house import Door
        class Base:
            door: Door
        class C(Base):
            door = None
        def act(c: C): c.door.open()
    """

    assert calls_from(code) == {DOOR}


def test_of_a_base_and_its_fallback_the_more_derived_one_leads() -> None:
    files = {
        "plain.py": "class Bar:\n    def show(self): ...",
        "rich.py": "from plain import Bar\nclass RichBar(Bar):\n    def show(self): ...",
        "auto.py": """
            try:
                from plain import Bar
            except ImportError:
                from rich import RichBar as Bar
        """,
        "main.py": """
            from auto import Bar
            class Mine(Bar):
                def show(self): super().show()
        """,
    }

    assert pairs(Tree(files).edges(), "calls") == {("main.py:Mine.show", "rich.py:RichBar.show")}


def test_what_holds_on_some_lines_of_a_file_only_is_not_seen_elsewhere() -> None:
    files = {
        "house.py": HOUSE,
        "a.py": """
            from house import Door, Window, Gate
            doors: list[Door] = []
            [x.open() for x in doors]
            x = Window()
            x.open()
            y: Door = Door()
            if isinstance(y, Gate):
                y.close()
        """,
        "b.py": "from a import x\nx.open()",
    }
    found = pairs(Tree(files).edges(), "calls")

    assert {target for source, target in found if source == "b.py:<module>"} == {
        "house.py:Window.open"
    }
    called = {target for source, target in found if source == "a.py:<module>"}
    assert {name for name in called if name[-5:] in (".open", "close")} == {
        "house.py:Door.open",
        "house.py:Window.open",
        "house.py:Gate.close",
    }


def test_a_thing_is_found_at_the_end_of_a_long_chain() -> None:
    files = {f"m{n}.py": f"from m{n + 1} import x\nx()" for n in range(100)}
    files["m100.py"] = "def x(): ..."

    assert ("m0.py:<module>", "m100.py:x") in pairs(Tree(files).edges(), "calls")


@pytest.mark.parametrize(
    ("code", "called"),
    [
        ("if isinstance(x, Gate): return\n    x.shut()", {"Door"}),
        ("if isinstance(x, Gate): pass\n    else: x.shut()", {"Door"}),
        ("if not isinstance(x, (Gate, str)): x.shut()", {"Door"}),
        ("if now: pass\n    elif isinstance(x, Gate): pass\n    else: x.shut()", {"Door"}),
        ("if isinstance(x, Gate): return\n    x = Gate()\n    x.shut()", {"Gate"}),
        ("if isinstance(x, Gate) and now: return\n    x.shut()", {"Door", "Gate"}),
        ("if isinstance(x, Gate): return\n    elif now: return\n    x.shut()", {"Door", "Gate"}),
    ],
)  # fmt: skip
def test_what_a_value_was_found_not_to_be_it_is_not(code: str, called: set[str]) -> None:
    classes = "class Door:\n    def shut(self): ...\nclass Gate:\n    def shut(self): ...\n"
    tree = Tree({"a.py": f"{classes}def act(x: Door | Gate, now):\n    {code}"})

    found = {target for source, target in pairs(tree.edges(), "calls") if source == "a.py:act"}
    assert found - {"a.py:Gate"} == {f"a.py:{name}.shut" for name in called}


def test_an_attribute_of_a_bounded_type_has_the_members_of_the_bound() -> None:
    code = """
        class Door:
            def open(self): ...
        class House[T: Door]:
            def __init__(self, door: T): self.door = door
            def enter(self): self.door.open()
        """
    assert ("a.py:House.enter", "a.py:Door.open") in pairs(Tree({"a.py": code}).edges(), "calls")


def test_a_loop_over_an_enum_gives_its_members() -> None:
    code = """
        import enum
        class Side(enum.Enum):
            LEFT = 1
            def turn(self): ...
        def act():
            for side in Side: side.turn()
        """
    assert ("a.py:act", "a.py:Side.turn") in pairs(Tree({"a.py": code}).edges(), "calls")


def test_all_that_is_taken_from_outside_hides_neither_the_tree_nor_the_language() -> None:
    files = {
        "own.py": "class Door: ...",
        "a.py": """
            from own import *
            from elsewhere import *
            class Front(Door): ...
            class Table(dict): ...
            class Pane(Frame): ...
            """,
    }
    assert pairs(Tree(files).edges(), "inherits") == {
        ("a.py:Front", "own.py:Door"),
        ("a.py:Table", "dict"),
        ("a.py:Pane", "elsewhere.Frame"),
    }


def test_all_that_a_function_takes_is_known_in_it_alone() -> None:
    files = {
        "own.py": "def knock(): ...",
        "a.py": "def f():\n    from own import *\n    knock()\ndef g(): knock()",
    }
    edges = Tree(files).edges()

    assert pairs(edges, "calls") == {("a.py:f", "own.py:knock")}
    assert pairs(edges, "calls", "candidate") == {("a.py:g", "own.py:knock")}


def test_what_a_module_exports_with_all_of_another_is_had_from_it() -> None:
    files = {
        "p/__init__.py": """
            from .own import own
            from .more import *
            __all__ = ["own"] + more.__all__
        """,
        "p/own.py": "def own(): ...",
        "p/more.py": """
            from .most import *
            from . import most
            __all__ = ["given", *most.__all__]
            def given(): ...
            def kept(): ...
        """,
        "p/most.py": "__all__ = ['far']\ndef far(): ...\ndef near(): ...",
        "a.py": "from p import *\ndef act(): own(); given(); far()",
        "b.py": "from p import *\ndef act(): kept(); near(); more()",
    }
    found = pairs(Tree(files).edges(), "calls")

    assert {target for source, target in found if source == "a.py:act"} == {
        "p/own.py:own",
        "p/more.py:given",
        "p/most.py:far",
    }
    assert not [target for source, target in found if source == "b.py:act"]
