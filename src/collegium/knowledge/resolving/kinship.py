"""What types and methods are to one another: bases, receivers, parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.expressions import parse
from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, united, values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.facts import Parameter
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


def bases(reader: Interpreter, kind: Atom) -> Atoms:
    """Return the direct bases of a type, of the tree or outside."""
    shape = reader.world.within(kind.file, kind.symbol)
    if shape is None:
        return UNKNOWN
    symbol = shape.symbols[kind.symbol]
    site = Site(shape, symbol.parent)
    declared = (base(reader, site, written) for written in symbol.bases)
    return united([*declared, shape.home.further_bases(reader, kind)])


def base(reader: Interpreter, site: Site, written: str) -> Atoms:
    """Return the types that a base, as it is written, can be.

    Of several (an import that has another one for its fallback) those that the others inherit
    from are left out: they are in the line of the others.
    """
    found = (_made_by(reader, atom) for atom in reader.types(site, parse(written)))
    types = tuple(atom for atom in found if atom.kind in ("class", "outside"))
    if len(types) == 1:
        return types
    return tuple(each for each in types if not any(_inherits(reader, one, each) for one in types))


def receiver(reader: Interpreter, shape: Shape, method: int) -> Atoms:
    """Return what a method is called on: "Self" of the type it belongs to, or that type."""
    symbol = shape.symbols[method]
    place = shape.type_of_method(method)
    if "[" in symbol.owner:
        own = _of_owner(reader, Site(shape, method), symbol.owner)
    elif place != TOP:
        own = (Atom("instance", shape.path, place, "Self"),)
    elif symbol.owner:
        own = _of_owner(reader, Site(shape, TOP), symbol.owner)
    else:
        return UNKNOWN
    if shape.home.receives_class(symbol):
        return tuple(atom._replace(kind="class") for atom in own)
    return own


def above(reader: Interpreter, site: Site) -> Atoms:
    """Return the receiver around a site, as a value whose own type's members are skipped."""
    shape, scope = site.shape, site.scope
    while scope != TOP:
        if shape.home.receiver(shape.symbols[scope]):
            return tuple(atom._replace(name="super") for atom in receiver(reader, shape, scope))
        scope = shape.symbols[scope].parent
    return UNKNOWN


def open_parameters(reader: Interpreter, function: Atom) -> Sequence[Parameter]:
    """Return the parameters that a call of this function fills: without a bound receiver."""
    shape = reader.world.within(function.file, function.symbol)
    if shape is None:
        return ()
    symbol = shape.symbols[function.symbol]
    first = symbol.parameters[0].name if symbol.parameters else ""
    bound = function.receiver and first and shape.home.receiver(symbol) == first
    return symbol.parameters[1:] if bound else symbol.parameters


def parameter_types(reader: Interpreter, function: Atom, parameter: Parameter) -> Atoms:
    """Return what a parameter of a function holds by its annotation."""
    shape = reader.world.within(function.file, function.symbol)
    if shape is None or not parameter.annotation:
        return UNKNOWN
    site = Site(shape, shape.annotation_scope(function.symbol))
    return reader.annotated(site, parameter.annotation)


def inherited_parameter(reader: Interpreter, shape: Shape, method: int, name: str) -> Atoms:
    """Return what a parameter without annotation holds by the method that is overridden."""
    place = shape.type_of_method(method)
    if place == TOP:
        return UNKNOWN
    inherited = Atom("instance", shape.path, place, "super")
    for overridden in reader.member(inherited, shape.symbols[method].name):
        if overridden.kind == "function":
            for parameter in open_parameters(reader, overridden):
                if parameter.name == name:
                    return parameter_types(reader, overridden, parameter)
    return UNKNOWN


def _made_by(reader: Interpreter, atom: Atom) -> Atom:
    """Return the type that a function makes values of, any other atom as it is."""
    shape = reader.world.within(atom.file, atom.symbol) if atom.kind == "function" else None
    if shape is None or not shape.is_type(atom.symbol):
        return atom
    return Atom("class", atom.file, atom.symbol)


def _inherits(reader: Interpreter, kind: Atom, other: Atom) -> bool:
    line = reader.lineage(kind)[1:] if kind.file else ()
    return any((each.file, each.symbol) == (other.file, other.symbol) for each in line)


def _of_owner(reader: Interpreter, site: Site, owner: str) -> Atoms:
    owners = values(reader.types(site, parse(owner)))
    return tuple(each._replace(name="Self") for each in owners if each.kind == "instance")
