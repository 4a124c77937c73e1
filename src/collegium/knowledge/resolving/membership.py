"""What a value, a type or a module has under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.atoms import (
    UNKNOWN,
    Atom,
    Atoms,
    is_open,
    outside,
    substituted,
    united,
)
from collegium.knowledge.resolving.scoping import definitions, symbol_atom
from collegium.knowledge.resolving.shape import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.resolving.interpreter import Interpreter


def member(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    """Return the definitions that `atom.name` means, with what they were taken from."""
    if atom.kind in ("instance", "class"):
        found = _of_type(reader, atom, name)
        return found or reader.home.further_members(reader, atom, name)
    if atom.kind == "module":
        return reader.exported(atom, name)
    if atom.kind in ("outside", "thing"):
        return reader.home.member_of_outside(reader, atom, name)
    if atom.kind == "parameter":
        return united(member(reader, bound, name) for union in atom.args for bound in union)
    return reader.home.further_members(reader, atom, name)


def declared(reader: Interpreter, kind: Atom, name: str) -> Atoms:
    """Return what a type itself defines under a name, without what it inherits."""
    key = ("declared", kind.file, kind.symbol, name)
    return reader.world.remembered(key, lambda: _declared(reader.full, kind, name), UNKNOWN)


def seen_from(reader: Interpreter, found: Atom, held: Atoms) -> Atoms:
    """Return what a member holds or gives, by what it was taken from."""
    if not found.receiver or not is_open(held):
        return held
    return substituted(held, _meant(reader, found, found.receiver[0]))


def _meant(reader: Interpreter, found: Atom, receiver: Atom) -> Mapping[str, Atoms]:
    name = "Self" if receiver.name in ("Self", "super") else ""
    own: Atoms = (Atom("instance", receiver.file, receiver.symbol, name, receiver.args),)
    if not found.args:
        return {"Self": own}
    place = found.symbol if found.kind == "variable" else reader.type_around(found)
    names = reader.parameters(Atom("class", found.file, place))
    # A parameter that stands for itself, seen from inside of its type, keeps its bound.
    meant = {
        name: held
        for name, held in zip(names, found.args, strict=False)
        if held != (Atom("parameter", name=name),)
    }
    return {"Self": own, **meant}


def _of_type(reader: Interpreter, atom: Atom, name: str) -> Atoms:
    line = reader.lineage(atom)
    unseen = ""
    for ancestor in line[1:] if atom.name == "super" else line:
        if ancestor.kind == "outside":
            unseen = unseen or ancestor.name
        elif found := declared(reader, ancestor, name):
            return tuple(_taken(each, atom, ancestor) for each in found)
    return (outside(f"{unseen}.{name}"),) if unseen else UNKNOWN


def _taken(found: Atom, receiver: Atom, owner: Atom) -> Atom:
    if found.kind not in ("function", "variable"):
        return found
    return Atom(found.kind, found.file, found.symbol, found.name, owner.args, (receiver,))


def _declared(reader: Interpreter, kind: Atom, name: str) -> Atoms:
    shape = reader.world.within(kind.file, kind.symbol)
    if shape is None:
        return UNKNOWN
    makes_itself = shape.symbols[kind.symbol].kind in FUNCTIONS
    found = UNKNOWN if makes_itself else definitions(reader, shape, kind.symbol, name)
    if shape.bound(kind.symbol, name) or shape.attribute(kind.symbol, name):
        found = united([found, (Atom("variable", shape.path, kind.symbol, name),)])
    if found and not shape.home.methods_apart:
        return found
    return united([found, shape.home.elsewhere(reader, kind, name)])


def lineage(reader: Interpreter, kind: Atom) -> Atoms:
    """Return a type and its ancestors in the order of lookup, with their arguments as seen here."""
    key = ("lineage", kind.file, kind.symbol)
    line = reader.world.remembered(key, lambda: _line(reader.full, _plain(kind)), UNKNOWN)
    if not line:  # it is being made
        line = (_plain(kind),)
    if not kind.args:
        return line
    meant = dict(zip(reader.parameters(_plain(kind)), kind.args, strict=False))
    return tuple(each._replace(args=_through(each, meant)) for each in line) if meant else line


def parameters(reader: Interpreter, kind: Atom) -> Sequence[str]:
    """Return the names of a generic type's parameters."""
    shape = reader.world.within(kind.file, kind.symbol)
    none: Sequence[str] = ()
    if shape is None:
        return none
    key = ("parameters", kind.file, kind.symbol)
    return reader.world.remembered(
        key, lambda: shape.home.parameters_of(reader.full, shape, kind.symbol), none
    )


def owned(reader: Interpreter, path: str, kind: Atom, name: str) -> Atoms:
    """Return the symbols of a file whose `owner` is this type."""
    of_type = reader.world.within(kind.file, kind.symbol)
    owner = of_type.symbols[kind.symbol].name if of_type else ""
    shape = reader.world.within(path, TOP, owner)
    if shape is None:
        return UNKNOWN
    atoms = (symbol_atom(shape, place) for place in shape.owned(owner, name))
    return tuple(atom for atom in atoms if atom)


def _plain(kind: Atom) -> Atom:
    """Return a type without what it is seen as."""
    return Atom("class", kind.file, kind.symbol)


def _line(reader: Interpreter, plain: Atom) -> Atoms:
    shape = reader.world.within(plain.file, plain.symbol)
    if shape is None:
        return (plain,)
    names = reader.parameters(plain)
    own = plain._replace(args=tuple((Atom("parameter", name=name),) for name in names))
    return shape.home.ancestors(reader, own)


def _through(atom: Atom, meant: Mapping[str, Atoms]) -> tuple[Atoms, ...]:
    return tuple(substituted(union, meant) for union in atom.args)
