"""Indexes of one folder that several versions of the program keep, each its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from collegium.errors import IndexUnusable
from collegium.knowledge import stamps
from collegium.knowledge.index.lock import alone, lock_of
from collegium.knowledge.index.place import delete, place_of, places_of
from collegium.knowledge.index.report import Stopped
from collegium.knowledge.index.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# After so long without an update nobody is taken to run that version any more.
UNUSED_NS: Final = 30 * 24 * 3600 * 1_000_000_000


def makers() -> dict[str, int]:
    """What makes the rows of this version; with another number, a file would have other rows."""
    return {"parse": stamps.PARSE, "resolve": stamps.RESOLVE, "units": stamps.UNITS}


class Places:
    """Where the indexes of a folder are: `own` of this version, and those of others."""

    def __init__(self, root: Path, cache: Path | None) -> None:
        self._root, self._cache = root, cache
        numbers = [VERSION, *makers().values()]
        self.own = place_of(root, "-".join(map(str, numbers)), cache)

    def others(self) -> list[Path]:
        """Those of other versions, the one that was kept up last first."""
        found = [place for place in places_of(self._root, self._cache) if place != self.own]
        return sorted(found, key=_kept_up_ns, reverse=True)


def delete_unused(places: Iterable[Path], now_ns: int) -> None:
    """Delete indexes that were not kept up for long, unless somebody is at one just now."""
    for place in places:
        if now_ns - _kept_up_ns(place) > UNUSED_NS:
            with suppress(IndexUnusable, OSError, Stopped), alone(place, _give_up):
                delete(place)
                lock_of(place).unlink()


def _kept_up_ns(place: Path) -> int:
    times = [0]
    for file in (place, lock_of(place)):
        with suppress(OSError):
            times.append(file.stat().st_mtime_ns)
    return max(times)


def _give_up() -> NoReturn:
    raise Stopped
