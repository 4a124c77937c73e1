"""Starting an instance where there is memory for it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from collegium.backends.startable import startable_of
from collegium.errors import NoRoom

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.backends.instance import Instance
    from collegium.backends.startable import Startable

logger = logging.getLogger(__name__)


class Starter:
    """Starts instances one after the other, so that each finds the memory as the last has left it.

    `memory` gives the megabytes that there are, None where nobody knows; `reserve_mb` of them stay.
    """

    def __init__(
        self, memory: Callable[[], float | None], reserve_mb: float, clock: Callable[[], float]
    ) -> None:
        self._memory, self.reserve_mb, self._clock = memory, reserve_mb, clock
        self._one_by_one = asyncio.Lock()
        self._warned = False

    async def start(self, instance: Instance, beside: Sequence[Instance] = ()) -> float:
        """Return when an instance answers, with the seconds that took.

        `beside` are others of the same model, by which is known what one takes.

        Raises:
            NoRoom: there is not enough memory for it.
            BackendUnavailable: it does not start.
            ModelFileError: its model's file could not be had.
        """
        startable = startable_of(instance)
        if startable is None:
            return 0.0
        async with self._one_by_one:
            await self._check_room(startable, instance, beside)
            began = self._clock()
            await startable.start()
            return self._clock() - began

    async def _check_room(
        self, startable: Startable, instance: Instance, beside: Sequence[Instance]
    ) -> None:
        there_mb = self._memory()
        if there_mb is None:
            self._warn()
            return
        others = [one for one in map(startable_of, beside) if one and one.state == "running"]
        needs_mb = max([await one.needs_mb() for one in others or (startable,)])
        if there_mb - self.reserve_mb < needs_mb:
            raise NoRoom(
                f"another instance of {instance.name} takes about {needs_mb:.0f} MB; there are "
                f"{there_mb:.0f} MB, of which {self.reserve_mb:.0f} MB are to stay free"
            )

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("nobody knows how much memory is left, so models are started anyway")
