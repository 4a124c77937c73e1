"""The rules of JavaScript and TypeScript: modules of both kinds, `this`, objects and prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving import scoping
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import (
    META,
    UNKNOWN,
    Atom,
    Atoms,
    outside,
    thing,
    types_of,
    united,
    values,
)
from collegium.knowledge.resolving.homes import ecmascript_library as library
from collegium.knowledge.resolving.homes import ecmascript_modules as places
from collegium.knowledge.resolving.homes import ecmascript_objects as objects
from collegium.knowledge.resolving.homes.base import Home
from collegium.knowledge.resolving.shape import CONSTRUCTOR, FUNCTIONS, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import Import, Symbol
    from collegium.knowledge.resolving.arguments import Arguments
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_ARROW: Final = "arrow"
_DEFAULT: Final = "default"
_MODULE: Final = {"exports": "", "module": "module"}  # the file as what it exports, and as itself


class EcmaScript(Home):
    """The rules of JavaScript and TypeScript."""

    family: ClassVar[str] = "ecmascript"
    receiver_name: ClassVar[str] = "this"
    declared_decides: ClassVar[bool] = True
    calls_through_variables: ClassVar[bool] = True
    transparent = library.TRANSPARENT
    elements = library.ELEMENTS
    items = library.ITEMS
    awaitables = library.AWAITABLES
    callables = library.CALLABLES
    common: ClassVar[frozenset[str]] = library.COMMON

    def receiver(self, symbol: Symbol) -> str:
        """Return "this" for methods and for functions that `new` calls, if they are no arrows."""
        if _ARROW in symbol.marks and symbol.kind != "method":
            return ""
        if symbol.parameters and symbol.parameters[0].name == "this":
            return ""  # TypeScript's way to say what it is
        return "this" if symbol.kind == "method" or CONSTRUCTOR in symbol.marks else ""

    def is_property(self, symbol: Symbol) -> bool:
        """Return whether this is a getter."""
        return "get" in symbol.marks

    def special(self, reader: Interpreter, site: Site, name: str) -> Atoms | None:
        """Return what `this`, `super`, `exports`, `module` and the names of literals mean."""
        if name == "this":
            return _receiver(reader, site)
        if name == "super":
            return reader.above(site)
        if name in _MODULE and not _is_declared(reader, site, name):
            return (Atom("module", site.shape.path, name=_MODULE[name]),)
        if name == "#_":
            return scoping.named(reader, site, "_")
        if name[0] == "#" and name[1:].isdigit():
            return (Atom("object", site.shape.path, name=name),)
        return None

    def visible(self, reader: Interpreter, shape: Shape, name: str) -> Atoms:
        """Return the global of this name."""
        return (outside(name),) if name in library.GLOBALS else UNKNOWN

    def module(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the file that a module's name means, or what is outside."""
        file = places.file_of(reader.world, importer.path, wanted.module)
        if file:
            return (Atom("module", file),)
        return UNKNOWN if places.is_relative(wanted.module) else (outside(wanted.module),)

    def imported(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return what is imported; a whole module is also what it assigns to `module.exports`."""
        modules = self.module(reader, importer, wanted)
        if wanted.name == "*":
            return modules
        if wanted.name:
            return united(reader.member(module, wanted.name) for module in modules)
        inside = [reader.exported(module, objects.WHOLE) for module in modules if module.file]
        return united([*inside, modules])

    def exported(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what a module or a namespace gives under a name."""
        shape = reader.world.within(module.file, module.symbol, name)
        if shape is None:
            return UNKNOWN
        if module.symbol != TOP:
            return scoping.in_body(reader, shape, module.symbol, name) or UNKNOWN
        if module.name == "module":
            return _whole(reader, module) if name == "exports" else UNKNOWN
        key = ("exported", module.file, name)
        return reader.world.remembered(key, lambda: _exported(reader.full, shape, name), UNKNOWN)

    def starred(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return nothing: `export * from` gives no names to the file itself."""
        return UNKNOWN

    def further_bases(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return the constructor functions that a type inherits from."""
        return objects.constructors_above(reader, kind)

    def further_members(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return a member of an object, a prototype, or of a function or class itself."""
        return objects.member(reader, atom, name)

    def member_of_outside(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return the member with the arguments of its type, so that its result can be told."""
        if name.startswith("#") and name[1:].isdigit():
            taken = atom.args[:-1] if atom.name == "Function" else ()
            return (
                taken[int(name[1:])] if int(name[1:]) < len(taken) else library.handed(atom, name)
            )
        held = library.member_result(atom) if atom.kind == "thing" else UNKNOWN
        return held or (outside(f"{atom.name}.{name}", *atom.args),)

    def specialised(self, reader: Interpreter, generic: Atom, given: Sequence[Atoms]) -> Atoms:
        """Return a type with its arguments; of those that are computed what they come to."""
        of = given[0] if given else UNKNOWN
        if generic.name == "Awaited":
            return types_of(library.fulfilled(of))
        if generic.name == "ReturnType":
            return types_of(united(map(reader.results, of)))
        if generic.name == "InstanceType":
            return tuple(atom for atom in of if atom.kind == "class")
        return super().specialised(reader, generic, given)

    def element(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what a loop gives: of a map the pairs."""
        return library.pair(atom) or super().element(reader, atom)

    def called(self, reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
        """Return what the library's functions and methods give."""
        if callee.kind == "thing":
            return self.argument(reader, callee, self.callables)
        known = library.method_result(callee)
        if known is None:
            known = self._mapped(reader, callee.name.rpartition(".")[2], given)
        if known is None:
            known = library.static_result(callee.name, given[0])
        if known is not None:
            return known
        return values((callee,)) if callee.name.rpartition(".")[2][:1].isupper() else UNKNOWN

    def called_unseen(self, reader: Interpreter, name: str, given: Arguments) -> Atoms:
        """Return what `map` and `then` give, whoever has them."""
        return self._mapped(reader, name, given) or UNKNOWN

    def _mapped(self, reader: Interpreter, name: str, given: Arguments) -> Atoms | None:
        """Return what `map` and `then` make of what the function gives that they are handed."""
        kind = library.MAPPING.get(name)
        if kind is None:
            return None
        made = united(map(reader.results, given[0]))
        if kind == "Promise":
            made = library.fulfilled(made)
        return (thing(kind, made),) if made else None

    def call_targets(self, reader: Interpreter, callee: Atom) -> Atoms:
        """Return what is called: for a variable, the functions it holds."""
        return reader.settled((callee,)) if callee.kind == "variable" else (callee,)

    def result(self, reader: Interpreter, function: Atom, symbol: Symbol, given: Atoms) -> Atoms:
        """Return a new object for a constructor, a promise or a generator where one is made."""
        if CONSTRUCTOR in symbol.marks:
            return (Atom("instance", function.file, function.symbol),)
        if symbol.returns:
            return given
        if symbol.yields:
            return (thing("AsyncGenerator" if symbol.awaits else "Generator", given),)
        return (thing("Promise", given),) if symbol.awaits else given

    def literal(self, name: str, held: Sequence[Atoms]) -> Atoms:
        """Return the value of a literal; of a function what it gives is told, or nothing."""
        told = united(held)
        if name == "function":
            return (thing("Function", told),) if told else UNKNOWN
        if name == "typeof":  # of a class the class itself, not a value of it
            return tuple(
                outside(META, values((atom,))) if atom.kind == "class" else atom for atom in told
            )
        return UNKNOWN if name == "None" else (thing(name, told),)

    def item(self, reader: Interpreter, atom: Atom, key: Expr) -> Atoms:
        """Return an element; of what is of the tree the member whose key has that name."""
        if atom.file and key[0] == "name":
            return reader.member(atom, f"[{key[1]}]")
        return super().item(reader, atom, key)


def _is_declared(reader: Interpreter, site: Site, name: str) -> bool:
    if not site.shape.inside:
        reader.world.within(site.shape.path, TOP, name)
    return site.shape.is_local(site.scope, name) or bool(site.shape.child(TOP, name))


def _receiver(reader: Interpreter, site: Site) -> Atoms | None:
    """Return what `this` is: arrow functions have that of the code around them."""
    shape, scope = site.shape, site.scope
    while scope != TOP:
        symbol = shape.symbols[scope]
        if shape.is_local(scope, "this"):
            return None  # it is a parameter
        if symbol.kind in TYPES:
            return (Atom("instance", shape.path, scope, "Self"),)
        if symbol.kind in FUNCTIONS and _ARROW not in symbol.marks:
            return _receiver_of(reader, shape, scope)
        scope = symbol.parent
    return UNKNOWN


def _receiver_of(reader: Interpreter, shape: Shape, function: int) -> Atoms:
    symbol = shape.symbols[function]
    if symbol.owner and "static" in symbol.marks:
        return objects.owner(reader, shape, symbol)
    if symbol.owner:
        return objects.made_by(reader, objects.owner(reader, shape, symbol))
    if symbol.kind == "method" or CONSTRUCTOR in symbol.marks:
        return reader.receiver(shape, function)
    return UNKNOWN


def _exported(reader: Interpreter, shape: Shape, name: str) -> Atoms:
    """Return what a file exports under a name, itself or from others."""
    found = united(_own(reader, shape, name))
    if name == objects.WHOLE:
        return found
    module = Atom("module", shape.path)
    whole = tuple(atom for atom in _whole(reader, module) if atom != module)
    if name == _DEFAULT:
        return found or whole
    members = (reader.member(atom, name) for atom in whole)
    return united([found, *members]) or _from_others(reader, shape, name)


def _own(reader: Interpreter, shape: Shape, name: str) -> Iterator[Atoms]:
    """Give what a file says it exports under a name, in each of the ways to say it."""
    for export in shape.exports:
        if export.name == name:
            yield _value(reader, shape, export.value)
    yield objects.exported(reader, shape, name)
    for wanted in shape.imports:
        if wanted.exported and wanted.alias == name:
            yield shape.home.imported(reader, shape, wanted)
    yield _declared(reader, shape, name)


def _whole(reader: Interpreter, module: Atom) -> Atoms:
    return reader.exported(Atom("module", module.file), objects.WHOLE)


def _value(reader: Interpreter, shape: Shape, expression: str) -> Atoms:
    if expression.startswith(("exports.", "module.exports")):
        return UNKNOWN  # a function that is a symbol: `objects.exported` finds it
    return reader.meaning(Site(shape, TOP), parse(expression))


def _declared(reader: Interpreter, shape: Shape, name: str) -> Atoms:
    """Return what is declared under a name with `export` before it."""
    if any(shape.symbols[place].exported for place in shape.child(TOP, name)):
        return reader.top(shape.path, name)
    return UNKNOWN


def _from_others(reader: Interpreter, shape: Shape, name: str) -> Atoms:
    """Return what `export * from` passes on."""
    modules = (
        module
        for wanted in shape.imports
        if wanted.exported and wanted.name == "*"
        for module in shape.home.module(reader, shape, wanted)
    )
    return united(reader.member(module, name) for module in modules if module.file)
