"""What is done again and again while a college answers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done each time so many seconds have passed since it was done."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object]]


class Duties:
    """Does every duty in a task of its own; one that fails is logged, and done again."""

    def __init__(self, duties: Iterable[Duty]) -> None:
        self._duties = tuple(duties)
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin."""
        if not self._tasks:
            self._tasks = tuple(
                asyncio.create_task(_again_and_again(one), name=one.name) for one in self._duties
            )

    async def aclose(self) -> None:
        """Stop; what is being done is broken off."""
        tasks, self._tasks = self._tasks, ()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(duty: Duty) -> None:
    failed = ""
    while True:
        try:
            await duty.work()
            failed = ""
        # What fails each second is told once.
        except CollegiumError as error:
            if repr(error) != failed:
                logger.warning("%s failed: %s", duty.name, error)
            failed = repr(error)
        except Exception as error:
            if repr(error) != failed:
                logger.exception("%s failed", duty.name)
            failed = repr(error)
        await asyncio.sleep(duty.every_s)
