"""How many instances a model should have: arithmetic on demand, which starts and ends nothing.

Demand is counted in requests at once. Its course is smoothed with a trend (Holt, 1957), and growth
goes by where it will be when a new instance is there; shrinking by the highest that it was of late,
and only where that leaves a margin; and one that regretted to have shrunk waits longer each time.
So a pool grows quickly, shrinks slowly and does not flap.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.config import ScalingConfig

# Seconds after which what was seen counts about a third, in the level and in the trend.
LEVEL_S, TREND_S = 5.0, 30.0
# The longest pause that counts as one: after it nothing is known of how demand went meanwhile.
GAP_S = 60.0
# A forecast is never more than so many times what there is now.
FORESIGHT = 2.0
# Fewer instances have to do with this share of the utilisation that is aimed at.
MARGIN = 0.75
# A pool that had to grow within so many times the usual wait after it shrank waits twice as long
# before it shrinks again, up to so many times as long.
REGRET, LONGEST_PATIENCE = 5.0, 16.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a model.

    `instances` are those there are, 0 where the last one sleeps; each takes `capacity` requests at
    once. `in_flight` are answered now, `waiting` wait. `expected` is the demand by when another
    instance would be there, `peak` the highest expected of late, both in requests at once. There
    may be `least` to `most` instances; one that may sleep has been idle for `idle_s` seconds, None
    where none may. `changed_at` is when the number last changed; by `patience` the wait before it
    shrinks is multiplied. `wanted` is the number that somebody asked for, whatever the demand.
    """

    name: str
    instances: int
    capacity: int
    in_flight: int = 0
    waiting: int = 0
    expected: float = 0.0
    peak: float = 0.0
    least: int = 1
    most: int = 1
    idle_s: float | None = None
    changed_at: float = -math.inf
    patience: float = 1.0
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """The number of instances that a model should have from now on, and why."""

    name: str
    before: int
    after: int
    why: str


def plan(demands: Iterable[Demand], settings: ScalingConfig, now: float) -> tuple[Size, ...]:
    """The models whose number of instances is to change; `now` is in seconds, of any clock."""
    sizes = (_size(one, settings, now) for one in demands)
    return tuple(one for one in sizes if one is not None and one.before != one.after)


def instances_for(demand: float, capacity: int, target: float) -> int:
    """How many instances keep the utilisation at `target` or below; at least one."""
    return max(1, math.ceil(demand / (capacity * target) - 1e-9))


class Course:
    """How the demand of one model went; `expected` is what to be prepared for, never less than now.

    What was seen in the last `remember_s` seconds is remembered, longer by the factor `patience`,
    which is how often it was regretted of late that there were fewer instances.
    """

    def __init__(self, remember_s: float) -> None:
        self.remember_s = remember_s
        self.patience, self._shrank_at = 1.0, -math.inf
        self.expected = self._level = self._trend = 0.0
        self._at = self._busy_at = math.nan
        self._seen: deque[tuple[float, float]] = deque()

    def take(self, demand: float, now: float, ahead_s: float, *, asked: bool = False) -> None:
        """Take in how many requests there are at once, now; `ahead_s` is how far one looks.

        `asked` tells of requests since the last time that are over already.
        """
        if math.isnan(self._at):
            self._level, self._busy_at = demand, now
        passed_s = min(GAP_S, max(0.0, now - self._at)) if self._seen else 0.0
        if passed_s > 0:
            self._smooth(demand, passed_s)
        if demand > 0 or asked:
            self._busy_at = now
        self._at = now
        rise = max(0.0, self._trend) * ahead_s
        self.expected = min(self._level + rise, FORESIGHT * self._level)
        self._seen.append((now, self.expected))
        while self._seen[0][0] < now - self.remember_s * self.patience:
            self._seen.popleft()

    def changed(self, before: int, after: int, now: float) -> None:
        """Take in that the number of instances changed."""
        if after < before:
            self._shrank_at = now
            return
        regrets = now - self._shrank_at < REGRET * self.remember_s * self.patience
        patience = self.patience * 2 if regrets else self.patience / 2
        self.patience = min(LONGEST_PATIENCE, max(1.0, patience))

    @property
    def peak(self) -> float:
        """The most that was expected in the time that is remembered."""
        return max((expected for _, expected in self._seen), default=0.0)

    def idle_s(self, now: float) -> float:
        """The seconds since there was any demand."""
        return 0.0 if math.isnan(self._busy_at) else max(0.0, now - self._busy_at)

    def _smooth(self, demand: float, passed_s: float) -> None:
        fresh, turn = 1 - math.exp(-passed_s / LEVEL_S), 1 - math.exp(-passed_s / TREND_S)
        before = self._level
        carried_on = before + self._trend * passed_s
        self._level = max(0.0, carried_on + fresh * (demand - carried_on))
        self._trend += turn * ((self._level - before) / passed_s - self._trend)


def _size(demand: Demand, settings: ScalingConfig, now: float) -> Size | None:
    there = demand.instances
    if demand.wanted is not None:
        return Size(demand.name, there, demand.wanted, "asked for by hand")
    if there > demand.most:
        return Size(demand.name, there, demand.most, f"there may be {demand.most}")
    if _may_sleep(demand, settings):
        return Size(demand.name, there, 0, f"nobody asked for {demand.idle_s:.0f} s")
    return _larger(demand, settings, now) or _smaller(demand, settings, now)


def _larger(demand: Demand, settings: ScalingConfig, now: float) -> Size | None:
    there, busy = demand.instances, demand.in_flight + demand.waiting
    rests = now - demand.changed_at < settings.grow_after_s if there else not busy
    after = min(demand.most, instances_for(demand.expected, demand.capacity, settings.target))
    if rests or after <= there:
        return None
    why = (
        f"{demand.in_flight} in flight and {demand.waiting} waiting, {demand.expected:.1f} "
        f"expected, where each takes {demand.capacity}"
    )
    return Size(demand.name, there, after, why)


def _smaller(demand: Demand, settings: ScalingConfig, now: float) -> Size | None:
    there = demand.instances
    wait_s = settings.shrink_after_s * demand.patience
    rests = now - demand.changed_at < wait_s
    enough = instances_for(demand.peak, demand.capacity, settings.target * MARGIN)
    after = max(demand.least, enough)
    if rests or after >= there:
        return None
    why = f"at most {demand.peak:.1f} at once in {wait_s:.0f} s"
    return Size(demand.name, there, after, why)


def _may_sleep(demand: Demand, settings: ScalingConfig) -> bool:
    idle = demand.in_flight == demand.waiting == 0
    return (
        idle
        and demand.idle_s is not None
        and settings.idle_s is not None
        and demand.idle_s >= settings.idle_s
    )
