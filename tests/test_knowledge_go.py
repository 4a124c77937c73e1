"""Go: what a file says of itself, and what calls mean by the rules of packages and types."""

from __future__ import annotations

import textwrap

import pytest
from knowledge_sources import Tree, pairs

from collegium.knowledge.manifests import manifest
from collegium.knowledge.parse import parse

GO_MOD = "module example.org/house\n\ngo 1.22\n"
DOORS = """
    // Package doors has doors.
    package doors

    type Opener interface {
        Open() error
    }

    // Door opens and shuts.
    type Door struct {
        Name string
        Lock *Lock
    }

    type Lock struct{}

    func (l *Lock) Turn() *Lock { return l }

    // New makes a door.
    func New(name string) (*Door, error) { return &Door{Name: name}, nil }

    func (d *Door) Open() error { return nil }

    type Gate struct {
        *Door
        others []*Door
        byName map[string]*Door
        made   func() *Door
    }

    func (g Gate) Close() {}

    type Row []*Door
    type Box[T any] struct{ held T }

    func (b *Box[T]) Get() T { return b.held }
"""


def calls_from(body: str, **more: str) -> set[str]:
    """What the function `act` of another package of the same module calls."""
    code = f"""
package main

import "example.org/house/doors"

func act(
    d *doors.Door, g doors.Gate, o doors.Opener, r doors.Row, c chan *doors.Door, any interface{{}},
) {{
{textwrap.indent(body, "    ")}
}}
"""
    files = {"go.mod": GO_MOD, "doors/doors.go": DOORS, "main.go": code}
    files |= {name.replace("__", "/") + ".go": text for name, text in more.items()}
    found = pairs(Tree(files).edges(), "calls")
    return {target for source, target in found if source == "main.go:act"}


OPEN, CLOSE, TURN = (f"doors/doors.go:{name}" for name in ("Door.Open", "Gate.Close", "Lock.Turn"))
NEW, ASKED, GET = (f"doors/doors.go:{name}" for name in ("New", "Opener.Open", "Box.Get"))


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("d.Open()", {OPEN}),
        ("g.Open()", {OPEN}),
        ("g.Close()", {CLOSE}),
        ("o.Open()", {ASKED}),
        ("d.Lock.Turn().Turn()", {TURN}),
        ("x, err := doors.New(``)\nx.Open()\nerr.Error()", {NEW, OPEN}),
        ("for _, x := range g.others {\n    x.Open()\n}", {OPEN}),
        ("for _, x := range g.byName {\n    x.Open()\n}", {OPEN}),
        ("for _, x := range r {\n    x.Open()\n}", {OPEN}),
        ("for x := range c {\n    x.Open()\n}", {OPEN}),
        ("g.byName[``].Open()", {OPEN}),
        ("if x, ok := g.byName[``]; ok {\n    x.Open()\n}", {OPEN}),
        ("(<-c).Open()", {OPEN}),
        ("g.made().Open()", {OPEN}),
        ("x := &doors.Door{Name: ``}\nx.Open()", {OPEN}),
        ("x := new(doors.Door)\nx.Open()", {OPEN}),
        ("x := make([]doors.Door, 1)\nx[0].Open()", {OPEN}),
        ("x := append(g.others, d)\nx[0].Open()", {OPEN}),
        ("var x doors.Gate\nx.Close()", {CLOSE}),
        ("any.(*doors.Door).Open()", {OPEN}),
        ("if x, ok := any.(doors.Gate); ok {\n    x.Close()\n}", {CLOSE}),
        (
            "switch x := any.(type) {\ncase *doors.Door:\n    x.Open()\n"
            "case doors.Gate:\n    x.Close()\n}",
            {OPEN, CLOSE},
        ),
        ("func() { d.Open() }()", {OPEN}),
        ("f := func() *doors.Door { return d }\nf().Open()", {OPEN}),
        ("go d.Open()\ndefer g.Close()", {OPEN, CLOSE}),
        ("x := doors.Box[*doors.Door]{}\nx.Get().Open()", {GET, OPEN}),
        ("run(func(d doors.Gate) {\n    d.Close()\n})\nd.Open()", {CLOSE, OPEN}),
        ("if d := g; true {\n    d.Close()\n}\nd.Open()", {CLOSE, OPEN}),
    ],
)
def test_the_type_of_the_receiver_decides_which_method_is_called(
    body: str, called: set[str]
) -> None:
    assert calls_from(body) == called


