"""Reading files that may have changed, and writing what they hold ahead of the world to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.index.examining import Examined
from collegium.knowledge.index.files import Known
from collegium.knowledge.index.worker import Task
from collegium.knowledge.index.workers import examined
from collegium.knowledge.index.writing import add_content
from collegium.storage.connections import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from collegium.knowledge.index.report import Progress
    from collegium.knowledge.tree import Found, Tree

# How many files are written in one transaction: as many as a killed process has read in vain.
BATCH: Final = 200


class Reading:
    """Reads files of a tree that may have changed.

    `damaged` are those read so far that are not wholly of their language; `looked_ns` is the time
    by which a later change would show.
    """

    def __init__(
        self, connection: sqlite3.Connection, tree: Tree, progress: Progress, looked_ns: int
    ) -> None:
        self._connection, self._tree = connection, tree
        self._progress, self._looked_ns = progress, looked_ns
        self.damaged: list[str] = []

    def read(self, suspects: Mapping[str, Found]) -> dict[str, Known]:
        """What the files are now; those that are gone are not in it."""
        tasks = [
            Task(path, found.size, tuple(self._digests(path))) for path, found in suspects.items()
        ]
        now, batch = dict[str, Known](), list[Examined]()
        for done, one in enumerate(examined(self._tree, tasks), 1):
            batch.append(one)
            if len(batch) == BATCH or done == len(tasks):
                now.update(self._kept(batch))
                batch.clear()
            self._progress(done, len(tasks), "reading")
        self.damaged.sort()
        return now

    def _kept(self, batch: Iterable[Examined]) -> dict[str, Known]:
        """The files after their contents were written; they count when the world is replaced."""
        with transaction(self._connection):
            return {
                one.path: Known(one.found, self._looked_ns, self._number(one), one.refused)
                for one in batch
                if one.found is not None
            }

    def _number(self, one: Examined) -> int | None:
        """The content of a file that was read, None where it is passed over."""
        number = self._digests(one.path).get(one.digest)
        if one.content is None:
            return number
        if one.content.damaged:
            self.damaged.append(one.path)
        return add_content(self._connection, one.content) if number is None else number

    def _digests(self, path: str) -> dict[bytes, int]:
        """The contents of a file that are known, by digest; also from before a process ended."""
        return dict(
            self._connection.execute("SELECT digest, id FROM contents WHERE path = ?", (path,))
        )
