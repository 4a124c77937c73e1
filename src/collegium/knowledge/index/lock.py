"""One process at a time changes an index."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from collegium.knowledge.index.place import PRIVATE_FILE, translated
from collegium.locking import taken

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

POLL_S: Final = 0.02


@contextmanager
def alone(path: Path, waiting: Callable[[], None]) -> Generator[None]:
    """Hold the lock of the index at `path`; it ends with the process that holds it.

    `waiting` is called each time somebody else turns out to hold it, and may raise to give up.

    Raises:
        IndexUnusable: there can be no lock.
    """
    with translated(path):
        lock = open(path.with_name(f"{path.name}.lock"), "ab", opener=_private)  # noqa: SIM115
    with lock as handle:
        while not _taken(path, handle):
            waiting()
            time.sleep(POLL_S)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _taken(path: Path, handle: BinaryIO) -> bool:
    with translated(path):
        return taken(handle)
