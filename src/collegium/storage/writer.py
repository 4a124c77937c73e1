"""The thread that writes: records wait for it in a bounded queue, and nobody waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from collegium.errors import StorageError
from collegium.storage.database import Unavailable
from collegium.storage.rows import row_of
from collegium.storage.store import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.storage.database import Database
    from collegium.storage.records import Record
    from collegium.storage.rows import Row

logger = logging.getLogger(__name__)

# So long records are gathered before they are written; with the writing that stays below 50 ms.
GATHER_S = 0.02
BATCH = 1000
# How long it waits before it tries again what failed: twice as long each time.
SHORTEST_S, LONGEST_S = 0.1, 5.0
# So long closing goes on trying.
CLOSING_S = 2.0


class Writer:
    """Writes records into `database`, in batches, from a thread of its own.

    At most about `capacity` records wait; what comes then is dropped and counted. What cannot be
    written just now is kept and tried again, with the others behind it. `chore` is called between
    batches: it does a little work, and returns the seconds after which there may be more.
    `failing` is why nothing can be written just now, where that is known already.
    """

    def __init__(
        self,
        database: Database,
        *,
        capacity: int,
        origin: str,
        chore: Callable[[], float],
        failing: str = "",
    ) -> None:
        self.failing = failing
        self._database, self._capacity, self._origin = database, capacity, origin
        self._chore, self._chore_due = chore, time.monotonic()
        self._waiting: deque[Record] = deque()
        self._batch: list[Row] = []
        # What was written, could not be, and was not taken. Of what is taken each record waits, is
        # held, or is settled: under the lock, which is only ever held for a moment.
        self._written = self._lost = self._refused = self._held = 0
        self._counting = threading.Lock()
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._back_off_s = SHORTEST_S if failing else 0.0
        self._closing_until: float | None = None
        self._thread = threading.Thread(target=self._work, name="collegium-record", daemon=True)
        self._thread.start()

    def standing(self) -> Standing:
        """How it is doing."""
        with self._counting:
            dropped, waiting = self._lost + self._refused, self._held + len(self._waiting)
            return Standing(self._database.where, self._written, dropped, waiting, self.failing)

    def take(self, record: Record) -> bool:
        """Have the record written; False where it is dropped."""
        if len(self._waiting) + self._held >= self._capacity or self._closing_until is not None:
            with self._counting:
                self._refused += 1
            return False
        self._waiting.append(record)
        if not self._wake.is_set():
            self._wake.set()
        return True

    def due(self) -> int:
        """What `settled` has to reach for all that was taken until now to be written."""
        with self._counting:
            return self._written + self._lost + self._held + len(self._waiting)

    @property
    def settled(self) -> int:
        """How many of the records that were taken are written, or never will be."""
        return self._written + self._lost

    def hurry(self) -> None:
        """Write what waits now, without gathering more."""
        self._hurry.set()
        self._wake.set()

    def close(self) -> None:
        """Take no more, write what waits if that goes, and end the thread. Blocks."""
        self._closing_until = time.monotonic() + CLOSING_S
        self.hurry()
        self._thread.join()

    def _work(self) -> None:
        while not self._finished():
            self._rest()
            self._take_batch()
            if self._batch or self.failing:
                self._write()
            if not self.failing and time.monotonic() >= self._chore_due:
                self._chore_due = time.monotonic() + self._chore()
        self._abandon()
        self._database.close()

    def _finished(self) -> bool:
        until = self._closing_until
        return until is not None and (not (self._held or self._waiting) or time.monotonic() > until)

    def _abandon(self) -> None:
        with self._counting:
            left = self._held + len(self._waiting)
            self._lost, self._held = self._lost + left, 0
            self._waiting.clear()
        if left:
            logger.warning("%d records were not written: %s", left, self.failing)

    def _rest(self) -> None:
        """Wait until there is something to do, and then for what belongs in the same batch."""
        if self._back_off_s:
            self._hurry.wait(self._back_off_s if self._closing_until is None else SHORTEST_S)
        elif len(self._waiting) < BATCH:
            if not self._waiting:
                self._wake.wait(max(0.0, self._chore_due - time.monotonic()))
            self._hurry.wait(GATHER_S)
        self._hurry.clear()
        self._wake.clear()

    def _take_batch(self) -> None:
        if self._batch:
            return  # it could not be written yet
        with self._counting:
            self._held = min(len(self._waiting), BATCH)
            records = [self._waiting.popleft() for _ in range(self._held)]
        for record in records:
            try:
                self._batch.append(row_of(record, self._origin))
            except Exception as error:  # noqa: BLE001 -- whatever somebody took for a record
                self._settle(lost=1)
                logger.warning("no record, and not written: %r (%s)", record, error)

    def _write(self) -> None:
        try:
            self._database.write(self._batch)
        except (Unavailable, StorageError) as error:
            self._fail(str(error))
            return
        except Exception as error:  # what nobody foresaw must not keep back all that follows
            logger.exception("%d records are lost", len(self._batch))
            self._fail(repr(error))
            self._settle(lost=len(self._batch))
        else:
            self._recover()
            self._settle(written=len(self._batch))
        self._batch = []

    def _settle(self, *, written: int = 0, lost: int = 0) -> None:
        with self._counting:
            self._written += written
            self._lost += lost
            self._held -= written + lost

    def _recover(self) -> None:
        if self.failing:
            logger.warning("the record is written again: %s", self._database.where)
        self.failing, self._back_off_s = "", 0.0

    def _fail(self, why: str) -> None:
        if not self.failing:
            logger.warning("the record is not written just now: %s", why)
        self.failing = why
        self._back_off_s = min(max(2 * self._back_off_s, SHORTEST_S), LONGEST_S)
