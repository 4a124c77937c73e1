"""From lessons to a teaching: how much better an expert is than its share says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from collegium.learning.online.material import odds_of
from collegium.routing.marks import MARKS
from collegium.routing.taught import Teaching

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from collegium.learning.online.material import Material
    from collegium.routing.marks import Projection

    Floats = NDArray[np.float64]

# How far a correction is expected to be from none, as a standard deviation, in odds: of an expert
# on the whole, along a direction of the vectors, and by any other mark.
SPREADS = {"always": 0.2, "direction": 0.2}
SPREAD = 0.15
# What the reward's odds do as the share's odds grow by 1, before anything is known.
SLOPE, SLOPE_SPREAD, LEAST_SLOPE = 1.0, 0.3, 0.3
STEPS = 12


@dataclass(frozen=True, slots=True, eq=False)
class School:
    """What was learned: the odds of a reward are `level` + `slope` x the share's + a correction."""

    level: float
    slope: float
    corrections: Mapping[str, Floats]
    projection: Projection | None
    outcomes: int

    def expected(self, key: str, share: float, marks: Floats) -> float:
        """The reward to expect of an expert, 0 to 1."""
        odds = self.level + self.slope * float(odds_of(np.array(share)))
        if key in self.corrections:
            odds += float(self.corrections[key] @ marks)
        return 1 / (1 + math.exp(-min(30.0, max(-30.0, odds))))

    def teaching(self) -> Teaching:
        """The corrections in terms of shares."""
        lessons = {
            key: dict(zip(MARKS, (row / self.slope).tolist(), strict=True))
            for key, row in self.corrections.items()
        }
        return Teaching(lessons, self.projection, self.outcomes)


def schooled(material: Material) -> School:
    """What the lessons teach: a logistic regression of rewards, shrunk towards the gate's word.

    First on the shares alone, for all experts together; then on the marks, for each by itself, so
    that an expert of whom nothing is known is taken to be as the others are (empirical Bayes).
    """
    level, slope = _logistic(
        np.stack((np.ones(len(material.odds)), material.odds), axis=1),
        material.rewards,
        material.weights,
        np.zeros(len(material.odds)),
        np.array((0.0, SLOPE)),
        np.array((3.0, SLOPE_SPREAD)),
    ).tolist()
    slope = max(slope, LEAST_SLOPE)
    offset = level + slope * material.odds
    spreads = np.array([SPREADS.get(mark.partition(" ")[0], SPREAD) for mark in MARKS])
    corrections: dict[str, Floats] = {}
    for key in sorted(set(material.experts.tolist())):
        own = material.experts == key
        corrections[key] = _logistic(
            material.marks[own],
            material.rewards[own],
            material.weights[own],
            offset[own],
            np.zeros(len(MARKS)),
            spreads,
        )
    return School(level, slope, corrections, material.projection, len(material.experts))


def _logistic(
    inputs: Floats, rewards: Floats, weights: Floats, offset: Floats, mean: Floats, spread: Floats
) -> Floats:
    """The likeliest weights of a logistic regression under a normal prior, by Newton's method."""
    at: Floats = mean.copy()
    stiffness = 1 / spread**2
    for _ in range(STEPS):
        odds = np.clip(offset + inputs @ at, -30, 30)
        expected = 1 / (1 + np.exp(-odds))
        slope = inputs.T @ (weights * (expected - rewards)) + stiffness * (at - mean)
        curve = weights * np.maximum(expected * (1 - expected), 1e-4)
        bend = inputs.T @ (inputs * curve[:, None]) + np.diag(stiffness)
        step = np.linalg.solve(bend, slope)
        at -= step * min(1.0, 3.0 / max(1e-9, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-4:
            break
    return at
