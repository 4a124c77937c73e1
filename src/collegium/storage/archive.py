"""The store as it is used: a database, and a writer before it."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from collegium.errors import Conflict, StorageError
from collegium.storage import retention, statements
from collegium.storage.database import Unavailable
from collegium.storage.rows import stored
from collegium.storage.store import Holdings, State
from collegium.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from collegium.storage.database import Database, Run
    from collegium.storage.records import Stored
    from collegium.storage.store import Standing

PAGE = 1000
FLUSH_POLL_S = 0.005


class Archive:
    """A `Store` in a database: `queue` records may wait, and are deleted after `keep_days`.

    Raises:
        StorageError: the database can never be used. One that cannot just now is opened, and says
            so in `standing`.
    """

    def __init__(
        self,
        database: Database,
        *,
        queue: int = 10_000,
        keep_days: float | None = 90.0,
        clock: Callable[[], float] = time.time,
        origin: str | None = None,
    ) -> None:
        self.origin = origin or secrets.token_hex(4)
        self._database = database
        self._writer = Writer(
            database,
            capacity=queue,
            origin=self.origin,
            chore=retention.Retention(database, keep_days, clock=clock).step,
            failing=_hindrance(database),
        )
        self.append = self._writer.take

    async def flush(self) -> None:
        """Wait until what was appended before is written; no longer where that fails just now."""
        writer = self._writer
        due = writer.due()
        while writer.settled < due and not writer.failing:
            writer.hurry()
            await asyncio.sleep(FLUSH_POLL_S)

    def records(
        self,
        *,
        kinds: Sequence[str] = (),
        since: float | None = None,
        until: float | None = None,
        query: str = "",
        expert: str = "",
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[Stored]:
        """The records by their numbers, a page at a time."""
        statement, values = statements.selection(
            kinds=kinds, since=since, until=until, query=query, expert=expert
        )
        if since is not None:
            after = max(after, self._before(since))
        left = limit
        while left is None or left > 0:
            most = PAGE if left is None else min(PAGE, left)
            page = self._read(statement, after=after, most=most, **values)
            yield from map(stored, page)
            if len(page) < most:
                return
            after = page[-1][0]
            left = None if left is None else left - most

    def latest(self) -> int:
        """The number of the newest record, 0 where there is none."""
        return self._read(statements.LATEST)[0][0] or 0

    def state(self, name: str) -> State | None:
        """The document of that name; None if there is none."""
        rows = self._read(statements.STATE, name=name)
        return State(rows[0][0], msgspec.json.decode(rows[0][1])) if rows else None

    def put_state(self, name: str, value: Any, *, expected: int | None) -> int:
        """Put a JSON value in the place of a document, and return its version, which is new."""
        told = msgspec.json.encode(value).decode()

        def put(run: Run) -> int:
            rows = run(statements.STATE, name=name)
            there: int = rows[0][0] if rows else 0
            if expected is not None and expected != there:
                raise Conflict(
                    f"{name!r} is at version {there}, not {expected}: it was changed meanwhile; "
                    "read it again"
                )
            run(statements.PUT_STATE, name=name, version=there + 1, value=told)
            return there + 1

        with _told():
            return self._database.exclusively(put)

    def standing(self) -> Standing:
        """How it is doing."""
        return self._writer.standing()

    def holdings(self) -> Holdings:
        """What lies in it."""
        with _told():
            size_bytes = self._database.size_bytes()
        rows = self._read(statements.COUNTS)
        return Holdings(
            size_bytes,
            {kind: count for kind, count, _, _ in rows},
            min((oldest for _, _, oldest, _ in rows), default=None),
            max((newest for _, _, _, newest in rows), default=None),
        )

    def erase(self, before: float) -> int:
        """Delete the records from before a time, in batches, and return how many that were."""
        erased = 0
        with _told():
            while batch := retention.erase(self._database, before, retention.BATCH):
                erased += batch
        return erased

    def vacuum(self) -> None:
        """Give back the room of what was deleted."""
        with _told():
            self._database.compact()

    async def aclose(self) -> None:
        """Write what waits, for at most two seconds where that fails, and let go."""
        await asyncio.to_thread(self._writer.close)

    def _read(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        with _told():
            return self._database.read(statement, **values)

    def _before(self, since: float) -> int:
        """A number below all records since that time, so that older ones need not be read."""
        first = self._read(statements.FIRST_SINCE, since=since)[0][0]
        return 0 if first is None else first - 1


def _hindrance(database: Database) -> str:
    """Why nothing can be written just now; empty if it can."""
    try:
        database.write(())
    except Unavailable as error:
        return str(error)
    return ""


@contextmanager
def _told() -> Generator[None]:
    """What may pass, as those who asked are told of it."""
    try:
        yield
    except Unavailable as error:
        raise StorageError(str(error)) from error
