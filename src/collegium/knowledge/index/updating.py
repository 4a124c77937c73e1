"""One update: look at the tree, read what changed, resolve what that touches, replace the world."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from collegium.errors import TreeRefused
from collegium.knowledge.index.changes import Change, Keys, readers
from collegium.knowledge.index.files import (
    Known,
    generation_of,
    is_read,
    known_files,
    mark_changes,
    mark_read,
    next_generation,
    put_files,
)
from collegium.knowledge.index.report import Report
from collegium.knowledge.index.vectors import sweep_vectors
from collegium.knowledge.index.writing import drop_contents, sweep_nodes
from collegium.knowledge.tree import Found
from collegium.storage.connections import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from collegium.knowledge.index.report import Progress
    from collegium.knowledge.tree import Tree

# A file that changed shortly before it was read may have changed again at the same time by the
# clock of the file system, which ticks every 10 ms, on some every 2 s: it is read again.
GRAIN_NS: Final = 2_000_000_000


@dataclass(slots=True)
class Update:
    """An update of the rows behind `connection` to what `tree` holds.

    `clock` tells the time in nanoseconds, as the file system has it.
    """

    connection: sqlite3.Connection
    tree: Tree
    progress: Progress
    clock: Callable[[], int] = time.time_ns
    _known: dict[str, Known] = field(default_factory=dict[str, Known], init=False)
    _now: dict[str, Known] = field(default_factory=dict[str, Known], init=False)
    _damaged: list[str] = field(default_factory=list[str], init=False)

    def run(self, paths: Sequence[str] | None = None) -> Report:
        """Update everything, or only what is at these paths and below them.

        Raises:
            TreeRefused: the tree is gone; then the index is as it was.
        """
        began = time.perf_counter()
        walk = self.tree.walk() if paths is None else self.tree.look(paths)
        self._known = known_files(self.connection, paths)
        self._read(walk.files)
        with transaction(self.connection):
            if not self.tree.root.is_dir():
                raise TreeRefused(
                    f"{self.tree.root} was deleted while it was read; its index is as it was"
                )
            changes = self._changes()
            resolved = self._replace(changes)
            if paths is None:
                drop_contents(self.connection, _orphans(self.connection))
                sweep_vectors(self.connection)
                sweep_nodes(self.connection)
                if not is_read(self.connection):
                    mark_read(self.connection)
        passed_over = {path: row.why for path, row in self._now.items() if row.why}
        return Report(
            added=tuple(one.path for one in changes if one.old is None),
            changed=tuple(one.path for one in changes if None not in {one.old, one.new}),
            removed=tuple(one.path for one in changes if one.new is None),
            skipped=dict(sorted({**walk.skipped, **passed_over}.items())),
            damaged=tuple(self._damaged),
            resolved=resolved,
            generation=generation_of(self.connection),
            took_ms=(time.perf_counter() - began) * 1000,
        )

    def _read(self, files: dict[str, Found]) -> None:
        """Find out what each file holds, reading only those that may have changed."""
        suspects = dict[str, Found]()
        for path, found in files.items():
            known = self._known.get(path)
            if known is not None and known.found == found and _settled(known):
                self._now[path] = known
            else:
                suspects[path] = found
        if not suspects:
            return
        # Where nothing changed, no language is loaded.
        from collegium.knowledge.index.reading import Reading  # noqa: PLC0415 -- above

        reading = Reading(self.connection, self.tree, self.progress, self.clock())
        self._now.update(reading.read(suspects))
        self._damaged = reading.damaged

    def _changes(self) -> list[Change]:
        """The files that came, went or hold something else, in the order of their paths."""
        changes = (
            Change(path, _content(self._known.get(path)), _content(self._now.get(path)))
            for path in sorted(self._known.keys() | self._now.keys())
        )
        return [change for change in changes if change.old != change.new]

    def _replace(self, changes: Sequence[Change]) -> int:
        """Put the new world in the place of the old one; how many files were resolved."""
        connection = self.connection
        keys = Keys(connection, changes)
        put_files(connection, self._known, self._now)
        if not changes:
            return 0
        mark_changes(connection, changes, next_generation(connection))
        old = {change.old for change in changes if change.old is not None}
        new = {change.new for change in changes if change.new is not None}
        touched = readers(connection, keys.changed()) - old
        drop_contents(connection, old)
        # Neither is the resolver.
        from collegium.knowledge.index.edges import make_edges  # noqa: PLC0415 -- above

        return make_edges(connection, touched | new, self.progress)


def _settled(known: Known) -> bool:
    """Whether a file would show it if it had changed since it was read."""
    return known.found.changed_ns + GRAIN_NS < known.looked_ns


def _content(known: Known | None) -> int | None:
    return None if known is None else known.content


def _orphans(connection: sqlite3.Connection) -> list[int]:
    """Contents that no file has: read ahead for a world that did not come."""
    rows = connection.execute(
        "SELECT id FROM contents WHERE id NOT IN "
        "(SELECT content FROM files WHERE content IS NOT NULL)"
    )
    return [number for (number,) in rows]
