"""What a file shows to the others, and what its names promise."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.resolving.shape import FUNCTIONS, TYPE_PARAMETER
from collegium.knowledge.resolving.sources import Interface

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from collegium.knowledge.facts import Binding, FileFacts, Symbol

_WORDS: Final = re.compile(r"#?\w+")


def interface_of(facts: FileFacts) -> Interface:
    """Return what other files may know of a file; equal means that no other sees a difference."""
    return Interface(
        facts.path,
        facts.language,
        facts.package,
        tuple(_seen(symbol) for symbol in facts.symbols),
        tuple(msgspec.structs.replace(wanted, line=0) for wanted in facts.imports),
        tuple(msgspec.structs.replace(export, line=0) for export in facts.exports),
        _visible_bindings(facts),
    )


def signatures_of(facts: FileFacts) -> Mapping[str, str]:
    """Return for each name a digest of the symbols in this file that bear it."""
    bearers: dict[str, list[str]] = {}
    for symbol in facts.symbols:
        bearers.setdefault(symbol.name, []).append(f"{symbol.kind} {symbol.path} {symbol.owner}")
    return {name: _digest([facts.language, *lines]) for name, lines in bearers.items()}


def _digest(lines: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


def _seen(symbol: Symbol) -> Symbol:
    return msgspec.structs.replace(
        symbol,
        line=0,
        start=0,
        end=0,
        body=0,
        signature="",
        doc="",
        results=() if symbol.returns else symbol.results,
    )


def _visible_bindings(facts: FileFacts) -> tuple[Binding, ...]:
    """Keep what is bound outside of functions, and in them what can be told from outside.

    That is attributes, and the locals that attributes and results are made of, by name.
    """
    functions = {place for place, each in enumerate(facts.symbols) if each.kind in FUNCTIONS}
    wanted = _words(result for each in facts.symbols if not each.returns for result in each.results)
    kept: set[int] = set()
    left = {
        place for place, each in enumerate(facts.bindings) if each.value or each.how != "narrow"
    }
    while True:
        found = {place for place in left if _is_seen(facts.bindings[place], functions, wanted)}
        if not found:
            break
        kept |= found
        left -= found
        wanted |= _words(facts.bindings[place].value for place in found)
    return tuple(
        msgspec.structs.replace(facts.bindings[place], line=0, until=0) for place in sorted(kept)
    )


def _is_seen(binding: Binding, functions: set[int], wanted: set[str]) -> bool:
    if binding.scope not in functions:
        return binding.how in ("assign", "field") or binding.value == TYPE_PARAMETER
    return "." in binding.target or binding.value == TYPE_PARAMETER or binding.target in wanted


def _words(expressions: Iterable[str]) -> set[str]:
    return {word for text in expressions for word in _WORDS.findall(text)}
