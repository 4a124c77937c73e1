"""Python's rules: packages, the order of bases, descriptors and the library's types."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, ClassVar, Final

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import (
    UNKNOWN,
    Atom,
    Atoms,
    outside,
    thing,
    united,
)
from collegium.knowledge.resolving.homes import python_library as library
from collegium.knowledge.resolving.homes import python_modules as places
from collegium.knowledge.resolving.homes.base import Home
from collegium.knowledge.resolving.inheritance import by_c3
from collegium.knowledge.resolving.shape import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.expressions import Expr
    from collegium.knowledge.facts import Import, Symbol
    from collegium.knowledge.resolving.arguments import Arguments
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_BUILTINS: Final[Mapping[str, Atoms]] = {name: (outside(name),) for name in dir(builtins)}
_IMPLICIT_CLASS_METHODS: Final = ("__new__", "__init_subclass__", "__class_getitem__")
_PLAIN_DECORATORS: Final = frozenset(
    {"staticmethod", "classmethod", "abstractmethod", "override", "overload", "final", "wraps",
     "cache", "lru_cache", "contextmanager", "asynccontextmanager", "setter", "deleter", "getter",
     "deprecated", "singledispatch", "register"}
)  # fmt: skip
_OF_OBJECT: Final = frozenset(dir(object))
_SAYING_NOTHING: Final = frozenset({"Any", "Final", "ClassVar", "TypeAlias", "object"})
_ACCESSORS: Final = ("property", "setter", "deleter", "getter")
_MANAGERS: Final = ("contextmanager", "asynccontextmanager")


class Python(Home):
    """The rules of Python."""

    family: ClassVar[str] = "python"
    body_is_scope: ClassVar[bool] = True
    assignments_bind: ClassVar[bool] = True
    call_method: ClassVar[str] = "__call__"
    constructor: ClassVar[str] = "__init__"
    elements = library.ELEMENTS
    items = library.ITEMS
    awaitables = library.AWAITABLES
    contexts = library.CONTEXTS
    callables = library.CALLABLES
    common: ClassVar[frozenset[str]] = frozenset(
        name
        for kind in (dict, list, set, str, bytes, tuple, int)
        for name in dir(kind)
        if not name.startswith("_")
    ) | {"read", "write", "close", "open", "flush", "__init__", "__new__"}

    def receiver(self, symbol: Symbol) -> str:
        """Return the first parameter of a method that is not static."""
        if symbol.kind != "method" or "staticmethod" in symbol.marks or not symbol.parameters:
            return ""
        first = symbol.parameters[0].name
        return "" if first.startswith("*") else first

    def receives_class(self, symbol: Symbol) -> bool:
        """Return whether this is a class method."""
        return "classmethod" in symbol.marks or symbol.name in _IMPLICIT_CLASS_METHODS

    def is_property(self, symbol: Symbol) -> bool:
        """Return whether a decorator named for it makes this a property."""
        return any(_decorator(mark).endswith(_ACCESSORS) for mark in symbol.marks)

    def module(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return the module, by the package it is in or by a folder above it."""
        return places.modules(reader, importer.path, wanted)

    def imported(self, reader: Interpreter, importer: Shape, wanted: Import) -> Atoms:
        """Return what is bound; `import a.b` binds `a`."""
        if "." in wanted.alias:
            return places.absolute(reader, importer.path, wanted.alias.partition(".")[0])
        return super().imported(reader, importer, wanted)

    def exported(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what a module defines or imports under a name, else the submodule of that name."""
        found = reader.top(module.file, name) if module.file.endswith((".py", ".pyi")) else UNKNOWN
        return found or places.inside(reader, module, name)

    def starred(self, reader: Interpreter, module: Atom, name: str) -> Atoms:
        """Return what `__all__`, or else the lack of an underscore, gives away."""
        shape = reader.world.within(module.file, TOP, name)
        if shape is None or not shape.exports:
            return super().starred(reader, module, name)
        key = ("python exported", module.file, name)
        given = reader.world.remembered(key, lambda: _is_given(reader.full, shape, name), False)
        return reader.member(module, name) if given else UNKNOWN

    def visible(self, reader: Interpreter, shape: Shape, name: str) -> Atoms:
        """Return the builtin of this name."""
        return _BUILTINS.get(name, UNKNOWN)

    def special(self, reader: Interpreter, site: Site, name: str) -> Atoms | None:
        """Return the type around for `Self`."""
        if name != "Self":
            return None
        scope = site.scope
        while scope != TOP:
            if site.shape.symbols[scope].kind in TYPES:
                return (Atom("class", site.shape.path, scope, "Self"),)
            scope = site.shape.symbols[scope].parent
        return None

    def ancestors(self, reader: Interpreter, kind: Atom) -> Atoms:
        """Return the method resolution order."""
        return by_c3(kind, reader.bases(kind), lambda base: _line(reader, base))

    def parameters_of(self, reader: Interpreter, shape: Shape, kind: int) -> Sequence[str]:
        """Return the type parameters by `Generic[...]`, or else as the bases name them."""
        declared = super().parameters_of(reader, shape, kind)
        if declared:
            return declared
        bases = reader.bases(Atom("class", shape.path, kind))
        generic = [base for base in bases if library.short(base.name) in ("Generic", "Protocol")]
        held = (atom for base in generic or bases for union in base.args for atom in union)
        return tuple(dict.fromkeys(atom.name for atom in held if atom.kind == "parameter"))

    def member_of_outside(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return the member with the arguments of its type, so that its result can be told."""
        return (outside(f"{atom.name}.{name}", *atom.args),)

    def further_members(self, reader: Interpreter, atom: Atom, name: str) -> Atoms:
        """Return what every object has, or what `__getattr__` promises where nothing is found."""
        if name in _OF_OBJECT:
            return (outside(f"object.{name}"),)
        if atom.kind != "instance" or name.startswith("__"):
            return UNKNOWN
        found = reader.member(atom, "__getattr__")
        return united(reader.results(each) for each in found if each.kind == "function")

    def called(self, reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
        """Return what the library's functions and methods give."""
        if callee.kind == "thing":
            return self.argument(reader, callee, self.callables)
        if callee.name == "super":
            return _super(reader, given)
        known = library.function_result(reader, callee.name, given)
        if known is None and callee.args:
            known = library.method_result(callee)
        return super().called(reader, callee, given) if known is None else known

    def overloads(self, reader: Interpreter, functions: Sequence[Atom]) -> Sequence[Atom]:
        """Return the overloads without the implementation; all twins where none is marked."""
        marked = [each for each in functions if "overload" in _decorators(reader, each)]
        return marked or functions

    def short_name(self, name: str) -> str:
        """Return the last part of a full name."""
        return library.short(name)

    def specialised(self, reader: Interpreter, generic: Atom, given: Sequence[Atoms]) -> Atoms:
        """Return a type of the library with its arguments."""
        return library.specialised(generic, tuple(given))

    def result(self, reader: Interpreter, function: Atom, symbol: Symbol, given: Atoms) -> Atoms:
        """Return the coroutine, generator or context that a function gives."""
        given = united(_own(reader, function, atom) for atom in given)
        if any(_decorator(mark) in _MANAGERS for mark in symbol.marks):
            if symbol.returns:
                given = united(self.element(reader, atom) for atom in given)
            return (thing("ContextManager", given),)
        if symbol.yields:
            name = "AsyncIterator" if symbol.awaits else "Iterator"
            return given if symbol.returns else (thing(name, given),)
        return (thing("Coroutine", given),) if symbol.awaits else given

    def decorated(self, reader: Interpreter, site: Site, symbol: Symbol) -> Atoms | None:
        """Return the instance of a type of the tree that a decorator puts in a function's place."""
        for mark in symbol.marks:
            if _decorator(mark) in _PLAIN_DECORATORS:
                continue
            for decorator in reader.types(site, parse(mark)):
                made = reader.results(decorator)
                if made and all(atom.kind == "instance" for atom in made):
                    return made
        return None

    def annotated(self, held: Atoms) -> Atoms:
        """Return what an annotation promises: nothing if it is `Any`, `Final`, `TypeAlias`."""
        return tuple(atom for atom in held if library.short(atom.name) not in _SAYING_NOTHING)

    def parameter(self, name: str, held: Atoms) -> Atoms:
        """Return the tuple or dictionary that a starred parameter holds."""
        if name.startswith("**"):
            return (thing("dict", (thing("str"),), held),)
        return (thing("Sequence", held),) if name.startswith("*") else held

    def held(self, reader: Interpreter, variable: Atom, values_: Atoms) -> Atoms:
        """Return a type variable as itself, an enum's member as one, a descriptor's value."""
        if any(atom.name == "TypeVar" for atom in values_):
            bounds = values_[0].args
            return (Atom("parameter", name=variable.name, args=bounds),)
        shape = reader.world.within(variable.file, variable.symbol, variable.name)
        if (
            variable.symbol == TOP
            or shape is None
            or not shape.bound(variable.symbol, variable.name)
        ):
            return values_
        kind = Atom("class", variable.file, variable.symbol)
        if any(map(_is_enum, reader.lineage(kind))):
            return (kind._replace(kind="instance"),)
        return united(_described(reader, atom) for atom in values_)

    def literal(self, name: str, held: Sequence[Atoms]) -> Atoms:
        """Return the value of a literal; of a dictionary the values are told."""
        if name == "dict":
            return (thing("dict", UNKNOWN, united(held)),)
        return super().literal(name, held)

    def element(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what `__iter__` and `__next__` give, or the element of a container or an enum."""
        if atom.kind == "class" and any(map(_is_enum, reader.lineage(atom))):
            return (atom._replace(kind="instance"),)
        if atom.kind != "instance":
            return super().element(reader, atom)
        for name in ("__iter__", "__aiter__"):
            iterators = reader.method_results(atom, name)
            if iterators:
                return united(_next(reader, each) for each in iterators)
        return reader.method_results(atom, "__getitem__") or super().element(reader, atom)

    def item(self, reader: Interpreter, atom: Atom, key: Expr) -> Atoms:
        """Return what `__getitem__` gives, or the item of a container."""
        if atom.kind != "instance":
            return super().item(reader, atom, key)
        found = reader.method_results(atom, "__getitem__") or _by_place(reader, atom, key)
        return found or super().item(reader, atom, key)

    def awaited(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what awaiting gives: of a coroutine its result, of an object its `__await__`'s."""
        if atom.kind != "instance":
            return super().awaited(reader, atom)
        generators = reader.method_results(atom, "__await__")
        return united(each.args[-1] for each in generators if each.args)

    def entered(self, reader: Interpreter, atom: Atom) -> Atoms:
        """Return what `__enter__` or `__aenter__` gives; what is outside gives itself."""
        if atom.kind == "instance":
            found = reader.method_results(atom, "__enter__")
            if found:
                return found
            found = reader.method_results(atom, "__aenter__")
            return united(
                self.awaited(reader, each) if each.kind == "thing" else (each,) for each in found
            )
        if atom.kind == "thing" and library.short(atom.name) not in self.contexts:
            return (atom,)
        return super().entered(reader, atom)

    def argument(self, reader: Interpreter, atom: Atom, which: Mapping[str, int]) -> Atoms:
        """Return the argument of a library type, which is known by its last name."""
        line = reader.lineage(atom) if atom.kind == "instance" else (atom,)
        plain = [each._replace(name=library.short(each.name)) for each in line if not each.file]
        return united(super(Python, self).argument(reader, each, which) for each in plain)


def _is_given(reader: Interpreter, shape: Shape, name: str) -> bool:
    """Return whether `__all__` has a name: itself, or by way of another module's."""
    if any(export.name == name for export in shape.exports):
        return True
    reader.world.within(shape.path, TOP, "*")
    others = [export.value for export in shape.exports if export.name == "*"]
    package = Atom("module", shape.path)  # which knows its modules once they were imported
    for value in others:
        found = reader.types(Site(shape, TOP), parse(value))
        modules = found or places.inside(reader, package, value.rpartition(".")[2])
        if any(
            shape.home.starred(reader, module, name)
            for module in modules
            if module.kind == "module"
        ):
            return True
    return False


def _by_place(reader: Interpreter, atom: Atom, key: Expr) -> Atoms:
    """Return the field of a named tuple that stands at a place."""
    line = reader.lineage(atom)
    if key[0] != "index" or not any(library.short(each.name) == "NamedTuple" for each in line):
        return UNKNOWN
    place = int(key[1])
    for kind in line:
        shape = reader.world.within(kind.file, kind.symbol) if kind.file else None
        names = list(shape.fields(kind.symbol)) if shape is not None else list[str]()
        if place < len(names):
            return reader.settled(reader.member(atom, names[place]))
    return UNKNOWN


def _decorator(mark: str) -> str:
    """Return the last name of a decorator: "functools.wraps(f)" -> "wraps"."""
    return library.short(mark.partition("(")[0])


def _decorators(reader: Interpreter, function: Atom) -> list[str]:
    shape = reader.world.within(function.file, function.symbol)
    return [_decorator(mark) for mark in shape.symbols[function.symbol].marks] if shape else []


def _line(reader: Interpreter, base: Atom) -> Atoms:
    return reader.lineage(base) if base.file else (base,)


def _super(reader: Interpreter, given: Arguments) -> Atoms:
    if not len(given):
        return UNKNOWN if given.site is None else reader.above(given.site)
    return tuple(
        atom._replace(kind="instance", name="super") for atom in given[0] if atom.kind == "class"
    )


def _own(reader: Interpreter, function: Atom, atom: Atom) -> Atoms:
    """Return the type around a method where its result is `typing.Self`."""
    if atom.kind != "thing" or library.short(atom.name) != "Self":
        return (atom,)
    place = reader.type_around(function)
    return UNKNOWN if place == TOP else (Atom("instance", function.file, place, "Self"),)


def _is_enum(ancestor: Atom) -> bool:
    return ancestor.kind == "outside" and ancestor.name.startswith("enum.")


def _described(reader: Interpreter, atom: Atom) -> Atoms:
    """Return what reading a class's attribute gives: by `__get__` where it has one."""
    if atom.kind != "instance":
        return (atom,)
    getters = [each for each in reader.member(atom, "__get__") if each.kind == "function"]
    return united(reader.results(each) for each in getters) if getters else (atom,)


def _next(reader: Interpreter, iterator: Atom) -> Atoms:
    if iterator.kind != "instance":
        return reader.home.element(reader, iterator)
    found = reader.method_results(iterator, "__next__")
    if found:
        return found
    coroutines = reader.method_results(iterator, "__anext__")
    return united(reader.home.awaited(reader, each) for each in coroutines)
