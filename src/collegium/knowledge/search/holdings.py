"""All that a search looks at, at one moment: the units of an index, their terms and vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

import numpy as np

from collegium.knowledge.facts import MODULE, SymbolKind
from collegium.knowledge.search.lexical import Lexicon
from collegium.knowledge.search.meanings import shipped
from collegium.knowledge.search.semantic import Vectors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from collegium.knowledge.graph import Node
    from collegium.knowledge.index.rows import StoredUnit

KINDS: Final[tuple[SymbolKind, ...]] = get_args(SymbolKind)
# Of the units' vectors: they are used from this share on.
_ENOUGH: Final = 0.95
_WORN: Final = 0.5
_CODES: Final[dict[str, int]] = {kind: code for code, kind in enumerate(KINDS)}


class Place(NamedTuple):
    """Where a unit is, without its terms."""

    file: str
    symbol: str
    kind: str
    start: int
    end: int
    text_key: bytes


class Layout(NamedTuple):
    """How units stand to one another, by their number.

    `files` numbers their files, `parents` are the units they stand in (the rest of their file for
    the outermost, -1 for that itself), `kinds` places in `KINDS`, `sizes` how many lines they have.
    """

    files: NDArray[np.int32]
    parents: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    sizes: NDArray[np.int32]

    @classmethod
    def of(cls, places: Sequence[Place], first: int, first_file: int) -> Layout:
        """The layout of whole files' units, which are numbered from `first`."""
        files: dict[str, int] = {}
        numbers: dict[tuple[str, str], int] = {}
        parents: list[int] = []
        for number, place in enumerate(places, first):
            files.setdefault(place.file, first_file + len(files))
            holder = place.symbol.rpartition(".")[0]
            while holder and (place.file, holder) not in numbers:
                holder = holder.rpartition(".")[0]
            rest = numbers.get((place.file, MODULE), -1)
            parents.append(numbers.get((place.file, holder), rest))
            numbers[place.file, place.symbol] = number
        return cls(
            np.array([files[place.file] for place in places], np.int32),
            np.array(parents, np.int32),
            np.array([_CODES[place.kind] for place in places], np.uint8),
            np.array([place.end - place.start + 1 for place in places], np.int32),
        )

    def followed_by(self, more: Layout) -> Layout:
        """The layout of these and of further units."""
        return Layout(
            np.append(self.files, more.files),
            np.append(self.parents, more.parents),
            np.append(self.kinds, more.kinds),
            np.append(self.sizes, more.sizes),
        )


@dataclass(frozen=True, slots=True)
class Holdings:
    """Units by number. Those that are gone keep their number, and `lexicon.alive` tells them.

    `senses` are their vectors by the table of meanings, (units, width); `vectors` those of an
    encoder, which come later.
    """

    places: tuple[Place, ...]
    layout: Layout
    lexicon: Lexicon
    senses: NDArray[np.int8]
    vectors: Vectors

    @classmethod
    def of(cls, units: Iterable[StoredUnit]) -> Holdings:
        """The holdings of these units, without vectors."""
        units = list(units)
        places = _places(units)
        terms = [unit.terms for unit in units]
        layout, senses = Layout.of(places, 0, 0), shipped().of_units(terms)
        return cls(places, layout, Lexicon.of(terms), senses, Vectors.none(len(places)))

    def changed(self, files: Collection[str], units: Iterable[StoredUnit]) -> Holdings:
        """These without the units of some files, and with others."""
        units = list(units)
        places, first = _places(units), len(self.places)
        gone = [number for number, place in enumerate(self.places) if place.file in files]
        more = Layout.of(places, first, 1 + int(self.layout.files.max(initial=-1)))
        layout = self.layout.followed_by(more)
        terms = [unit.terms for unit in units]
        lexicon = self.lexicon.changed(gone, terms)
        senses = np.concatenate([self.senses, shipped().of_units(terms)])
        vectors = self.vectors.longer(len(units))
        return Holdings((*self.places, *places), layout, lexicon, senses, vectors)

    def files(self) -> frozenset[str]:
        """The files that units are of."""
        numbers = np.flatnonzero(self.lexicon.alive).tolist()
        return frozenset([self.places[number].file for number in numbers])

    def numbers_of(self, nodes: Collection[Node]) -> NDArray[np.intp]:
        """The units that are these symbols, or the rest of these files."""
        wanted = {(node.file, node.symbol or MODULE) for node in nodes}
        if not wanted:
            return np.zeros(0, np.intp)
        alive = np.flatnonzero(self.lexicon.alive).tolist()
        places = self.places
        found = [at for at in alive if (places[at].file, places[at].symbol) in wanted]
        return np.array(found, np.intp)

    def filled(self, found: Mapping[bytes, bytes]) -> Holdings:
        """These with the vectors of the texts with these keys."""
        numbers = {
            number: found[self.places[number].text_key]
            for number in np.flatnonzero(~self.vectors.known).tolist()
            if self.places[number].text_key in found
        }
        return replace(self, vectors=self.vectors.filled(numbers))

    @property
    def worn(self) -> bool:
        """Whether most units are gone, so that it is better to begin anew."""
        return self.lexicon.count < _WORN * len(self.places)

    @property
    def embedded(self) -> bool:
        """Whether so many vectors are known that units without one are not at a loss."""
        alive = self.lexicon.alive
        known = int(np.count_nonzero(self.vectors.known & alive))
        return known > 0 and known >= _ENOUGH * self.lexicon.count

    def lacking(self) -> list[bytes]:
        """The keys of texts whose vectors are not known."""
        numbers = np.flatnonzero(self.lexicon.alive & ~self.vectors.known)
        return list(dict.fromkeys([self.places[number].text_key for number in numbers.tolist()]))


def _places(units: Iterable[StoredUnit]) -> tuple[Place, ...]:
    return tuple(
        [
            Place(unit.file, unit.symbol, unit.kind, unit.start, unit.end, unit.text_key)
            for unit in units
        ]
    )
