"""Types that are computed of others, and names of types that members bear as well."""

from __future__ import annotations

import pytest
from knowledge_sources import Tree, pairs

HOUSE = """
    export class Door { open() {} lock: Lock; static made(): Door { return new Door(); }
        maybe(): this | null { return this; } soon(): Promise<this> { return null!; }
        same(): this { return this; } }
    export class Lock { open() {} }
    export interface House { door: Door; knock(): Door; locks: Lock[]; }
    function made() { return new Door(); }
    function promised(): Promise<Door> { return null!; }
    async function later() { return new Door(); }
    const arrow = () => new Door();
    const front = new Door();
    type Lockless = Omit<Door, 'lock'>;
    type Row = Door[];
"""


def called_by_act(code: str) -> set[str]:
    """What the function `act` calls, without the file's name."""
    tree = Tree({"a.ts": f"{HOUSE}\n{code}"})
    found = pairs(tree.edges(), "calls", "resolved", "inherited", "candidate")
    return {target.partition(":")[2] for source, target in found if source == "a.ts:act"}


@pytest.mark.parametrize(
    "kind",
    [
        "Pick<Door, 'open'>",
        "Partial<Door>",
        "Readonly<Required<Door>>",
        "Omit<Door, 'x'>",
        "Lockless",
        "NonNullable<Door | null>",
        "Awaited<Door>",
        "Awaited<Promise<Door>>",
        "ReturnType<typeof made>",
        "ReturnType<typeof arrow>",
        "ReturnType<typeof Door.made>",
        "ReturnType<House['knock']>",
        "Awaited<ReturnType<typeof later>>",
        "Awaited<ReturnType<typeof promised>>",
        "InstanceType<typeof Door>",
        "typeof front",
        "House['door']",
        "Row[number]",
        "(typeof front)",
    ],
)
def test_a_computed_type_has_the_members_of_what_it_comes_to(kind: str) -> None:
    assert called_by_act(f"function act(x: {kind}) {{ x.open(); }}") == {"Door.open"}


@pytest.mark.parametrize(
    ("kind", "code", "called"),
    [
        ("Door", "x.same().open();", {"Door.open", "Door.same"}),
        ("Door", "x.maybe()!.open();", {"Door.open", "Door.maybe"}),
        ("Door", "x.soon().then(y => y.open());", {"Door.open", "Door.soon"}),
        ("typeof Door", "x.made().open();", {"Door.made", "Door.open"}),
        ("typeof Door", "new x().open();", {"Door", "Door.open"}),
        ("House['locks']", "x[0].open();", {"Lock.open"}),
        ("House['locks'][number]", "x.close();", set[str]()),
        ("ReturnType<typeof promised>", "x.then(d => d.open());", {"Door.open"}),
        ("Promise<Door>[]", "Promise.all(x).then(ds => ds[0].open());", {"Door.open"}),
        ("Record<string, Door>", "x.front.open(); x['y'].open();", {"Door.open"}),
        ("Record<string, Door>", "Object.values(x).forEach(d => d.open());", {"Door.open"}),
        ("Record<string, Door>", "for (const [k, d] of Object.entries(x)) d.open()", {"Door.open"}),
        ("Map<Lock, Door>", "for (const [k, d] of x) d.open();", {"Door.open"}),
        ("Map<Lock, Door>", "for (const [k, d] of x.entries()) k.open();", {"Lock.open"}),
        ("Map<Lock, Door>", "x.forEach((d, k) => { d.open(); });", {"Door.open"}),
        ("Map<Lock, Door>", "x.forEach((d, k) => { k.open(); });", {"Lock.open"}),
    ],
)  # fmt: skip
def test_what_holds_others_gives_them(kind: str, code: str, called: set[str]) -> None:
    assert called_by_act(f"async function act(x: {kind}) {{ {code} }}") == called


@pytest.mark.parametrize(
    ("path", "code", "call"),
    [
        (
            "a.ts",
            "class Lock { turn() {} }\n"
            "class Door { Lock(): Lock { return null!; } open() { this.Lock().turn(); } }",
            ("Door.open", "Lock.turn"),
        ),
        (
            "a.go",
            "package p\ntype Lock struct{}\nfunc (l Lock) Turn() {}\n"
            "type Door interface { Lock() Lock }\nfunc open(d Door) { d.Lock().Turn() }",
            ("open", "Lock.Turn"),
        ),
        (
            "a.rs",
            "struct lock {}\nimpl lock { fn turn(&self) {} }\n"
            "trait Door { fn lock(&self) -> lock; fn open(&self) { self.lock().turn() } }",
            ("Door.open", "lock.turn"),
        ),
    ],
)
def test_a_method_that_bears_the_name_of_a_type_does_not_hide_it(
    path: str, code: str, call: tuple[str, str]
) -> None:
    caller, callee = call

    assert (f"{path}:{caller}", f"{path}:{callee}") in pairs(Tree({path: code}).edges(), "calls")


def test_what_a_function_is_told_this_is_it_is() -> None:
    code = f"{HOUSE}\nconst o = {{ act(this: Door) {{ this.open(); }} }};"
    found = pairs(Tree({"a.ts": code}).edges(), "calls")

    assert ("a.ts:o.act", "a.ts:Door.open") in found


def test_a_method_that_is_bound_to_its_own_name_overrides_nothing() -> None:
    code = """
        class Base { constructor() { this.act = this.act.bind(this); } act() {} }
        class Door extends Base { constructor() { super(); this.open = this.open.bind(this); }
            open() {} act() {} }
    """
    edges = Tree({"a.js": code}).edges()

    assert pairs(edges, "overrides") == {
        ("a.js:Door.act", "a.js:Base.act"),
        ("a.js:Door.constructor", "a.js:Base.constructor"),
    }


def test_super_of_a_base_without_a_constructor_is_no_candidate() -> None:
    code = "class A {}\nclass B extends A { constructor() { super(); } }"

    assert not pairs(Tree({"a.js": code}).edges(), "calls", "resolved", "candidate")
