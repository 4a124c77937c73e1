"""Reading an index: every question is a look into a table by its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.graph import Node
from collegium.knowledge.index.files import generation_of, is_read
from collegium.knowledge.index.rows import (
    Entry,
    FileEntry,
    StoredUnit,
    Summary,
    as_symbol,
    edges_of,
    facts_of,
    source_of,
    text_of,
)
from collegium.knowledge.index.schema import KIND_CODES, KINDS, TRUSTS
from collegium.knowledge.index.vectors import vectors_for
from collegium.knowledge.languages import CODE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from collegium.knowledge.facts import FileFacts, Symbol
    from collegium.knowledge.graph import Edge, EdgeKind
    from collegium.knowledge.index.store import Store

_EDGES: Final = "SELECT * FROM named_edges"
_CANONICAL: Final = "ORDER BY source_file, source, kind, target_file, target, trust"


class Questions:
    """What an index can be asked; from any thread. Within `snapshot`, all of one world."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def generation(self) -> int:
        """Grows with every change that is committed, also by other processes."""
        with self._store.reading() as connection:
            return generation_of(connection)

    def changed_since(self, generation: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The files that came or changed after a generation, and those that went, sorted.

        Of a generation that this index has not reached, it is another's: all files came after it.
        """
        with self._store.snapshot() as connection:
            if generation > generation_of(connection):
                generation = -1
            came = connection.execute(
                "SELECT path FROM files WHERE changed > ? AND content IS NOT NULL ORDER BY path",
                (generation,),
            ).fetchall()
            went = connection.execute(
                "SELECT path FROM gone WHERE generation > ? ORDER BY path", (generation,)
            ).fetchall()
        return tuple(path for (path,) in came), tuple(path for (path,) in went)

    @property
    def is_read(self) -> bool:
        """Whether the whole folder was read once; until then the index says little of it."""
        with self._store.reading() as connection:
            return is_read(connection)

    def files(self) -> list[FileEntry]:
        """The files that were read, by path."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT path, language, lines FROM sources ORDER BY path")
            return [FileEntry(*row) for row in rows]

    def files_holding(self, piece: str) -> list[str]:
        """The paths of files that were read and have that piece of text in them, sorted."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT path FROM files WHERE content IS NOT NULL AND instr(path, ?) ORDER BY path",
                (piece,),
            )
            return [path for (path,) in rows]

    def skipped(self) -> dict[str, str]:
        """The files that were looked into and passed over, and why."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT path, why FROM files WHERE content IS NULL ORDER BY path"
            )
            return dict(rows.fetchall())

    def names(self) -> list[str]:
        """All names of symbols, each once, sorted."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT DISTINCT name FROM live_symbols ORDER BY name")
            return [name for (name,) in rows]

    def symbols_named(self, name: str, *, folded: bool = False) -> list[Entry]:
        """The symbols of that name, by file and place; `folded` passes over case."""
        asked = "SELECT file, data FROM live_symbols WHERE folded = ?1"
        if not folded:
            asked += " AND name = ?2"
        with self._store.reading() as connection:
            rows = connection.execute(
                f"{asked} ORDER BY file, place", (name.casefold(), name)[: 1 if folded else 2]
            )
            return [Entry(path, as_symbol(data)) for path, data in rows]

    def symbol(self, file: str, path: str) -> Symbol | None:
        """The first symbol at a path in a file; None where there is none."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT data FROM live_symbols WHERE file = ? AND path = ? ORDER BY place LIMIT 1",
                (file, path),
            ).fetchone()
        return None if row is None else as_symbol(row[0])

    def symbols_of(self, file: str) -> list[Symbol]:
        """The symbols of a file, in their places."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT data FROM live_symbols WHERE file = ? ORDER BY place", (file,)
            )
            return [as_symbol(data) for (data,) in rows]

    def edges_to(self, node: Node, kinds: Collection[EdgeKind] = KINDS) -> list[Edge]:
        """The edges of these kinds that lead to a node, by source."""
        return self._edges("target", node, kinds)

    def edges_from(self, node: Node, kinds: Collection[EdgeKind] = KINDS) -> list[Edge]:
        """The edges of these kinds that leave a node, by target."""
        return self._edges("source", node, kinds)

    def edges(self) -> Iterator[Edge]:
        """All edges, in an order that depends on nothing but them."""
        with self._store.reading() as connection:
            yield from edges_of(connection.execute(f"{_EDGES} {_CANONICAL}"))

    def facts(self, file: str) -> FileFacts | None:
        """All that is known of a file from itself; None where it was not read."""
        with self._store.snapshot() as connection:
            return facts_of(connection, file)

    def text(self, file: str, start: int = 1, end: int | None = None) -> str:
        """The lines of a file from `start` to `end`, as they were read; '' where it was not."""
        with self._store.reading() as connection:
            source = source_of(connection, file)
        return "\n".join(source.split("\n")[max(0, start - 1) : end]) if source else ""

    def code_holding(self, piece: str) -> Iterator[tuple[str, str]]:
        """The files of code that have a piece of text in them, and their texts, by path."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT path, language, text FROM sources ORDER BY path")
            for path, language, packed in rows:
                if language in CODE and piece in (text := text_of(packed)):
                    yield path, text

    def units(self, paths: Collection[str] | None = None) -> Iterator[StoredUnit]:
        """The units of all files, or of these, by file and place."""
        asked = 'SELECT id, file, symbol, kind, start, "end", text_key, terms FROM live_units'
        with self._store.reading() as connection:
            if paths is None:
                rows = connection.execute(f"{asked} ORDER BY file, place")
                yield from map(StoredUnit._make, rows)
                return
            for path in sorted(paths):
                rows = connection.execute(f"{asked} WHERE file = ? ORDER BY place", (path,))
                yield from map(StoredUnit._make, rows)

    def vectors(self, encoder: str, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The vectors that there are under the label of an encoder, by their units' `text_key`."""
        with self._store.reading() as connection:
            return vectors_for(connection, encoder, keys)

    def vector_count(self, encoder: str) -> int:
        """How many vectors there are under the label of an encoder."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT count(*) FROM vectors WHERE encoder = ?", (encoder,)
            ).fetchone()
        count: int = row[0]
        return count

    def outside(self, name: str) -> list[Node]:
        """What lies outside of the tree and has a name that begins or ends with this one."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT file, symbol FROM nodes JOIN edges ON target = nodes.id "
                "WHERE file = '' AND (symbol = ?1 "
                "OR substr(symbol, 1, ?2) = ?1 AND substr(symbol, ?2 + 1, 1) IN ('.', '/', ':') "
                "OR substr(symbol, -?2) = ?1 AND substr(symbol, -?2 - 1, 1) IN ('.', '/', ':')) "
                "ORDER BY symbol",
                (name, len(name)),
            )
            return [Node(*row) for row in rows]

    def summary(self) -> Summary:
        """How much is known."""
        with self._store.snapshot() as connection:
            languages = connection.execute(
                "SELECT language, count(*) FROM sources GROUP BY language ORDER BY language"
            )
            edges = connection.execute("SELECT kind, trust, count(*) FROM edges GROUP BY 1, 2")
            counts = connection.execute(
                "SELECT (SELECT coalesce(sum(lines), 0) FROM sources), "
                "(SELECT count(*) FROM live_symbols), (SELECT count(*) FROM live_units), "
                "(SELECT count(*) FROM live_units WHERE text_key IN (SELECT text_key FROM vectors))"
            ).fetchone()
            return Summary(
                dict(languages.fetchall()),
                {(KINDS[kind], TRUSTS[trust]): count for kind, trust, count in edges},
                *counts,
            )

    def _edges(self, end: str, node: Node, kinds: Collection[EdgeKind]) -> list[Edge]:
        codes = ", ".join(str(KIND_CODES[kind]) for kind in kinds)
        with self._store.reading() as connection:
            rows = connection.execute(
                f"{_EDGES} WHERE {end}_file = ? AND {end} = ? AND kind IN ({codes}) {_CANONICAL}",
                node,
            )
            return list(edges_of(rows))
