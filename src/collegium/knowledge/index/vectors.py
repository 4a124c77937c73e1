"""The vectors of units: one for each text, in whatever files it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.index.writing import count_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

# So many vectors for each unit are kept: who leaves a branch may come back to it.
SPARE: Final = 2


def vectors_for(
    connection: sqlite3.Connection, name: str, keys: Collection[bytes]
) -> dict[bytes, bytes]:
    """The vectors that there are under the name of an encoder, by the keys of their texts."""
    ask = "SELECT vector FROM vectors WHERE encoder = ? AND text_key = ?"
    found = dict[bytes, bytes]()
    for key in keys:
        row = connection.execute(ask, (name, key)).fetchone()
        if row is not None:
            found[key] = row[0]
    return found


def sweep_vectors(connection: sqlite3.Connection) -> None:
    """Delete vectors of texts that no unit has, where there are many."""
    vectors, units = (count_of(connection, table) for table in ("vectors", "units"))
    if vectors > SPARE * units:
        connection.execute("DELETE FROM vectors WHERE text_key NOT IN (SELECT text_key FROM units)")
