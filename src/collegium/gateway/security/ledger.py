"""What keys have used, in one small SQLite file that every worker of a gateway writes.

SQLite, because it is right where it is hard to be right: several processes, a crash half way, a
power failure. Each change is one transaction that begins by locking out the others, so what is
decided on is what is true. A change takes some 50 microseconds; none waits for the disk, since in
WAL mode only a checkpoint does, and that is made beside the event loop.

Each worker has a row for each key. It says how the buckets, which all share, stood after this
worker's last change, so that of all rows the newest holds; and what this worker has set aside for
requests under way, which counts while the worker lives, as it says again and again. One that dies
leaves nothing set aside for longer than `LEASE_S`, and a request may take as long as it likes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from collegium.errors import LedgerUnavailable
from collegium.gateway.security.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collegium.gateway.security.periods import Periods

LEASE_S = 30.0
VERSION = 1
# How long another's change is waited for where waiting stops everything else: a few changes.
SPIN_S = 0.0005
SPIN_PAUSE_S = 0.00002
OPENING_S = 0.05
CHECKPOINT_EVERY = 4000  # changes, of some 2 kB each in the log
# Pages in a log that others write without a pause; beyond it they have to wait for the disk once.
LONG_LOG = 20_000

_TABLES = """
CREATE TABLE IF NOT EXISTS workers (id INTEGER PRIMARY KEY, alive_until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tallies (
    key TEXT, worker INTEGER, turn INTEGER NOT NULL,
    requests REAL NOT NULL, tokens REAL NOT NULL, at REAL NOT NULL,
    running INTEGER NOT NULL, held INTEGER NOT NULL, PRIMARY KEY (key, worker)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending (
    key TEXT, period TEXT, nano_usd INTEGER NOT NULL, PRIMARY KEY (key, period)
) WITHOUT ROWID;
"""
# A worker lives until its time is over. One with more time than anybody gets wrote it before the
# machine began anew, and its clock with it.
_ALIVE = "alive_until > ?1 AND alive_until <= ?1 + ?2"
# SQLite takes the columns beside a max() from the row that has it.
_READ = f"""
SELECT max(turn), requests, tokens, at,
    sum(running) FILTER (WHERE worker <> ?5 AND {_ALIVE}),
    sum(held) FILTER (WHERE worker <> ?5 AND {_ALIVE}),
    (SELECT nano_usd FROM spending WHERE key = ?3 AND period = ?4)
FROM tallies LEFT JOIN workers ON id = worker WHERE key = ?3
"""  # noqa: S608 -- of constants
_TALLY = "INSERT OR REPLACE INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SPENDING = """
INSERT INTO spending VALUES (?1, ?2, ?5), (?1, ?3, ?5), (?1, ?4, ?5)
ON CONFLICT DO UPDATE SET nano_usd = nano_usd + excluded.nano_usd
"""
_LEASE = "INSERT OR REPLACE INTO workers VALUES (?, ?)"
# Never the newest row: it says what is set aside, and nothing of the buckets.
_HELD = """
INSERT INTO tallies VALUES (?, ?, 0, 0, 0, 0, ?, ?)
ON CONFLICT DO UPDATE SET running = excluded.running, held = excluded.held
"""
# The machine began anew, and its clock with it: the buckets flow from now on.
_BEGIN_ANEW = "UPDATE tallies SET at = ?1 WHERE at > ?1"
_BURY = f"DELETE FROM workers WHERE NOT ({_ALIVE})"  # noqa: S608 -- of constants
# Of those who died only what the buckets held last is still of use.
_FORGET = """
DELETE FROM tallies WHERE worker NOT IN (SELECT id FROM workers)
AND turn < (SELECT max(turn) FROM tallies AS others WHERE others.key = tallies.key)
"""


class LedgerLocked(Exception):
    """Another worker is writing just now; try again in a moment."""


class Ledger:
    """One worker's view of the file at `path`, opened when first used; None keeps it in memory.

    Nothing here is to be called from more than one thread, `checkpoint` excepted.
    """

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._me = secrets.randbits(62)
        # By key: how many requests of this worker are under way, and what is set aside for them.
        self._held: dict[str, tuple[int, int]] = {}
        self._lease_ends = 0.0
        self._file: sqlite3.Connection | None = None
        self._changes = 0

    def change(
        self, key: str, period: str, periods: Periods, decide: Callable[[Tally], Tally]
    ) -> Tally:
        """Replace a key's tally by what `decide` makes of it, which may raise to leave it alone.

        Args:
            key: the key's id.
            period: which of the periods counts as spent in the tally.
            periods: those that what is spent by this is written to.
            decide: given the tally as it is, with no other change until it returns.

        Raises:
            LedgerLocked: others were writing for too long.
            LedgerUnavailable: the file cannot be read or written.
        """
        file = self._begun()
        try:
            turn, before = self._read(file, key, period)
            after = decide(before)
            held = self._held_after(key, before, after)
            if self._clock() > self._lease_ends - LEASE_S / 2:
                self._renew(file)
            row = (turn + 1, after.requests, after.tokens, after.at, *held)
            file.execute(_TALLY, (key, self._me, *row))
            if after.spent != before.spent:
                file.execute(_SPENDING, (key, *periods, after.spent - before.spent))
            file.execute("COMMIT")
        except sqlite3.Error as error:
            self._drop()
            raise _unavailable(error) from error
        except BaseException:
            self._undo(file)
            raise
        self._held[key] = held
        self._changes += 1
        return after

    def read(self, key: str, period: str) -> Tally:
        """A key's tally as it is.

        Raises:
            LedgerUnavailable: the file cannot be read.
        """
        try:
            return self._read(self._opened(), key, period)[1]
        except sqlite3.Error as error:
            self._drop()
            raise _unavailable(error) from error

    def renew(self) -> None:
        """Say that this worker lives, and what it has set aside.

        Raises:
            LedgerLocked: others were writing for too long.
            LedgerUnavailable: the file cannot be written.
        """
        file = self._begun()
        try:
            self._renew(file)
            file.execute("COMMIT")
        except sqlite3.Error as error:
            self._drop()
            raise _unavailable(error) from error

    @property
    def wants_checkpoint(self) -> bool:
        """Whether the log has become long."""
        return self._changes >= CHECKPOINT_EVERY

    def checkpoint(self) -> None:
        """Carry the log over into the file. Waits for the disk: for a thread of its own."""
        self._changes = 0
        if self.path is None:
            return
        # What fails now is tried again after as many changes; the log only grows.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.path, timeout=1)) as file:
            # The log begins anew once all of it was carried over with nobody writing meanwhile.
            _, log, _ = file.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if log > LONG_LOG:
                file.execute("PRAGMA wal_checkpoint(RESTART)")

    def close(self) -> None:
        """Leave: nothing is set aside by this worker any more."""
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.execute(
                    "UPDATE tallies SET running = 0, held = 0 WHERE worker = ?", (self._me,)
                )
                self._file.execute("DELETE FROM workers WHERE id = ?", (self._me,))
        self._drop()

    def _read(self, file: sqlite3.Connection, key: str, period: str) -> tuple[int, Tally]:
        """The turn of the newest row, and the tally."""
        now = self._clock()
        row = file.execute(_READ, (now, LEASE_S, key, period, self._me)).fetchone()
        turn, requests, tokens, at, running, held, spent = row
        running_here, held_here = self._held.get(key, (0, 0))
        return turn or 0, Tally(
            requests=requests or 0.0,
            tokens=tokens or 0.0,
            at=now if at is None else at,
            spent=spent or 0,
            held=(held or 0) + held_here,
            running=(running or 0) + running_here,
        )

    def _held_after(self, key: str, before: Tally, after: Tally) -> tuple[int, int]:
        running, held = self._held.get(key, (0, 0))
        return running + after.running - before.running, held + after.held - before.held

    def _renew(self, file: sqlite3.Connection) -> None:
        ends = self._clock() + LEASE_S
        file.execute(_LEASE, (self._me, ends))
        # Where this worker was thought dead, its rows may be gone.
        self._held = {key: held for key, held in self._held.items() if held[0]}
        file.executemany(_HELD, [(key, self._me, *held) for key, held in self._held.items()])
        self._lease_ends = ends

    def _begun(self) -> sqlite3.Connection:
        """The file with a transaction begun, and all others locked out."""
        give_up = time.perf_counter() + SPIN_S
        while True:
            try:
                file = self._opened()
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if not _locked(error):
                    self._drop()
                    raise _unavailable(error) from error
                if time.perf_counter() > give_up:
                    raise LedgerLocked("others keep writing") from error
                time.sleep(SPIN_PAUSE_S)
            else:
                return file

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            self._file = self._open()
        return self._file

    def _open(self) -> sqlite3.Connection:
        try:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise _unavailable(error) from error
        file = sqlite3.connect(self.path or ":memory:", isolation_level=None, timeout=OPENING_S)
        try:
            file.execute("PRAGMA page_size = 1024")  # a change rewrites whole pages
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = NORMAL")
            file.execute(f"PRAGMA wal_autocheckpoint = {LONG_LOG * 5}")
            self._prepare(file)
            file.execute("PRAGMA busy_timeout = 0")
        except BaseException:
            file.close()
            raise
        return file

    def _prepare(self, file: sqlite3.Connection) -> None:
        """Make the tables where there are none, and forget workers that have died."""
        file.execute("BEGIN IMMEDIATE")
        (version,) = file.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise _unavailable(
                ValueError(
                    f"it was written by another version of collegium (its format is {version}, "
                    f"this one's {VERSION}); remove it to count anew"
                )
            )
        for statement in _TABLES.split(";"):
            file.execute(statement)
        file.execute(f"PRAGMA user_version = {VERSION}")
        file.execute(_BURY, (self._clock(), LEASE_S))
        file.execute(_FORGET)
        file.execute(_BEGIN_ANEW, (self._clock(),))
        file.execute("COMMIT")

    def _undo(self, file: sqlite3.Connection) -> None:
        try:
            file.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()

    def _drop(self) -> None:
        """Let go of the file; the next change opens it anew."""
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()
        self._file = None
        self._lease_ends = 0.0


def _unavailable(error: Exception) -> LedgerUnavailable:
    """What clients may know, for which `error` is the cause."""
    told = LedgerUnavailable(
        "what keys have used cannot be written down just now; a key with a budget has to wait"
    )
    told.__cause__ = error
    return told


def _locked(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    }
