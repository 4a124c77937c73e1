"""The record in a SQLite file.

The log is written ahead (WAL), so that readers and the one writer do not wait for each other, and
a process that is killed leaves nothing half done. With `synchronous = NORMAL` only checkpoints wait
for the disk: what is committed outlives the process at once, and a power failure once a checkpoint
was made; no failure corrupts the file.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from collegium.errors import StorageError
from collegium.storage.connections import code_of, number, transaction
from collegium.storage.database import Unavailable
from collegium.storage.migrating import check_known, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from collegium.storage.database import Run
    from collegium.storage.rows import Row

T = TypeVar("T")

# In the header of a file: whose it is.
APPLICATION = int.from_bytes(b"coll")
# How long another process's lock is waited for.
WAIT_S = 1.0
PAUSE_S = 0.01
INSERT = """
    INSERT INTO events (at, kind, query, expert, model, variant, origin, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process keeps it locked; end what does",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked; end what does",
    sqlite3.SQLITE_FULL: "there is no room; free some, or lower storage.keep_days",
    sqlite3.SQLITE_IOERR: "the disk refuses it; see whether it is full or broken",
    sqlite3.SQLITE_READONLY: "let this user write the file and its folder, or set storage.url",
    sqlite3.SQLITE_CANTOPEN: "it must be a file in a folder that this user may write",
    sqlite3.SQLITE_PERM: "let this user write the file and its folder, or set storage.url",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; move it away, and a new one is begun",
}


class SqliteDatabase:
    """The SQLite file at `path`, made with its folder where it is not there yet."""

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        self._path, self._wait_s = path, wait_s
        self._writing: sqlite3.Connection | None = None
        self._identity: tuple[int, ...] = ()

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self._path)

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows over a connection that is kept; to be called by one thread only."""
        with self._translated():
            if self._writing is not None and self._identity != identity(self._path):
                self.close()  # the file was deleted or replaced under it
            try:
                connection = self._kept()
                with transaction(connection):
                    connection.executemany(INSERT, rows)
            except BaseException:
                self.close()
                raise

    def read(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        """The rows of a statement, read over a connection of its own."""
        with self._translated(), closing(self._connected("rw")) as connection:
            return connection.execute(statement, values).fetchall()

    def exclusively(self, work: Callable[[Run], T]) -> T:
        """Do `work` in a transaction of its own connection, which locks out other writers."""
        with self._translated(), closing(self._prepared()) as connection:

            def run(statement: str, **values: Any) -> list[Sequence[Any]]:
                return connection.execute(statement, values).fetchall()

            with transaction(connection):
                return work(run)

    def compact(self) -> None:
        """Write the file anew without its empty pages, and shorten the log to nothing."""
        with self._translated(), closing(self._prepared()) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def size_bytes(self) -> int:
        """The sizes of the file and of its log."""
        paths = (self._path, _log(self._path))
        return sum(path.stat().st_size for path in paths if path.exists())

    def close(self) -> None:
        """Close the connection that is kept."""
        connection, self._writing = self._writing, None
        if connection is not None:
            connection.close()

    def _kept(self) -> sqlite3.Connection:
        if self._writing is None:
            self._writing = self._prepared()
            self._identity = identity(self._path)
        return self._writing

    def _prepared(self) -> sqlite3.Connection:
        """A connection for writing, to a file with all tables."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._connected("rwc")
        try:
            self._recognised(connection)  # another program's file is left as it is
            self._turn_to_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            with transaction(connection):
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self._wait_s,
            isolation_level=None,
            check_same_thread=False,
        )

    def _turn_to_wal(self, connection: sqlite3.Connection) -> None:
        """Have the log written ahead. SQLite itself does not wait for a lock here."""
        until = time.monotonic() + self._wait_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if code_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(PAUSE_S)
            else:
                return

    def _recognised(self, connection: sqlite3.Connection) -> int:
        """The version of the schema of a file that is ours, 0 of an empty one."""
        version = number(connection, "PRAGMA user_version")
        ours = number(connection, "PRAGMA application_id") == APPLICATION
        if not ours and number(connection, "SELECT count(*) FROM sqlite_master"):
            raise StorageError(
                f"{self._path} is a database of something else; name another storage.url"
            )
        check_known(version, "sqlite", self.where)
        return version

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = self._recognised(connection)
        reached = migrate(version, "sqlite", connection.execute, self.where)
        if reached != version:
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {reached}")

    @contextmanager
    def _translated(self) -> Generator[None]:
        """What SQLite and the file system say, as this room says it."""
        try:
            yield
        except sqlite3.Error as error:
            code = code_of(error)
            if code == sqlite3.SQLITE_NOTADB:
                raise StorageError(
                    f"{self._path} is not a database; name another file in storage.url"
                ) from error
            remedy = REMEDIES.get(code, "see whether another program has changed it")
            raise Unavailable(f"{self._path}: {error}; {remedy}") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise Unavailable(
                f"{self._path}: {why}; {REMEDIES[sqlite3.SQLITE_CANTOPEN]}"
            ) from error


def identity(path: Path) -> tuple[int, ...]:
    """What tells a file and its log from others in the same place."""
    return tuple(_inode(part) for part in (path, _log(path)))


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
