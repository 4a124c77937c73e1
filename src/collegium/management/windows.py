"""What is counted lately: time that only goes forward, slices that go, quantiles that merge."""

from __future__ import annotations

import math
from bisect import bisect
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLICES = 12
# Records of several processes are this much out of order at most; further back, a clock was set.
DISORDER_S = 60.0
# Quantiles are right within this share of their value. What lies beyond the ends counts as there.
ACCURACY = 0.01
LEAST, MOST = 1e-3, 1e9
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
LOG_GAMMA = math.log(GAMMA)


class SteadyTime:
    """Seconds that only go forward, out of moments by a clock that may be set.

    A clock that is set back stands still for a moment here; one that is set ahead goes `most_s`
    ahead at once, and no further. It depends on nothing but the moments, in their order.
    """

    __slots__ = ("_last", "_most_s", "_seconds")

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._seconds = 0.0
        self._last = -math.inf

    def advance(self, at: float) -> float:
        """The seconds at a moment that has come."""
        self._seconds = self.at(at)
        if at > self._last or at < self._last - DISORDER_S:
            self._last = at
        return self._seconds

    def at(self, at: float) -> float:
        """The seconds it would be at a moment, which need not have come."""
        passed = at - self._last if self._last > -math.inf else 0.0
        return self._seconds + (min(passed, self._most_s) if passed > 0 else 0.0)


class Mergeable(Protocol):
    """What can be counted in slices and added up."""

    def merge(self, other: Self) -> None:
        """Add what the other has counted."""
        ...


T = TypeVar("T", bound=Mergeable)


class Window(Generic[T]):
    """What was counted in the last `width_s` seconds, in `SLICES` slices: the oldest goes whole."""

    __slots__ = ("_new", "_slice_s", "_slices")

    def __init__(self, new: Callable[[], T], width_s: float) -> None:
        self._new = new
        self._slice_s = width_s / SLICES
        self._slices: deque[tuple[int, T]] = deque(maxlen=SLICES)

    def current(self, seconds: float) -> T:
        """What to count in at that time, which must not be before the last one."""
        number = int(seconds / self._slice_s)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, self._new()))
        return self._slices[-1][1]

    def total(self, seconds: float) -> T:
        """All that is inside at that time."""
        total = self._new()
        for one in self.inside(seconds):
            total.merge(one)
        return total

    def inside(self, seconds: float) -> Iterator[T]:
        """The slices that are inside at that time."""
        oldest = int(seconds / self._slice_s) - SLICES
        return (one for number, one in self._slices if number > oldest)


class Sketch:
    """Quantiles of positive numbers, each within one per cent of its value.

    A number is counted in a bucket whose ends have the same ratio everywhere (DDSketch: Masson, Rim
    and Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
    guarantees"); with the ends there are, there can be no more than some 1,400 buckets.
    """

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0

    def add(self, bucket: int) -> None:
        """Count a number by its bucket, see `bucket_of`."""
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1

    def merge(self, other: Sketch) -> None:
        """Add what the other has counted."""
        buckets = self._buckets
        for bucket, count in other._buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + count
        self.count += other.count

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """For each share, 0 to 1, the number below which it lies; none before the first number."""
        if not self.count:
            return ()
        buckets = sorted(self._buckets)
        below = list(accumulate(self._buckets[bucket] for bucket in buckets))
        ranks = (share * (self.count - 1) for share in shares)
        return tuple(2 * GAMMA ** buckets[bisect(below, rank)] / (GAMMA + 1) for rank in ranks)


def bucket_of(value: float) -> int:
    """The bucket that a number is counted in; what is no number is the least there is."""
    return math.ceil(math.log(min(MOST, max(LEAST, value))) / LOG_GAMMA)
