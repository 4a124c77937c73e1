"""Whether an instance is to be asked, by how it did of late."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from collegium.backends.resilience import BreakerRules

if TYPE_CHECKING:
    from collections.abc import Callable

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"
# How long an instance that asks for fewer requests is left alone at most, whatever it asks for.
LONGEST_REST_S = 60.0


class Breaker:
    """Closed: the instance is asked. Open: it is not. Half-open: one request is let through.

    That one closes the breaker or opens it again, for longer. Nothing here waits or sends; what
    happened is told to it, and `told` hears of every change of state.
    """

    def __init__(
        self,
        rules: BreakerRules | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._rules, self._clock, self._told = rules or BreakerRules(), clock, told
        self._rng = rng or random.Random()  # noqa: S311 -- spreads retries, keeps no secret
        self._state = CLOSED
        self._in_a_row = self._openings = 0
        self._good = self._bad = 0.0
        self._window_began = clock()
        self._until = self._rests_until = 0.0
        self._trying = False

    @property
    def state(self) -> str:
        """'closed', 'open' or 'half-open'."""
        if self._state == OPEN and self._clock() >= self._until:
            return HALF_OPEN
        return self._state

    @property
    def admits(self) -> bool:
        """Whether a request may go there now."""
        if self._state == CLOSED:
            return not self._rests_until or self._clock() >= self._rests_until
        return self.state == HALF_OPEN and not self._trying

    @property
    def open_for_s(self) -> float:
        """How long it stays open, unless it is found to be back sooner."""
        return max(0.0, self._until - self._clock()) if self._state == OPEN else 0.0

    def asked(self) -> None:
        """A request goes there."""
        if self._state != CLOSED:
            if self.state == HALF_OPEN:
                self._change(HALF_OPEN)
            self._trying = True

    def succeeded(self) -> None:
        """A request was answered."""
        self._in_a_row = 0
        self._fade()
        self._good += 1
        if self._state != CLOSED:
            self._close()

    def failed(self) -> None:
        """A request was not answered, for a reason that lies there."""
        self._in_a_row += 1
        self._fade()
        self._bad += 1
        if self._state == HALF_OPEN or (self._state == CLOSED and self._too_many()):
            self.trip()
        self._trying = False

    def left(self) -> None:
        """A request ended in a way that says nothing of the instance."""
        self._trying = False

    def trip(self) -> None:
        """Open, and longer each time: it is known that nothing comes from there."""
        rules = self._rules
        longest = min(rules.max_open_s, rules.open_s * 2 ** min(self._openings, 16))
        self._until = self._clock() + longest * (1 - self._rng.random() / 2)
        self._openings += 1
        self._trying = False
        self._change(OPEN)

    def stay_open(self, seconds: float) -> None:
        """It was looked at, and is still not there: wait for the next look, at most so long."""
        if self._state == OPEN:
            self._until = max(self._until, self._clock() + seconds)

    def back(self) -> None:
        """It was looked at, and is there again: let a request through."""
        if self._state == OPEN:
            self._until = self._clock()

    def rest(self, seconds: float) -> None:
        """Leave it alone for as long as it asks, which is no failure."""
        self._rests_until = self._clock() + min(seconds, LONGEST_REST_S)
        self._trying = False

    def _too_many(self) -> bool:
        rules, requests = self._rules, self._good + self._bad
        return self._in_a_row >= rules.failures or (
            requests >= rules.least and self._bad / requests >= rules.ratio
        )

    def _fade(self) -> None:
        """When a window is over, let it count half in the next one, and then no more."""
        age = (now := self._clock()) - self._window_began
        if age > self._rules.window_s:
            self._window_began = now
            kept = 0.5 if age < 2 * self._rules.window_s else 0.0
            self._good, self._bad = self._good * kept, self._bad * kept

    def _close(self) -> None:
        self._good = self._bad = 0.0
        self._openings = 0
        self._trying = False
        self._change(CLOSED)

    def _change(self, state: str) -> None:
        changed, self._state = state != self._state, state
        if changed:
            self._told(state)
