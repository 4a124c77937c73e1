"""Looking after instances that were started here: what hangs or crashed is started again.

Servers that run elsewhere are not this room's: their breakers leave them alone and find out when
they are back.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collegium.backends.absent import Absent
from collegium.backends.breaker import OPEN
from collegium.backends.looking import is_there
from collegium.backends.startable import startable_of
from collegium.errors import CollegiumError
from collegium.events import Quarantined

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from collegium.backends.instance import Instance
    from collegium.backends.replicas import Replicas
    from collegium.backends.startable import Startable
    from collegium.events import Event

logger = logging.getLogger(__name__)

WITHIN_S = 2.0
# So many looks in a row at which nothing is well, over so many seconds, and it is started again.
STRIKES, UNWELL_S = 3, 3.0
# So often; after that it is taken for poisoned. The pause before the next start doubles each time:
# the last start comes when a child that crashed again and again may be started anew (`llamacpp`).
RESTARTS = 4
FIRST_PAUSE_S = 10.0
# As long as it has been well, what was before is forgotten.
WELL_S = 60.0
# How long a poisoned one is left alone, and how long at most when it was so again and again.
AGAIN_S, LATEST_S = 600.0, 7200.0


@dataclass(slots=True)
class Case:
    """What is known of one instance that is looked after, of those there are of its model."""

    instance: Instance
    replicas: Replicas
    strikes: int = 0
    restarts: int = 0
    begun: int = 0
    well_since: float | None = None
    unwell_since: float = 0.0
    not_before: float = 0.0
    again_at: float | None = None
    quarantines: int = 0
    work: asyncio.Task[None] | None = None

    @property
    def at_work(self) -> bool:
        """Whether it is being started."""
        return self.work is not None and not self.work.done()

    def well(self, now: float) -> None:
        """It was looked at, and is well."""
        self.strikes = 0
        self.well_since = now if self.well_since is None else self.well_since
        if now - self.well_since >= WELL_S:
            self.restarts = self.quarantines = 0

    def unwell(self, now: float) -> bool:
        """It was looked at, and is not; whether that has lasted."""
        self.unwell_since = self.unwell_since if self.strikes else now
        self.strikes += 1
        self.well_since = None
        return self.strikes >= STRIKES and now - self.unwell_since >= UNWELL_S


class Care:
    """Starts again what crashed or hangs, with pauses, and takes out what cannot be helped."""

    def __init__(
        self,
        publish: Callable[[Event], None],
        *,
        clock: Callable[[], float],
        within_s: float = WITHIN_S,
    ) -> None:
        self._publish, self._clock, self._within_s = publish, clock, within_s
        self._cases: dict[tuple[str, str], Case] = {}

    def quarantined(self, model: str) -> tuple[Instance, ...]:
        """The instances of a model that are asked no more."""
        return tuple(
            case.instance
            for (name, _), case in self._cases.items()
            if name == model and case.again_at is not None
        )

    def forgive(self, model: str) -> None:
        """Try those that are asked no more at the next look, since somebody wants it."""
        for (name, _), case in self._cases.items():
            if name == model and case.again_at is not None:
                case.again_at = self._clock()

    def keep(self, models: Iterable[Replicas]) -> None:
        """Look after these models alone: what is known of others is forgotten.

        What is being started of others is broken off. Where the only one is asked no more it stands
        for itself again, so that whoever comes to have the model finds it.
        """
        kept = set(models)
        for key, case in tuple(self._cases.items()):
            if case.replicas in kept:
                continue
            del self._cases[key]
            if case.work is not None:
                case.work.cancel()
            if isinstance(case.replicas[0].backend, Absent):
                case.replicas.become([case.instance])

    async def look(self, replicas: Replicas) -> None:
        """Look at each instance that was started here, and see to those that are not well."""
        for (name, _), case in tuple(self._cases.items()):
            due = case.again_at is not None and self._clock() >= case.again_at
            if name == replicas.name and due and not case.at_work:
                self._have(case, self._try_again(case))
        there = [(one, startable_of(one)) for one in replicas]
        await asyncio.gather(
            *(self._look(replicas, one, backend) for one, backend in there if backend)
        )

    async def aclose(self) -> None:
        """Start nothing any more."""
        works = [case.work for case in self._cases.values() if case.work is not None]
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    async def _look(self, replicas: Replicas, instance: Instance, backend: Startable) -> None:
        condition = instance.condition
        key = (instance.name, instance.address)
        case = self._cases.setdefault(key, Case(instance, replicas))
        if case.at_work or backend.state == "starting":
            case.strikes = 0
            return
        there = await is_there(instance.backend, self._within_s)
        begun, case.begun = case.begun, condition.begun
        if condition.begun > begun or (there and condition.breaker.state != OPEN):
            case.well(self._clock())
            return
        lasts = case.unwell(self._clock())
        if not (lasts or backend.state == "asleep") or self._clock() < case.not_before:
            return
        if case.restarts >= RESTARTS:
            await self._quarantine(case, backend)
            return
        case.not_before = self._clock() + FIRST_PAUSE_S * 2**case.restarts
        case.restarts += 1
        case.strikes = 0
        self._have(case, self._restart(case, backend))

    def _have(self, case: Case, work: Coroutine[Any, Any, None]) -> None:
        case.work = asyncio.create_task(work)

    async def _restart(self, case: Case, backend: Startable) -> None:
        logger.warning("%s is not well, and is started again", case.instance.where)
        try:
            await backend.restart()
        except CollegiumError as error:
            logger.warning("%s", error)
        else:
            case.instance.condition.breaker.back()

    async def _quarantine(self, case: Case, backend: Startable) -> None:
        instance, replicas = case.instance, case.replicas
        why = f"{instance.where} was not well after {RESTARTS} new starts, and is asked no more"
        others = [one for one in replicas if one.address != instance.address]
        replicas.become(others or [replace(instance, backend=Absent(why))])
        pause_s = min(LATEST_S, AGAIN_S * 2**case.quarantines)
        case.quarantines += 1
        case.again_at = self._clock() + pause_s
        logger.error("%s; it is tried again in %.0f s", why, pause_s)
        self._publish(Quarantined(instance.condition.label, why))
        await backend.aclose()

    async def _try_again(self, case: Case) -> None:
        instance, replicas = case.instance, case.replicas
        backend = startable_of(instance)
        assert backend is not None  # noqa: S101 -- no other has a case
        try:
            await backend.start()
        except CollegiumError as error:
            pause_s = min(LATEST_S, AGAIN_S * 2**case.quarantines)
            case.quarantines += 1
            case.again_at = self._clock() + pause_s
            logger.warning("%s; it is tried again in %.0f s", error, pause_s)
            return
        case.again_at, case.strikes, case.restarts = None, 0, 0
        instance.condition.breaker.back()
        replicas.become([one for one in replicas if one.address != instance.address] + [instance])
