"""How evenly the work is spread over those who do it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.management.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Evenness:
    """Coefficients of variation over all experts, 0 where all have the same.

    `now` is of their utilisations when last sampled, `utilisation` of the means of these over the
    window, `counts` of the queries they had within the window.
    """

    now: float
    utilisation: float
    counts: float


class Mean:
    """The mean of numbers; can be counted in slices."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, value: float) -> None:
        """Count one more."""
        self.total += value
        self.count += 1

    def merge(self, other: Mean) -> None:
        """Add what the other has counted."""
        self.total += other.total
        self.count += other.count

    @property
    def value(self) -> float:
        """The mean; 0.0 before the first number."""
        return self.total / self.count if self.count else 0.0


class Utilisations:
    """How busy everybody is, in flight over what they can take: now, and over the window."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._means: dict[str, Window[Mean]] = {}
        self.now: Mapping[str, float] = {}

    def sample(self, utilisations: Mapping[str, float], seconds: float) -> None:
        """Take how busy all are who are on duty; whoever is not among them is forgotten."""
        self.now = dict(utilisations)
        self._means = {
            name: self._means.get(name) or Window(Mean, self._window_s) for name in utilisations
        }
        for name, utilisation in utilisations.items():
            self._means[name].current(seconds).add(utilisation)

    def means(self, seconds: float) -> dict[str, float]:
        """How busy they were on average, over the window that ends at that time."""
        return {name: mean.total(seconds).value for name, mean in self._means.items()}


def unevenness(values: Iterable[float]) -> float:
    """The coefficient of variation: the standard deviation over the mean; 0.0 if all are 0."""
    values = tuple(values)
    mean = math.fsum(values) / len(values) if values else 0.0
    if not mean:
        return 0.0
    return math.sqrt(math.fsum((one - mean) ** 2 for one in values) / len(values)) / mean
