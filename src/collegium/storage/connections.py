"""What is done over a connection to a SQLite file, whatever is kept in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """All or nothing, and beside it nobody writes; within another it is a part of that."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def number(connection: sqlite3.Connection, statement: str) -> int:
    """The one number that a statement gives."""
    found: int = connection.execute(statement).fetchone()[0]
    return found


def code_of(error: sqlite3.Error) -> int:
    """The primary code of an error, without what its upper bytes add; 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
