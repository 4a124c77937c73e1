"""How much is done to get an answer, and the purse that whatever is asked twice is paid from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.config import ResilienceConfig

# What may be asked twice before the share of it has been earned, and the most that is saved up.
FLOOR = 10.0
MOST = 50.0
# How fast the floor comes back: one who asks rarely may be answered at the second attempt, too.
FLOOR_PER_S = 1.0


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When an instance is left alone, and for how long.

    It is after `failures` in a row, or where of at least `least` requests in `window_s` seconds a
    share of `ratio` failed; for `open_s` seconds, and longer each time, up to `max_open_s`.
    """

    failures: int = 5
    ratio: float = 0.5
    least: int = 10
    window_s: float = 10.0
    open_s: float = 0.5
    max_open_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Resilience:
    """How much is done to get an answer.

    A request is sent at most `retries` times more, as long as that is no more than the share
    `retry_budget` of all requests; to the same instance after `backoff_s`, and longer each time. An
    instance that has said nothing for `suspect_after_s` seconds, or for longer than is usual there,
    is looked at, for `probe_s` seconds at most. `hedge` is the quantile of the usual waits after
    which another instance is asked as well; None: none is. `hedge_budget` is the share of requests
    for which that may be. `queue` is how many callers may wait for a place.
    """

    retries: int = 3
    retry_budget: float = 0.2
    backoff_s: float = 0.1
    breaker: BreakerRules = BreakerRules()
    hedge: float | None = None
    hedge_budget: float = 0.05
    suspect_after_s: float = 0.5
    probe_s: float = 0.4
    queue: int = 64

    @classmethod
    def of(cls, config: ResilienceConfig) -> Resilience:
        """As it is configured."""
        breaker = config.breaker
        return cls(
            retries=config.retries,
            retry_budget=config.retry_budget,
            backoff_s=config.backoff_s,
            breaker=BreakerRules(
                failures=breaker.failures,
                ratio=breaker.ratio,
                open_s=breaker.open_s,
                max_open_s=breaker.max_open_s,
            ),
            hedge=config.hedge,
            hedge_budget=config.hedge_budget,
            suspect_after_s=config.suspect_after_s,
            probe_s=config.probe_s,
            queue=config.queue,
        )


class PoolEvents(Protocol):
    """Somebody who wants to know what a pool did to get its answers."""

    def retried(self, instance: str) -> None:
        """A request failed there, and is sent again."""
        ...

    def hedged(self, instance: str) -> None:
        """A request has waited long there, and is sent to another instance as well."""
        ...

    def breaker(self, instance: str, state: str) -> None:
        """The instance's breaker is now 'closed', 'open' or 'half-open'."""
        ...

    def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
        """A request to it is over, after so many milliseconds; `ok` unless it failed there."""
        ...


class Listeners:
    """Tells everybody who wants to know."""

    def __init__(self, *listeners: PoolEvents) -> None:
        self._listeners = listeners

    def add(self, listener: PoolEvents) -> None:
        """Tell that one as well, from now on."""
        self._listeners = (*self._listeners, listener)

    def retried(self, instance: str) -> None:
        """A request failed there, and is sent again."""
        for listener in self._listeners:
            listener.retried(instance)

    def hedged(self, instance: str) -> None:
        """A request has waited long there, and is sent to another instance as well."""
        for listener in self._listeners:
            listener.hedged(instance)

    def breaker(self, instance: str, state: str) -> None:
        """The instance's breaker has changed its state."""
        for listener in self._listeners:
            listener.breaker(instance, state)

    def ended(self, instance: str, took_ms: float, *, ok: bool) -> None:
        """A request to it is over."""
        for listener in self._listeners:
            listener.ended(instance, took_ms, ok=ok)


class Purse:
    """Lets a share of all requests be sent twice, and a few more, lest a rare one never may be."""

    def __init__(
        self,
        share: float,
        *,
        floor: float = FLOOR,
        floor_per_s: float = FLOOR_PER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share, self._floor, self._clock = share, floor, clock
        self._floor_per_s = floor_per_s
        self._left, self._then = floor, clock()

    def earn(self) -> None:
        """A request was made."""
        if self._left < MOST:
            self._left += self._share

    def spend(self) -> bool:
        """Pay for one more; False where there is not enough."""
        now = self._clock()
        if self._left < self._floor:
            self._left = min(self._floor, self._left + self._floor_per_s * (now - self._then))
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
