"""The numbers of several workers: each writes its own file, and reads those of the others.

Whichever worker is asked, the answer is the sum over all. A file is locked as long as its worker
lives. One that dies leaves its counts, which go on counting; the worker in its place takes over the
file, so that there are never more files than there have been workers at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from collegium.observe.cells import zeros

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from collegium.observe.cells import Layout

STAMP_BYTES = 32


class Workers:
    """The row of cells of this worker, and the sum with those of the others in `folder`.

    Raises:
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder, self._layout = folder, layout
        self._bytes = STAMP_BYTES + 8 * layout.size
        self._stamp = _stamp(layout)
        self._path, self._file = self._taken()
        self._map = mmap.mmap(self._file, self._bytes)
        self._whole = memoryview(self._map)
        self._row = self._whole[STAMP_BYTES:]
        self.cells: memoryview[float] = self._row.cast("d")
        self._begin()

    def total(self) -> memoryview[float]:
        """The sum over all workers; what says how it is now, only of those that live."""
        total = zeros(self._layout.size)
        add(total, self.cells)
        for path in self._folder.glob("worker-*.cells"):
            if path != self._path:
                self._add_file(total, path)
        return total

    def close(self) -> None:
        """Let the file go; it stays, with its counts."""
        self._forget_now(self.cells)
        for view in (self.cells, self._row, self._whole):
            view.release()
        self._map.close()
        os.close(self._file)

    def _taken(self) -> tuple[Path, int]:
        """The first file that no living worker has, locked."""
        number = 0
        while True:
            path = self._folder / f"worker-{number}.cells"
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if _lock(file, fcntl.LOCK_EX):
                self._make_ready(file)
                return path, file
            os.close(file)
            number += 1

    def _make_ready(self, file: int) -> None:
        """Empty a file that is new, or of other metrics."""
        if os.pread(file, STAMP_BYTES, 0) != self._stamp or os.fstat(file).st_size != self._bytes:
            os.ftruncate(file, self._bytes)
            # Written, so that a full disk is an error here and not a fault at some later count.
            os.pwrite(file, bytes(self._bytes), 0)

    def _begin(self) -> None:
        self._forget_now(self.cells)
        self._whole[:STAMP_BYTES] = self._stamp  # last: from now on the others read it

    def _forget_now(self, cells: memoryview[float]) -> None:
        for block in self._layout.gauges:
            cells[block.start : block.end] = zeros(block.end - block.start)

    def _add_file(self, total: memoryview[float], path: Path) -> None:
        with _opened(path) as file:
            raw = bytearray(os.pread(file, self._bytes + 1, 0))
            alive = not _lock(file, fcntl.LOCK_SH)
        if len(raw) != self._bytes or not raw.startswith(self._stamp):
            return
        cells = memoryview(raw)[STAMP_BYTES:].cast("d")
        if not alive:
            self._forget_now(cells)
        add(total, cells)


def add(total: memoryview[float], cells: memoryview[float]) -> None:
    """Add a row of cells to another."""
    for place, amount in enumerate(cells):
        if amount:
            total[place] += amount


def _stamp(layout: Layout) -> bytes:
    """What files must have in common to be added up: the same metrics in the same places."""
    blocks = [(block.start, block.family) for block in layout.blocks.values()]
    described = repr([(at, one.name, dict(one.labels), one.buckets) for at, one in blocks])
    return hashlib.sha256(described.encode()).digest()


def _lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Generator[int]:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)
