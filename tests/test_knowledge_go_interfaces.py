"""Go: a type has an interface by its methods alone, and says so nowhere."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from knowledge_sources import Tree, pairs

from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from pathlib import Path

GO_MOD = "module example.org/house\n\ngo 1.22\n"
ASKED = """
    package asked

    import "io"

    type Key struct{}
    type Opener interface { Open(key Key, times int) (bool, error) }
    type Shutter interface { Opener; Shut() }
    type Streamed interface { io.Closer; Shut() }
    type Foreign interface { strange.Thing; Shut() }
    type Nothing interface {}
    type secret interface { hide() }
    type Logger interface { Log(args ...any) }
"""


def implemented(code: str, *, file: str = "door/door.go", **more: str) -> set[str]:
    """The interfaces of `asked` that the type T has, by what it is and not by what it says."""
    head = 'package door\n\nimport "example.org/house/asked"\n'
    files = {"go.mod": GO_MOD, "asked/asked.go": ASKED, file: head + code}
    files |= {name.replace("__", "/") + ".go": text for name, text in more.items()}
    found = pairs(Tree(files).edges(), "inherits", "inherited")
    return {target.partition(":")[2] for source, target in found if source == f"{file}:T"}


OPEN = "func (t *T) Open(k asked.Key, n int) (bool, error) { return true, nil }\n"


@pytest.mark.parametrize(
    ("code", "interfaces"),
    [
        (f"type T struct{{}}\n{OPEN}", {"Opener"}),
        (f"type T func()\n{OPEN}", {"Opener"}),
        (f"type T struct{{}}\n{OPEN}func (t T) Shut() {{}}\n", {"Opener", "Shutter"}),
        (f"type U struct{{}}\n{OPEN.replace('*T', 'U')}type T struct {{ *U }}\n", {"Opener"}),
        ("type T struct{ asked.Opener }\nfunc (t T) Shut() {}\n", {"Shutter"}),
        ("type T struct{}\nfunc (t T) Shut() {}\nfunc (t T) Close() error {}\n", {"Streamed"}),
        ("type T struct{}\nfunc (t T) Log(a ...interface{}) {}\n", {"Logger"}),
    ],
)
def test_a_type_whose_methods_are_those_of_an_interface_has_it(
    code: str, interfaces: set[str]
) -> None:
    assert implemented(code) == interfaces


@pytest.mark.parametrize(
    "code",
    [
        "type T struct{}\n",
        "type T struct{}\nfunc (t T) Shut() {}\n",
        f"type T struct{{}}\n{OPEN.replace(', n int', '')}",
        f"type T struct{{}}\n{OPEN.replace('n int', 'n string')}",
        f"type T struct{{}}\n{OPEN.replace('(bool, error)', 'bool')}",
        f"type T struct{{}}\n{OPEN.replace('(bool, error)', '(error, bool)')}",
        f"type T struct{{}}\ntype Key int\n{OPEN.replace('asked.Key', 'Key')}",
        f"type T struct{{}}\n{OPEN.replace('n int', 'n ...int')}",
        f"type U struct{{}}\n{OPEN.replace('*T', 'U')}type T U\n",
        f"type U struct{{}}\n{OPEN.replace('*T', 'U')}type T struct {{ U; Open int }}\n",
        f"type U struct{{}}\n{OPEN.replace('*T', 'U')}type T struct {{ u U }}\n",
        "type T struct{}\nfunc (t T) hide() {}\n",
        "type T struct{}\nfunc (t T) Log(a []any) {}\n",
        "type T struct{}\nfunc (t T) Shut() {}\nfunc (t T) Close() {}\n",
    ],
)
def test_a_type_that_lacks_a_method_or_has_it_otherwise_has_no_interface(code: str) -> None:
    assert implemented(code) == set()


def test_the_methods_may_stand_in_any_file_of_the_package_but_those_of_tests() -> None:
    apart = f'package door\nimport "example.org/house/asked"\n{OPEN}'

    assert implemented("type T struct{}\n", door__more=apart) == {"Opener"}
    assert implemented("type T struct{}\n", door__more_test=apart) == set()
    assert implemented("type T struct{}\n", other__more=apart) == set()


def test_a_method_overrides_the_one_that_the_interface_asks_for() -> None:
    files = {
        "a.go": "package p\ntype Opener interface { Open() }\nfunc use(o Opener) { o.Open() }",
        "b.go": "package p\ntype Door struct{}\nfunc (d *Door) Open() {}\nfunc (d *Door) Shut() {}",
    }
    edges = Tree(files).edges()

    assert pairs(edges, "overrides") == {("b.go:Door.Open", "a.go:Opener.Open")}
    assert pairs(edges, "calls") == {("a.go:use", "a.go:Opener.Open")}


def test_what_implements_an_interface_is_answered_and_is_no_use_of_it(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.go").write_text("package p\ntype Opener interface { Open() }\n")
    (root / "b.go").write_text("package p\ntype Door struct{}\nfunc (d *Door) Open() {}\n")
    with closing(KnowledgeGraph.open(root, cache=tmp_path / "cache", create=True)) as graph:
        graph.update()
        assert [one.symbol for one in graph.subclasses("Opener").found] == ["Door"]
        assert [one.symbol for one in graph.ask("overrides", "Opener.Open").found] == ["Door.Open"]
        assert not graph.references("Opener").found

        (root / "b.go").write_text("package p\ntype Door struct{}\n")
        (root / "c.go").write_text("package p\nfunc (d *Door) Open() {}\n")
        graph.update()
        assert [one.symbol for one in graph.subclasses("Opener").found] == ["Door"]

        (root / "a.go").write_text("package p\ntype Opener interface { Open(); Shut() }\n")
        graph.update()
        assert not graph.subclasses("Opener").found
