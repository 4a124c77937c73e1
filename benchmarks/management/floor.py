"""A floor of experts in a simulation: their places, who is being answered, who waits, the clock."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from collegium.config import ScalingConfig
from collegium.experts.base import ExpertCapability
from collegium.management.scaling import Course, Demand, instances_for, plan
from collegium.testing import ScriptedExpert

SERVICE_S, SPREAD = 8.0, 0.7  # of an answer's time: the mean, and the deviation of the logarithm
START_S = 5.0  # until another instance is there
FULL_S = 5 * SERVICE_S
_MIDDLE = math.log(SERVICE_S) - SPREAD**2 / 2


@dataclass(slots=True)
class Desk:
    """One expert: its instances, what it has to do, and what it did since it was looked at last."""

    expert: ScriptedExpert
    course: Course
    instances: int
    busy: int = 0
    waiting: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])
    changed_at: float = -math.inf
    worked_s: float = 0.0
    offered_s: float = 0.0
    touched: float = 0.0


class Floor:
    """Everybody's desks, and time, which goes on when told to.

    Each expert begins with as many instances as its expected `demands`, in requests at once, take.
    Where it is `scaled`, the product's own scaling decides every few seconds how many they are.
    Traffic comes of `rng`; whoever chooses by chance has other `luck`.
    """

    def __init__(
        self, demands: Sequence[float], slots: int, rng: random.Random, *, scaled: bool
    ) -> None:
        self.rng, self.slots = rng, slots
        self.luck = random.Random(rng.random())
        self.now, self.begun, self.waited = 0.0, 0, 0
        self.settings = ScalingConfig()
        self.desks = {str(number): self._desk(number, one) for number, one in enumerate(demands)}
        self.names = tuple(self.desks)
        self.experts = [desk.expert for desk in self.desks.values()]
        self._ends: list[tuple[float, str]] = []
        # Not before there is the usual to do: an empty floor would be scaled down at once.
        self._next_look = FULL_S if scaled else math.inf

    def places(self, desk: Desk) -> int:
        """How many requests at once an expert takes."""
        return desk.instances * self.slots

    def load(self, name: str) -> float:
        """An expert's requests, those that wait too, divided by its places."""
        desk = self.desks[name]
        return (desk.busy + len(desk.waiting)) / self.places(desk)

    def advance(self, until: float) -> None:
        """Let the time pass, answers end, and instances come and go."""
        while self._next_look <= until or (self._ends and self._ends[0][0] <= until):
            if self._ends and self._ends[0][0] <= self._next_look:
                self.now, name = heapq.heappop(self._ends)
                self._end(self.desks[name])
            else:
                self.now = self._next_look
                self._next_look += self.settings.every_s
                self._rescale()
        self.now = until

    def ask(self, name: str) -> None:
        """Put a request to an expert, where it waits if that one is full."""
        desk = self.desks[name]
        self._count(desk)
        # Drawn now, so that the same queries take as long whoever gets them.
        desk.waiting.append((self.now, self.rng.lognormvariate(_MIDDLE, SPREAD)))
        self._begin(desk)

    def forget(self) -> None:
        """Measure from now on."""
        self.begun = self.waited = 0
        for desk in self.desks.values():
            self._count(desk)
            desk.worked_s = desk.offered_s = 0.0

    def utilisations(self) -> list[float]:
        """Of each expert, what was used of what there was."""
        for desk in self.desks.values():
            self._count(desk)
        return [desk.worked_s / desk.offered_s for desk in self.desks.values()]

    def _desk(self, number: int, demand: float) -> Desk:
        instances = instances_for(demand, self.slots, self.settings.target)
        course = Course(self.settings.shrink_after_s)
        desk = Desk(ScriptedExpert(str(number)), course, instances)
        self._announce(desk)
        return desk

    def _announce(self, desk: Desk) -> None:
        """Let the expert say how much it can take now."""
        answering = ExpertCapability("answering", max_load=self.places(desk))
        desk.expert.capabilities = (answering,)

    def _count(self, desk: Desk) -> None:
        passed_s = self.now - desk.touched
        desk.worked_s += passed_s * min(desk.busy, self.places(desk))
        desk.offered_s += passed_s * self.places(desk)
        desk.touched = self.now

    def _begin(self, desk: Desk) -> None:
        while desk.waiting and desk.busy < self.places(desk):
            asked, takes_s = desk.waiting.popleft()
            self.waited += asked < self.now
            self.begun += 1
            desk.busy += 1
            heapq.heappush(self._ends, (self.now + takes_s, desk.expert.name))
        desk.expert.current_load = desk.busy + len(desk.waiting)

    def _end(self, desk: Desk) -> None:
        self._count(desk)
        desk.busy -= 1
        self._begin(desk)

    def _rescale(self) -> None:
        for name, desk in self.desks.items():
            desk.course.take(desk.busy + len(desk.waiting), self.now, START_S)
            for size in plan([self._demand(name, desk)], self.settings, self.now):
                self._count(desk)
                desk.course.changed(size.before, size.after, self.now)
                desk.instances, desk.changed_at = size.after, self.now
                self._announce(desk)
                self._begin(desk)

    def _demand(self, name: str, desk: Desk) -> Demand:
        return Demand(
            name,
            desk.instances,
            self.slots,
            desk.busy,
            len(desk.waiting),
            desk.course.expected,
            desk.course.peak,
            most=10_000,
            changed_at=desk.changed_at,
            patience=desk.course.patience,
        )
