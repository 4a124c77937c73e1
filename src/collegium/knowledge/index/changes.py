"""From what changed in files to whose edges must be made anew; over the rows of one update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from collegium.knowledge.index.files import is_there
from collegium.knowledge.index.writing import hashes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_as_signatures: Final = msgspec.msgpack.Decoder(dict[str, str]).decode


class Shown(NamedTuple):
    """What others may know of a content, encoded."""

    interface: bytes
    signatures: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """A file whose content is another one; None: it is not part of the tree."""

    path: str
    old: int | None
    new: int | None


class Keys:
    """Collects what changed, by the keys that the resolver's reads have.

    Made before the rows of `files` change; asked after.
    """

    def __init__(self, connection: sqlite3.Connection, changes: Iterable[Change]) -> None:
        self._connection = connection
        self._changes = tuple(changes)
        self._there = {place: is_there(connection, place) for place in self._comings()}

    def changed(self) -> set[str]:
        """The keys whose answers are not what they were."""
        keys = {
            f"path:{place}"
            for place, was in self._there.items()
            if is_there(self._connection, place) != was
        }
        for change in self._changes:
            keys |= self._shown_otherwise(change)
            if change.old is None or change.new is None:
                folder, _, name = change.path.rpartition("/")
                keys |= {f"folder:{folder}", f"tail:{name}"}
        return keys

    def _comings(self) -> set[str]:
        """The files that come or go, and the folders that may with them."""
        places = set[str]()
        for change in self._changes:
            if change.old is None or change.new is None:
                place = change.path
                while place and place not in places:
                    places.add(place)
                    place = place.rpartition("/")[0]
        return places

    def _shown_otherwise(self, change: Change) -> frozenset[str]:
        # Where nothing changed, nothing of the resolver is loaded.
        from collegium.knowledge.resolving import Interface, differing  # noqa: PLC0415 -- above

        as_interface = msgspec.msgpack.Decoder(Interface).decode
        old, new = self._shown(change.old), self._shown(change.new)
        shown = (as_interface(one.interface) if one else None for one in (old, new))
        before, after = (_as_signatures(one.signatures) if one else {} for one in (old, new))
        different = dict(before.items() ^ after.items())
        return differing(change.path, *shown) | {f"name:{name}" for name in different}

    def _shown(self, content: int | None) -> Shown | None:
        if content is None:
            return None
        row = self._connection.execute(
            "SELECT interface, signatures FROM contents WHERE id = ?", (content,)
        ).fetchone()
        return Shown(*row)


def readers(connection: sqlite3.Connection, keys: Iterable[str]) -> set[int]:
    """The contents whose edges depend on one of the keys."""
    found = set[int]()
    for key in hashes(keys):
        rows = connection.execute("SELECT content FROM reads WHERE key = ?", (key,))
        found.update(content for (content,) in rows)
    return found
