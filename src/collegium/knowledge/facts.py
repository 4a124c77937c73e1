"""What one file says of itself, in every language alike; nothing here knows another file.

Expressions are written as short strings in one small language, read by `expressions.parse`:

    name            a name                      E.name       an attribute
    E(A, key=B)     a call                      E[A]         an item (x[0]), a type's arguments
    *E              one element of E            >E           what entering E gives (`with`)
    !E              E, awaited                  (A | B)      one of the two
    <str> <list A>  a literal, and what it has  _            anything that cannot be told

Places of symbols are their position in `FileFacts.symbols`; -1 is the file itself, whose code at
the top is the symbol "<module>".
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

TOP: Final = -1
MODULE: Final = "<module>"

SymbolKind: TypeAlias = Literal[
    "class", "interface", "enum", "function", "method", "module", "variable", "section"
]
How: TypeAlias = Literal["assign", "parameter", "narrow", "field"]
UseKind: TypeAlias = Literal["call", "decorate", "reference", "mention"]


class Parameter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One parameter: its name with its stars, annotation and default as expressions, or ''."""

    name: str
    annotation: str = ""
    default: str = ""


class Symbol(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something with a name that a file defines.

    `path` is its name within the file ("Outer.inner"; "Recv.Method" in Go, "Type.method" in Rust
    and Java, "obj.prop" in JavaScript); `parent` the symbol it stands in. Lines count from 1 and
    include both ends: `start` takes decorators in, `line` is where the name stands, `body` where
    the body begins. `owner` is the type a method belongs to, as an expression, where it does not
    stand in it (Go receivers, Rust impl blocks, prototypes). `marks` are decorators and modifiers,
    as expressions ("property", "staticmethod", "abstract"). `results` are what its return
    statements return, or, where it is a generator (`yields`), what it yields.
    """

    kind: SymbolKind
    name: str
    path: str
    parent: int
    line: int
    start: int
    end: int
    body: int
    signature: str = ""
    doc: str = ""
    owner: str = ""
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    results: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    yields: bool = False
    awaits: bool = False
    exported: bool = False


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name that comes from elsewhere.

    `module` is as it is written ("os.path", "./utils.js", "net/http", "crate::model"), `level` how
    many dots stood before it in Python, 1 for a static one in Java and for Rust's `mod name;`.
    `name` is what is taken of it: '' the module itself, '*' all of it, 'default' the default
    export. `alias` is what it is called here ("a.b" for Python's `import a.b`); '' where nothing
    is. `exported` means that it can be had from here again (`export ... from`, `pub use`).
    """

    scope: int
    module: str
    name: str
    alias: str
    line: int
    level: int = 0
    exported: bool = False


class Export(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What others get of a file under a name: 'default', a name, or '*' for each of `value`."""

    name: str
    value: str
    line: int


class Binding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name or an attribute that gets a value.

    `target` is a name or a chain such as "self.client"; `value` and `annotation` are expressions,
    '' where there is none. A "narrow" holds from `line` to `until` (`isinstance`, a type switch),
    and says what it is not by the annotation "<not X>"; an "assign" with `until` to the end of the
    block that may be passed over; "parameter" is one of an anonymous function; "field" is declared
    in a type without a value.
    """

    scope: int
    target: str
    value: str
    annotation: str
    line: int
    how: How = "assign"
    until: int = 0


class Use(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that a scope calls or names, and on which lines, ascending.

    `target` is the expression that is called or named. A "mention" is a name in a document.
    `given` is how many arguments a call has, where its language chooses by that; else -1.
    """

    kind: UseKind
    scope: int
    target: str
    lines: tuple[int, ...]
    given: int = -1


class FileFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is known of one file from itself.

    `path` is relative to the root of the tree, with '/'. `package` is what it says it belongs to
    (Go, Java), else ''. `damaged` are the lines that could not be read as its language.
    """

    path: str
    language: str
    lines: int
    package: str = ""
    doc: str = ""
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    exports: tuple[Export, ...] = ()
    bindings: tuple[Binding, ...] = ()
    uses: tuple[Use, ...] = ()
    damaged: tuple[int, ...] = ()
