"""Java: what a file says of itself, and what calls mean by the rules of its types."""

from __future__ import annotations

import textwrap

import pytest
from knowledge_sources import Tree, pairs

from collegium.knowledge.parse import parse

DOORS = """
    package house.doors;

    import java.util.*;

    public class Door implements Opener {
        protected Lock lock = new Lock();
        public static final Door MAIN = new Door("main");
        final List<Door> others = new ArrayList<>();
        final Map<String, Door> byName = new HashMap<>();

        public Door(String name) { super(); }
        public void open() {}
        public Door twin() { return this; }
        public static Door of(String name) { return new Door(name); }
        public Lock lock() { return lock; }

        public static class Lock {
            public Lock turn() { return this; }
        }
    }
"""
OPENER = """
    package house.doors;

    public interface Opener {
        void open();
        default void slam() { open(); }
    }
"""
GATE = """
    package house.doors;

    public class Gate extends Door {
        public Gate() { super("gate"); }
        @Override public void open() { super.open(); twin().open(); }
        public void close() {}
    }
"""
BOX = """
    package house;

    import house.doors.Opener;

    public class Box<T extends Opener> {
        private T held;
        public T get() { return held; }
        public void openAll() { held.open(); }
    }
"""


def calls_from(
    body: str, *, imports: str = "import house.doors.*;\nimport java.util.*;"
) -> set[str]:
    """What the method `act` of a class in another package calls, types that it makes apart."""
    code = (
        f"package house;\n\n{imports}\n\nclass Main {{\n"
        "  void act(Door d, Gate g, Opener o, Box<Gate> b, Object any) {\n"
        f"{body}\n  }}\n  void help() {{}}\n}}\n"
    )
    files = {
        "src/house/doors/Door.java": DOORS,
        "src/house/doors/Opener.java": OPENER,
        "src/house/doors/Gate.java": GATE,
        "src/house/Box.java": BOX,
        "src/house/Main.java": code,
    }
    found = pairs(Tree(files).edges(), "calls")
    return {
        target.rpartition(":")[2]
        for source, target in found
        if source.startswith("src/house/Main.java:Main.act")
    }


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("d.open();", {"Door.open"}),
        ("g.open();", {"Gate.open"}),
        ("g.twin().open();", {"Door.twin", "Door.open"}),
        ("o.open();", {"Opener.open"}),
        ("d.slam();", {"Opener.slam"}),
        ("help(); this.help();", {"Main.help"}),
        ("d.lock().turn();", {"Door.lock", "Door.Lock.turn"}),
        ("d.lock.turn();", {"Door.Lock.turn"}),
        ("new Door.Lock().turn();", {"Door.Lock", "Door.Lock.turn"}),
        ("Door.of(null).open();", {"Door.of", "Door.open"}),
        ("Door.MAIN.open();", {"Door.open"}),
        ("var x = new Gate(); x.close();", {"Gate", "Gate.close"}),
        ("Door x = new Gate(); x.open();", {"Gate", "Door.open"}),
        ("((Gate) any).close();", {"Gate.close"}),
        ("if (any instanceof Gate x) { x.close(); }", {"Gate.close"}),
        ("switch (any) { case Gate x -> x.close(); default -> {} }", {"Gate.close"}),
        ("b.get().close();", {"Box.get", "Gate.close"}),
        ("for (Door x : d.others) { x.open(); }", {"Door.open"}),
        ("for (var x : d.others) { x.open(); }", {"Door.open"}),
        ("d.others.get(0).open();", {"Door.open"}),
        ("d.byName.get(null).open();", {"Door.open"}),
        ("for (var e : d.byName.entrySet()) { e.getValue().open(); }", {"Door.open"}),
        ("Gate[] xs = {}; xs[0].close();", {"Gate.close"}),
        ("Runnable r = () -> g.close();", {"Gate.close"}),
        ("d.others.forEach(x -> x.open());", {"Door.open"}),
        ("d.others.stream().filter(x -> x.twin() != null);", {"Door.twin"}),
        (
            "try (var x = new Gate()) { x.close(); } catch (Exception e) { e.open(); }",
            {"Gate", "Gate.close"},
        ),
        (
            "new Gate() { @Override public void close() { help(); Main.this.help(); } };",
            {"Gate", "Main.help"},
        ),
        ("house.doors.Door.of(null);", {"Door.of"}),
        ("(any == null ? d : g).twin();", {"Door.twin"}),
        ("String.valueOf(1); any.toString(); List.of();", set()),
    ],
)
def test_the_declared_type_decides_which_method_is_called(body: str, called: set[str]) -> None:
    assert calls_from(body) == called


@pytest.mark.parametrize(
    "imports",
    [
        "import house.doors.Door;",
        "import house.doors.*;",
        "import java.util.*;\nimport house.doors.*;",
        "import static house.doors.Door.of;",
        "import static house.doors.Door.*;",
    ],
)
def test_types_and_static_members_are_found_by_their_imports(imports: str) -> None:
    call = "of(null)" if "static" in imports else "Door.of(null)"
    assert calls_from(f"{call};", imports=imports) == {"Door.of"}


def test_constructors_call_those_above_as_types() -> None:
    files = {"Door.java": DOORS, "Opener.java": OPENER, "Gate.java": GATE}
    found = pairs(Tree(files).edges(), "calls")
    assert ("Gate.java:Gate.Gate", "Door.java:Door") in found
    assert ("Gate.java:Gate.open", "Door.java:Door.open") in found
    assert ("Opener.java:Opener.slam", "Opener.java:Opener.open") in found
    assert ("Door.java:Door.of", "Door.java:Door") in found


