"""How one instance is, as everybody who uses it sees it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.backends.breaker import CLOSED, OPEN, Breaker
from collegium.backends.resilience import BreakerRules, Listeners, PoolEvents
from collegium.backends.standing import Recent, Waits, quantile_of
from collegium.errors import BackendBusy, BackendRefused

if TYPE_CHECKING:
    import asyncio
    import random
    from collections.abc import Callable

    from collegium.backends.asking import Attempt
    from collegium.errors import BackendError


@dataclass(frozen=True, slots=True)
class State:
    """An instance at one moment, for people and metrics to see.

    `breaker` is 'closed', 'open' or 'half-open'. `requests` and `failures` are counted from the
    start. `first_byte_ms` are the 50th, 95th and 99th percentile of the wait for the first byte of
    late, of streams or of whole replies, whichever is longer; empty before there were a few.
    """

    name: str
    address: str
    label: str
    in_flight: int
    capacity: int
    waiting: int
    breaker: str
    requests: int
    failures: int
    first_byte_ms: tuple[float, ...] = ()


# How long an instance that asks for fewer requests rests where it does not say how long.
REST_S = 1.0


class Condition:
    """What is known of one instance: one for all the pools that use it.

    `in_flight` counts the requests it has now, of whatever pool; `waiters` are those who wait for a
    place there, in the order they came, `beginning` the requests that have got nothing yet, and
    `begun` counts the replies that came to begin.
    `waits` are the times to the first byte of late, of whole replies and of streams. `looking` sees
    whether an instance that was given up is back, `suspecting` whether a slow one is there at all.
    """

    def __init__(
        self,
        *,
        rules: BreakerRules | None = None,
        events: PoolEvents | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.name = self.address = self.label = ""
        self.capacity = 0
        self.events: PoolEvents = events or Listeners()
        self.breaker = Breaker(rules, clock=clock, rng=rng, told=self._changed)
        self._clock, self._work_s = clock, 0.0
        self.in_flight = self.requests = self.begun = self.failures = 0
        self.waiters: deque[asyncio.Future[Condition | None]] = deque()
        self.beginning: set[Attempt] = set()
        self.recent = Recent()
        self.waits = (Waits(), Waits())
        self.looking: asyncio.Task[None] | None = None
        self.suspecting: asyncio.Task[None] | None = None

    def belongs_to(self, name: str, address: str, *, label: str, capacity: int) -> None:
        """Say whose condition it is."""
        self.name, self.address, self.label, self.capacity = name, address, label, capacity

    def take(self) -> None:
        """Count one more request there."""
        self.in_flight += 1
        self._work_s -= self._clock()

    def give_back(self) -> None:
        """Count one less; the one who waits longest for a place there gets it."""
        while self.waiters:
            waiter = self.waiters.popleft()
            if not waiter.done():
                waiter.set_result(self)
                return
        self.in_flight -= 1
        self._work_s += self._clock()

    def worked(self) -> tuple[float, float]:
        """The seconds that requests have been there so far, all summed up; and when that was."""
        now = self._clock()
        return self._work_s + self.in_flight * now, now

    def began(self, wait_ms: float, *, streamed: bool) -> None:
        """Take in that a reply has begun, so many milliseconds after it was asked for.

        A stream that has begun shows that the instance is back; how it does, its end will show.
        """
        self.requests += 1
        self.begun += 1
        self.waits[streamed].add(wait_ms)
        if not streamed or self.breaker.state != CLOSED:
            self.breaker.succeeded()

    def failed(self, error: BackendError) -> None:
        """Take in that a request failed there."""
        self.requests += 1
        if isinstance(error, BackendRefused):
            self.breaker.left()  # the request was wrong, or our key: the instance is well
        elif isinstance(error, BackendBusy):
            self.breaker.rest(REST_S if error.retry_after_s is None else error.retry_after_s)
        else:
            self.failures += 1
            self.breaker.failed()

    def state(self) -> State:
        """How it is now."""
        quantiles = [quantile_of(self.waits, share) for share in (0.5, 0.95, 0.99)]
        return State(
            name=self.name,
            address=self.address,
            label=self.label,
            in_flight=self.in_flight,
            capacity=self.capacity,
            waiting=sum(not one.done() for one in self.waiters),
            breaker=self.breaker.state,
            requests=self.requests,
            failures=self.failures,
            first_byte_ms=tuple(one for one in quantiles if one is not None),
        )

    def send_away(self) -> None:
        """Let those who wait for a place there look again where there is one."""
        waiters, self.waiters = self.waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def aside(self) -> None:
        """Look after it no more."""
        for look in (self.looking, self.suspecting):
            if look is not None:
                look.cancel()

    def _changed(self, state: str) -> None:
        self.events.breaker(self.label, state)
        if state == OPEN:
            self.send_away()
