"""Finding units of an index by what is asked, while the index changes."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from collegium.knowledge.search.holdings import Holdings
from collegium.knowledge.search.ranking import rank
from collegium.knowledge.search.semantic import label, vectors_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from collegium.knowledge.graph import Node
    from collegium.knowledge.index.rows import StoredUnit
    from collegium.knowledge.search.semantic import Encoder


_UNKNOWN: Final = -1
# Where more than this share of the files changed, all units are read anew.
_MANY: Final = 0.2


class Source(Protocol):
    """What an index tells of its units."""

    @property
    def generation(self) -> int:
        """Grows whenever a file changes."""
        ...

    def changed_since(self, generation: int) -> tuple[Collection[str], Collection[str]]:
        """Files that came or changed after a generation, and those that went."""
        ...

    def units(self, paths: Collection[str] | None = None) -> Iterable[StoredUnit]:
        """The units of all files, or of these."""
        ...

    def vectors(self, encoder: str, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Those of these texts' vectors that are there."""
        ...

    def vector_count(self, encoder: str) -> int:
        """How many vectors are there."""
        ...


class Hit(NamedTuple):
    """A unit that was found, best first; `why` says in plain words what spoke for it."""

    file: str
    symbol: str
    start: int
    end: int
    score: float
    why: str


class Retrieval:
    """Searches the units of an index. Safe to be asked from several threads.

    Args:
        source: the index.
        encoder: what its vectors were made with; without it, words alone decide.
    """

    def __init__(self, source: Source, encoder: Encoder | None = None) -> None:
        self._source, self._encoder = source, encoder
        self._holdings = Holdings.of(())
        self._generation = self._vectors = _UNKNOWN
        self._lock = Lock()

    def find(self, text: str, limit: int = 10, named: Collection[Node] = ()) -> list[Hit]:
        """The units that fit best, best first.

        Args:
            text: what is asked, in any words.
            limit: at most so many.
            named: symbols and files that the text names, as far as that is known.
        """
        holdings = self.refresh()
        vector = None
        if self._encoder is not None and holdings.embedded:
            vector = vectors_of(self._encoder, [text])[0]
        return [
            Hit(place.file, place.symbol, place.start, place.end, score, why)
            for place, score, why in rank(text, vector, holdings, limit, named)
        ]

    def refresh(self) -> Holdings:
        """Take up what changed in the index; quick where little did."""
        with self._lock:
            self._take_up_units()
            if self._encoder is not None:
                self._take_up_vectors(label(self._encoder))
            return self._holdings

    def _take_up_units(self) -> None:
        generation = self._source.generation
        if generation == self._generation:
            return
        changed, gone = self._source.changed_since(self._generation)
        files = {*changed, *gone}
        known = self._holdings.files()
        if len(files & known) >= _MANY * len(known):
            self._holdings = Holdings.of(self._source.units())
        else:
            self._holdings = self._holdings.changed(files, self._source.units(changed))
        self._generation, self._vectors = generation, _UNKNOWN

    def _take_up_vectors(self, encoder: str) -> None:
        count = self._source.vector_count(encoder)
        if count != self._vectors:
            lacking = self._holdings.lacking()
            self._holdings = self._holdings.filled(self._source.vectors(encoder, lacking))
            self._vectors = count
