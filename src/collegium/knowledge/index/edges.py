"""The edges of files, made anew within the transaction that replaces the world."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from collegium.knowledge.index.world import World
from collegium.knowledge.index.writing import put_resolution
from collegium.knowledge.resolving import Run

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from collegium.knowledge.index.report import Progress

# How many files are resolved before what was learned of others meanwhile is forgotten: that is
# some 60 kB a file, and saves a tenth of the time.
RUN: Final = 250


def make_edges(connection: sqlite3.Connection, contents: Iterable[int], progress: Progress) -> int:
    """Resolve these contents, in the order of their paths; how many they are."""
    files = sorted(_file(connection, content) for content in contents)
    for begin in range(0, len(files), RUN):
        with closing(Run(World(connection))) as run:
            for done, (path, content) in enumerate(files[begin : begin + RUN], begin + 1):
                put_resolution(connection, content, run.resolve(path))
                progress(done, len(files), "resolving")
    return len(files)


def _file(connection: sqlite3.Connection, content: int) -> tuple[str, int]:
    row = connection.execute("SELECT path FROM contents WHERE id = ?", (content,)).fetchone()
    return row[0], content