def test_a_package_sees_all_of_its_files_and_no_other_package_of_the_folder() -> None:
    files = {
        "go.mod": GO_MOD,
        "a.go": "package house\n\nfunc act() { help(); check() }\n",
        "b.go": "package house\n\nfunc help() {}\n",
        "b_linux.go": "package house\n\nfunc help() {}\n",
        "a_test.go": "package house\n\nfunc check() {}\n\nfunc TestAct() { act() }\n",
        "x_test.go": (
            'package house_test\n\nimport "example.org/house"\n\n'
            "func TestX() { house.Act(); act() }\n"
        ),
        "sub/c.go": "package sub\n\nfunc help() {}\nfunc check() {}\n",
    }
    assert pairs(Tree(files).edges(), "calls") == {
        ("a.go:act", "b.go:help"),
        ("a.go:act", "b_linux.go:help"),
        ("a_test.go:TestAct", "a.go:act"),
    }


def test_methods_may_stand_in_any_file_of_the_package() -> None:
    files = {
        "a.go": "package a\n\ntype T struct{}\n\nfunc (t T) One() { t.Two() }\n",
        "b.go": "package a\n\nfunc (t *T) Two() { t.One() }\n",
    }
    assert pairs(Tree(files).edges(), "calls") == {
        ("a.go:T.One", "b.go:T.Two"),
        ("b.go:T.Two", "a.go:T.One"),
    }


@pytest.mark.parametrize(
    ("written", "call"),
    [
        ('import "example.org/house/doors"', "doors.New()"),
        ('import d "example.org/house/doors"', "d.New()"),
        ('import . "example.org/house/doors"', "New()"),
        ('import (\n\t"fmt"\n\t"example.org/house/doors"\n)', "fmt.Println(doors.New())"),
        ('import "example.org/house/v2/go-names"', "names.Named()"),
        ('import "example.org/house/v2/odd"', "strange.Named()"),
    ],
)
def test_packages_are_found_by_the_module_of_the_tree(written: str, call: str) -> None:
    files = {
        "go.mod": GO_MOD,
        "doors/doors.go": DOORS,
        "two/go.mod": "module example.org/house/v2\n",
        "two/go-names/a.go": "package names\n\nfunc Named() {}\n",
        "two/odd/a.go": "package strange\n\nfunc Named() {}\n",
        "main.go": f"package main\n\n{written}\n\nfunc act() {{ {call} }}\n",
    }
    (called,) = pairs(Tree(files).edges(), "calls")
    assert called[0] == "main.go:act"
    assert called[1].endswith((":New", ":Named"))


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("github.com/some/house/doors", "doors"),
        ("github.com/some/house", "."),
        ("github.com/some/house/v2", "."),
        ("github.com/other/doors", "github.com/other/doors"),
        ("net/doors", "net/doors"),
        ("encoding/json", "encoding/json"),
    ],
)
def test_without_a_module_file_packages_are_found_by_the_end_of_their_path(
    path: str, folder: str
) -> None:
    files = {
        "house.go": "package house\n",
        "doors/doors.go": DOORS,
        "json/a.go": "package json\n",
        "cmd/main.go": f'package main\n\nimport "{path}"\n',
    }
    assert ("cmd/main.go", folder) in pairs(Tree(files).edges(), "imports")


def test_embedded_types_are_bases_and_their_methods_are_overridden() -> None:
    code = """
        package a

        type Reader interface{ Read() }
        type ReadCloser interface {
            Reader
            Close()
        }
        type Base struct{}
        func (b *Base) Read() {}
        type File struct {
            *Base
            ReadCloser
        }
        func (f *File) Read() { f.Base.Read() }
    """
    edges = Tree({"a.go": code}).edges()
    assert pairs(edges, "inherits") == {
        ("a.go:ReadCloser", "a.go:Reader"),
        ("a.go:File", "a.go:Base"),
        ("a.go:File", "a.go:ReadCloser"),
    }
    assert ("a.go:File.Read", "a.go:Base.Read") in pairs(edges, "overrides")
    assert pairs(edges, "calls") == {("a.go:File.Read", "a.go:Base.Read")}


