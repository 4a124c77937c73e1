"""What a key has used, and whether it may have more: arithmetic, with no clock and no storage.

A minute's allowance is a bucket with a hole: what is used flows out again, a sixtieth of the
allowance each second, and there is room for what the bucket can still hold. So a key that was
quiet may use a whole minute's allowance at once, and its limit on average after that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from collegium.errors import BudgetExceeded, RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from collegium.gateway.security.keys import Limits

NANO = 10**9
MOST_NANO_USD = 10**15
MOST_TOKENS = 10**12
MINUTE_S = 60.0
# When to come again where that depends on how long others take.
SOON_S = 1.0


# Structs where the rest of the house has dataclasses: several are made for each request, and they
# are made ten times as fast.
class Demand(Struct, frozen=True):
    """What a request may use at most: tokens, and money in nano-USD (whole numbers add exactly)."""

    tokens: int = 0
    nano_usd: int = 0

    @classmethod
    def of(cls, tokens: float, cost_usd: float) -> Demand:
        """The demand of so many tokens and so much money, rounded up.

        What no request can take (less than nothing, more than a million USD) is taken for the
        nearest that one can: such numbers may come from a backend.
        """
        nano_usd = round(_within(cost_usd * NANO, MOST_NANO_USD), 3)
        return cls(math.ceil(_within(tokens, MOST_TOKENS)), math.ceil(nano_usd))


class Tally(Struct, frozen=True):
    """What a key has used.

    `requests` and `tokens` are what is left in the buckets at `at` (monotonic seconds); `spent` is
    the money of the budget's period and `held` what is set aside for the `running` requests, in
    nano-USD.
    """

    requests: float = 0.0
    tokens: float = 0.0
    at: float = 0.0
    spent: int = 0
    held: int = 0
    running: int = 0

    def drained(self, limits: Limits, now: float) -> Tally:
        """The same at `now`. Where the clock began anew (a restart), nothing has flowed out."""
        gone = max(0.0, now - self.at) / MINUTE_S
        return replace(
            self,
            requests=_flowed(self.requests, limits.requests_per_minute, gone),
            tokens=_flowed(self.tokens, limits.tokens_per_minute, gone),
            at=now,
        )

    def admitting(
        self, demand: Demand, limits: Limits, until_next: Callable[[], float | None]
    ) -> Tally:
        """The tally with one more request under way. It has to be `drained` before.

        `until_next` is asked how long it is to the budget's next period, where it is spent.

        Raises:
            RateLimited: too many under way, or too many requests or tokens in this minute.
            BudgetExceeded: there is not that much money left.
        """
        self._see_to_parallel(limits)
        self._see_to_budget(demand, limits, until_next)
        self._see_to_minute("requests", self.requests, 1, limits.requests_per_minute)
        self._see_to_minute("tokens", self.tokens, demand.tokens, limits.tokens_per_minute)
        return replace(
            self,
            requests=self.requests + 1,
            tokens=self.tokens + demand.tokens,
            held=self.held + demand.nano_usd,
            running=self.running + 1,
        )

    def settling(self, demand: Demand, used: Demand) -> Tally:
        """The tally with a request of that demand ended, which used so much. `drained` before."""
        return replace(
            self,
            tokens=max(0.0, self.tokens + used.tokens - demand.tokens),
            spent=self.spent + used.nano_usd,
            held=self.held - demand.nano_usd,
            running=self.running - 1,
        )

    def _see_to_parallel(self, limits: Limits) -> None:
        if limits.max_parallel is not None and self.running >= limits.max_parallel:
            raise RateLimited(
                f"the key may have {limits.max_parallel} requests under way at once, and has them; "
                "come again when one has ended",
                SOON_S,
            )

    def _see_to_budget(
        self, demand: Demand, limits: Limits, until_next: Callable[[], float | None]
    ) -> None:
        """Refuse what may go beyond the budget; and anything once it is spent, free models too.

        What a request costs is known only when a model has been chosen and has answered.
        """
        if limits.budget_usd is None:
            return
        budget = round(limits.budget_usd * NANO)
        left = budget - self.spent
        if left > 0 and self.held + demand.nano_usd <= left:
            return
        told = f"the key's budget is {_usd(budget)} {_PER[limits.period]}, of which "
        told += f"{_usd(max(0, left))} is left"
        if left > 0 and demand.nano_usd <= left:
            told += f" and {_usd(self.held)} set aside for requests under way; this one may cost "
            raise BudgetExceeded(f"{told}{_usd(demand.nano_usd)}; come again shortly", SOON_S)
        if left > 0:
            told += f"; this request may cost {_usd(demand.nano_usd)}"
        next_s = until_next()
        again = "" if next_s is None else f"; there is more in {_whole(next_s)} s"
        raise BudgetExceeded(told + again, next_s)

    @staticmethod
    def _see_to_minute(what: str, used: float, more: int, limit: int | None) -> None:
        if limit is None or used + more <= limit:
            return
        if more > limit:
            raise RateLimited(
                f"the request takes about {more} {what}, and the key may use {limit} in a minute; "
                "ask for less"
            )
        wait_s = (used + more - limit) * MINUTE_S / limit
        raise RateLimited(
            f"the key may use {limit} {what} in a minute and has {_left(used, limit)} left, where "
            f"this request takes {more}; come again in {_whole(wait_s)} s",
            wait_s,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a key stands, for whoever wants to see it."""

    limits: Limits
    tally: Tally

    @property
    def spent_usd(self) -> float:
        """What the key has spent in its budget's period, in USD."""
        return self.tally.spent / NANO

    @property
    def held_usd(self) -> float:
        """What is set aside for requests under way, in USD."""
        return self.tally.held / NANO

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The `x-ratelimit-*` headers, as OpenAI has them; none where a minute has no limits."""
        return [
            *_headers(b"requests", self.tally.requests, self.limits.requests_per_minute),
            *_headers(b"tokens", self.tally.tokens, self.limits.tokens_per_minute),
        ]


_PER = {"day": "a day", "month": "a month", "total": "in all"}


def _within(value: float, most: int) -> float:
    return min(max(0.0, value), most)


def _flowed(used: float, limit: int | None, minutes: float) -> float:
    return 0.0 if limit is None else max(0.0, used - limit * minutes)


def _left(used: float, limit: int) -> int:
    return max(0, math.floor(limit - used + 1e-6))


def _headers(what: bytes, used: float, limit: int | None) -> Iterable[tuple[bytes, bytes]]:
    if limit is None:
        return
    yield b"x-ratelimit-limit-" + what, b"%d" % limit
    yield b"x-ratelimit-remaining-" + what, b"%d" % _left(used, limit)
    yield b"x-ratelimit-reset-" + what, duration(used * MINUTE_S / limit).encode()


def duration(seconds: float) -> str:
    """Seconds as OpenAI's headers have them: 0s, 20ms, 1.5s, 6m0s."""
    millis = math.ceil(round(seconds * 1000, 3))
    if 0 < millis < 1000:
        return f"{millis}ms"
    minutes, rest = divmod(millis, 60_000)
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _usd(nano: int) -> str:
    """Money for people: cents, and as many digits more as it takes."""
    cents = f"{nano / NANO:.9f}".rstrip("0")
    whole, _, rest = cents.partition(".")
    return f"${whole}.{rest:0<2}"
