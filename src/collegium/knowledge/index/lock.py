"""One process at a time changes an index."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
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
    lock = lock_of(path)
    while True:
        with translated(path):
            opened = open(lock, "ab", opener=_private)  # noqa: SIM115
        with opened as handle:
            while not _taken(path, handle):
                waiting()
                time.sleep(POLL_S)
            if not _is_at(lock, handle):  # it was deleted: who comes later does not see it
                continue
            with suppress(OSError):
                os.utime(lock)  # it tells when the index was last kept up
            yield
            return


def lock_of(path: Path) -> Path:
    """The lock of the index at `path`; it was modified when the index was last kept up."""
    return path.with_name(f"{path.name}.lock")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _taken(path: Path, handle: BinaryIO) -> bool:
    with translated(path):
        return taken(handle)


def _is_at(lock: Path, handle: BinaryIO) -> bool:
    try:
        return os.path.samestat(lock.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False
