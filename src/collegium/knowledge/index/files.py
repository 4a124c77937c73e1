"""The rows that say what is known of each file of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from collegium.knowledge.tree import Found

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.knowledge.index.changes import Change

_COLUMNS = "SELECT path, size, changed_ns, inode, looked_ns, content, why FROM files"


class Known(NamedTuple):
    """A file as it was when it was read last, at `looked_ns`.

    `content` is None where the file is passed over, and `why` says why.
    """

    found: Found
    looked_ns: int
    content: int | None
    why: str


def known_files(connection: sqlite3.Connection, paths: Sequence[str] | None) -> dict[str, Known]:
    """What is known of all files, or of those at `paths` and below."""
    if paths is None:
        rows = connection.execute(_COLUMNS).fetchall()
    else:
        rows = list[Any]()
        for path in paths:
            rows += connection.execute(f"{_COLUMNS} WHERE path = ?", (path,))
            below = (f"{path}/", f"{path}0")  # '0' follows '/'
            rows += connection.execute(f"{_COLUMNS} WHERE path > ? AND path < ?", below)
    return {
        path: Known(Found(*found), looked, content, why)
        for path, *found, looked, content, why in rows
    }


def put_files(
    connection: sqlite3.Connection, known: Mapping[str, Known], now: Mapping[str, Known]
) -> None:
    """Write what is known now in the place of what was known before."""
    connection.executemany(
        "DELETE FROM files WHERE path = ?", ((path,) for path in known.keys() - now.keys())
    )
    connection.executemany(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET "
        "size = excluded.size, changed_ns = excluded.changed_ns, inode = excluded.inode, "
        "looked_ns = excluded.looked_ns, content = excluded.content, why = excluded.why",
        (_row(path, row) for path, row in now.items() if known.get(path) is not row),
    )


def mark_changes(
    connection: sqlite3.Connection, changes: Iterable[Change], generation: int
) -> None:
    """Write down which files are others since this generation, and which are gone."""
    for change in changes:
        if change.new is None:
            connection.execute(
                "INSERT OR REPLACE INTO gone VALUES (?, ?)", (change.path, generation)
            )
            continue
        connection.execute("DELETE FROM gone WHERE path = ?", (change.path,))
        connection.execute("UPDATE files SET changed = ? WHERE path = ?", (generation, change.path))


def _row(path: str, row: Known) -> tuple[str | int | None, ...]:
    folder, _, name = path.rpartition("/")
    return (path, folder, name, *row.found, row.looked_ns, row.content, row.why)


def is_there(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the tree has this file or folder; the root is always there."""
    row = connection.execute(
        "SELECT 1 FROM files WHERE path = ?1 AND content IS NOT NULL UNION ALL "
        "SELECT 1 FROM files WHERE path > ?1 || '/' AND path < ?1 || '0' "  # '0' follows '/'
        "AND content IS NOT NULL LIMIT 1",
        (path,),
    ).fetchone()
    return path == "" or row is not None


def generation_of(connection: sqlite3.Connection) -> int:
    """The number of the world that holds now."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    number: int = row[0]
    return number


def next_generation(connection: sqlite3.Connection) -> int:
    """Raise the number of the world; the new one."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    return generation_of(connection)


def is_read(connection: sqlite3.Connection) -> bool:
    """Whether all files were read once."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'is_read'").fetchone()
    return row is not None and bool(row[0])


def mark_read(connection: sqlite3.Connection) -> None:
    """Write down that all files were read."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('is_read', 1)")
