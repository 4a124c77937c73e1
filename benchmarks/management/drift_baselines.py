"""Two classical ways of noticing a change, which drift.py puts beside the watch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG = 5_000


def windowed(row: NDArray[Any], count: int, width: int = 100) -> float:
    """How long after `count` numbers the last ones differed from those before, by a z-test."""
    return first(window_scores(row, width) >= 2.576, count)


def window_scores(row: NDArray[Any], width: int) -> NDArray[Any]:
    """The z of each moment: the last `width` numbers against all before; 0 while there are few."""
    sums = np.concatenate(([0.0], np.cumsum(row)))
    ends = np.arange(2 * width, len(row) + 1)
    recent, older = sums[ends] - sums[ends - width], sums[ends - width]
    pooled = sums[ends] / ends
    spread = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-9) * (1 / width + 1 / (ends - width)))
    scores = np.abs(recent / width - older / (ends - width)) / spread
    return np.concatenate((np.zeros(2 * width - 1), scores))


def cusum(row: NDArray[Any], before: float, after: float) -> NDArray[Any]:
    """Page's (1954) cumulative sum of log-likelihood ratios, never below 0."""
    gains = np.where(row > 0, math.log(after / before), math.log((1 - after) / (1 - before)))
    sums = np.cumsum(gains)
    return np.asarray(sums - np.minimum(np.minimum.accumulate(sums), 0.0))


def cusum_limit(before: float, after: float, level: float, seed: int) -> float:
    """The limit that in `LONG` outcomes without a change is passed with probability `level`.

    Beyond what can be simulated it is extended: each factor e of probability costs about 1.
    """
    rng = np.random.default_rng(seed)
    highest = [
        cusum((rng.random(LONG) < before).astype(float), before, after).max() for _ in range(1000)
    ]
    return float(np.quantile(highest, 0.99)) + math.log(0.01 / level)


def first(passed: NDArray[np.bool_], count: int) -> float:
    """How long after `count` the first was; infinite if none."""
    places = np.flatnonzero(passed[count:])
    return float(places[0] + 1) if len(places) else math.inf
