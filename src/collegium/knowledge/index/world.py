"""The tree as the resolver sees it while one update is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.index.files import is_there
from collegium.knowledge.index.rows import facts_of
from collegium.knowledge.resolving import Interface

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from collegium.knowledge.facts import FileFacts

_as_interface: Final = msgspec.msgpack.Decoder(Interface).decode


class World:
    """Sources over a connection. It remembers short answers: the rows must stay as they are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}
        self._existing: dict[str, bool] = {}

    def facts(self, path: str) -> FileFacts | None:
        """All of a file."""
        return facts_of(self._connection, path)

    def interface(self, path: str) -> Interface | None:
        """What others may know of a file."""
        row = self._execute("SELECT interface FROM sources WHERE path = ?", (path,)).fetchone()
        return None if row is None else _as_interface(row[0])

    def bearers(self, name: str) -> Sequence[str]:
        """The files with a symbol of this name."""
        return self._listed(
            "SELECT DISTINCT file FROM live_symbols WHERE folded = ?2 AND name = ?1 ORDER BY file",
            name,
            name.casefold(),
        )

    def exists(self, path: str) -> bool:
        """Whether the tree has this file or folder."""
        if path not in self._existing:
            self._existing[path] = is_there(self._connection, path)
        return self._existing[path]

    def folder(self, path: str) -> Sequence[str]:
        """The files directly in a folder; '' is the root."""
        return self._listed(
            "SELECT path FROM files WHERE folder = ? AND content IS NOT NULL ORDER BY path", path
        )

    def files_named(self, tail: str) -> Sequence[str]:
        """The files whose last part is `tail`."""
        return self._listed(
            "SELECT path FROM files WHERE name = ? AND content IS NOT NULL ORDER BY path", tail
        )

    def _listed(self, statement: str, key: str, *more: str) -> tuple[str, ...]:
        asked = (statement, key)
        if asked not in self._lists:
            rows = self._execute(statement, (key, *more))
            self._lists[asked] = tuple(path for (path,) in rows)
        return self._lists[asked]
