"""How often Python looks for cycles of objects while much is made that has none."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

# New objects before Python looks through them; by default it does after 700, and through all that
# there are after some 100,000. What reading and resolving make goes by its count of references.
SELDOM: Final = 20_000
_lock: Final = Lock()
_within: Final[list[tuple[int, int, int]]] = []


@contextmanager
def collecting_seldom() -> Generator[None]:
    """Have cycles looked for seldom, in all threads: the setting is the process's.

    The last of those that are within at the same time brings back what was set before the first.
    """
    with _lock:
        before = gc.get_threshold()
        _within.append(_within[0] if _within else before)
        if 0 < before[0] < SELDOM:
            gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        with _lock:
            first = _within.pop()
            if not _within:
                gc.set_threshold(*first)
