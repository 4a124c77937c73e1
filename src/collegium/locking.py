"""A file as a lock among processes: it ends with the process that holds it, however that ends."""

from __future__ import annotations

import sys
from typing import BinaryIO


def taken(handle: BinaryIO) -> bool:
    """Lock an open file for its handle alone; false where another handle has it.

    Raises:
        OSError: this file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 -- there is one only there

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 -- there is one only there

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