def test_types_inherit_from_what_they_extend_and_implement() -> None:
    files = {"Door.java": DOORS, "Opener.java": OPENER, "Gate.java": GATE}
    edges = Tree(files).edges()
    assert pairs(edges, "inherits") == {
        ("Door.java:Door", "Opener.java:Opener"),
        ("Gate.java:Gate", "Door.java:Door"),
    }
    assert ("Gate.java:Gate.open", "Door.java:Door.open") in pairs(edges, "overrides")


def test_an_import_is_of_the_file_and_of_the_type() -> None:
    files = {
        "src/house/doors/Door.java": DOORS,
        "src/Main.java": """
            package house;
            import house.doors.Door;
            import java.util.List;
            class Main {}
        """,
    }
    imports = pairs(Tree(files).edges(), "imports")
    assert ("src/Main.java", "src/house/doors/Door.java") in imports
    assert ("src/Main.java", "src/house/doors/Door.java:Door") in imports
    assert ("src/Main.java", "java.util.List") in imports


def test_a_file_tells_its_symbols_with_signatures_and_documentation() -> None:
    code = """
        package a.b;

        /** A level. */
        public enum Level implements Loud {
            LOW(1), HIGH { int value() { return 2; } };
            private final int value;
            Level(int value) { this.value = value; }
            /**
             * Tells the value.
             * @return it
             */
            @Override public int value() { return value; }
            record Pair(Level first, int... rest) { Pair { check(first); } }
            interface Inner extends Outer<String> { int X = 1; default void run() {} }
            @interface Mark { String name() default ""; }
        }
    """
    facts = parse("Level.java", textwrap.dedent(code).encode())
    assert facts.package == "a.b"
    assert [(symbol.kind, symbol.path) for symbol in facts.symbols] == [
        ("enum", "Level"),
        ("variable", "Level.LOW"),
        ("variable", "Level.HIGH"),
        ("class", "Level.new HIGH"),
        ("method", "Level.new HIGH.value"),
        ("variable", "Level.value"),
        ("method", "Level.Level"),
        ("method", "Level.value"),
        ("class", "Level.Pair"),
        ("method", "Level.Pair.first"),
        ("method", "Level.Pair.Pair"),
        ("interface", "Level.Inner"),
        ("variable", "Level.Inner.X"),
        ("method", "Level.Inner.run"),
        ("interface", "Level.Mark"),
        ("method", "Level.Mark.name"),
    ]
    value = facts.symbols[7]
    assert value.doc.startswith("Tells the value.")
    assert value.signature == "@Override public int value()"
    assert (value.marks, value.returns, value.exported) == (("Override", "public"), "int", True)
    assert facts.symbols[0].bases == ("Loud",)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "package",
        "class A { void f( { } int g() { return h(); } }",
        "class A extends { @ } import ; enum { }",
        "class A { int x = " + "(" * 3000 + "1" + ")" * 3000 + "; }",
        "class A { void f() { for (:) ; new ; x -> ; switch (a) { case } } }",
        "import static *; import .; record R(,) {}",
    ],
)
def test_no_code_is_too_broken_to_be_read(code: str) -> None:
    assert parse("A.java", code.encode()).language == "java"
    Tree({"A.java": code}).edges()


OVERLOADED = """
    package p;
    class Base {
        Base put(int a) { return this; }
        Base put(int a, int b) { return this; }
        void note(String form, Object... more) {}
        void only(int a) {}
    }
    class Mid extends Base {
        Mid put(int a, int b, int c) { return this; }
        void note() {}
    }
    class Sub extends Mid {
        Sub put(int a) { return this; }
        void sub() {}
        void act(Sub s) { BODY }
    }
    class Many extends java.util.ArrayList<String> {
        void add(int a, int b, int c) {}
        void act(Many m) { m.add(""); m.add(1, 2, 3); }
    }
"""


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("s.put(1);", {"Sub.put"}),
        ("s.put(1, 2);", {"Base.put"}),
        ("s.put(1, 2, 3);", {"Mid.put"}),
        ("put(1, 2);", {"Base.put"}),
        ("this.put(1, 2);", {"Base.put"}),
        ("super.put(1);", {"Base.put"}),
        ("super.put(1, 2, 3);", {"Mid.put"}),
        ("s.put(1).sub();", {"Sub.put", "Sub.sub"}),
        ("s.put(1, 2, 3).put(1);", {"Mid.put", "Base.put"}),
        ("s.note();", {"Mid.note"}),
        ('s.note("");', {"Base.note"}),
        ('s.note("", 1, 2, 3);', {"Base.note"}),
        ("s.put(f(x -> { return g(x, x); }), /* two */ 2);", {"Base.put"}),
    ],
)
def test_of_overloads_up_the_line_the_one_that_takes_as_many_is_called(
    body: str, called: set[str]
) -> None:
    edges = Tree({"p/A.java": OVERLOADED.replace("BODY", body)}).edges()
    found = {target for source, target in pairs(edges, "calls") if source == "p/A.java:Sub.act"}

    assert found == {f"p/A.java:{name}" for name in called}


def test_an_overload_that_an_outside_base_may_have_is_no_call_of_the_tree() -> None:
    edges = Tree({"p/A.java": OVERLOADED}).edges()
    lines = [edge.lines for edge in edges if edge.target.symbol == "Many.add" and edge.lines]

    assert ("p/A.java:Many.act", "p/A.java:Many.add") in pairs(edges, "calls")
    assert len(lines) == 2  # where it is defined, and one call


def test_a_method_overrides_the_overload_that_takes_as_many() -> None:
    edges = Tree({"p/A.java": OVERLOADED}).edges()

    assert {one for one in pairs(edges, "overrides") if not one[1].startswith("Obj")} == {
        ("p/A.java:Sub.put", "p/A.java:Base.put")
    }
