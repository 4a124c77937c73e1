"""How well a table of meanings finds what it was never trained on, beside the ranking by words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pairs import Bag, Units

from collegium.knowledge.search.fitted import FIELD_DISCOUNTS, FIELD_WEIGHTS, SATURATION
from collegium.knowledge.search.lexical import Lexicon, Weighing
from collegium.knowledge.search.meanings import Meanings
from collegium.knowledge.search.semantic import cosines
from collegium.knowledge.search.units import Field

WEIGHING = Weighing(
    np.array(FIELD_WEIGHTS, np.float32), np.array(FIELD_DISCOUNTS, np.float32), SATURATION
)
_TINY = 1e-6


class Found(NamedTuple):
    """Means over trees of recall@5 and of the reciprocal rank."""

    recall: float
    rank: float

    def __str__(self) -> str:
        return f"{self.recall:.3f}/{self.rank:.3f}"


@dataclass(frozen=True, slots=True)
class Trial:
    """A tree, its units' terms, what is asked of it, and (questions, units) scores by words."""

    packed: list[bytes]
    asked: list[Bag]
    wanted: NDArray[np.int64]
    words: NDArray[np.float32]

    @classmethod
    def of(cls, tree: Units, *, documented: bool) -> Trial:
        """With documentation, where halves of it are asked for, or without."""
        entries = [np.frombuffer(one, "<u8") for one in tree.packed]
        if not documented:
            entries = [one[(one >> 8 & 0xFF) != Field.DOC] for one in entries]
        packed = [one.tobytes() for one in entries]
        asked = tree.halved if documented else tree.described
        lexicon = Lexicon.of(packed)
        words = [lexicon.bm25(lexicon.matches(bag.terms.tolist()), WEIGHING) for _, bag in asked]
        wanted = np.array([unit for unit, _ in asked])
        return cls(packed, [bag for _, bag in asked], wanted, np.stack(words))

    def alike(self, table: Meanings) -> NDArray[np.float32]:
        """(questions, units) scores by a table."""
        vectors = table.of_units(self.packed)
        none = np.zeros(table.width, np.float32)
        asked = [table.of_question(bag.terms.tolist(), bag.rarity) for bag in self.asked]
        return np.stack([cosines(vectors, none if one is None else one) for one in asked])

    def found(self, scores: NDArray[np.float32]) -> Found:
        """What these scores find."""
        own = scores[np.arange(len(self.wanted)), self.wanted][:, np.newaxis]
        ranks = (scores > own).sum(1) + 1
        return Found(float((ranks <= 5).mean()), float((1 / ranks).mean()))


class Judge:
    """Judges tables by the same questions."""

    def __init__(self, held: list[Units]) -> None:
        self._trials = {
            title: [Trial.of(tree, documented=documented) for tree in held]
            for title, documented in (("docs out", False), ("docs in, half asked", True))
        }

    def __call__(self, table: Meanings) -> str:
        """Recall@5/MRR of the table, of BM25F, and of their sum, each beside its best."""
        return "; ".join(f"{title}: {_told(table, rows)}" for title, rows in self._trials.items())


def _told(table: Meanings, trials: list[Trial]) -> str:
    found = dict[str, list[Found]]()
    for trial in trials:
        alike, words = trial.alike(table), trial.words
        both = _beside(alike) + _beside(words)
        for name, scores in (("table", alike), ("BM25F", words), ("both", both)):
            found.setdefault(name, []).append(trial.found(scores))
    return ", ".join(f"{name} {Found(*np.mean(rows, 0))}" for name, rows in found.items())


def _beside(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores beside the best of each question."""
    return np.maximum(scores / np.maximum(scores.max(axis=1, keepdims=True), _TINY), 0)
