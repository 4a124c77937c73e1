"""What an update of an index did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

What: TypeAlias = Literal["waiting", "reading", "resolving", "embedding"]
# Told (done, total, what) as work goes on; "waiting" is for another process on the same index.
Progress: TypeAlias = Callable[[int, int, What], None]


@dataclass(frozen=True, slots=True)
class Report:
    """An update: files that were added, changed and removed, by path, in order.

    `skipped` says why files and folders (these end in '/') are passed over, among those that were
    looked at; `damaged` are files read now that are not wholly of their language; `resolved` how
    many files' edges were made anew; `generation` is the one that holds now; `note` tells what
    befell the index itself, '' where nothing did.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    damaged: tuple[str, ...] = ()
    resolved: int = 0
    generation: int = 0
    took_ms: float = 0.0
    note: str = ""

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.added or self.changed or self.removed)


def silent(done: int, total: int, what: What) -> None:
    """Say nothing of the progress."""


SILENT: Final[Progress] = silent


class Stopped(Exception):
    """Work was given up, since nobody wants it any more; raised by a Progress."""
