"""Keeps the metrics that say how the management stands up to date."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from collegium.observe.metrics import Stand
from collegium.oversight.standing import performances_of

if TYPE_CHECKING:
    from collegium.observe.metrics import Metrics
    from collegium.oversight import Oversight
    from collegium.system import Collegium

logger = logging.getLogger(__name__)

EVERY_S = 2.0
# Looking takes longer with every expert; after it is left off so many times as long, at least.
REST = 4.0


class Gauges:
    """Looks every few seconds how experts, experiments and the record stand."""

    def __init__(
        self,
        college: Collegium,
        oversight: Oversight,
        metrics: Metrics,
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._college, self._oversight, self._metrics = college, oversight, metrics
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin, in a task of its own."""
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            began = time.perf_counter()
            try:
                await self.look()
            except Exception:  # what is only shown must not end what is served
                logger.exception("how the management stands could not be measured")
            took_s = time.perf_counter() - began
            await asyncio.sleep(max(self._every_s, REST * took_s))

    async def look(self) -> None:
        """Take down how it is now."""
        performances = await performances_of(self._oversight)
        ranks = {one.name: one.score for one in self._oversight.ranking(performances)}
        told = self._oversight.status()
        instances = {row["expert"]: row["instances"] for row in told["fleet"]}
        self._metrics.experts(
            {
                one.name: Stand(
                    one.current_load / max(1, one.max_load),
                    ranks.get(one.name, 0.0),
                    instances.get(one.name, 0),
                )
                for one in self._college.router.roster
            }
        )
        running = [one for one in told["experiments"] if one["state"] == "running"]
        self._metrics.experiments(len(running))
        self._metrics.generation(told["generation"])
        if told["storage"] is not None:
            storage = told["storage"]
            self._metrics.storage(storage["dropped"], failing=bool(storage["failing"]))

    async def aclose(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
