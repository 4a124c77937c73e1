"""What follows from one file alone: pure, so that other processes can do it."""

from __future__ import annotations

import zlib
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.languages import language_of, reader_of
from collegium.knowledge.parse import parse, text_of
from collegium.knowledge.resolving import interface_of, signatures_of
from collegium.knowledge.search.units import describe
from collegium.knowledge.tree import refusal

if TYPE_CHECKING:
    from collegium.knowledge.facts import FileFacts

# Source shrinks to a quarter at the lowest level, at 100 MB a second; higher ones gain little.
LEVEL: Final = 1
NO_SOURCE: Final = "no source"
# Read for the resolver alone: nobody searches for them.
MANIFEST: Final = "manifest"


class SymbolRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A symbol, and what it is found by."""

    name: str
    path: str
    data: bytes


class UnitRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A unit of the search; `text_key` stands for the text that an encoder reads of it."""

    symbol: str
    kind: str
    start: int
    end: int
    text_key: bytes
    terms: bytes


class Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file that was read. `facts` are without the symbols, which are `symbols`."""

    path: str
    digest: bytes
    language: str
    lines: int
    damaged: int
    interface: bytes
    signatures: bytes
    facts: bytes
    text: bytes
    symbols: tuple[SymbolRow, ...]
    units: tuple[UnitRow, ...]


class Refused(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file that is passed over, and why."""

    why: str


def content_of(path: str, source: bytes) -> Content | Refused:
    """All that the index keeps of a file, or why it keeps nothing."""
    language = language_of(path, source[:128])
    if language is None:
        return Refused(NO_SOURCE)
    why = refusal(source, prose=reader_of(path, language) is not None)
    if why:
        return Refused(why)
    text = text_of(source)
    facts = parse(path, source, text)
    encode = msgspec.msgpack.encode
    return Content(
        path=path,
        digest=digest_of(source),
        language=facts.language,
        lines=facts.lines,
        damaged=len(facts.damaged),
        interface=encode(interface_of(facts)),
        signatures=encode(signatures_of(facts)),
        facts=encode(msgspec.structs.replace(facts, symbols=())),
        text=zlib.compress(text.encode("utf-8", "surrogatepass"), LEVEL),
        symbols=tuple(
            SymbolRow(symbol.name, symbol.path, encode(symbol)) for symbol in facts.symbols
        ),
        units=() if language == MANIFEST else _units(facts, text),
    )


def digest_of(source: bytes) -> bytes:
    """Sixteen bytes that stand for what a file holds."""
    return blake2b(source, digest_size=16).digest()


def _units(facts: FileFacts, text: str) -> tuple[UnitRow, ...]:
    return tuple(
        UnitRow(unit.symbol, unit.kind, unit.start, unit.end, text_key(unit.text), unit.terms)
        for unit in describe(facts, text)
    )


def text_key(text: str) -> bytes:
    """Sixteen bytes that stand for a text to be encoded."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
