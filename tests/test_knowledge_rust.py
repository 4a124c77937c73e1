"""Rust: what a file says of itself, and what calls mean by modules, impl blocks and traits."""

from __future__ import annotations

import textwrap

import pytest
from knowledge_sources import Tree, pairs

from collegium.knowledge.parse import parse

CARGO = '[package]\nname = "the-house"\nversion = "1.0.0"\n'
LIB = """
    //! A house.

    pub mod doors;
    mod rooms;

    pub use doors::Door;

    macro_rules! shout {
        ($x:expr) => { $x };
    }
"""
DOORS = """
    use std::collections::HashMap;

    pub trait Opener {
        fn open(&self) -> bool;
        fn slam(&self) { self.open(); }
    }

    pub struct Lock;

    impl Lock {
        pub fn turn(&self) -> &Self { self }
    }

    pub struct Door {
        pub lock: Lock,
        pub others: Vec<Door>,
        pub by_name: HashMap<String, Door>,
        maybe: Option<Box<Door>>,
        start: usize,
    }

    impl Door {
        pub const MAX: usize = 1;

        pub fn new() -> Self { Door { lock: Lock } }
        pub fn made() -> Result<Door, String> { Ok(Self::new()) }
        pub fn twin(&self) -> Option<&Door> { None }
        pub fn start(&self) -> &Lock { &self.lock }
    }

    impl Default for Door {}

    impl Opener for Door {
        fn open(&self) -> bool { self.lock.turn(); true }
    }

    pub enum Way {
        Out,
        In(Door),
        Through { door: Door },
    }

    impl Way {
        pub fn go(&self) {}
    }

    pub struct Stack<T> { held: Vec<T> }

    impl<T: Opener> Stack<T> {
        pub fn first(&self) -> &T { &self.held[0] }
        pub fn open_all(&self) { for one in self.held.iter() { one.open(); } }
    }
"""


def calls_from(
    body: str, *, uses: str = "use crate::doors::{Door, Lock, Opener, Stack, Way};"
) -> set[str]:
    """What the function `act` of another module calls."""
    code = (
        f"{uses}\n\npub fn act(d: &Door, o: &dyn Opener, w: Way, s: Stack<Door>) {{\n"
        f"{body}\n}}\n\nfn help() {{}}\n"
    )
    files = {"Cargo.toml": CARGO, "src/lib.rs": LIB, "src/doors.rs": DOORS, "src/rooms.rs": code}
    found = pairs(Tree(files).edges(), "calls")
    return {target.rpartition(":")[2] for source, target in found if source == "src/rooms.rs:act"}


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("d.open();", {"Door.open"}),
        ("d.slam();", {"Opener.slam"}),
        ("o.open();", {"Opener.open"}),
        ("help();", {"help"}),
        ("self::help();", {"help"}),
        ("d.lock.turn().turn();", {"Lock.turn"}),
        ("d.start().turn();", {"Door.start", "Lock.turn"}),
        ("Door::new().open();", {"Door.new", "Door.open"}),
        ("crate::doors::Door::new();", {"Door.new"}),
        ("super::doors::Door::new();", {"Door.new"}),
        ("super::Door::new();", {"Door.new"}),
        ("let x = Door::made()?; x.open();", {"Door.made", "Door.open"}),
        ("let x = Door::made().unwrap();\nx.open();", {"Door.made", "Door.open"}),
        ("if let Some(x) = d.twin() { x.open(); }", {"Door.twin", "Door.open"}),
        (
            "match Door::made() {\n    Ok(x) => x.open(),\n    Err(e) => e.open(),\n};",
            {"Door.made", "Door.open"},
        ),
        (
            "match w {\n    Way::In(x) => x.open(),\n    Way::Through { door } => door.slam(),\n"
            "    Way::Out => w.go(),\n};",
            {"Door.open", "Opener.slam", "Way.go"},
        ),
        ("for x in &d.others { x.open(); }", {"Door.open"}),
        ("for x in d.others.iter() { x.open(); }", {"Door.open"}),
        ("for (i, x) in d.others.iter().enumerate() { x.open(); }", {"Door.open"}),
        ("for (name, x) in &d.by_name { x.open(); }", {"Door.open"}),
        ("d.by_name.get(``).unwrap().open();", {"Door.open"}),
        ("d.others[0].open();", {"Door.open"}),
        ("let Door { lock, .. } = d;\nlock.turn();", {"Lock.turn"}),
        ("let x: Door = make();\nx.open();", {"Door.open"}),
        ("let x = Door { lock: Lock };\nx.open();", {"Door.open"}),
        ("let (a, b) = (d, Lock);\na.open();\nb.turn();", {"Door.open", "Lock.turn"}),
        ("let f = |x: Door| x.open();", {"Door.open"}),
        ("d.others.iter().map(|x| x.open());", {"Door.open"}),
        ("d.twin().map(|x| x.open());", {"Door.twin", "Door.open"}),
        ("let x = Door::default();\nx.clone().open();", {"Door.open"}),
        ('println!("{}", d.open());', {"Door.open"}),
        ("shout!(d.open());", {"shout", "Door.open"}),
        ("<Door as Opener>::open(d);", {"Door.open"}),
        ("s.first().open();", {"Stack.first", "Door.open"}),
        (
            "let x = Lock;\n{\n    let x = d;\n    x.open();\n}\nx.turn();",
            {"Door.open", "Lock.turn"},
        ),
        ('String::new(); Vec::<u8>::new(); format!("");', set()),
    ],
)
def test_types_decide_which_method_is_called(body: str, called: set[str]) -> None:
    assert calls_from(body.replace("``", '""')) == called


