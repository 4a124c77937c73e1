"""The SQLite file of an index: its connections, and what its errors mean.

The log is written ahead, so that readers and the one writer do not wait for each other, and a
process that is killed leaves nothing half done.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.errors import IndexUnusable
from collegium.knowledge.index.place import (
    condemn,
    is_condemned,
    make_file,
    set_aside,
    translated,
)
from collegium.knowledge.index.schema import APPLICATION, TABLES, VERSION
from collegium.storage.connections import code_of, number, transaction

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

# How long a lock of another process is waited for.
WAIT_S: Final = 30.0
# How many connections for reading are kept while nobody reads.
KEPT: Final = 4
READER_CACHE_KIB: Final = 1024
WRITER_CACHE_KIB: Final = 8192
# What stays of the log after it grew in a large update.
LOG_BYTES: Final = 4 << 20
# A log that is longer is taken into the file; SQLite itself does so after 1,000 pages.
GROWN_BYTES: Final = 8 << 20
_NEVER: Final = "it was never made"
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDIES: Final = {
    sqlite3.SQLITE_BUSY: "another process keeps it locked; end what does",
    sqlite3.SQLITE_IOERR: "the disk refuses it; see whether it is full or broken",
    sqlite3.SQLITE_FULL: "there is no room; free some, or set COLLEGIUM_CACHE",
    sqlite3.SQLITE_READONLY: "let this user write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it must be a file in a folder that this user may write",
    sqlite3.SQLITE_PERM: "let this user write the file and its folder",
}


class Damaged(Exception):
    """The file is no index, one of other makers, or not whole."""


class Missing(Exception):
    """There is no file, or one that nothing was ever written to."""


class Store:
    """The file at `path`. Reading is for any thread; writing for one at a time.

    Args:
        path: the file.
        stamps: what made its rows, by name; rows of other makers count as damage.
    """

    def __init__(self, path: Path, stamps: Mapping[str, int]) -> None:
        self.path, self._stamps = path, stamps
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._identity = 0
        self._mine = threading.local()

    def check(self) -> None:
        """See that the file is an index made by the stamps.

        Raises:
            Missing: there is none.
            Damaged: it is something else.
        """
        with translated(self.path):
            if not self.path.exists() or self.path.stat().st_size == 0:
                raise Missing(_NEVER)
        if is_condemned(self.path):
            raise Damaged("it was found damaged")
        with self._translated(), self._borrowed():
            pass

    def create(self, first_generation: int) -> None:
        """Make the tables in a file that is new or empty; one that has them is left as it is."""
        make_file(self.path)
        with self._translated(), closing(self._connected(WRITER_CACHE_KIB)) as connection:
            if number(connection, "PRAGMA user_version"):
                return
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            with transaction(connection):
                for statement in TABLES.split(";\n"):
                    connection.execute(statement)
                rows = [*self._stamps.items(), ("generation", first_generation)]
                connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")

    def take_vectors(self, other: Path) -> None:
        """Copy the vectors of another index, where it has the same tables and can be read."""
        with suppress(IndexUnusable, Damaged), self.writing() as connection:
            connection.execute("ATTACH ? AS other", (_address(other),))
            if number(connection, "PRAGMA other.user_version") == VERSION:
                with transaction(connection):
                    connection.execute("INSERT OR IGNORE INTO vectors SELECT * FROM other.vectors")

    def set_aside(self) -> Path:
        """Move the broken file away, and say where to."""
        self.close()
        return set_aside(self.path)

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A connection for reading; within `snapshot`, the one of this thread's snapshot.

        Raises:
            IndexUnusable: the file cannot be read, is damaged, or has nothing in it.
        """
        mine: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if mine is not None:
            yield mine
            return
        try:
            with self._translated(), self._borrowed() as connection:
                yield connection
        except Missing as missing:
            raise IndexUnusable(
                f"the index {self.path} cannot be used, since {missing}; `collegium index` makes it"
            ) from missing
        except Damaged as damage:
            raise self.unusable(damage) from damage

    def unusable(self, damage: Damaged) -> IndexUnusable:
        """The error to raise over damage that shows; the next update will mend it."""
        condemn(self.path)
        return IndexUnusable(
            f"the index {self.path} cannot be used, since {damage}; the next `collegium index` "
            "makes it anew"
        )

    @contextmanager
    def snapshot(self) -> Generator[sqlite3.Connection]:
        """A connection for reading; all that this thread reads within is of one world."""
        with self.reading() as connection:
            if connection.in_transaction:  # a snapshot within one
                yield connection
                return
            connection.execute("BEGIN")
            self._mine.connection = connection
            try:
                yield connection
            finally:
                self._mine.connection = None
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self, *, promptly: bool = False) -> Generator[sqlite3.Connection]:
        """A connection for writing, of its own.

        SQLite takes a log that has grown into the file as a part of the commit that meets it.
        `promptly` puts that off until all is committed, so that nobody waits for it; it is for
        little.
        """
        with self._translated(), closing(self._connected(WRITER_CACHE_KIB)) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}").fetchall()
            if promptly:
                connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
            yield connection
            if promptly and self.log_bytes > GROWN_BYTES:
                connection.execute("PRAGMA wal_checkpoint").fetchall()

    @property
    def log_bytes(self) -> int:
        """How large the log is."""
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _borrowed(self) -> Generator[sqlite3.Connection]:
        """A connection to the file that is at the path now, not to one that was there before."""
        identity = self._identify()
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connected(READER_CACHE_KIB)
        try:
            yield connection
        finally:
            self._put_back(connection, identity)

    def _identify(self) -> int:
        """The number of the file, which none gets again while it is open here."""
        try:
            identity = self.path.stat().st_ino
        except FileNotFoundError:
            identity = 0
        if identity != self._identity:
            self.close()
            with closing(self._connected(READER_CACHE_KIB)) as connection:
                _recognise(connection, self._stamps)
            self._identity = identity
        return identity

    def _put_back(self, connection: sqlite3.Connection, identity: int) -> None:
        with self._lock:
            if identity == self._identity and len(self._idle) < KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def _connected(self, cache_kib: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            _address(self.path),
            uri=True,
            timeout=WAIT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        return connection

    @contextmanager
    def _translated(self) -> Generator[None]:
        """What SQLite and the file system say, as this room says it."""
        try:
            yield
        except (msgspec.DecodeError, zlib.error) as error:
            raise Damaged(f"a row of it cannot be read: {error}") from error
        except sqlite3.Error as error:
            code = code_of(error)
            if code in _DAMAGE:
                raise Damaged(str(error)) from error
            remedy = _REMEDIES.get(code, "see whether another program has changed it")
            raise IndexUnusable(f"the index {self.path}: {error}; {remedy}") from error


def _address(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=rw"


def _recognise(connection: sqlite3.Connection, stamps: Mapping[str, int]) -> None:
    if not number(connection, "SELECT count(*) FROM sqlite_master"):
        raise Missing(_NEVER)
    if number(connection, "PRAGMA application_id") != APPLICATION:
        raise Damaged("it is no index")
    if number(connection, "PRAGMA user_version") != VERSION:
        raise Damaged("it was made by another version of collegium")
    kept = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if any(kept.get(name) != stamp for name, stamp in stamps.items()):
        raise Damaged("it was made by another version of collegium")
