"""How contents and edges become rows; all within a transaction of the caller's."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from collegium.knowledge.index.schema import KIND_CODES, TRUST_CODES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from collegium.knowledge.graph import Edge
    from collegium.knowledge.index.contents import Content
    from collegium.knowledge.resolving import Resolution

_NODE: Final = "(SELECT id FROM nodes WHERE file = ? AND symbol = ?)"
_EDGE: Final = f"INSERT INTO edges VALUES ({_NODE}, ?, {_NODE}, ?, ?, ?)"  # noqa: S608 -- constants
_encode: Final = msgspec.msgpack.Encoder().encode


def add_content(connection: sqlite3.Connection, content: Content) -> int:
    """Write what a file held; the number of the content is returned."""
    cursor = connection.execute(
        "INSERT INTO contents (path, digest, language, lines, damaged, interface, signatures, "
        "facts, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(content.path, content.digest, content.language, content.lines, content.damaged),
            *(content.interface, content.signatures, content.facts, content.text),
        ),
    )
    number = cursor.lastrowid
    assert number is not None  # noqa: S101 -- a row was inserted
    connection.executemany(
        "INSERT INTO symbols VALUES (?, ?, ?, ?, ?, ?)",
        (
            (number, place, row.name, row.name.casefold(), row.path, row.data)
            for place, row in enumerate(content.symbols)
        ),
    )
    connection.executemany(
        'INSERT INTO units (content, place, symbol, kind, start, "end", text_key, terms) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (number, place, unit.symbol, unit.kind, unit.start, unit.end, unit.text_key, unit.terms)
            for place, unit in enumerate(content.units)
        ),
    )
    return number


def drop_contents(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Delete contents that no file has any more, with all that belongs to them."""
    rows = [(number,) for number in numbers]
    for table in ("edges", "reads", "symbols", "units"):
        connection.executemany(f"DELETE FROM {table} WHERE content = ?", rows)  # noqa: S608
    connection.executemany("DELETE FROM contents WHERE id = ?", rows)


def sweep_nodes(connection: sqlite3.Connection) -> None:
    """Delete nodes that no edge has any more, where there are many."""
    if count_of(connection, "nodes") > count_of(connection, "edges"):
        connection.execute(
            "DELETE FROM nodes WHERE id NOT IN "
            "(SELECT source FROM edges UNION SELECT target FROM edges)"
        )


def count_of(connection: sqlite3.Connection, table: str) -> int:
    """How many rows a table has."""
    count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    return count


def forget(connection: sqlite3.Connection, generation: int) -> None:
    """Delete all that was ever read, but for the vectors; the files count as gone."""
    connection.execute("INSERT OR REPLACE INTO gone SELECT path, ? FROM files", (generation,))
    for table in ("files", "contents", "symbols", "units", "nodes", "edges", "reads"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 -- constants


def put_resolution(connection: sqlite3.Connection, content: int, found: Resolution) -> None:
    """Write the edges that leave a file and what they depend on, in the place of older ones."""
    connection.execute("DELETE FROM edges WHERE content = ?", (content,))
    connection.execute("DELETE FROM reads WHERE content = ?", (content,))
    nodes = {node for edge in found.edges for node in (edge.source, edge.target)}
    connection.executemany("INSERT OR IGNORE INTO nodes (file, symbol) VALUES (?, ?)", nodes)
    connection.executemany(_EDGE, [_edge_row(content, edge) for edge in found.edges])
    reads = [(key, content) for key in hashes(found.reads)]
    connection.executemany("INSERT INTO reads VALUES (?, ?)", reads)


def _edge_row(content: int, edge: Edge) -> tuple[str | int | bytes, ...]:
    kind, trust = KIND_CODES[edge.kind], TRUST_CODES[edge.trust]
    return (*edge.source, kind, *edge.target, trust, content, _encode(edge.lines))


def hashes(keys: Iterable[str]) -> list[int]:
    """Numbers that stand for keys, ascending. Two keys that share one cost a look, no harm."""
    digests = {blake2b(key.encode(), digest_size=8).digest() for key in keys}
    return sorted(int.from_bytes(digest, signed=True) for digest in digests)