def test_a_file_tells_its_symbols_with_signatures_and_documentation() -> None:
    code = """
        // Package a is an example.
        package a

        // Level is how loud it is.
        type Level int

        const (
            // Low is quiet.
            Low Level = iota
            High
        )

        var handle = func() { run() }

        type Log struct {
            Name, Path string // both
            Level
        }

        // Write writes.
        func (l *Log) Write(p []byte, more ...string) (n int, err error) { return }

        func Map[K comparable, V any](in map[K]V, f func(V) V) []V { return nil }
    """
    facts = parse("a.go", textwrap.dedent(code).encode())
    assert (facts.package, facts.doc) == ("a", "Package a is an example.")
    assert [(symbol.kind, symbol.path) for symbol in facts.symbols] == [
        ("class", "Level"),
        ("variable", "Low"),
        ("variable", "High"),
        ("function", "handle"),
        ("class", "Log"),
        ("variable", "Log.Name"),
        ("variable", "Log.Path"),
        ("method", "Log.Write"),
        ("function", "Map"),
    ]
    by_path = {symbol.path: symbol for symbol in facts.symbols}
    write = by_path["Log.Write"]
    assert write.signature == "func (l *Log) Write(p []byte, more ...string) (n int, err error)"
    assert (write.doc, write.owner, write.exported) == ("Write writes.", "Log", True)
    assert [each.name for each in write.parameters] == ["l", "p", "*more"]
    assert by_path["Log"].bases == ("Level",)
    assert by_path["Low"].doc == "Low is quiet."
    assert not by_path["handle"].exported
    kinds = {binding.target: binding.annotation for binding in facts.bindings}
    assert kinds["High"] == "Level"


@pytest.mark.parametrize(
    "code",
    [
        "",
        "package",
        "package a\nfunc (",
        "package a\ntype T struct { x",
        "package a\nfunc f() { a.b(.c }\nfunc g() { h() }",
        "package a\nvar x = " + "(" * 3000 + "1" + ")" * 3000,
        "package a\nfunc (*) f() {}\nimport ()\nvar ()\nfunc (t T[) g() {}",
        "package a\nfunc f() { switch x := y.(type) { case } ; for range x {} ; return }",
    ],
)
def test_no_code_is_too_broken_to_be_read(code: str) -> None:
    facts = parse("a.go", code.encode())
    assert facts.language == "go"
    Tree({"a.go": code}).edges()


@pytest.mark.parametrize(
    ("path", "text", "package"),
    [
        ("go.mod", "// the house\nmodule example.org/house\n\ngo 1.22\n", "example.org/house"),
        ("a/go.mod", "go 1.22\n", ""),
        ("Cargo.toml", '[package]\nname = "a-b"\n', "a_b"),
        ("Cargo.toml", '[package]\nname = "a-b"\n[lib]\nname = "c"\n', "c"),
        ("Cargo.toml", "[workspace]\nmembers = []\n", ""),
        ("Cargo.toml", "[package\n", ""),
        ("Cargo.toml", f"a = {'[' * 50_000}\n", ""),
        ("Cargo.toml", "package = 1\n[lib]\nname = 2\n", ""),
    ],
)
def test_a_manifest_tells_by_what_name_others_know_the_tree(
    path: str, text: str, package: str
) -> None:
    facts = manifest(path, text)
    assert (facts.language, facts.package) == ("manifest", package)
    assert facts.lines == len(text.splitlines())


def test_a_function_without_a_name_at_the_top_of_a_file_has_its_own_names() -> None:
    code = """
        package a

        type T struct{}
        func (t *T) Go() *T { return t }
        func (t *T) Stop() {}
        type Command struct{ Run func(t *T) }

        var cmd = &Command{
            Run: func(t *T) {
                next := t.Go()
                next.Stop()
            },
        }

        func diff(a, b *T) *T { return a }

        func act(a *T) {
            diff := diff(a, a)
            diff.Stop()
        }
    """
    assert pairs(Tree({"a.go": code}).edges(), "calls") == {
        ("a.go:<module>", "a.go:T.Go"),
        ("a.go:<module>", "a.go:T.Stop"),
        ("a.go:act", "a.go:diff"),
        ("a.go:act", "a.go:T.Stop"),
    }


def test_a_loop_over_an_iterator_gives_what_it_yields() -> None:
    code = """
        package a
        import "iter"
        type Door struct{}
        func (d *Door) Open() {}
        func one(s iter.Seq[*Door]) { for d := range s { d.Open() } }
        func two(s iter.Seq2[int, *Door]) { for _, d := range s { d.Open() } }
        """
    assert pairs(Tree({"a.go": code}).edges(), "calls") == {
        ("a.go:one", "a.go:Door.Open"),
        ("a.go:two", "a.go:Door.Open"),
    }
