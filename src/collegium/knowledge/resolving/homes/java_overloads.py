"""Which of Java's methods of one name a call means, by how many arguments it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, outside, united

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.knowledge.facts import Parameter, Symbol
    from collegium.knowledge.resolving.interpreter import Interpreter

Fits: TypeAlias = "Callable[[Sequence[Parameter]], bool]"


def taking(reader: Interpreter, callees: Atoms, given: int) -> Atoms:
    """Return the methods that take so many arguments: those found, else others up the line.

    All that was found where no other is known either.
    """
    if not any(callee.kind == "function" for callee in callees):
        return callees
    return _nearest(reader, callees, lambda parameters: _take(parameters, given)) or callees


def overridden(reader: Interpreter, method: Symbol, above: Atoms) -> Atoms:
    """Return those of the methods above, or further up, that have as many parameters."""
    count = len(method.parameters)
    return _nearest(reader, above, lambda parameters: len(parameters) == count)


def _take(parameters: Sequence[Parameter], given: int) -> bool:
    if parameters and parameters[-1].name.startswith("*"):
        return given >= len(parameters) - 1
    return given == len(parameters)


def _nearest(reader: Interpreter, methods: Atoms, fits: Fits) -> Atoms:
    fitting = tuple(each for each in methods if _is_fit(reader, each, fits))
    return fitting or united(_above(reader, each, fits) for each in methods)


def _is_fit(reader: Interpreter, method: Atom, fits: Fits) -> bool:
    shape = reader.world.within(method.file, method.symbol) if method.kind == "function" else None
    return shape is None or fits(shape.symbols[method.symbol].parameters)


def _above(reader: Interpreter, method: Atom, fits: Fits) -> Atoms:
    """Return the nearest fitting method of this name above the one found."""
    shape = reader.world.within(method.file, method.symbol)
    if shape is None or not method.receiver:
        return UNKNOWN
    name, owner = shape.symbols[method.symbol].name, (method.file, reader.type_around(method))
    line = reader.lineage(method.receiver[0])
    places = [(each.file, each.symbol) for each in line]
    unseen = ""
    for ancestor in line[places.index(owner) + 1 if owner in places else 0 :]:
        if not ancestor.file:
            unseen = unseen or ancestor.name
            continue
        found = tuple(
            each._replace(args=ancestor.args, receiver=method.receiver)
            for each in reader.declared(ancestor, name)
            if each.kind == "function" and _is_fit(reader, each, fits)
        )
        if found:
            return found
    return (outside(f"{unseen}.{name}"),) if unseen else UNKNOWN
