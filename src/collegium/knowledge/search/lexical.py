"""Which units hold the words of a question, and where in them: an inverted index in arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from collegium.knowledge.search.units import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    AnyNumbers: TypeAlias = NDArray[Any]

FIELDS: Final = len(Field)


class Matches(NamedTuple):
    """Each place where a term of a question stands: which term, which unit and field, how often.

    The places of one term in one unit follow one another; `starts` are where those of the next
    begin. `rarity` is, for each term of the question, its inverse document frequency as BM25 has it
    (Robertson and Zaragoza, 2009); 0 of one that is nowhere.
    """

    terms: NDArray[np.intp]
    units: NDArray[np.int32]
    fields: NDArray[np.uint8]
    counts: NDArray[np.float32]
    starts: NDArray[np.intp]
    rarity: NDArray[np.float32]


class Weighing(NamedTuple):
    """What a ranking by words goes by.

    For each field how much a term in it says, and how far a long one is discounted, from 0 to 1;
    `saturation` is how soon more of a term says no more.
    """

    weights: NDArray[np.float32]
    discounts: NDArray[np.float32]
    saturation: float


class Postings(NamedTuple):
    """Terms in ascending order; those of `numbers[i]` stand from `starts[i]` to `starts[i + 1]`."""

    numbers: NDArray[np.uint32]
    starts: NDArray[np.int64]
    units: NDArray[np.int32]
    fields: NDArray[np.uint8]
    counts: NDArray[np.uint8]

    @classmethod
    def of(cls, packed: Sequence[bytes], first: int) -> Postings:
        """The postings of units, each as `Unit.terms`, numbered from `first`."""
        entries = np.frombuffer(b"".join(packed), "<u8")
        sizes = [len(terms) // entries.itemsize for terms in packed]
        units = np.repeat(np.arange(first, first + len(packed), dtype=np.int32), sizes)
        return cls._sorted(entries >> 16, units, entries >> 8, entries)

    @classmethod
    def _sorted(
        cls, terms: AnyNumbers, units: AnyNumbers, fields: AnyNumbers, counts: AnyNumbers
    ) -> Postings:
        """Postings of rows whose units ascend within each term once they are sorted by it."""
        terms = terms.astype(np.uint32)
        order = np.argsort(terms, kind="stable")
        terms = terms[order]
        begins = np.flatnonzero(np.diff(terms, prepend=~terms[:1]))
        return cls(
            terms[begins],
            np.append(begins, len(terms)),
            units.astype(np.int32)[order],
            fields.astype(np.uint8)[order],
            counts.astype(np.uint8)[order],
        )

    def joined(self, later: Postings) -> Postings:
        """These and those of units with higher numbers."""
        return self._sorted(
            np.append(self.terms(), later.terms()),
            np.append(self.units, later.units),
            np.append(self.fields, later.fields),
            np.append(self.counts, later.counts),
        )

    def terms(self) -> NDArray[np.uint32]:
        """The term of each row."""
        return np.repeat(self.numbers, np.diff(self.starts))

    def rows_of(self, number: int) -> slice:
        """The rows of a term."""
        place = int(np.searchsorted(self.numbers, number))
        if place == len(self.numbers) or self.numbers[place] != number:
            return slice(0, 0)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))


class Lexicon:
    """The terms of all units, which are numbered from 0 in the order in which they came.

    One is never changed: `changed` makes another, and whoever reads goes on with what it has.

    Args:
        base: the postings of most units.
        recent: those of units that came later; few, so that adding to them is quick.
        alive: for each unit whether it is still there.
        lengths: (units, fields), how many terms each field of each unit has.
    """

    def __init__(
        self,
        base: Postings,
        recent: Postings,
        alive: NDArray[np.bool_],
        lengths: NDArray[np.float32],
    ) -> None:
        self._base, self._recent, self.alive, self.lengths = base, recent, alive, lengths
        self.count = int(np.count_nonzero(alive))

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> Lexicon:
        """A lexicon of units, each as `Unit.terms`."""
        base, none = Postings.of(packed, 0), Postings.of((), 0)
        return cls(base, none, np.ones(len(packed), bool), _lengths(base, 0, len(packed)))

    def changed(self, gone: Sequence[int], packed: Sequence[bytes]) -> Lexicon:
        """This without the units that are gone, and with further ones."""
        first = len(self.alive)
        alive = np.append(self.alive, np.ones(len(packed), bool))
        alive[list(gone)] = False
        more = Postings.of(packed, first)
        lengths = np.concatenate([self.lengths, _lengths(more, first, len(packed))])
        return Lexicon(self._base, self._recent.joined(more), alive, lengths)

    def knows(self, numbers: Iterable[int]) -> bool:
        """Whether each of the terms with these numbers stands in a unit that is alive."""
        return all(
            any(self.alive[part.units[part.rows_of(number)]].any() for part in self._parts)
            for number in numbers
        )

    @property
    def _parts(self) -> tuple[Postings, Postings]:
        return self._base, self._recent

    def matches(self, numbers: Sequence[int]) -> Matches:
        """Where the terms with these numbers stand, in units that are alive."""
        found = [
            (place, part, part.rows_of(number))
            for place, number in enumerate(numbers)
            for part in self._parts
        ]
        sizes = [rows.stop - rows.start for _, _, rows in found]
        terms = np.repeat(np.array([place for place, _, _ in found], np.intp), sizes)
        units = _joined([part.units[rows] for _, part, rows in found], np.int32)
        fields = _joined([part.fields[rows] for _, part, rows in found], np.uint8)
        counts = _joined([part.counts[rows] for _, part, rows in found], np.uint8)
        seen = self.alive[units]
        terms, units, fields, counts = terms[seen], units[seen], fields[seen], counts[seen]
        begins = np.diff(terms, prepend=-1).astype(bool) | np.diff(units, prepend=-1).astype(bool)
        starts = np.flatnonzero(begins)
        holders = np.bincount(terms[starts], minlength=len(numbers))
        rarity = np.log1p((self.count - holders + 0.5) / (holders + 0.5))
        rarity[holders == 0] = 0.0
        often = counts.astype(np.float32)
        return Matches(terms, units, fields, often, starts, rarity.astype(np.float32))

    def bm25(self, matches: Matches, weighing: Weighing) -> NDArray[np.float32]:
        """How well each unit matches: BM25F of Robertson and Zaragoza; at least 0."""
        units, fields = matches.units, matches.fields
        relative = self.lengths[units, fields] / self._usual[fields]
        discount = 1.0 + weighing.discounts[fields] * (relative - 1.0)
        weights = weighing.weights[fields] * matches.counts / discount
        often = np.add.reduceat(weights, matches.starts) if len(weights) else weights
        said = matches.rarity[matches.terms[matches.starts]] * often / (weighing.saturation + often)
        scores = np.bincount(units[matches.starts], said, minlength=len(self.alive))
        return scores.astype(np.float32)

    @cached_property
    def _usual(self) -> NDArray[np.float32]:
        """How long each field is in a unit on average."""
        usual: NDArray[np.float32] = self.lengths[self.alive].sum(0) / max(self.count, 1)
        return usual + np.float32(1e-6)


def _joined(pieces: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *pieces])


def _lengths(part: Postings, first: int, count: int) -> NDArray[np.float32]:
    """(units, fields): how many terms each field of each unit has, from the unit `first` on."""
    places = (part.units - first) * np.int64(FIELDS) + part.fields
    lengths = np.bincount(places, part.counts, minlength=count * FIELDS)
    return lengths.astype(np.float32).reshape(count, FIELDS)