@pytest.mark.parametrize(
    "uses",
    [
        "use crate::doors::Door;",
        "use crate::doors::{self, Door};",
        "use crate::doors::*;",
        "use super::doors::Door as Door;",
        "use crate::Door;",
        "use the_house::Door;",
        "use the_house::doors::{Door};",
    ],
)
def test_names_are_found_by_their_paths(uses: str) -> None:
    assert calls_from("Door::new();", uses=uses) == {"Door.new"}


def test_methods_of_impl_blocks_call_by_their_own_type() -> None:
    found = pairs(Tree({"src/lib.rs": LIB, "src/doors.rs": DOORS}).edges(), "calls")
    of_doors = {(a.rpartition(":")[2], b.rpartition(":")[2]) for a, b in found}
    assert of_doors == {
        ("Opener.slam", "Opener.open"),
        ("Door.made", "Door.new"),
        ("Door.open", "Lock.turn"),
        ("Stack.open_all", "Opener.open"),
    }


def test_types_have_the_traits_that_are_implemented_for_them() -> None:
    other = """
        use crate::doors::{Door, Opener, Way};

        trait Loud: Opener { fn shout(&self) {} }
        impl Loud for Door {}
        fn act(d: &Door) { d.shout(); }
    """
    files = {"src/lib.rs": LIB, "src/doors.rs": DOORS, "src/rooms.rs": other}
    edges = Tree(files).edges()
    assert ("src/rooms.rs:act", "src/rooms.rs:Loud.shout") in pairs(edges, "calls")
    inherits = pairs(edges, "inherits")
    assert ("src/doors.rs:Door", "src/doors.rs:Opener") in inherits
    assert ("src/doors.rs:Door", "src/rooms.rs:Loud") in inherits
    assert ("src/rooms.rs:Loud", "src/doors.rs:Opener") in inherits
    assert ("src/doors.rs:Door.open", "src/doors.rs:Opener.open") in pairs(edges, "overrides")


def test_modules_are_found_as_files_folders_and_in_place() -> None:
    files = {
        "src/main.rs": """
            mod a;
            mod b { pub fn in_b() { super::top(); } }
            fn top() { a::in_a(); b::in_b(); a::c::in_c(); }
        """,
        "src/a/mod.rs": "pub mod c;\npub fn in_a() { self::c::in_c(); }\n",
        "src/a/c.rs": "pub mod d;\npub fn in_c() { super::in_a(); crate::b::in_b(); d::in_d(); }\n",
        "src/a/c/d.rs": "pub fn in_d() { super::super::in_a(); }\n",
    }
    assert pairs(Tree(files).edges(), "calls") == {
        ("src/main.rs:b.in_b", "src/main.rs:top"),
        ("src/main.rs:top", "src/a/mod.rs:in_a"),
        ("src/main.rs:top", "src/main.rs:b.in_b"),
        ("src/main.rs:top", "src/a/c.rs:in_c"),
        ("src/a/mod.rs:in_a", "src/a/c.rs:in_c"),
        ("src/a/c.rs:in_c", "src/a/mod.rs:in_a"),
        ("src/a/c.rs:in_c", "src/main.rs:b.in_b"),
        ("src/a/c.rs:in_c", "src/a/c/d.rs:in_d"),
        ("src/a/c/d.rs:in_d", "src/a/mod.rs:in_a"),
    }


def test_a_file_tells_its_symbols_with_signatures_and_documentation() -> None:
    code = """
        //! Of the module.

        /// A point.
        #[derive(Debug)]
        pub struct Point<'a, T> { pub x: T, name: &'a str }

        pub struct Pair(Point, i32);

        enum Shape { Dot, Line(Point, Point) }

        trait Area { const N: usize; fn area(&self) -> f64; }

        impl<'a, T> Point<'a, T> {
            /// Makes one.
            pub async fn new(x: T, (a, b): (i32, i32)) -> Self { Self { x } }
        }

        impl<T> Area for Point<'_, T> { fn area(&self) -> f64 { 0.0 } }

        static ORIGIN: Point = Point::new();

        mod inner { pub fn f() {} }

        macro_rules! make { () => {} }
    """
    facts = parse("src/lib.rs", textwrap.dedent(code).encode())
    assert facts.doc == "Of the module."
    assert [(symbol.kind, symbol.path) for symbol in facts.symbols] == [
        ("class", "Point"),
        ("variable", "Point.x"),
        ("variable", "Point.name"),
        ("class", "Pair"),
        ("enum", "Shape"),
        ("variable", "Shape.Dot"),
        ("class", "Shape.Line"),
        ("interface", "Area"),
        ("variable", "Area.N"),
        ("method", "Area.area"),
        ("method", "Point.new"),
        ("method", "Point.area"),
        ("variable", "ORIGIN"),
        ("module", "inner"),
        ("function", "inner.f"),
        ("function", "make"),
    ]
    point, new = facts.symbols[0], facts.symbols[10]
    assert (point.doc, point.exported, point.bases) == ("A point.", True, ("Area",))
    assert (new.doc, new.owner, new.awaits) == ("Makes one.", "Point[T]", True)
    assert new.signature == "pub async fn new(x: T, (a, b): (i32, i32)) -> Self"
    assert "static" in new.marks


