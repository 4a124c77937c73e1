"""Slow work on files, done beside the event loop, a piece at a time.

A cancel takes effect between two pieces, so nothing is still being written when it does.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, ParamSpec, Protocol, TypeAlias, TypeVar

from collegium.errors import CacheNotWritable
from collegium.locking import taken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

P = ParamSpec("P")
T = TypeVar("T")

# What is being done, bytes so far, bytes in all or None.
Progress: TypeAlias = "Callable[[str, int, int | None], None]"

PIECE_BYTES = 1 << 20
LOCK_POLL_S = 0.1


class Readable(Protocol):
    """What gives bytes when asked for some; nothing at its end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        ...


async def beside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a thread; a cancel waits until it is done."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def digest(path: Path, tell: Callable[[int, int | None], None]) -> str:
    """The SHA-256 of a file, in lower-case hexadecimal."""
    total, done, sha256 = size_of(path), 0, hashlib.sha256()

    def piece(source: BinaryIO) -> int:
        data = source.read(PIECE_BYTES)
        sha256.update(data)
        return len(data)

    with path.open("rb") as source:
        tell(0, total)
        while count := await beside(piece, source):
            done += count
            tell(done, total)
    return sha256.hexdigest()


async def copy(
    source: Readable, target: BinaryIO, total: int, tell: Callable[[int, int | None], None]
) -> None:
    """Write all that `source` has to `target`."""

    def piece() -> int:
        data = source.read(PIECE_BYTES)
        target.write(data)
        return len(data)

    done = 0
    tell(done, total)
    while count := await beside(piece):
        done += count
        tell(done, total)


@asynccontextmanager
async def locked(path: Path, waiting: Callable[[], None]) -> AsyncGenerator[None]:
    """Hold the lock at `path`, alone among all processes; it ends with the process that holds it.

    Args:
        path: the lock file; made where it is missing, and left there.
        waiting: called each time somebody else turns out to hold it.
    """
    with path.open("ab") as handle:
        while not taken(handle):
            waiting()
            await asyncio.sleep(LOCK_POLL_S)
        yield


def size_of(path: Path) -> int:
    """A file's size in bytes, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def bytes_under(folder: Path) -> int:
    """The size in bytes of all files in a folder that somebody else is working in.

    What goes away between being listed and being looked at, files and folders, counts nothing.
    """
    total = 0
    for inside, _, names in os.walk(folder):  # a folder that is gone is passed over
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(inside, name)).st_size  # noqa: PTH118 -- a hot walk
    return total


def not_writable(where: Path, error: OSError) -> CacheNotWritable:
    """The error to raise when writing under `where` failed with `error`."""
    why = error.strerror or str(error)
    return CacheNotWritable(
        f"cannot write the model cache {where}: {why}; make room or permission there, or choose "
        "another folder with COLLEGIUM_CACHE"
    )
