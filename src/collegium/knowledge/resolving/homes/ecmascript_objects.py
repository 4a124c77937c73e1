"""Members of object literals, of prototypes, and of functions and classes as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving import scoping
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside, united, values
from collegium.knowledge.resolving.shape import CONSTRUCTOR

if TYPE_CHECKING:
    from collegium.knowledge.facts import Binding, Symbol
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape

_OF_FUNCTIONS: Final = frozenset(
    {"apply", "arguments", "bind", "call", "length", "name", "toString"}
)
_EXPORTS: Final = ("exports", "module.exports")
_MODULE: Final = ("module",)
_HOLDERS: Final = ("object", "function", "class")
WHOLE: Final = "export="  # what a module assigns to `module.exports`, as TypeScript calls it


def member(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    """Return what something of the tree has under a name beside what its type declares."""
    if name.startswith("#") and name[1:].isdigit():
        return _parameter(reader, atom, int(name[1:]))
    if atom.kind == "instance":
        return _of_instance(reader, atom, name)
    if atom.kind in ("class", "function") and name in _OF_FUNCTIONS:
        return (outside(f"Function.{name}"),)
    if atom.kind in ("class", "function") and name == "prototype":
        return made_by(reader, (atom,))
    return _hanging(reader, _itself(atom), name) if atom.kind in _HOLDERS else UNKNOWN


def _of_instance(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    """Return what `X.prototype.name = y` gives to the values of X, and their class."""
    if name == "constructor":
        if atom.name == "super":
            return (outside("Object.constructor"),)
        return (atom._replace(kind="class", name=""),)
    line = reader.lineage(atom)
    above = line[1:] if atom.name == "super" else line
    makers = (each for each in above if name and each.file)
    found = (_made_with(reader, Atom("class", each.file, each.symbol), name) for each in makers)
    return next(filter(None, found), UNKNOWN)


def _made_with(reader: Interpreter, maker: Atom, name: str) -> Atoms:
    """Return what the prototype that values of a class or constructor have gives them."""
    found = _hanging(reader, maker._replace(kind="instance"), name)
    if found:
        return found
    key = ("behind", maker)
    behind = reader.world.remembered(key, lambda: _behind(reader.full, maker), UNKNOWN)
    return united(reader.member(atom, name) for atom in behind)


def _behind(reader: Interpreter, maker: Atom) -> Atoms:
    """Return what is assigned to `X.prototype` as a whole."""
    shape = reader.world.shape(maker.file)
    if shape is None:
        return UNKNOWN
    itself = tuple(maker._replace(kind=kind) for kind in ("class", "function"))
    return united(
        reader.types(Site(shape, binding.scope), parse(binding.value))
        for binding in shape.chains("prototype")
        if any(
            _holds(reader, shape, binding.scope, _before(binding.target), each) for each in itself
        )
    )


def _before(chain: str) -> str:
    return chain.rpartition(".")[0]


def _hanging(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    key = ("hung", atom, name)
    return reader.world.remembered(key, lambda: _hung(reader.full, atom, name), UNKNOWN)


def _parameter(reader: Interpreter, atom: Atom, place: int) -> Atoms:
    """Return what a function, or a class that is made, takes at a place."""
    makers = (
        reader.member(atom._replace(kind="instance"), "constructor")
        if atom.kind == "class"
        else (atom,)
    )
    return united(_taken(reader, maker, place) for maker in makers if maker.kind == "function")


def _taken(reader: Interpreter, function: Atom, place: int) -> Atoms:
    shape = reader.world.within(function.file, function.symbol)
    if shape is None or place >= len(shape.symbols[function.symbol].parameters):
        return UNKNOWN
    annotation = shape.symbols[function.symbol].parameters[place].annotation
    site = Site(shape, shape.annotation_scope(function.symbol))
    return values(reader.types(site, parse(annotation))) if annotation else UNKNOWN


def owner(reader: Interpreter, shape: Shape, symbol: Symbol) -> Atoms:
    """Return what a symbol's owner is where the symbol stands."""
    return reader.types(Site(shape, symbol.parent), parse(symbol.owner))


