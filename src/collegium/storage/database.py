"""What a database must do for the record: the one seam between it and SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collegium.storage.rows import Row

T = TypeVar("T")

# Runs one statement, its values by name, and returns all rows.
Run: TypeAlias = Callable[..., list[Sequence[Any]]]


class Unavailable(Exception):
    """The database does not do it just now, which may pass; the message says what would be right.

    Never leaves this room: it is told in `Standing.failing`, or becomes a `StorageError`.
    """


class Database(Protocol):
    """SQLite or PostgreSQL, with the tables of the record in it.

    Every method but `write` may be called from any thread. Each raises `Unavailable` for what may
    pass, and `StorageError` for what never will: something else lies there, or a newer schema.
    """

    @property
    def where(self) -> str:
        """Where it is, as it may be shown: without a password."""
        ...

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows, all or none; of no rows, find out whether that could be done."""
        ...

    def read(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        """The rows of one statement that changes nothing."""
        ...

    def exclusively(self, work: Callable[[Run], T]) -> T:
        """Do `work` in a transaction beside which nobody writes; undone where it raises."""
        ...

    def compact(self) -> None:
        """Give back the room of what was deleted."""
        ...

    def size_bytes(self) -> int:
        """The room that it takes."""
        ...

    def close(self) -> None:
        """Let go of every connection; it may be used again."""
        ...
