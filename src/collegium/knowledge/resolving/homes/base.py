"""What the resolver must know of a language beyond the facts of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from collegium.knowledge.resolving.atoms import (
    UNKNOWN,
    Atom,
    Atoms,
    outside,
    thing,
    types_of,
    united,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import Import, Symbol
    from collegium.knowledge.resolving.arguments import Arguments, Site
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


class Home:
    """A language's answers to the resolver's questions; a language overrides what differs.

    A home keeps no state. What it wants to know of other files it asks through `reader`, which
    writes down what was asked (`reader.world.shape(path)`, or `.within` and `.head` for parts,
    `.exists`, `.folder`, `.files_named`, `.bearers`), and keeps by
    `reader.world.remembered(key, make, otherwise)`.
    """

    # Languages that see one another bear one name.
    family: ClassVar[str] = ""
    # The receiver's name in methods where no parameter holds it: "this", "self".
    receiver_name: ClassVar[str] = ""
    # Whether a name without a receiver finds the members of the type it stands in (Java).
    members_in_scope: ClassVar[bool] = False
    # Whether what stands in a type's body is known there by its bare name (Python).
    body_is_scope: ClassVar[bool] = False
    # Whether a field and a method of one type may bear the same name (Rust).
    methods_apart: ClassVar[bool] = False
    # Whether calling a variable counts as a call of the function that it holds; where it does
    # not, a call is of what stands there by name (a definition leads to it), as editors have it.
    calls_through_variables: ClassVar[bool] = False
    # Whether each assignment is read as a binding, so that a name bound once holds one value.
    assignments_bind: ClassVar[bool] = False
    # Whether a name bound in a block is unknown after it.
    block_scoped: ClassVar[bool] = False
    # Whether a variable is of its annotated type whatever value it is given.
    declared_decides: ClassVar[bool] = False
    # The method that makes a value callable.
    call_method: ClassVar[str] = ""
    # Outside types that add nothing to one of their arguments: full name -> which ("Box": 0).
    transparent: ClassVar[Mapping[str, int]] = {}
    # Which argument of an outside type is what iterating it, indexing it, awaiting it, entering
    # it (`with`) and calling it gives.
    elements: ClassVar[Mapping[str, int]] = {}
    items: ClassVar[Mapping[str, int]] = {}
    awaitables: ClassVar[Mapping[str, int]] = {}
    contexts: ClassVar[Mapping[str, int]] = {}
    callables: ClassVar[Mapping[str, int]] = {"func": -1}
    # Names so common on outside types that bearing one of them says nothing.
    common: ClassVar[frozenset[str]] = frozenset()

    def receiver(self, symbol: Symbol) -> str:
        """Return the name that the receiver has in this function, '' where it has none."""
        return self.receiver_name if symbol.kind == "method" else ""

    def receives_class(self, symbol: Symbol) -> bool:
        """Return whether this method's receiver is the type itself and not a value of it."""
        return "static" in symbol.marks

    def is_property(self, symbol: Symbol) -> bool:
        """Return whether reading this method calls it."""
        return False

    def module(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the modules that an import's `module` (and `level`) means.

        Atoms of kind "module" (`file` is the file or, where folders are modules, the folder),
        or one `outside(full name)`.
        """
        return (outside(wanted.module),)

    def imported(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return what the name that an import binds means: modules, symbols, what is outside."""
        modules = self.module(reader, importer, wanted)
        if not wanted.name or wanted.name == "*":
            return modules
        return united(reader.member(module, wanted.name) for module in modules)

    def exported(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what a module gives under a name; what it takes from others is followed."""
        return reader.top(module.file, name)

    def starred(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what a module gives under a name to those who import all of it."""
        return UNKNOWN if name.startswith("_") else reader.member(module, name)

    def visible(self, reader: Interpreter, shape: Shape, name: str) -> Atoms:
        """Return what a name means that the file neither defines nor imports.

        Names of the same package, of a prelude, builtins: `outside(name)` for what is known to
        be outside, () for what is not known at all.
        """
        return UNKNOWN

    def special(self, reader: Interpreter, site: Site, name: str) -> Atoms | None:
        """Return what a word of the language means here (super, crate); None if it is none.

        Asked first, for every name.
        """
        return None

    def ancestors(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return a type and what it inherits from, in the order in which members are sought.

        What is outside stays in the line, what is unknown is left out.
        """
        return reader.lineage_by_depth(kind)

    def further_bases(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return the bases that a type is given outside of its declaration (Rust's impl blocks)."""
        return UNKNOWN

    def implemented(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return the interfaces that a type has by its members alone (Go), without saying so."""
        return UNKNOWN

    def parameters_of(self, reader: Interpreter, shape: Shape, kind: int) -> Sequence[str]:
        """Return the names of a type's parameters, in order."""
        return tuple(shape.generic.get(kind, ()))

    def elsewhere(self, reader: Interpreter, kind: Atom, name: str) -> Atoms:
        """Return the methods of this name that a type has outside of its body.

        By default the symbols of the type's own file whose `owner` it is. For other files ask
        the world for a folder (Go) or for the name's bearers (Rust), then `reader.owned`.
        """
        return reader.owned(kind.file, kind, name)

    def further_members(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return a member that no rule of the core finds: of a function, of an object."""
        return UNKNOWN

    def member_of_outside(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return a member of what is outside: its full name, and nothing more is known."""
        return (outside(f"{atom.name}.{name}"),)

    def constructed(self, reader: Interpreter, kind: Atom, given: Arguments) -> Atoms:
        """Return what calling a type of the tree gives: a value of it."""
        return values((kind,))

    def called(self, reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
        """Return what calling an outside function or type, or a value of one, gives."""
        if callee.kind == "thing":
            return self.argument(reader, callee, self.callables)
        return values((callee,))

    def called_unseen(self, reader: Interpreter, name: str, given: Arguments) -> Atoms:
        """Return what calling a method of this name gives on something that cannot be told."""
        return UNKNOWN

    def call_targets(self, reader: Interpreter, callee: Atom) -> Atoms:
        """Return the definitions that a written call of this calls."""
        if callee.kind == "instance" and self.call_method:
            return reader.member(callee, self.call_method)
        return (callee,)

    def taking(self, reader: Interpreter, callees: Atoms, given: int) -> Atoms:
        """Return what a call of these with so many arguments means, -1 where that is not known.

        Where overloads are inherited beside one's own (Java), it may be another one up the line.
        """
        return callees

    def overridden(self, reader: Interpreter, method: Symbol, above: Atoms) -> Atoms:
        """Return what a method overrides among what the types above it have under its name."""
        return above

    def overloads(self, reader: Interpreter, functions: Sequence[Atom]) -> Sequence[Atom]:
        """Return those of several functions of one name and place that a call chooses from."""
        return functions

    def short_name(self, name: str) -> str:
        """Return the name by which an outside type is known, however it was imported."""
        return name

    def specialised(self, reader: Interpreter, generic: Atom, given: Sequence[Atoms]) -> Atoms:
        """Return an outside type with its arguments (values), unwrapped where it is transparent."""
        which = self.transparent.get(generic.name)
        if which is None:
            return (generic._replace(args=tuple(given)),)
        return types_of(given[which]) if which < len(given) else UNKNOWN

    def result(self, reader: Interpreter, function: Atom, symbol: Symbol, given: Atoms) -> Atoms:
        """Return what a call gives of a function that returns `given` (coroutines, generators)."""
        return given

    def decorated(self, reader: Interpreter, site: Site, symbol: Symbol) -> Atoms | None:
        """Return what its decorators make of a function; None where it stays a function."""
        return None

    def annotated(self, held: Atoms) -> Atoms:
        """Return what an annotation promises; () where it only says that there is something."""
        return held

    def parameter(self, name: str, held: Atoms) -> Atoms:
        """Return what a parameter's name holds (`*args`: many of what is annotated)."""
        return held

    def held(self, reader: Interpreter, variable: Atom, values_: Atoms) -> Atoms:
        """Return what a variable holds that was given these values (members of an enum)."""
        return values_

    def literal(self, name: str, held: Sequence[Atoms]) -> Atoms:
        """Return the value of a literal: tuples hold by place, others one kind of thing."""
        if name == "None":
            return UNKNOWN
        return (thing(name, *held) if name == "tuple" else thing(name, united(held)),)

    def element(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what iterating over a value gives."""
        return (
            united(atom.args)
            if atom.name == "tuple"
            else self.argument(reader, atom, self.elements)
        )

    def item(self, reader: Interpreter, atom: Atom, key: Expr) -> Atoms:
        """Return what a value has at an index or key."""
        if atom.name != "tuple":
            return self.argument(reader, atom, self.items)
        place = int(key[1]) if key[0] == "index" else -1
        if 0 <= place < len(atom.args):
            return atom.args[place]
        return united(atom.args)

    def awaited(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what awaiting a value gives; by default the value itself."""
        return self.argument(reader, atom, self.awaitables) if atom.kind == "thing" else (atom,)

    def entered(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what entering a value (`with`) gives; by default the value itself."""
        return self.argument(reader, atom, self.contexts) if atom.kind == "thing" else (atom,)

    def argument(self, reader: Interpreter, atom: Atom, which: Mapping[str, int]) -> Atoms:
        """Return the argument of an outside type, or of one that a type inherits from."""
        line = reader.lineage(atom) if atom.kind == "instance" else (atom,)
        for each in line:
            place = which.get(each.name)
            if each.kind in ("outside", "thing") and place is not None:
                return each.args[place] if -len(each.args) <= place < len(each.args) else UNKNOWN
        return UNKNOWN
