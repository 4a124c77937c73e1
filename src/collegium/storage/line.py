"""A connection to a server: made when it is needed, and made again after it broke."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence


class Connection(Protocol):
    """What is used of a connection of the driver."""

    def run(self, sql: str, **params: Any) -> list[Sequence[Any]] | None:
        """Run one statement, its values by name; the rows, or None where it has none."""
        ...

    def close(self) -> None:
        """Let go of the server."""
        ...


class Line:
    """One connection, used by one at a time. `broken` are the errors that a dead one raises."""

    def __init__(
        self, connect: Callable[[], Connection], broken: tuple[type[Exception], ...]
    ) -> None:
        self._connect, self._broken = connect, broken
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Generator[Connection]:
        """A connection that works, for whoever holds it; it is dropped where that fails."""
        with self._lock:
            if self._connection is None or not self._alive(self._connection):
                self._drop()
                self._connection = self._connect()
            try:
                yield self._connection
            except BaseException:
                self._drop()
                raise

    def close(self) -> None:
        """Close it; the next who needs one has another made."""
        with self._lock:
            self._drop()

    def _alive(self, connection: Connection) -> bool:
        """Whether the server is still there: a connection at rest does not notice that it went."""
        try:
            connection.run("SELECT 1")
        except self._broken:
            return False
        return True

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*self._broken):
                connection.close()
