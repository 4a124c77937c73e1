"""The time that answering one query may take, and how much of that is left."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

from collegium.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.types import Chunk


class Deadline:
    """So many seconds from the moment it is made; without a `limit_s` there is no end."""

    def __init__(self, limit_s: float | None) -> None:
        self._limit_s = limit_s
        self._started = time.perf_counter()

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since it was made."""
        return (time.perf_counter() - self._started) * 1000

    @property
    def left_s(self) -> float:
        """Seconds that are left; infinite without a limit, never below 0."""
        if self._limit_s is None:
            return math.inf
        return max(0.0, self._limit_s - self.elapsed_ms / 1000)

    async def next(self, chunks: AsyncGenerator[Chunk], speaker: str) -> Chunk | None:
        """The next chunk, or None at the end; the deadline is held to here, between two yields.

        Raises:
            DeadlineExceeded: the time was up first; whose stream it is, is called `speaker`.
        """
        if self._limit_s is None:
            return await anext(chunks, None)
        limit = asyncio.timeout(self.left_s)
        try:
            async with limit:
                return await anext(chunks, None)
        except TimeoutError as error:
            if not limit.expired():
                raise  # the speaker's own
            raise DeadlineExceeded(
                f"{speaker} had not finished after the {self._limit_s:g} s allowed"
            ) from error
