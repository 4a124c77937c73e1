"""How an expert's load and record are kept right, whatever way its work ends.

A *lease* is one query in an expert's hands. It begins when `process` or `stream` is entered and
ends when that ends: with an answer, an error, a cancellation, or a stream that its reader walked
away from. A call that an expert makes to itself while it holds a lease (`process` joining `stream`,
`super().process()`) is part of that lease, which a context variable tells; it is set only while the
expert's own code runs, never across a `yield`, so two streams read in turn are two leases.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator

    from collegium.types import Chunk, Query

TAKEN_FOR_GRANTED, FORGETTING = 10.0, 0.98

_held: ContextVar[tuple[Lease, ...]] = ContextVar("leases held by the running code", default=())


class Ledger:
    """One expert's numbers: leases now, and outcomes so far."""

    def __init__(self) -> None:
        self.leases = 0
        self.total = 0
        self.successes = 0.0
        self.total_latency_ms = 0.0
        self._own = 0
        self._recent, self._recent_successes = 0.0, 0.0

    @property
    def load(self) -> int:
        """Queries in flight: as counted here, or as the expert counts itself, never their sum."""
        return max(self.leases, self._own)

    def count_own(self, value: int) -> None:
        """The expert sets its own load to `value`: keep what that adds to what it had set."""
        self._own = max(0, self._own + value - self.load)

    @property
    def success_rate(self) -> float:
        """Successes divided by outcomes; 1.0 before the first."""
        return self.successes / self.total if self.total else 1.0

    @property
    def mean_latency_ms(self) -> float:
        """Mean latency of the outcomes; 0.0 before the first."""
        return self.total_latency_ms / self.total if self.total else 0.0

    @property
    def reliability(self) -> float:
        """The share of recent outcomes that were answers, above 0 and up to 1.

        An outcome counts 2 % less with every later one, and ten answers are taken for granted, so
        that one failure does not condemn a newcomer.
        """
        return (TAKEN_FOR_GRANTED + self._recent_successes) / (TAKEN_FOR_GRANTED + self._recent)

    def record(self, *, success: bool, latency_ms: float) -> None:
        """Add an outcome; the lease it is told in, if any, counts as told."""
        lease = self.lease()
        if lease is not None:
            lease.told = True
        self.total += 1
        self.successes += success
        self.total_latency_ms += max(0.0, latency_ms)
        self._recent = self._recent * FORGETTING + 1
        self._recent_successes = self._recent_successes * FORGETTING + success

    def lease(self) -> Lease | None:
        """The lease on this expert that the running code is part of."""
        return next((lease for lease in _held.get() if lease.ledger is self), None)


class Lease:
    """One query in an expert's hands."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.started = time.perf_counter()
        self.told = False
        self.answered = False

    @contextmanager
    def holding(self) -> Generator[None]:
        """Mark the code that runs inside as part of this lease."""
        token = _held.set((*_held.get(), self))
        try:
            yield
        finally:
            _held.reset(token)


@contextmanager
def leased(expert: Any) -> Generator[Lease]:
    """Hold a lease on `expert`; at its end tell `update_stats` how it went, unless it was told."""
    ledger: Ledger = expert._ledger  # noqa: SLF001 -- the ledger is the expert's and this module's
    lease = Lease(ledger)
    ledger.leases += 1
    success: bool | None = True
    try:
        yield lease
    except (asyncio.CancelledError, GeneratorExit):
        # Nobody waits any more. That says nothing of the expert, unless it had already answered.
        success = True if lease.answered else None
        raise
    except BaseException:
        success = False
        raise
    finally:
        ledger.leases -= 1
        if success is not None and not lease.told:
            expert.update_stats(success, (time.perf_counter() - lease.started) * 1000)


def count_process(
    process: Callable[[Any, Query], Coroutine[Any, Any, Any]],
) -> Callable[[Any, Query], Coroutine[Any, Any, Any]]:
    """`process`, counted."""

    @wraps(process)
    async def counted(self: Any, query: Query) -> Any:
        if self._ledger.lease() is not None:
            return await process(self, query)
        with leased(self) as lease, lease.holding():
            return await process(self, query)

    return counted


def count_stream(
    stream: Callable[[Any, Query], AsyncGenerator[Chunk]],
) -> Callable[[Any, Query], AsyncGenerator[Chunk]]:
    """`stream`, counted from its first piece on."""

    @wraps(stream)
    async def counted(self: Any, query: Query) -> AsyncGenerator[Chunk]:
        if self._ledger.lease() is not None:
            async with aclosing(stream(self, query)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        with leased(self) as lease:
            async with aclosing(stream(self, query)) as chunks:
                while True:
                    with lease.holding():
                        try:
                            chunk = await anext(chunks)
                        except StopAsyncIteration:
                            return
                    lease.answered = lease.answered or chunk.answer is not None
                    yield chunk

    return counted
