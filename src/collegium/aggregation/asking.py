"""Several voices at work on a question at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from collegium.errors import CollegiumError

if TYPE_CHECKING:
    from collegium.experts.base import Expert
    from collegium.types import Answer


class Asking:
    """Voices at work together; iterating gives their answers as they come, failures left out."""

    def __init__(self, tasks: dict[asyncio.Task[Answer], Expert]) -> None:
        self._tasks = tasks
        self._coming = asyncio.as_completed(tasks)

    @property
    def outstanding(self) -> tuple[Expert, ...]:
        """Who has neither answered nor failed."""
        return tuple(voice for task, voice in self._tasks.items() if not task.done())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Answer:
        for coming in self._coming:
            try:
                return await coming
            except CollegiumError:  # kept among the panel's failures
                continue
        raise StopAsyncIteration
