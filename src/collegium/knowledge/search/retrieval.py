"""Finding units of an index by what is asked, while the index changes."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.search.holdings import Holdings
from collegium.knowledge.search.ranking import rank
from collegium.knowledge.search.semantic import label, vectors_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from collegium.knowledge.graph import Node
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.semantic import Encoder

_UNKNOWN: Final = -1
# Where more than this share of the files changed, all units are read anew.
_MANY: Final = 0.2


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
        index: whose units they are.
        encoder: what its vectors were made with; without it, words alone decide.
    """

    def __init__(self, index: Index, encoder: Encoder | None = None) -> None:
        self._index, self._encoder = index, encoder
        self._holdings = Holdings.of(())
        self._generation = self._vectors = _UNKNOWN
        self._lock = Lock()

    def find(
        self, text: str, limit: int = 10, named: Collection[Node] = (), *, alone: bool = False
    ) -> list[Hit]:
        """The units that fit best, best first.

        Args:
            text: what is asked, in any words.
            limit: at most so many.
            named: symbols and files that the text names, as far as that is known.
            alone: whether the text is that name and nothing else.
        """
        holdings = self.refresh()
        vector = None
        if self._encoder is not None and holdings.embedded:
            vector = vectors_of(self._encoder, [text])[0]
        return [
            Hit(place.file, place.symbol, place.start, place.end, score, why)
            for place, score, why in rank(text, vector, holdings, limit, named, alone=alone)
        ]

    def refresh(self) -> Holdings:
        """Take up what changed in the index; quick where little did."""
        with self._lock, self._index.snapshot():
            self._take_up_units()
            if self._encoder is not None:
                self._take_up_vectors(label(self._encoder))
            return self._holdings

    def _take_up_units(self) -> None:
        generation = self._index.generation
        if generation == self._generation:
            return
        changed, gone = self._index.changed_since(self._generation)
        files = {*changed, *gone}
        if self._holdings.worn or len(files) >= _MANY * len(self._holdings.files()):
            self._holdings = Holdings.of(self._index.units())
        else:
            self._holdings = self._holdings.changed(files, self._index.units(changed))
        self._generation, self._vectors = generation, _UNKNOWN

    def _take_up_vectors(self, encoder: str) -> None:
        count = self._index.vector_count(encoder)
        if count != self._vectors:
            lacking = self._holdings.lacking()
            self._holdings = self._holdings.filled(self._index.vectors(encoder, lacking))
            self._vectors = count
