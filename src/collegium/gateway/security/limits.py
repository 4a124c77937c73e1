"""Who may have how much: requests and tokens in a minute, requests at once, money in a period."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError, LedgerUnavailable
from collegium.gateway.security import periods
from collegium.gateway.security.ledger import LEASE_S, Ledger, LedgerLocked
from collegium.gateway.security.tally import Demand, Standing, Tally
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from collegium.gateway.security.keys import Key
    from collegium.gateway.security.periods import Periods

logger = logging.getLogger(__name__)

# How long a request waits for its turn to write before it is refused, and between two tries.
LOCKED_S = 2.0
LOCKED_PAUSE_S = 0.002
TEND_S = LEASE_S / 3
# How soon what could not be written is tried again.
AGAIN_S = 1.0


class Grant:
    """Leave for one request; `standing` is how its key stands with it, None without limits."""

    __slots__ = ("_demand", "_settle", "settled", "standing")

    def __init__(
        self, demand: Demand, standing: Standing | None, settle: Callable[[Demand], None] | None
    ) -> None:
        self.standing = standing
        self.settled = settle is None
        self._demand = demand
        self._settle = settle

    def settle(self, usage: Usage | None) -> None:
        """Say what the request used, once and at its end; None: as much as was thought.

        Whoever's client walked away says what had been used until then. Never raises for want of
        storage: what cannot be written now is written later. A second word is not heard.
        """
        if self.settled or self._settle is None:
            return
        self.settled = True
        used = self._demand
        if usage is not None:
            used = Demand.of(usage.prompt_tokens + usage.completion_tokens, usage.cost_usd)
        self._settle(used)


FREE = Grant(Demand(), None, None)


@dataclass(frozen=True, slots=True)
class _Debt:
    """A request that has ended, and is still to be written down."""

    key: Key
    period: str
    periods: Periods
    demand: Demand
    used: Demand


class Limiter:
    """The limits of keys, the same for all workers that keep their ledger at `path`.

    Where the ledger cannot be written, keys with a budget are refused, since nobody could say what
    is left of it; other limits are kept by each worker for itself until it can be again. Keys
    without limits never touch it. Belongs to one event loop.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is opened yet.

        Args:
            path: the ledger's file.
            clock: seconds that only go forward, the same for every process of the machine: for
                minutes and leases.
            wall: seconds since 1970: for days and months.
        """
        self._ledger = Ledger(path, clock=clock)
        self._spare = Ledger(None, clock=clock)
        self._clock, self._wall = clock, wall
        self._debts: deque[_Debt] = deque()
        self._running = 0
        self._broken = False
        self._tending: asyncio.TimerHandle | None = None
        self._checkpoint: asyncio.Future[None] | None = None

    async def admit(self, key: Key, tokens: float = 0, cost_usd: float = 0.0) -> Grant:
        """Leave for a request that uses at most about so many tokens and so much money.

        The grant has to be settled, whatever becomes of the request. A budget cannot be overspent
        by more than requests cost beyond what was thought here.

        Raises:
            RateLimited: the key has too many requests under way or in this minute, or tokens.
            BudgetExceeded: its money is spent, or may be by this request.
            LedgerUnavailable: it has a budget, and what it has used cannot be written down.
        """
        if not key.limits.any:
            return FREE
        demand = Demand.of(tokens, cost_usd)
        try:
            return await self._admit(key, demand, self._ledger)
        except LedgerUnavailable as error:
            self._complain(error)
            if key.limits.budget_usd is not None:
                raise
            return await self._admit(key, demand, self._spare)

    @asynccontextmanager
    async def admitted(
        self, key: Key, tokens: float = 0, cost_usd: float = 0.0
    ) -> AsyncGenerator[Grant]:
        """`admit`, settled at the end of the block where it was not settled inside.

        A block left by an error of the house used nothing, unless it said so; one that ends or is
        cancelled without a word used as much as was thought.

        Raises:
            RateLimited, BudgetExceeded, LedgerUnavailable: as `admit`.
        """
        grant = await self.admit(key, tokens, cost_usd)
        try:
            yield grant
        except CollegiumError:
            grant.settle(Usage())
            raise
        finally:
            grant.settle(None)

    def standing(self, key: Key) -> Standing:
        """How a key stands now; for headers of a refusal, and for whoever administers keys.

        Raises:
            LedgerUnavailable: it cannot be read.
        """
        limits, tally = key.limits, Tally()
        if limits.any:
            period = periods.named(limits.period, periods.at(self._wall()))
            tally = self._ledger.read(key.id, period).drained(limits, self._clock())
        return Standing(limits, tally)

    async def aclose(self) -> None:
        """Write what is still to be written, and let go of the ledger."""
        if self._checkpoint is not None:
            await asyncio.wait([self._checkpoint])
        give_up = self._clock() + LOCKED_S
        while not self._catch_up() and not self._broken:
            await asyncio.sleep(LOCKED_PAUSE_S)
            if self._clock() > give_up:
                break
        if self._tending is not None:
            self._tending.cancel()
        self._ledger.close()
        self._spare.close()

    async def _admit(self, key: Key, demand: Demand, ledger: Ledger) -> Grant:
        limits, wall = key.limits, self._wall()
        now_in = periods.at(wall)
        period = periods.named(limits.period, now_in)

        def decide(tally: Tally) -> Tally:
            drained = tally.drained(limits, self._clock())
            return drained.admitting(
                demand, limits, lambda: periods.until_next(limits.period, wall)
            )

        tally = await self._changed(ledger, lambda: ledger.change(key.id, period, now_in, decide))
        self._running += 1
        self._tend_later(TEND_S)

        def settle(used: Demand) -> None:
            self._running -= 1
            debt = _Debt(key, period, now_in, demand, used)
            if ledger is self._ledger:
                self._debts.append(debt)
                self._catch_up()
            else:
                self._write(debt, ledger)

        return Grant(demand, Standing(limits, tally), settle)

    async def _changed(self, ledger: Ledger, change: Callable[[], Tally]) -> Tally:
        give_up = self._clock() + LOCKED_S
        while True:
            try:
                if ledger is self._ledger:
                    self._pay()
                tally = change()
            except LedgerLocked as error:
                if self._clock() > give_up:
                    raise LedgerUnavailable(
                        "what keys have used is being written by others; come again shortly"
                    ) from error
                await asyncio.sleep(LOCKED_PAUSE_S)
            else:
                self._see_to(ledger)
                return tally

    def _see_to(self, ledger: Ledger) -> None:
        """What a change that was written shows: that it can be, and that the log grows."""
        if ledger is not self._ledger:
            return
        if self._broken:
            self._broken = False
            logger.warning("the ledger %s can be written again", self._ledger.path)
        if ledger.wants_checkpoint and (self._checkpoint is None or self._checkpoint.done()):
            loop = asyncio.get_running_loop()
            self._checkpoint = loop.run_in_executor(None, ledger.checkpoint)

    def _pay(self) -> None:
        """Write down requests that have ended, in their order."""
        while self._debts:
            self._write(self._debts[0], self._ledger)
            self._debts.popleft()

    def _write(self, debt: _Debt, ledger: Ledger) -> None:
        def decide(tally: Tally) -> Tally:
            return tally.drained(debt.key.limits, self._clock()).settling(debt.demand, debt.used)

        ledger.change(debt.key.id, debt.period, debt.periods, decide)

    def _catch_up(self) -> bool:
        """Whether all requests that have ended are written down; if not, they will be."""
        try:
            self._pay()
        except LedgerLocked:
            self._tend_later(LOCKED_PAUSE_S)
            return False
        except LedgerUnavailable as error:
            self._complain(error)
            self._tend_later(AGAIN_S)
            return False
        return True

    def _tend_later(self, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._tending is not None:
            if self._tending.when() <= loop.time() + delay_s:
                return
            self._tending.cancel()
        self._tending = loop.call_later(delay_s, self._tend)

    def _tend(self) -> None:
        """Keep what is set aside from running out while there are requests under way."""
        self._tending = None
        if not self._catch_up() or not self._running:
            return
        try:
            self._ledger.renew()
        except LedgerLocked:
            self._tend_later(LOCKED_PAUSE_S)
        except LedgerUnavailable as error:
            self._complain(error)
        self._tend_later(TEND_S)

    def _complain(self, error: LedgerUnavailable) -> None:
        if not self._broken:
            self._broken = True
            logger.error(
                "the ledger %s cannot be written: %s; until it can be, keys with a budget are "
                "refused, and each worker keeps the other limits for itself",
                self._ledger.path,
                error.__cause__,
            )
