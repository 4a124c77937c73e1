"""What the table of meanings learns from: sentences, and the units that they document."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from corpus import Row
from numpy.typing import NDArray

from collegium.knowledge.facts import MODULE
from collegium.knowledge.search.terms import NAME, asked, number_of, parts
from collegium.knowledge.search.units import Field

_END = re.compile(
    r"""(?<=[\w)`'"*\]])[.!?](?=\s|$)|\n\s*\n|(?<=[.:;])\n|\n\s*(?=[:@*-])""",
)
_IDLE = ("@", ">>>", ":param", "http", "Copyright", "TODO", "#")
SHORTEST, LONGEST, FEWEST_WORDS, SENTENCES = 12, 300, 3, 4
# Of units with the same first sentence so many are asked for.
ALIKE = 6
FEWEST_UNITS, FEWEST_PAIRS = 15, 4
# Of a tree that is held so many units are asked for.
JUDGED = 150
_JUDGED_KINDS = frozenset({"function", "method", "class", "interface", "enum"})
# A term is known that is in so many trees.
FEWEST_TREES = 3


@dataclass(frozen=True, slots=True)
class Bag:
    """Terms of a question, and how rare each is in its tree, as BM25 has it."""

    terms: NDArray[np.uint32]
    rarity: NDArray[np.float32]


@dataclass(slots=True)
class Pair:
    """A unit, what is said of it, a sentence each, and the names that it calls."""

    unit: int
    sentences: list[Bag]
    calls: Bag


@dataclass(slots=True)
class Units:
    """The units of a tree: those of unit `i` are the rows from `starts[i]` on.

    `said` tells alike which units have the same first sentence; `asked` are sentences of `pairs`.
    """

    name: str
    starts: NDArray[np.int64]
    terms: NDArray[np.uint32]
    fields: NDArray[np.uint8]
    often: NDArray[np.float32]
    long: NDArray[np.float32]
    packed: list[bytes]
    said: NDArray[np.int64]
    pairs: list[Pair] = field(default_factory=list)
    described: list[tuple[int, Bag]] = field(default_factory=list)
    halved: list[tuple[int, Bag]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.starts) - 1


def sentences(doc: str, symbol: str) -> list[str]:
    """The first sentences of documentation, without the name of what they document."""
    name, found = symbol.rpartition(".")[2] if symbol != MODULE else "", list[str]()
    for piece in _END.split(doc):
        said = " ".join(piece.split())
        if said.startswith(_IDLE):
            if found:
                break
        elif len(said) >= SHORTEST:
            found.append(_without(said[:LONGEST], name))
    return [said for said in found[:SENTENCES] if len(NAME.findall(said)) >= FEWEST_WORDS]


def _without(said: str, name: str) -> str:
    if name:
        said = re.sub(rf"^[`*\s]*{re.escape(name)}\b[`*]*(\(\))?", "", said)
        if len(parts(name)) > 1:
            said = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", said)
    return said.strip(" :,-")


def normal(said: str) -> str:
    """A sentence as it is compared with others."""
    return " ".join(said.lower().split())


class Reader:
    """Reads trees; what is said too often, or is said in `banned`, is not asked for."""

    def __init__(self, banned: Iterable[str] = ()) -> None:
        self._banned, self._said = frozenset(banned), Counter[str]()

    def tree(self, path: Path, *, held: bool) -> Units | None:
        """The units of a tree, None where it has too few to learn from."""
        rows = [Row(*row) for row in msgspec.msgpack.decode(path.read_bytes())]
        if len(rows) < FEWEST_UNITS:
            return None
        units = _units(path.stem, rows)
        rarity = _Rarity(units)
        told = list[tuple[int, list[str]]]()
        for at, row in enumerate(rows):
            said = sentences(row.doc, row.symbol)
            key = normal(said[0]) if said else ""
            if key and key not in self._banned:
                units.said[at] = -1 - zlib.crc32(key.encode())
                self._said[key] += 1
                if self._said[key] <= ALIKE:
                    told.append((at, said))
        if len(told) < FEWEST_PAIRS:
            return None
        if held:
            _judge(units, rarity, [one for one in told if rows[one[0]].kind in _JUDGED_KINDS])
        units.pairs = [
            Pair(at, [rarity.bag(one) for one in said], rarity.bag(rows[at].calls))
            for at, said in told
        ]
        return units


def _judge(units: Units, rarity: _Rarity, told: list[tuple[int, list[str]]]) -> None:
    """Questions by which a table is judged: first sentences, and random halves of them."""
    chance = random.Random(zlib.crc32(units.name.encode()))
    chance.shuffle(told)
    for at, said in told[:JUDGED]:
        words = [word for word in said[0].split() if chance.random() < 0.5]
        units.described.append((at, rarity.bag(said[0])))
        units.halved.append((at, rarity.bag(" ".join(words) or said[0])))


def _units(name: str, rows: Sequence[Row]) -> Units:
    entries = [np.frombuffer(row.terms, "<u8") for row in rows]
    flat = np.concatenate(entries)
    starts = np.cumsum([0, *map(len, entries)])
    fields, counts = (flat >> 8 & 0xFF).astype(np.uint8), flat & 0xFF
    places = np.repeat(np.arange(len(rows)), np.diff(starts)) * len(Field) + fields
    lengths = np.bincount(places, counts.astype(np.float64))
    return Units(
        name=name,
        starts=starts,
        terms=(flat >> 16).astype(np.uint32),
        fields=fields,
        often=np.log1p(counts).astype(np.float32),
        long=np.log(np.maximum(lengths, 1))[places].astype(np.float32),
        packed=[row.terms for row in rows],
        said=np.arange(len(rows), dtype=np.int64),
    )


class _Rarity:
    """How rare terms are in a tree."""

    def __init__(self, units: Units) -> None:
        owners = np.repeat(np.arange(len(units)), np.diff(units.starts))
        held = np.unique(units.terms.astype(np.int64) << 24 | owners) >> 24
        terms, counts = np.unique(held, return_counts=True)
        self._counts: dict[int, int] = dict(zip(terms.tolist(), counts.tolist(), strict=True))
        self._units = len(units)

    def bag(self, text: str) -> Bag:
        """The terms of a text."""
        numbers = [number_of(term) for term in asked(text)]
        counts = np.array([self._counts.get(number, 0) for number in numbers], np.float32)
        rarity = np.log1p((self._units - counts + 0.5) / (counts + 0.5))
        return Bag(np.array(numbers, np.uint32), rarity.astype(np.float32))


def vocabulary(trees: Sequence[Units], size: int) -> NDArray[np.uint32]:
    """The terms that are in most trees, ascending."""
    spread, often = Counter[int](), Counter[int]()
    for tree in trees:
        spoken: list[Any] = [bag.terms for pair in tree.pairs for bag in pair.sentences]
        terms, counts = np.unique(np.concatenate([tree.terms, *spoken]), return_counts=True)
        spread.update(terms.tolist())
        often.update(dict(zip(terms.tolist(), counts.tolist(), strict=True)))
    known = [term for term, trees_with in spread.items() if trees_with >= FEWEST_TREES]
    known.sort(key=lambda term: (-spread[term], -often[term], term))
    return np.array(sorted(known[:size]), np.uint32)
