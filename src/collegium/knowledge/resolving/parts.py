"""What a file shows, by the names at its top: a change concerns those who asked for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec.structs import replace

from collegium.knowledge.facts import TOP
from collegium.knowledge.resolving.shape import owner_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collegium.knowledge.facts import Binding, Export, Import, Symbol
    from collegium.knowledge.resolving.sources import Interface

    Part: TypeAlias = list[Symbol | Import | Export | Binding]

_AWAY: Final = -2  # the place of what belongs to another part


def whole_key(path: str) -> str:
    """Return the key of all that a file shows."""
    return f"file:{path}"


def head_key(path: str) -> str:
    """Return the key of what a file is, whatever it defines."""
    return f"head:{path}"


def part_key(path: str, name: str) -> str:
    """Return the key of what a file shows under a name at its top; no path has a NUL."""
    return f"in:{path}\0{name}"


def without_own(keys: frozenset[str], path: str) -> frozenset[str]:
    """Return the keys without those of what this file shows itself."""
    parts = part_key(path, "")
    others = keys - {whole_key(path), head_key(path)}
    return frozenset([key for key in others if not key.startswith(parts)])


def names_above(symbols: Sequence[Symbol], scope: int, name: str = "") -> Iterable[str]:
    """Return the names at the top of a file to which what has a name in a scope belongs.

    At the top that is the name itself, of a chain the first one. Below it, the outermost symbol
    around, and each type whose method the scope is or stands in, since it may stand elsewhere.
    """
    return (name.partition(".")[0],) if scope == TOP else dict.fromkeys(_above(symbols, scope))


def differing(path: str, old: Interface | None, new: Interface | None) -> frozenset[str]:
    """Return the keys of all that a file shows otherwise than before."""
    if old == new:
        return frozenset()
    keys = {whole_key(path)}
    if old is None or new is None or _head(old) != _head(new):
        keys.add(head_key(path))
    if old is not None and new is not None:
        before, after = _parts(old), _parts(new)
        names = before.keys() | after.keys()
        keys |= {part_key(path, name) for name in names if before.get(name) != after.get(name)}
    return frozenset(keys)


def _above(symbols: Sequence[Symbol], scope: int) -> Iterator[str]:
    while scope != TOP:
        symbol = symbols[scope]
        if symbol.owner:
            yield owner_name(symbol.owner)
        elif symbol.parent == TOP:
            yield symbol.name
        scope = symbol.parent


def _head(shown: Interface) -> tuple[object, ...]:
    stars = [replace(each, scope=TOP) for each in shown.imports if _is_star(each)]
    return shown.language, shown.package, stars, bool(shown.exports)


def _is_star(wanted: Import) -> bool:
    """Whether all of a module is had from here, or at the top of the file."""
    return wanted.name == "*" and (wanted.exported or (wanted.scope == TOP and not wanted.alias))


def _parts(shown: Interface) -> dict[str, Part]:
    """Return what is shown under each name; places are counted within the part."""
    symbols = shown.symbols
    places: dict[str, dict[int, int]] = {}
    for place in range(len(symbols)):
        for name in names_above(symbols, place):
            own = places.setdefault(name, {TOP: TOP})
            own[place] = len(own)
    parts: dict[str, Part] = {}
    for name, own in places.items():
        held = (symbols[place] for place in own if place != TOP)
        parts[name] = [replace(each, parent=own.get(each.parent, _AWAY)) for each in held]
    for each, names in _placed(shown):
        for name in names:
            scope = places.get(name, {TOP: TOP}).get(each.scope, _AWAY)
            parts.setdefault(name, []).append(replace(each, scope=scope))
    for export in shown.exports:
        parts.setdefault(export.name, []).append(export)
    return parts


def _placed(shown: Interface) -> Iterator[tuple[Import | Binding, Iterable[str]]]:
    """Return imports and bindings with the names they count under, an exported one by its own."""
    for wanted in shown.imports:
        names = set(names_above(shown.symbols, wanted.scope, wanted.alias))
        yield wanted, names | {wanted.alias} if wanted.exported else names
    for binding in shown.bindings:
        yield binding, names_above(shown.symbols, binding.scope, binding.target)
