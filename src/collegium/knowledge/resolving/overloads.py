"""Which of several functions of one name a call means, by the number and types of its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.facts import Parameter
    from collegium.knowledge.resolving.arguments import Arguments
    from collegium.knowledge.resolving.atoms import Atom, Atoms
    from collegium.knowledge.resolving.interpreter import Interpreter

Fit: TypeAlias = Literal["no", "maybe", "yes"]

# Outside types that are inherited from or not at all, and so no value of another kind is one.
_NOMINAL: Final = frozenset({"Sequence", "MutableSequence", "Mapping", "MutableMapping"})
_NEUTRAL: Final = frozenset({"object", "Generic", "Protocol", "ABC"})
# Outside types of which a value of one is never a value of another.
_CONCRETE: Final = frozenset(
    {"str", "bytes", "bool", "int", "float", "list", "dict", "tuple", "set", "date", "time"}
)


def chosen(reader: Interpreter, callees: Atoms, given: Arguments) -> Atoms:
    """Return the callees without those overloads that the arguments do not fit.

    Of a function's overloads those count that may fit, up to the first that surely does; all of
    them where none does.
    """
    if given.site is None or len(callees) == 1:
        return callees
    groups: dict[tuple[str, str], list[Atom]] = {}
    for callee in callees:
        groups.setdefault(_place(reader, callee), []).append(callee)
    return tuple(each for group in groups.values() for each in _of_group(reader, group, given))


def _of_group(reader: Interpreter, group: list[Atom], given: Arguments) -> Sequence[Atom]:
    if len(group) == 1:
        return group
    fitting: list[Atom] = []
    for callee in reader.home.overloads(reader, group):
        fit = _fit(reader, callee, given)
        if fit != "no":
            fitting.append(callee)
        if fit == "yes":
            break
    return fitting or group


def _place(reader: Interpreter, callee: Atom) -> tuple[str, str]:
    shape = reader.world.within(callee.file, callee.symbol) if callee.kind == "function" else None
    return (callee.file, shape.symbols[callee.symbol].path) if shape else ("", repr(callee))


def _fit(reader: Interpreter, callee: Atom, given: Arguments) -> Fit:
    parameters = reader.open_parameters(callee)
    plain = [each for each in parameters if not each.name.startswith("*")]
    if len(given) > len(plain) and len(plain) == len(parameters):
        return "no"
    needed = [each.name for each in plain[len(given) :] if not each.default]
    if any(name not in given.keywords for name in needed) and len(plain) == len(parameters):
        return "no"
    fits = [_argument_fit(reader, callee, place, each, given) for place, each in enumerate(plain)]
    if "no" in fits:
        return "no"
    return "maybe" if "maybe" in fits else "yes"


def _argument_fit(
    reader: Interpreter, callee: Atom, place: int, parameter: Parameter, given: Arguments
) -> Fit:
    if place >= len(given) and parameter.name not in given.keywords:
        return "yes"
    held = given.named(parameter.name) or given[place]
    wanted = reader.parameter_types(callee, parameter)
    if not held or not wanted:
        return "maybe"
    fits: set[Fit] = {_best([_types_fit(reader, want, each) for want in wanted]) for each in held}
    return fits.pop() if len(fits) == 1 else "maybe"


def _best(fits: Sequence[Fit]) -> Fit:
    if "yes" in fits:
        return "yes"
    return "maybe" if "maybe" in fits else "no"


def _types_fit(reader: Interpreter, want: Atom, held: Atom) -> Fit:
    if "parameter" in (want.kind, held.kind):
        return "maybe"
    if held.kind == "instance":
        return _inherits(reader, want, held)
    if held.kind != "thing":
        return "maybe"
    name = reader.home.short_name(held.name)
    if want.kind == "thing":
        wanted = reader.home.short_name(want.name)
        return "yes" if name == wanted else "no" if {name, wanted} <= _CONCRETE else "maybe"
    return "no" if name in _CONCRETE else "maybe"


def _inherits(reader: Interpreter, want: Atom, held: Atom) -> Fit:
    line = reader.lineage(held)
    if want.kind == "instance":
        fits = any((each.file, each.symbol) == (want.file, want.symbol) for each in line)
        return "yes" if fits else "maybe" if any(not each.file for each in line) else "no"
    names = {reader.home.short_name(each.name) for each in line if not each.file}
    wanted = reader.home.short_name(want.name)
    if wanted in names:
        return "yes"
    alien = wanted in _CONCRETE or (wanted in _NOMINAL and names <= _NEUTRAL)
    return "no" if alien else "maybe"
