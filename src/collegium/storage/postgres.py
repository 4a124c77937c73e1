"""The record in a PostgreSQL database, in a schema of its own called `collegium`.

Numbers are drawn from a sequence, whose order is not that of the commits: whoever writes therefore
holds one advisory lock until its transaction ends, so that no smaller number appears later. Where
the connection breaks in the moment of a commit, nobody can say whether it was done, and the batch
is written again.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from collegium.errors import StorageError
from collegium.jsonvalues import is_object
from collegium.storage.address import Address
from collegium.storage.database import Unavailable
from collegium.storage.line import Connection, Line
from collegium.storage.migrating import migrate

try:
    import pg8000.native  # pyright: ignore[reportMissingTypeStubs]
    from pg8000.exceptions import Error  # pyright: ignore[reportMissingTypeStubs]
except ImportError as missing:
    raise StorageError(
        "a storage.url of PostgreSQL needs the extra 'postgres': pip install 'collegium[postgres]'"
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from collegium.storage.database import Run
    from collegium.storage.rows import Row

T = TypeVar("T")

BROKEN: tuple[type[Exception], ...] = (Error, OSError)
# How long the server may take to say anything.
TIMEOUT_S = 5.0
# Any number, as long as nobody else takes it for something else: 'coll' in ASCII.
LOCK = "SELECT pg_advisory_xact_lock(1668246636)"
IS_THERE = "SELECT count(*) FROM pg_namespace WHERE nspname = 'collegium'"
INSERT = """
    INSERT INTO events (at, kind, query, expert, model, variant, origin, data)
    SELECT (r->>0)::float8, r->>1, r->>2, r->>3, r->>4, r->>5, r->>6, r->>7
    FROM json_array_elements(:rows) AS r
"""
SIZE = "SELECT pg_total_relation_size('events') + pg_total_relation_size('states')"


class PostgresDatabase:
    """The database at a URL such as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.

    Raises:
        StorageError: the URL is none.
    """

    def __init__(self, url: str) -> None:
        self._address = Address.of(url)
        self._writing, self._shared = Line(self._prepared, BROKEN), Line(self._prepared, BROKEN)

    @property
    def where(self) -> str:
        """The URL without the password."""
        return self._address.shown

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows over a connection that only this method uses."""
        with self._translated(), self._writing.held() as connection, _transaction(connection):
            if rows:
                connection.run(INSERT, rows=msgspec.json.encode(rows).decode())

    def read(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        """The rows of a statement, read over the connection that all but `write` share."""
        with self._translated(), self._shared.held() as connection:
            return connection.run(statement, **values) or []

    def exclusively(self, work: Callable[[Run], T]) -> T:
        """Do `work` in a transaction that holds the lock of all who write."""

        def run(statement: str, **values: Any) -> list[Sequence[Any]]:
            return connection.run(statement, **values) or []

        with self._translated(), self._shared.held() as connection, _transaction(connection):
            return work(run)

    def compact(self) -> None:
        """Write the table anew, however long that takes."""
        line = Line(self._connected, BROKEN)
        with self._translated(), line.held() as connection:
            connection.run("VACUUM (FULL, ANALYZE) events")
        line.close()

    def size_bytes(self) -> int:
        """The sizes of the tables and of their indexes."""
        found: int = self.read(SIZE)[0][0]
        return found

    def close(self) -> None:
        """Close both connections."""
        self._writing.close()
        self._shared.close()

    def _prepared(self) -> Connection:
        """A connection, to a database with all tables."""
        connection = self._connected(TIMEOUT_S)
        try:
            with _transaction(connection):
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self, timeout_s: float | None = None) -> Connection:
        connection = cast(
            "Connection",
            pg8000.native.Connection(
                **self._address.arguments(), timeout=timeout_s, application_name="collegium"
            ),
        )
        connection.run("SET search_path TO collegium")
        return connection

    def _migrate(self, connection: Connection) -> None:
        # CREATE ... IF NOT EXISTS asks for the permission to create even where it is there.
        if not _number(connection, IS_THERE):
            connection.run("CREATE SCHEMA collegium")
            connection.run("CREATE TABLE versions (version INTEGER NOT NULL)")
            connection.run("INSERT INTO versions VALUES (0)")
        version = _number(connection, "SELECT version FROM versions")
        reached = migrate(version, "postgres", connection.run, self.where)
        if reached != version:
            connection.run("UPDATE versions SET version = :reached", reached=reached)

    @contextmanager
    def _translated(self) -> Generator[None]:
        """What the server and the network say, as this room says it."""
        try:
            yield
        except BROKEN as error:
            raise Unavailable(
                f"{self.where}: {_why(error)}; see whether the server is up and lets "
                f"{self._address.user!r} write there"
            ) from error


@contextmanager
def _transaction(connection: Connection) -> Generator[None]:
    """A transaction beside which nobody writes.

    Where it does not end well, the connection is dropped, and the server undoes what was done.
    """
    connection.run("BEGIN")
    connection.run(LOCK)
    yield
    connection.run("COMMIT")


def _number(connection: Connection, statement: str) -> int:
    rows = connection.run(statement) or []
    found: int = rows[0][0]
    return found


def _why(error: Exception) -> str:
    """What went wrong, in the server's own words or the network's."""
    told: object = error.args[0] if error.args else error
    if is_object(told):
        return str(told.get("M", told))
    return str(error.__cause__ or error)
