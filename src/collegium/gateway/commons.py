"""What the workers of one server have in common: what was decided, and who called which tools.

It lies in a SQLite file in the run's own temporary folder, and goes with it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from collegium.gateway.decisions import Account

logger = logging.getLogger(__name__)

# So long accounts are gathered before they are written.
GATHER_S = 0.02
WAIT_S = 5.0
# So long a request may be held up for what is only good to know.
HURRIED_S = 0.05
LOOPS = 20_000
SCHEMA = """
    CREATE TABLE IF NOT EXISTS accounts (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, at REAL NOT NULL, told BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS by_time ON accounts (at);
    CREATE TABLE IF NOT EXISTS holders (
        session TEXT NOT NULL, call TEXT NOT NULL, expert TEXT NOT NULL, model TEXT NOT NULL,
        at REAL NOT NULL, PRIMARY KEY (session, call)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS held_by_time ON holders (at);
"""


class Commons:
    """The common memory at `path`; of accounts about the latest `capacity` are kept.

    Accounts are written a moment later and in a thread, so that no request waits for it; who called
    a tool is written at once, since the result may come to another worker within milliseconds.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        self._path, self._capacity = path, capacity
        self._connection = self._opened(HURRIED_S)
        self._connection.executescript(SCHEMA)
        self._waiting: dict[str, Account] = {}
        self._writing: asyncio.Task[None] | None = None

    def _opened(self, wait_s: float) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=wait_s, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives the server
        return connection

    def keep(self, account: Account) -> None:
        """Take down an account as it will be in a moment."""
        self._waiting[account.id] = account
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_S)
            accounts, self._waiting = self._waiting, {}
            rows = [
                (one.id, one.owner, one.at, msgspec.json.encode(one.told()))
                for one in accounts.values()
            ]
            try:
                await asyncio.to_thread(self._insert, rows)
            except sqlite3.Error as error:
                logger.warning("decisions could not be shared with other workers: %s", error)

    def _insert(self, rows: Iterable[tuple[str, str, float, bytes]]) -> None:
        with closing(self._opened(WAIT_S)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?)", rows)
            connection.execute(
                "DELETE FROM accounts WHERE at < "
                "(SELECT at FROM accounts ORDER BY at DESC LIMIT 1 OFFSET ?)",
                (self._capacity,),
            )
            connection.execute(
                "DELETE FROM holders WHERE at < "
                "(SELECT at FROM holders ORDER BY at DESC LIMIT 1 OFFSET ?)",
                (LOOPS,),
            )
            connection.execute("COMMIT")

    async def account(self, identity: str) -> tuple[str, dict[str, Any]] | None:
        """The owner of an account, and the account as it is told; None if nobody has it.

        It may be on its way here, so that it is looked for twice.
        """
        query = "SELECT owner, told FROM accounts WHERE id = ?"
        found = self._connection.execute(query, (identity,)).fetchone()
        if found is None:
            await asyncio.sleep(5 * GATHER_S)
            found = self._connection.execute(query, (identity,)).fetchone()
        return None if found is None else (found[0], msgspec.json.decode(found[1]))

    def latest(self, owner: str | None, most: int) -> list[dict[str, Any]]:
        """The latest accounts of an owner, or of all, newest first."""
        rows = self._connection.execute(
            "SELECT told FROM accounts WHERE owner = ? OR ? IS NULL ORDER BY at DESC LIMIT ?",
            (owner, owner, most),
        )
        return [msgspec.json.decode(told) for (told,) in rows]

    def hold(self, session: str, calls: Iterable[str], expert: str, model: str) -> None:
        """Take down who called tools, by the ids of the calls; or do without, if that takes long.

        That the results may come to somebody else costs less than an answer held up or lost.
        """
        now = time.time()
        with suppress(sqlite3.OperationalError):
            self._connection.executemany(
                "INSERT OR REPLACE INTO holders VALUES (?, ?, ?, ?, ?)",
                [(session, call, expert, model, now) for call in calls],
            )

    def holder(self, session: str, call: str) -> tuple[str, str] | None:
        """Who called a tool: expert and model; None if nobody did."""
        found: tuple[str, str] | None = None
        with suppress(sqlite3.OperationalError):
            found = self._connection.execute(
                "SELECT expert, model FROM holders WHERE session = ? AND call = ?", (session, call)
            ).fetchone()
        return found

    async def aclose(self) -> None:
        """Write what waits, and let go of the file."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        self._connection.close()
