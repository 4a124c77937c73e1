"""Getting a reply to begin: as often, and at as many instances, as it may be tried."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from collegium.backends.asking import Ask, Begun, Ejected, Opened
from collegium.backends.queue import Queue
from collegium.backends.resilience import Purse
from collegium.backends.watch import Watch
from collegium.errors import (
    BackendBusy,
    BackendError,
    BackendGarbled,
    BackendTimeout,
    BackendUnavailable,
    StreamCut,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from collegium.backends.choice import Choice
    from collegium.backends.instance import Instance
    from collegium.backends.resilience import Resilience

T = TypeVar("T", bound=Opened)
RETRIED = (BackendUnavailable, BackendTimeout, BackendBusy, BackendGarbled, StreamCut)
# The same instance is not asked again for what it took longer than this to fail at, nor where it
# wants to be left alone for longer.
PATIENCE_S = 2.0
# How often a request may be moved away from an instance that is hung.
MOVES = 8


class Engine:
    """Takes a place, makes an attempt, and where it fails before it has begun makes another.

    Another instance is asked at once; where there is none left, they are all asked again after a
    pause, longer and more random each time. What is asked twice is limited for each request, for
    all of them, and by the deadline.
    """

    def __init__(
        self,
        choice: Choice,
        settings: Resilience,
        *,
        rng: random.Random,
        clock: Callable[[], float],
    ) -> None:
        self._choice, self._settings = choice, settings
        self._rng, self._clock = rng, clock
        self._retries = Purse(settings.retry_budget)
        self._hedges = Purse(settings.hedge_budget, floor=1.0, floor_per_s=0.0)
        self._watch = Watch(settings, self._hedges, clock=clock)
        self.queue = Queue(settings.queue)

    async def begin(self, ask: Ask[T]) -> Begun[T]:
        """A reply that has begun, whoever gives it.

        Raises:
            ExpertBusy: every instance is full, and as many callers wait as may.
            DeadlineExceeded: the deadline passed first.
            BackendError: what the last attempt failed with.
        """
        self._retries.earn()
        self._hedges.earn()
        failed: tuple[Instance, ...] = ()  # since all of them were asked
        failures = 0
        while True:
            instance = await self._place(ask, failed)
            began = self._clock()
            try:
                return await self._attempt(instance, ask)
            except Ejected as ejected:  # nobody works on it there, so nothing is done twice
                failure: BackendError = BackendTimeout(str(ejected))
                failed, paid = (), failures < MOVES
            except RETRIED as error:
                failure, paid = error, False
            failed = (*failed, instance)
            left = ask.without(failed)
            quick = self._clock() - began < PATIENCE_S
            pause_s = 0.0 if left else self._pause_s(failure, failures)
            failures += 1
            if not (left or quick) or not (paid or self._may_retry(failures, pause_s, ask)):
                raise failure
            instance.condition.events.retried(instance.condition.label)
            if not left:
                failed = ()
                await asyncio.sleep(pause_s)

    async def _attempt(self, instance: Instance, ask: Ask[T]) -> Begun[T]:
        """An attempt where a place has been taken, which is given back unless it is needed."""
        try:
            begun = await self._watch.attempt(instance, ask)
        except BaseException:
            instance.condition.give_back()
            raise
        if begun.instance is not instance:  # a rival was heard
            instance.condition.give_back()
        return begun

    async def _place(self, ask: Ask[T], failed: tuple[Instance, ...]) -> Instance:
        """A place at the fittest of those that are left to ask; they may change while one waits."""

        def left() -> tuple[Instance, ...]:
            return ask.without(failed) or ask.among

        def wanted() -> Sequence[Instance]:
            return self._choice.order(left(), ask.prompt, pinned=ask.pinned)

        only, *others = left()
        if not others and only.condition.in_flight < only.capacity:
            only.condition.take()  # there is nothing to choose, nor to wait for
            instance = only
        else:
            instance = await self.queue.take(left, wanted, deadline=ask.deadline)
        if ask.prompt.session:
            self._choice.keep(instance, ask.prompt, pinned=ask.pinned)
        return instance

    def _pause_s(self, failure: BackendError, failures: int) -> float:
        asked_for = (failure.retry_after_s or 0.0) if isinstance(failure, BackendBusy) else 0.0
        longest = self._settings.backoff_s * float(2**failures)
        return asked_for + self._rng.random() * longest

    def _may_retry(self, failures: int, pause_s: float, ask: Ask[T]) -> bool:
        left_s = ask.left_s()
        return (
            failures <= self._settings.retries
            and pause_s <= PATIENCE_S
            and (left_s is None or pause_s < left_s)
            and self._retries.spend()
        )


class Passage(Generic[T]):
    """An ask from its beginning until whoever has it leaves: `async with Passage(...) as reply`."""

    __slots__ = ("_ask", "_begun", "_engine")

    def __init__(self, engine: Engine, ask: Ask[T]) -> None:
        self._engine, self._ask = engine, ask
        self._begun: Begun[T] | None = None

    async def __aenter__(self) -> T:
        self._begun = await self._engine.begin(self._ask)
        return self._begun.reply

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._begun is not None:
            await self._begun.end(error)
