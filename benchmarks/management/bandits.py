"""The bandits that `regret.py` compares with, as the papers have them."""

from __future__ import annotations

import numpy as np


class Thompson:
    """Beta-Bernoulli Thompson sampling (Thompson 1933; Chapelle & Li 2011); it sees no context."""

    def __init__(self, arms: int, width: int, rng: np.random.Generator) -> None:
        self._right, self._wrong, self._rng = np.ones(arms), np.ones(arms), rng

    def choose(self, context: np.ndarray) -> int:
        """An arm."""
        return int(self._rng.beta(self._right, self._wrong).argmax())

    def learn(self, arm: int, context: np.ndarray, reward: float) -> None:
        """Take in a reward from 0 to 1."""
        self._right[arm] += reward
        self._wrong[arm] += 1 - reward


class Linear:
    """A ridge regression for every arm, kept by rank-one updates."""

    def __init__(self, arms: int, width: int, rng: np.random.Generator) -> None:
        self._inverse = np.repeat(np.eye(width)[None], arms, axis=0)
        self._sums = np.zeros((arms, width))
        self._rng = rng

    def _seen(self, context: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What each arm is expected to give, and the deviation of that."""
        spread = self._inverse @ context
        means = (spread * self._sums).sum(1)
        return means, np.sqrt(np.maximum(spread @ context, 0))

    def learn(self, arm: int, context: np.ndarray, reward: float) -> None:
        """Take in a reward from 0 to 1."""
        spread = self._inverse[arm] @ context
        self._inverse[arm] -= np.outer(spread, spread) / (1 + context @ spread)
        self._sums[arm] += reward * context


class LinUcb(Linear):
    """Disjoint LinUCB (Li, Chu, Langford & Schapire 2010)."""

    def __init__(self, arms: int, width: int, rng: np.random.Generator, *, alpha: float) -> None:
        super().__init__(arms, width, rng)
        self._alpha = alpha

    def choose(self, context: np.ndarray) -> int:
        """An arm."""
        means, deviations = self._seen(context)
        return int((means + self._alpha * deviations).argmax())


class LinearThompson(Linear):
    """Thompson sampling from each arm's own regression (Agrawal & Goyal 2013)."""

    def __init__(self, arms: int, width: int, rng: np.random.Generator, *, spread: float) -> None:
        super().__init__(arms, width, rng)
        self._spread = spread

    def choose(self, context: np.ndarray) -> int:
        """An arm."""
        means, deviations = self._seen(context)
        return int(self._rng.normal(means, self._spread * deviations).argmax())