def made_by(reader: Interpreter, makers: Atoms) -> Atoms:
    """Return the values that classes and constructors make."""
    return united(_made_by(reader, maker) for maker in makers)


def constructors_above(reader: Interpreter, kind: Atom) -> Atoms:
    """Return the functions among what a type inherits from, as types."""
    shape = reader.world.within(kind.file, kind.symbol)
    if shape is None:
        return UNKNOWN
    symbol = shape.symbols[kind.symbol]
    site = Site(shape, symbol.parent)
    above = united(reader.types(site, parse(base)) for base in symbol.bases)
    made = made_by(reader, tuple(atom for atom in above if atom.kind == "function"))
    return tuple(atom._replace(kind="class") for atom in made)


def _made_by(reader: Interpreter, maker: Atom) -> Atoms:
    if maker.kind == "class":
        return (Atom("instance", maker.file, maker.symbol),)
    shape = reader.world.within(maker.file, maker.symbol) if maker.kind == "function" else None
    if shape is None or CONSTRUCTOR not in shape.symbols[maker.symbol].marks:
        return UNKNOWN
    return (Atom("instance", maker.file, maker.symbol),)


def exported(reader: Interpreter, shape: Shape, name: str) -> Atoms:
    """Return the functions that a file assigns to `exports.name`, or to `module.exports`."""
    title, owners = ("exports", _MODULE) if name == WHOLE else (name, _EXPORTS)
    for owner in owners:
        reader.world.within(shape.path, TOP, owner.rpartition(".")[2])
    found = (place for place in shape.owning(title) if shape.symbols[place].owner in owners)
    return united(_atom(shape, place) for place in found)


def _atom(shape: Shape, place: int) -> Atoms:
    atom = scoping.symbol_atom(shape, place)
    return UNKNOWN if atom is None else (atom,)


def _hung(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    """Return what is assigned to a member of an object, by any of its names in its file."""
    shape = reader.world.shape(atom.file)
    if shape is None:
        return UNKNOWN
    methods = (
        _atom(shape, place) for place in shape.owning(name) if _is(reader, shape, place, atom)
    )
    bound = (
        _held(reader, shape, binding)
        for binding in shape.chains(name)
        if _holds(reader, shape, binding.scope, _before(binding.target), atom)
    )
    return united([*methods, *bound]) or _spread(reader, shape, atom, name)


def _held(reader: Interpreter, shape: Shape, binding: Binding) -> Atoms:
    site = Site(shape, binding.scope)
    if binding.value:
        return reader.types(site, parse(binding.value))
    return values(reader.types(site, parse(binding.annotation)))


def _is(reader: Interpreter, shape: Shape, place: int, atom: Atom) -> bool:
    symbol = shape.symbols[place]
    return "static" in symbol.marks and _holds(reader, shape, symbol.parent, symbol.owner, atom)


def _holds(reader: Interpreter, shape: Shape, scope: int, expression: str, atom: Atom) -> bool:
    """Return whether an expression is this very object, function or class."""
    if expression.startswith("#"):
        return expression == atom.name
    held = reader.types(Site(shape, scope), parse(expression))
    return any(_itself(each) == atom for each in held)


def _itself(atom: Atom) -> Atom:
    """Return an object, function or class without how it was come by."""
    return Atom(atom.kind, atom.file, atom.symbol, atom.name if atom.kind == "object" else "")


def _spread(reader: Interpreter, shape: Shape, atom: Atom, name: str) -> Atoms:
    """Return a member of what is spread into an object."""
    sources = (
        reader.types(Site(shape, binding.scope), parse(binding.value))
        for binding in shape.chains("*")
        if _holds(reader, shape, binding.scope, _before(binding.target), atom)
    )
    return united(reader.member(source, name) for source in united(sources))
