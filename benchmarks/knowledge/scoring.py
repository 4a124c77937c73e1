"""The data's own scorer, over many ways to answer, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
from material import Question

DRAWS = 2000
LEVEL = (2.5, 97.5)
Measures = dict[str, float]


@dataclass(frozen=True)
class Scored:
    """The measures of each question, beside it."""

    rows: tuple[tuple[Question, Measures], ...]

    def of(self, wanted: Callable[[Question], bool]) -> Scored:
        """Those of some of the questions."""
        return Scored(tuple(row for row in self.rows if wanted(row[0])))

    def mean(self, measure: str, seed: int = 7) -> dict[str, Any] | None:
        """The mean of a measure, its 95 % interval by the bootstrap over questions, and how many.

        None where no question has it.
        """
        values = np.array([one[measure] for _, one in self.rows if measure in one])
        if not len(values):
            return None
        draws = np.random.default_rng(seed).integers(0, len(values), (DRAWS, len(values)))
        low, high = np.percentile(values[draws].mean(axis=1), LEVEL)
        return {
            "mean": round(float(values.mean()), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
            "n": len(values),
        }


class Scorer:
    """`eval_retrieval.py` of a folder of questions."""

    def __init__(self, data: Path) -> None:
        spec = spec_from_file_location("eval_retrieval", data / "eval_retrieval.py")
        if spec is None or spec.loader is None:
            raise SystemExit(f"{data} has no eval_retrieval.py; give the folder of the questions")
        self._module: Any = module_from_spec(spec)
        spec.loader.exec_module(self._module)

    def scored(self, questions: Sequence[Question], answers: Iterable[Mapping[str, Any]]) -> Scored:
        """Every question with its measures; one without an answer has zeros."""
        _, rows = self._module.evaluate(list(answers), questions)
        return Scored(tuple(zip(questions, rows, strict=True)))


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50 and p95."""
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "n": len(values)}
