"""Those who judge by every record, made by the configuration; what people tell them."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from collegium.errors import Conflict
from collegium.management.drift.drift import Drift
from collegium.oversight.following import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.config import DriftConfig
    from collegium.events import Drifted
    from collegium.storage.store import Store

TRIES = 5


def drift_of(
    settings: DriftConfig,
    publish: Callable[[Drifted], None],
    store: Store | None,
    *,
    clock: Callable[[], float] = time.time,
) -> Judge[Drift]:
    """Who notices changes."""
    recalled = partial(Drift.of, settings=settings, publish=publish)
    return Judge("drift", Drift(settings, publish), recalled, store, clock=clock)


async def acknowledge(judge: Judge[Drift], expert: str | None) -> int:
    """Forget the alarms, or those of one expert ('' is the traffic), in every process; how many.

    Raises:
        StorageError: it cannot be written down.
        Conflict: others are quicker each time.
    """
    for _ in range(TRIES):
        await judge.recall()
        alarms = _alarms(judge.mind, expert)
        judge.mind.acknowledge(expert)
        with suppress(Conflict):
            await judge.save()
            return alarms
    raise Conflict("others change it all the time; look, and try again")


def _alarms(drift: Drift, expert: str | None) -> int:
    alarms = [row["expert"] for row in drift.standing() if row["alarm"] is not None]
    return len(alarms) if expert is None else alarms.count(expert)
