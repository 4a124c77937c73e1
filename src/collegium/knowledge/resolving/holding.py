"""What variables hold, and what properties and decorated functions stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.arguments import Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms
from collegium.knowledge.resolving.membership import seen_from
from collegium.knowledge.resolving.scoping import bound_to
from collegium.knowledge.resolving.shape import TYPE_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.facts import Binding
    from collegium.knowledge.resolving.interpreter import Interpreter
    from collegium.knowledge.resolving.shape import Shape


def settled(reader: Interpreter, atom: Atom) -> Atoms:
    """Return what a variable holds, what a property gives, what decorators make of a function."""
    if atom.kind == "variable":
        key = ("held", atom.file, atom.symbol, atom.name, reader.fuel)
        held = reader.world.remembered(key, lambda: _held(reader, atom), UNKNOWN)
        return seen_from(reader, atom, held)
    shape = reader.world.within(atom.file, atom.symbol) if atom.kind == "function" else None
    if shape is None:
        return (atom,)
    if is_property(reader, atom):
        return reader.results(atom)
    symbol = shape.symbols[atom.symbol]
    if not symbol.marks:
        return (atom,)
    site = Site(shape, symbol.parent)
    key = ("decorated", atom.file, atom.symbol, "", reader.fuel)
    made = reader.world.remembered(key, lambda: shape.home.decorated(reader, site, symbol), None)
    return (atom,) if made is None else made


def is_property(reader: Interpreter, atom: Atom) -> bool:
    """Return whether naming this member of a value calls it, and means what it returns."""
    shape = reader.world.within(atom.file, atom.symbol) if atom.kind == "function" else None
    if shape is None or not atom.receiver or atom.receiver[0].kind != "instance":
        return False
    return shape.home.is_property(shape.symbols[atom.symbol])


def _held(reader: Interpreter, variable: Atom) -> Atoms:
    """Return what a variable holds by its annotation, that of a base, or else all its values."""
    shape = reader.world.within(variable.file, variable.symbol, variable.name)
    if shape is None:
        return UNKNOWN
    held = _declared(reader, shape, variable) or _declared_above(reader, shape, variable)
    if not held:
        held = bound_to(reader, Site(shape, variable.symbol), _bindings(shape, variable))
    return shape.home.held(reader, variable, held)


def _declared(reader: Interpreter, shape: Shape, variable: Atom) -> Atoms:
    """Return what the first annotation that says anything promises of a variable."""
    for binding in _bindings(shape, variable):
        if binding.annotation and binding.value != TYPE_PARAMETER:  # whose annotation is a bound
            declared = reader.annotated(Site(shape, binding.scope), binding.annotation)
            if declared:
                return declared
    return UNKNOWN


def _declared_above(reader: Interpreter, shape: Shape, variable: Atom) -> Atoms:
    """Return what a base promises of an attribute to which a type only gives a value."""
    if variable.symbol == TOP or not shape.symbols[variable.symbol].bases:
        return UNKNOWN
    bases = Atom("instance", variable.file, variable.symbol, "super")
    for above in reader.member(bases, variable.name):
        other = (
            reader.world.within(above.file, above.symbol, above.name)
            if above.kind == "variable"
            else None
        )
        if other is not None:
            return seen_from(reader, above, _declared(reader, other, above))
    return UNKNOWN


def _bindings(shape: Shape, variable: Atom) -> Sequence[Binding]:
    """Return what is bound to a variable, through the receiver too where it is an attribute."""
    scope, name = variable.symbol, variable.name
    bindings = (*shape.bound(scope, name), *shape.attribute(scope, name))
    return [each for each in bindings if each.scope != scope or shape.lasts(each)]
