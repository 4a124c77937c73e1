"""Rows of the index as the nouns of the graph, over a connection that is given."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from collegium.knowledge.facts import FileFacts, Symbol
from collegium.knowledge.graph import Edge, Node
from collegium.knowledge.index.schema import KINDS, TRUSTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from collegium.knowledge.graph import EdgeKind, Trust

as_symbol: Final = msgspec.msgpack.Decoder(Symbol).decode
as_lines: Final = msgspec.msgpack.Decoder(tuple[int, ...]).decode
_as_facts: Final = msgspec.msgpack.Decoder(FileFacts).decode


class Entry(NamedTuple):
    """A symbol and the file that defines it."""

    file: str
    symbol: Symbol


class StoredUnit(NamedTuple):
    """A unit of the search as the index keeps it; `id` stays its own while its file is the same."""

    id: int
    file: str
    symbol: str
    kind: str
    start: int
    end: int
    text_key: bytes
    terms: bytes


class FileEntry(NamedTuple):
    """A file that was read."""

    path: str
    language: str
    lines: int


class Summary(NamedTuple):
    """How much an index knows: files by language, edges by kind and trust.

    `vectors` is how many of the `units` have one.
    """

    files: dict[str, int]
    edges: dict[tuple[EdgeKind, Trust], int]
    lines: int
    symbols: int
    units: int
    vectors: int


def facts_of(connection: sqlite3.Connection, file: str) -> FileFacts | None:
    """The facts of a file of the tree, None where it has no such file."""
    row = connection.execute(
        "SELECT content, facts FROM sources WHERE path = ?", (file,)
    ).fetchone()
    if row is None:
        return None
    symbols = connection.execute(
        "SELECT data FROM symbols WHERE content = ? ORDER BY place", (row[0],)
    )
    return msgspec.structs.replace(
        _as_facts(row[1]), symbols=tuple(as_symbol(data) for (data,) in symbols)
    )


def source_of(connection: sqlite3.Connection, file: str) -> str:
    """The text of a file of the tree as it was read, '' where it has no such file."""
    row = connection.execute("SELECT text FROM sources WHERE path = ?", (file,)).fetchone()
    return "" if row is None else text_of(row[0])


def text_of(packed: bytes) -> str:
    """The text of a file as it was read."""
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")


def edges_of(rows: Iterable[tuple[str, str, int, str, str, int, bytes]]) -> Iterator[Edge]:
    """Edges from rows of the view `named_edges`."""
    for source_file, source, kind, target_file, target, trust, lines in rows:
        yield Edge(
            Node(source_file, source),
            KINDS[kind],
            Node(target_file, target),
            TRUSTS[trust],
            as_lines(lines),
        )
