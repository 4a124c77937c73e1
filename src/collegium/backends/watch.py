"""Watching one attempt until its reply begins: nobody waits for an instance that is hung."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from collegium.backends.asking import Ask, Attempt, Begun, Ejected, Opened, RivalSpoke
from collegium.backends.breaker import OPEN
from collegium.backends.looking import is_there, look_after
from collegium.errors import BackendError, DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.backends.instance import Instance
    from collegium.backends.resilience import Purse, Resilience
    from collegium.backends.standing import Waits

T = TypeVar("T", bound=Opened)
# How much longer than usual one waits before an instance is looked at: times the 95th percentile.
UNUSUAL = 2.0
USUAL = 0.95
# But never longer than so many times the wait after which one is suspected at the soonest.
LONGEST = 2.0


class Watch:
    """Makes attempts, and keeps an eye on them.

    An attempt that has waited longer than is usual at its instance makes somebody look there. Where
    nothing answers, the breaker opens and every request that has got nothing there, and could go
    elsewhere, is called off. Where something does, the instance is only slow, and another one may
    be asked as well; whichever speaks first is heard.
    """

    def __init__(self, settings: Resilience, hedges: Purse, *, clock: Callable[[], float]) -> None:
        self._settings, self._hedges, self._clock = settings, hedges, clock

    async def attempt(self, instance: Instance, ask: Ask[T], *, alone: bool = False) -> Begun[T]:
        """Ask one instance, at which a place has been taken; what has begun may be a rival's.

        Args:
            instance: who is asked.
            ask: what is asked.
            alone: whether nobody else may be asked as well.

        Raises:
            Ejected: nothing comes from there, and the request may go elsewhere.
            DeadlineExceeded: the deadline passed first.
            BackendError: it failed.
        """
        condition, started = instance.condition, self._clock()
        attempt = Attempt(instance, ask)
        timers = self._timers(attempt, alone=alone)
        condition.beginning.add(attempt)
        condition.breaker.asked()
        try:
            reply = await ask.open(instance, ask.left_s())
        except BackendError as error:
            failure: Exception = attempt.called_off(error) or error
            self._failed(instance, error, started)
        except BaseException as error:  # noqa: BLE001 -- raised again, unless it was our doing
            condition.recent.given_up((self._clock() - started) * 1000)
            condition.breaker.left()
            why = attempt.called_off(error)
            if why is None or isinstance(why, DeadlineExceeded):
                attempt.send_rival_away()
                raise why or error from None
            failure = why
        else:
            attempt.send_rival_away()
            reply.ttft_ms = (self._clock() - started) * 1000
            condition.began(reply.ttft_ms, streamed=ask.streamed)
            return Begun(instance, reply, streamed=ask.streamed, started=started, clock=self._clock)
        finally:
            attempt.over = True
            condition.beginning.discard(attempt)
            for timer in timers:
                timer.cancel()
        if attempt.rival is None:
            raise failure
        try:
            begun: Begun[T] = await attempt.rival
        except BaseException:
            attempt.send_rival_away()
            raise
        return begun

    def _failed(self, instance: Instance, error: BackendError, started: float) -> None:
        condition = instance.condition
        condition.failed(error)
        condition.events.ended(condition.label, (self._clock() - started) * 1000, ok=False)
        look_after(instance, self._settings.probe_s)

    def _timers(self, attempt: Attempt, *, alone: bool) -> list[asyncio.TimerHandle]:
        loop, ask = asyncio.get_running_loop(), attempt.ask
        waits = attempt.instance.condition.waits[ask.streamed]
        timers = [loop.call_later(self._patience_s(waits), self._suspect, attempt)]
        if ask.deadline is not None:
            timers.append(loop.call_at(ask.deadline, self._too_late, attempt))
        if self._settings.hedge is not None and not alone:
            wait_ms = waits.quantile(self._settings.hedge)
            if wait_ms is not None:
                timers.append(loop.call_later(wait_ms / 1000, self._hedge, attempt))
        return timers

    def _patience_s(self, waits: Waits) -> float:
        """How long nobody minds that nothing has come."""
        soonest = self._settings.suspect_after_s
        usual_ms = waits.quantile(USUAL)
        if usual_ms is None:
            return soonest
        return min(max(soonest, UNUSUAL * usual_ms / 1000), LONGEST * soonest)

    def _too_late(self, attempt: Attempt) -> None:
        instance = attempt.instance
        attempt.call_off(
            DeadlineExceeded(f"the deadline passed before {instance.where} said anything")
        )
        # Where nobody has the patience that it takes to suspect it, it is looked at all the same.
        self._look_at(instance)

    def _suspect(self, attempt: Attempt) -> None:
        if not attempt.over:
            self._look_at(attempt.instance)

    def _look_at(self, instance: Instance) -> None:
        """Have somebody look whether the instance is there, unless somebody does."""
        condition = instance.condition
        if condition.suspecting is None or condition.suspecting.done():
            condition.suspecting = asyncio.create_task(self._look(instance))

    async def _look(self, instance: Instance) -> None:
        """Look, and again and again while there are requests that have got nothing."""
        settings, condition = self._settings, instance.condition
        while True:
            begun = condition.begun
            there = await is_there(instance.backend, settings.probe_s)
            # A server with much to do may be slow to say that it is there, but it goes on speaking.
            if not there and condition.begun == begun:
                self._eject(instance)
            await asyncio.sleep(LONGEST * settings.suspect_after_s)
            if not condition.beginning:
                return

    def _eject(self, instance: Instance) -> None:
        """Send no more there, and call off what has got nothing and can go elsewhere."""
        condition = instance.condition
        if condition.breaker.state != OPEN:
            condition.breaker.trip()
            look_after(instance, self._settings.probe_s)
        for attempt in tuple(condition.beginning):
            if any(one.condition.breaker.admits for one in attempt.ask.among):
                attempt.call_off(
                    Ejected(f"{instance.where} takes requests and does not answer any")
                )

    def _hedge(self, attempt: Attempt) -> None:
        """Ask another instance as well, where one has room and it may be afforded."""
        if attempt.over or attempt.why is not None:
            return
        others = [
            one
            for one in attempt.ask.among
            if one is not attempt.instance and one.load < 1 and one.condition.breaker.admits
        ]
        if others and self._hedges.spend():
            attempt.instance.condition.events.hedged(attempt.instance.condition.label)
            other = min(others, key=lambda one: one.load)
            attempt.rival = asyncio.create_task(self._rival(attempt, other))
            attempt.rival.add_done_callback(_forget)

    async def _rival(self, attempt: Attempt, instance: Instance) -> Begun[Any]:
        instance.condition.take()
        try:
            begun = await self.attempt(instance, attempt.ask, alone=True)
        except BaseException:
            instance.condition.give_back()
            raise
        if not attempt.call_off(RivalSpoke(f"{instance.where} was the first to answer")):
            await begun.end()  # nobody waits for it any more
        return begun


def _forget(task: asyncio.Task[Any]) -> None:
    """Take notice of how a rival ended, so that nobody complains that nobody did."""
    with suppress(asyncio.CancelledError):
        task.exception()
