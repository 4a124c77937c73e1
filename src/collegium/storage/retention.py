"""How long records are kept.

What is older than `keep_days` is deleted, when a store is opened and every hour, in small batches
between which others write. A clock that jumps ahead would have everything be too old at once; so
each time no more is deleted than lies within one day of the oldest record that is there. A wrong
clock costs at most the oldest day for each hour that it is wrong, and after weeks of rest what is
too old is gone within as many hours as there were days.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from collegium.errors import StorageError
from collegium.storage import statements
from collegium.storage.database import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.storage.database import Database

logger = logging.getLogger(__name__)

DAY_S = 86_400.0
EVERY_S = 3600.0
BATCH = 500
# Between two batches others have a chance to write.
PAUSE_S = 0.05


class Retention:
    """Deletes what is older than `keep_days`, a little at a time; with None nothing ever."""

    def __init__(
        self,
        database: Database,
        keep_days: float | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._keep_days, self._clock = database, keep_days, clock
        self._before: float | None = None

    def step(self) -> float:
        """Delete one batch of what is too old, and return the seconds until the next step."""
        if self._keep_days is None:
            return EVERY_S
        try:
            if self._before is None:
                self._before = self._horizon(self._clock() - self._keep_days * DAY_S)
            if erase(self._database, self._before, BATCH) == BATCH:
                return PAUSE_S
        except (Unavailable, StorageError) as error:
            logger.warning("what is too old stays for now: %s", error)
        self._before = None
        return EVERY_S

    def _horizon(self, too_old: float) -> float:
        oldest = self._database.read(statements.OLDEST)[0][0]
        return too_old if oldest is None else min(too_old, oldest + DAY_S)


def erase(database: Database, before: float, most: int) -> int:
    """Delete at most so many of the records from before a time, and return how many it were.

    Raises:
        Unavailable, StorageError: they cannot be deleted.
    """
    return database.exclusively(
        lambda run: len(run(statements.ERASE, before=before, most=most)),
    )
