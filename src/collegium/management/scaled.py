"""One model as it is scaled: its instances, its demand, and what became of the last change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collegium.backends.absent import Absent
from collegium.backends.startable import startable_of
from collegium.management.scaling import Course, Demand

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from collegium.backends.condition import Condition
    from collegium.backends.instance import Instance
    from collegium.backends.replicas import Replicas
    from collegium.errors import CollegiumError

# What a start is taken to last before there was one.
START_S = 5.0
# How long nothing is started after there was no room or a start failed; doubled up to the longest.
REFUSED_S, LONGEST_REFUSED_S = 15.0, 600.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a model's size is bounded by: `most` by the configuration, `wanted` by hand.

    It `scales` with demand, or its size stays as it was at first; its last instance `sleeps` when
    nobody asks, or does not.
    """

    most: int
    scales: bool
    sleeps: bool
    wanted: int | None = None


@dataclass(slots=True, eq=False)
class Scaled:
    """A model whose instances come and go; `first` is how many there were at first."""

    replicas: Replicas
    course: Course
    changed_at: float
    first: int = field(init=False)
    start_s: float = START_S
    requests: int = 0
    worked: dict[Condition, tuple[float, float]] = field(default_factory=dict)
    growing: asyncio.Task[None] | None = None
    refusal: CollegiumError | None = None
    refusals: int = 0
    not_before: float = 0.0

    def __post_init__(self) -> None:
        """Take down how many there are."""
        self.first = len(self.replicas)

    @property
    def is_growing(self) -> bool:
        """Whether an instance is being started."""
        return self.growing is not None and not self.growing.done()

    @property
    def asleep(self) -> bool:
        """Whether its only instance does not run."""
        only, *others = self.replicas
        startable = startable_of(only)
        return not others and startable is not None and startable.state == "asleep"

    @property
    def present(self) -> tuple[Instance, ...]:
        """Its instances, without what stands in for one that is quarantined."""
        return tuple(one for one in self.replicas if not isinstance(one.backend, Absent))

    @property
    def awake(self) -> int:
        """How many instances there are, but for a last one that sleeps."""
        return 0 if self.asleep else len(self.present)

    @property
    def in_flight(self) -> int:
        """The requests that are being answered."""
        return sum(one.condition.in_flight for one in self.replicas)

    @property
    def waiting(self) -> int:
        """The requests that wait for a place, each counted once wherever it waits."""
        waiters = {id(one) for each in self.replicas for one in each.condition.waiters}
        return len(waiters)

    def most(self, bounds: Bounds) -> int:
        """The most instances that there may be."""
        there_can_be = self.replicas.most or bounds.most
        return min(bounds.most, there_can_be) if bounds.scales else self.first

    def least(self, bounds: Bounds) -> int:
        """The fewest instances that there may be, awake or not."""
        return 1 if bounds.scales else self.first

    def demand(self, bounds: Bounds, now: float) -> Demand | None:
        """What is asked of it, taken in as its course; None where its size is not to change."""
        in_flight, waiting = self.in_flight, self.waiting
        requests = sum(one.condition.requests for one in self.replicas)
        asked, self.requests = requests != self.requests, requests
        self.course.take(self._busy() + waiting, now, self.start_s, asked=asked)
        sleeps = bounds.sleeps and startable_of(self.replicas[0]) is not None
        wanted = self._wanted(bounds)
        if wanted is None and not (bounds.scales or sleeps):
            return None
        most = self.most(bounds)
        if now < self.not_before:  # nothing could be started: no more than there are
            there = max(1, self.awake)
            most, wanted = min(most, there), None if wanted is None else min(wanted, there)
        return Demand(
            self.replicas.name,
            instances=self.awake,
            capacity=self.replicas[0].capacity,
            in_flight=in_flight,
            waiting=waiting,
            expected=self.course.expected,
            peak=self.course.peak,
            least=self.least(bounds),
            most=most,
            idle_s=self.course.idle_s(now) if sleeps and self.awake else None,
            changed_at=self.changed_at,
            patience=self.course.patience,
            wanted=wanted,
        )

    def _busy(self) -> float:
        """How many requests were answered at once since the last time, on average."""
        before, self.worked = (
            self.worked,
            {one.condition: one.condition.worked() for one in self.replicas},
        )
        return sum(_mean(one, before.get(one), then) for one, then in self.worked.items())

    def _wanted(self, bounds: Bounds) -> int | None:
        """The number there is to be whatever the demand; None where demand decides."""
        wanted = bounds.wanted
        if wanted is None and not bounds.scales and 0 < len(self.present) != self.first:
            return self.first  # neither demand nor anybody's wish makes it another
        can_be = self.replicas.most
        return wanted if wanted is None or can_be is None else min(wanted, can_be)

    def become(self, instances: Iterable[Instance], now: float) -> None:
        """Have these instances from now on."""
        before = len(self.replicas)
        self.replicas.become(instances)
        self.course.changed(before, len(self.replicas), now)
        self.changed_at = now

    def refused(self, error: CollegiumError, now: float) -> None:
        """Take in that nothing could be started, and do not try again soon."""
        self.refusal = error
        self.not_before = now + min(LONGEST_REFUSED_S, REFUSED_S * 2**self.refusals)
        self.refusals += 1

    def forgive(self) -> None:
        """Try again, since somebody wants it or it went well."""
        self.refusal, self.refusals, self.not_before = None, 0, 0.0


def _mean(
    condition: Condition, before: tuple[float, float] | None, now: tuple[float, float]
) -> float:
    """The requests at once between two readings; those there are, where no time has passed."""
    if before is None or now[1] <= before[1]:
        return condition.in_flight
    return (now[0] - before[0]) / (now[1] - before[1])
