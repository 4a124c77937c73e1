"""Sees when the configuration's file has changed, and has been written to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Look: TypeAlias = tuple[int, int, int]


class Watched:
    """A file, looked at again and again; without a path nothing ever changes.

    A change counts once two looks in a row have found the same, since a file may be read while it
    is being written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known = self._last = self._look()

    def changed(self) -> bool:
        """Whether the file is another one than when this was last true, and is at rest."""
        now = self._look()
        at_rest, self._last = now == self._last, now
        if now is None or now == self._known or not at_rest:
            return False
        self._known = now
        return True

    def _look(self) -> Look | None:
        """What tells a file from what it was; None where it is not there."""
        if self._path is None:
            return None
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size, seen.st_ino
