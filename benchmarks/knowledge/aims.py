"""What must be shown: each figure, the questions it is of, what is best known, must and aim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from material import Question


@dataclass(frozen=True)
class Aim:
    """A figure: the mean of a measure over some questions."""

    title: str
    measure: str
    wanted: Callable[[Question], bool]
    known: float | None = None
    must: float | None = None
    aim: float | None = None


def _of(kind: str, stratum: str | None = None) -> Callable[[Question], bool]:
    def wanted(question: Question) -> bool:
        return question["type"] == kind and stratum in (None, question.get("stratum"))

    return wanted


AIMS = (
    Aim("docstring -> symbol, recall@5", "recall@5", _of("doc"), 0.60, 0.70, 0.80),
    Aim("docstring -> symbol, MRR", "mrr", _of("doc"), 0.49, 0.55, 0.65),
    Aim("commit -> functions, recall@10", "recall@10", _of("commit"), 0.77, 0.80, 0.85),
    Aim("commit -> functions, acc@10", "acc@10", _of("commit"), 0.73, 0.75, 0.80),
    Aim("commit -> file, acc@5", "file_acc@5", _of("commit"), 0.86, 0.92, 0.96),
    Aim("semble -> file, nDCG@10", "ndcg@10", _of("semble"), 0.93, 0.93, 0.95),
    Aim("repository question -> file, nDCG@10", "ndcg@10", _of("sweqa")),
    Aim("callers, ambiguous, exact", "exact", _of("callers", "ambiguous"), 0.28, 0.75, 0.95),
    Aim("callees, exact", "exact", _of("callees"), 0.63, 0.75, 0.90),
    Aim("importers, exact", "exact", _of("importers"), 0.87, 0.95, 1.00),
    Aim("callers, unique, exact", "exact", _of("callers", "unique"), 1.00, 1.00, 1.00),
    Aim("subclasses, exact", "exact", _of("subclasses"), 1.00, 1.00, 1.00),
    Aim("where, exact", "exact", _of("where"), 1.00, 1.00, 1.00),
)
