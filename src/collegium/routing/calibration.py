"""What a ranking promises: the probability that its first expert is an acceptable one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression on three numbers of a ranking (Platt scaling, 1999).

    They are the first's score, its lead over the second, and the first's gate share.
    """

    intercept: float
    score: float
    lead: float
    share: float

    def probability(self, ranked: Sequence[tuple[float, float]]) -> float:
        """The probability, strictly between 0 and 1.

        Args:
            ranked: (score, gate share) of each expert, best first; at least one.
        """
        return self.of(features(ranked))

    def of(self, numbers: tuple[float, float, float]) -> float:
        """The probability for a ranking's three numbers; see `features`."""
        weights = (self.score, self.lead, self.share)
        logit = self.intercept + sum(w * x for w, x in zip(weights, numbers, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def features(ranked: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """The three numbers of a ranking."""
    score, share = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    return (score, max(0.0, score - second), share)


# Fitted on the authored prompts alone by benchmarks/routing/calibrate.py, which prints this line:
# some of the public training prompts have licences that what ships must not come from.
HEURISTIC = Calibration(intercept=-0.685, score=0.166, lead=2.61, share=1.588)
