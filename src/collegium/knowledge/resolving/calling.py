"""What calling something gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.expressions import parse
from collegium.knowledge.resolving.arguments import Arguments, Site
from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, is_open, substituted, united
from collegium.knowledge.resolving.membership import seen_from

if TYPE_CHECKING:
    from collegium.knowledge.resolving.interpreter import Interpreter


def called(reader: Interpreter, callee: Atom, given: Arguments) -> Atoms:
    """Return what calling one thing with these arguments gives."""
    if callee.kind == "class":
        return reader.home.constructed(reader, callee, given)
    if callee.kind == "function":
        return result(reader, callee, given)
    if callee.kind == "instance":
        methods = reader.member(callee, reader.home.call_method)
        return united(called(reader, each, given) for each in methods if each.kind == "function")
    if callee.kind in ("outside", "thing"):
        return reader.home.called(reader, callee, given)
    return UNKNOWN


def result(reader: Interpreter, function: Atom, given: Arguments) -> Atoms:
    """Return what a function of the tree returns, in the terms of its receiver and arguments."""
    shape = reader.world.within(function.file, function.symbol)
    if shape is None:
        return UNKNOWN
    plain = Atom("function", function.file, function.symbol)
    key = ("result", function.file, function.symbol, reader.fuel)
    raw = reader.world.remembered(key, lambda: _returned(reader, plain), UNKNOWN)
    seen = seen_from(reader, function, raw)
    return substituted(seen, _inferred(reader, function, given)) if is_open(seen) else seen


def _returned(reader: Interpreter, function: Atom) -> Atoms:
    shape = reader.world.within(function.file, function.symbol)
    if shape is None:
        return UNKNOWN
    symbol = shape.symbols[function.symbol]
    if symbol.returns:
        outer = Site(shape, shape.annotation_scope(function.symbol))
        given = reader.annotated(outer, symbol.returns)
        return shape.home.result(reader, function, symbol, given)
    if reader.weaker is None:
        return UNKNOWN
    inner = Site(shape, function.symbol)
    given = united(reader.weaker.types(inner, parse(each)) for each in symbol.results)
    return shape.home.result(reader, function, symbol, given)


def _inferred(reader: Interpreter, function: Atom, given: Arguments) -> dict[str, Atoms]:
    """Return what the type parameters of a function are, by its annotations and arguments."""
    parameters = reader.open_parameters(function)
    plain = (each for each in parameters if not each.name.startswith("*"))
    meant: dict[str, Atoms] = {}
    for place, parameter in enumerate(plain):
        wanted = reader.parameter_types(function, parameter)
        if is_open(wanted):
            match(wanted, given.named(parameter.name) or given[place], meant)
    return meant


def match(wanted: Atoms, given: Atoms, meant: dict[str, Atoms]) -> None:
    """Find what type parameters in `wanted` must be for `given` to fit; the first finding stays."""
    for want in wanted:
        if want.kind == "parameter" and given:
            meant.setdefault(want.name, given)
        for atom in given:
            if atom.kind == want.kind and len(atom.args) == len(want.args):
                for inner, held in zip(want.args, atom.args, strict=True):
                    match(inner, held, meant)