@pytest.mark.parametrize(
    "code",
    [
        "",
        "fn",
        "impl { fn f() } struct",
        "use a::{b, ; mod ; enum E { A( }",
        "fn f() { m!(((; x.y(.z }\nfn g() { h() }",
        "fn f() { let x = " + "(" * 3000 + "1" + ")" * 3000 + "; }",
        "fn f() { match x { A(b) => , } ; for in {} ; if let = y {} }",
        "mod a { mod b; use super::super::super::*; }",
    ],
)
def test_no_code_is_too_broken_to_be_read(code: str) -> None:
    assert parse("a.rs", code.encode()).language == "rust"
    Tree({"a.rs": code}).edges()


def test_what_a_function_uses_of_an_enum_is_known_in_it_alone() -> None:
    code = """
        pub enum Side { Left(u8), Right }
        pub struct Door;
        impl Side { fn turn() { use Side::*; Left(1); } }
        impl From<Side> for Door {}
        fn elsewhere() { Left(1); }
        """
    edges = Tree({"src/lib.rs": code}).edges()

    assert ("src/lib.rs:Door", "From") in pairs(edges, "inherits")
    assert pairs(edges, "calls") == {("src/lib.rs:Side.turn", "src/lib.rs:Side.Left")}


VALUES = """
    use std::ops::Deref;
    pub trait Op { fn open(&self); fn made() where Self: Sized {} }
    pub struct Door;
    pub struct Lock;
    impl Door { fn new() -> Self { Door } fn shut(&self) {} }
    impl Op for Door { fn open(&self) {} }
    impl Lock { fn shut(&self) {} }
    pub trait Visitor {
        type Out: Op;
        fn visit(&self) -> Self::Out;
        fn run(&self) { self.visit().open(); }
    }
    impl Visitor for Lock { type Out = Door; fn visit(&self) -> Self::Out { Door } }
    pub struct Row;
    impl Iterator for Row { type Item = Door; fn next(&mut self) -> Option<Self::Item> { None } }
    pub struct Guard;
    impl Deref for Guard { type Target = Door; fn deref(&self) -> &Self::Target { todo!() } }
"""


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("let x = if a { Door::new() } else { Door::new() }; x.shut();", {"Door.shut"}),
        ("let x = match a { true => Door::new(), _ => todo!() }; x.shut();", {"Door.shut"}),
        ("let x = { let y = 1; Door::new() }; x.shut();", {"Door.shut"}),
        ("let x = unsafe { Door::new() }; x.shut();", {"Door.shut"}),
        ("let x = Lock; let y = { let x = Door::new(); x }; y.close();", set[str]()),
        ("let x = Lock; let y = match o { Some(x) => x, _ => todo!() }; y.near();", set[str]()),
        ("let f = || Door::new(); f().shut();", {"Door.shut"}),
        ("let x = vec![Door::new()]; x[0].shut();", {"Door.shut"}),
        ("Lock.visit().shut();", {"Lock.visit", "Door.shut"}),
        ("Row.next().unwrap().shut();", {"Row.next", "Door.shut"}),
        ("for x in r { x.shut(); }", {"Door.shut"}),
        ("g.shut();", {"Door.shut"}),
        ("s.parse::<Door>().unwrap().shut();", {"Door.shut"}),
    ],
)
def test_what_blocks_closures_and_traits_give_is_known(body: str, called: set[str]) -> None:
    code = f"{VALUES}\nfn act(a: bool, o: Option<Door>, r: Row, g: Guard, s: &str) {{ {body} }}"
    found = pairs(Tree({"src/lib.rs": code}).edges(), "calls")
    targets = {target.partition(":")[2] for source, target in found if source.endswith(":act")}

    assert targets - {"Door.new"} == called


def test_a_type_parameter_has_all_its_bounds() -> None:
    code = f"{VALUES}\nfn act<T: Op>(t: T) where T: Clone {{ T::made(); t.open(); }}"
    found = pairs(Tree({"src/lib.rs": code}).edges(), "calls")

    assert {target for source, target in found if source.endswith(":act")} == {
        "src/lib.rs:Op.made",
        "src/lib.rs:Op.open",
    }


def test_an_associated_type_has_what_its_bound_has() -> None:
    found = pairs(Tree({"src/lib.rs": VALUES}).edges(), "calls")

    assert ("src/lib.rs:Visitor.run", "src/lib.rs:Op.open") in found
