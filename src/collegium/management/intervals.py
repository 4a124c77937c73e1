"""Between which ends a share lies: for one look at it, and for looking all the time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

LEVEL = 0.95
# The Beta distribution, both of its numbers, that the mixture lays over what the mean may be
# (Krichevsky and Trofimov 1981): next to nothing is lost wherever the mean is, at the ends as well.
SPREAD = 0.5
# The ends are found within this much.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """A share as it was measured, and the ends between which the true one lies; all from 0 to 1.

    `count` is how many outcomes it rests on; a part of one where they count by weight.
    """

    mean: float
    low: float
    high: float
    count: float = 0.0


UNKNOWN = Interval(mean=0.5, low=0.0, high=1.0)


def wilson(successes: float, total: float, level: float = LEVEL) -> Interval:
    """The score interval of a share (Wilson 1927), right for a single look at it.

    `UNKNOWN` where there is nothing yet.
    """
    if total <= 0:
        return UNKNOWN
    mean = min(1.0, max(0.0, successes / total))
    z2 = standard_errors(level) ** 2
    middle = (mean + z2 / (2 * total)) / (1 + z2 / total)
    reach = math.sqrt(z2 * mean * (1 - mean) / total + (z2 / (2 * total)) ** 2) / (1 + z2 / total)
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return Interval(mean, min(mean, low), max(mean, high), total)


@cache
def standard_errors(level: float) -> float:
    """How many standard errors to both sides hold a share `level` of the normal distribution."""
    from statistics import NormalDist  # noqa: PLC0415 -- takes fractions and decimals with it

    return NormalDist().inv_cdf((1 + level) / 2)


class ConfidenceSequence:
    """The mean of values from 0 to 1, with an interval that may be looked at after every one.

    With a probability of `level` no interval it ever shows misses the mean that the values have,
    given those before them, whatever else their distribution is. A bet on each value multiplies to
    more than 1 / (1 - level) against the true mean with a probability of at most 1 - level (Ville
    1939); the bets are those of a coin whose chance is drawn from a Beta distribution (Robbins
    1970, "Statistical methods related to the law of the iterated logarithm"; for values between 0
    and 1 Orabona and Jun 2024, "Tight concentrations and confidence sequences from the regret of
    universal portfolio"). A value may count less, by a weight from 0 to 1 known before it.
    """

    __slots__ = ("count", "level", "total")

    def __init__(self, level: float = LEVEL, *, total: float = 0.0, count: float = 0.0) -> None:
        self.level, self.total, self.count = level, total, count

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take in one more value."""
        self.total += weight * value
        self.count += weight

    def rules_out(self, mean: float) -> bool:
        """Whether a mean above 0 and below 1 is outside the interval."""
        return self._won() > self._lost(mean)

    @property
    def interval(self) -> Interval:
        """The mean so far and the ends around it; `UNKNOWN` before the first value."""
        if self.count <= 0:
            return UNKNOWN
        mean = min(1.0, max(0.0, self.total / self.count))
        return Interval(mean, self._end(mean, 0.0), self._end(mean, 1.0), self.count)

    def _end(self, inside: float, outside: float) -> float:
        """Where between the mean and 0, or 1, the bets begin to win too much."""
        won = self._won()
        while abs(outside - inside) > TOLERANCE:
            middle = (inside + outside) / 2
            if won > self._lost(middle):
                outside = middle
            else:
                inside = middle
        return outside

    def _won(self) -> float:
        """The logarithm of what the bets win, beyond what proves anything, but for the mean."""
        right, wrong = self.total + SPREAD, self.count - self.total + SPREAD
        mixed = math.lgamma(right) + math.lgamma(wrong) - math.lgamma(right + wrong)
        even = 2 * math.lgamma(SPREAD) - math.lgamma(2 * SPREAD)
        return mixed - even + math.log(1 - self.level)

    def _lost(self, mean: float) -> float:
        """The logarithm of what such a mean takes off it."""
        return self.total * math.log(mean) + (self.count - self.total) * math.log1p(-mean)


def anytime(successes: float, total: float, level: float = LEVEL) -> Interval:
    """The interval of a share that may be looked at all the time, see `ConfidenceSequence`."""
    return ConfidenceSequence(level, total=successes, count=total).interval


class RenewedSequence:
    """The most that a mean can be, ever or of late, under which it is not forgotten how it changes.

    Values that came long ago would hide for long that it has become worse. So it begins again after
    every `every` values, and keeps the first sequence and the last two. With a probability of
    `level` no `ceiling` it ever shows is below all means since one of these beginnings: half of
    what may go wrong is the first sequence's, and of the other half the k-th has 6 / (pi k)^2.
    """

    __slots__ = ("_every", "_late", "_renewals", "first", "level")

    def __init__(self, every: float, level: float = LEVEL) -> None:
        self.level, self._every = level, every
        self._renewals = 0
        self.first = ConfidenceSequence(1 - (1 - level) / 2)
        self._late: tuple[ConfidenceSequence, ...] = ()

    def add(self, value: float) -> None:
        """Take in one more value."""
        self.first.add(value)
        for one in self._late:
            one.add(value)
        if self.first.count >= self._every * (self._renewals + 1):
            self._renew()

    @property
    def ceiling(self) -> float:
        """The lowest upper end, 0 to 1."""
        return min(one.interval.high for one in (self.first, *self._late))

    def _renew(self) -> None:
        self._renewals += 1
        risk = (1 - self.level) / 2 * 6 / (math.pi * self._renewals) ** 2
        self._late = (*self._late[-1:], ConfidenceSequence(1 - risk))
