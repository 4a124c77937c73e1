"""Opens the college while the server is up already, so that it can say what it waits for."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError
from collegium.experts.model_expert import ModelExpert

if TYPE_CHECKING:
    from collegium.system import Collegium

logger = logging.getLogger(__name__)

AGAIN_S = 2.0
# One that makes whoever computes look twice, so that all patterns are there afterwards.
FIRST_QUESTION = "What should 2 people see in Rome?"


class Opening:
    """Finds the experts' models in the background, again and again until all are found."""

    def __init__(self, college: Collegium, *, again_s: float = AGAIN_S) -> None:
        self._college = college
        self._again_s = again_s
        self._task: asyncio.Task[None] | None = None
        self.done = False
        self.reason = "the models are being looked for"

    def begin(self) -> None:
        """Begin, in a task of its own."""
        self._task = asyncio.create_task(self._open())

    async def _open(self) -> None:
        await self._warm()
        while True:
            try:
                await self._college.open()
            except CollegiumError as error:
                self.reason = str(error)
                logger.warning("the college does not open yet: %s", error)
            else:
                complete = await self._complete()
                self.done = self.done or await self._anybody_there()
                self.reason = "" if self.done else "no model server answers"
                if complete and self.done:
                    return
            await asyncio.sleep(self._again_s)

    async def _complete(self) -> bool:
        """Whether every expert has its models; those who lack them may get them now."""
        staff = self._college.staff
        if staff is not None and staff.lacking:
            await staff.settle()
        return staff is None or not staff.lacking

    async def _anybody_there(self) -> bool:
        """Whether any expert has a model that answers, or needs none."""
        experts = self._college.router.roster.snapshot()
        if not all(isinstance(one, ModelExpert) and not one.needs_no_model for one in experts):
            return True
        pools = {one.pool for one in experts if isinstance(one, ModelExpert) and one.pool}
        looks = await asyncio.gather(*(pool.alive() for pool in pools))
        return any(looks) or not pools

    async def _warm(self) -> None:
        """Do once what is slow the first time, before somebody waits for it."""
        await asyncio.to_thread(import_module, "collegium.backends.http")
        with suppress(CollegiumError):
            await self._college.decide(FIRST_QUESTION, assume_ready=True)
        # What is there now stays until the end: it need not be looked through again and again.
        gc.collect()
        gc.freeze()

    async def aclose(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
