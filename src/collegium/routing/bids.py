"""The experts' own words on a query."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.experts.base import Expert
    from collegium.types import Query

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bid:
    """An expert's own word on a query: `assessment` from 0 to 1, or None where it gave none."""

    assessment: float | None
    note: str = ""

    @classmethod
    def of(cls, value: float) -> Bid:
        """A bid brought back between its ends."""
        return cls(min(1.0, max(0.0, float(value))))

    def weighed(self, reliability: float) -> Bid:
        """The bid of somebody whose record is not spotless."""
        if reliability == 1 or self.assessment is None:
            return self
        return Bid.of(self.assessment * reliability)


async def asked_for(experts: Sequence[Expert], query: Query, *, timeout_s: float) -> list[Bid]:
    """What each expert's `can_handle` comes to in time, all of them asked together."""
    if not experts:
        return []
    tasks = [asyncio.ensure_future(expert.can_handle(query)) for expert in experts]
    try:
        await asyncio.wait(tasks, timeout=timeout_s)
        return [bid_of(one, task) for one, task in zip(experts, tasks, strict=True)]
    finally:
        for task in tasks:
            task.cancel()


def bid_of(expert: Expert, task: asyncio.Future[float]) -> Bid:
    """What an expert's `can_handle` came to, by now."""
    if not task.done():
        return Bid(None, "its own assessment was late")
    error = task.exception()
    if error is not None:
        logger.warning("%s.can_handle failed: %r", expert.name, error)
        return Bid(None, f"its own assessment failed: {error!r}")
    value = task.result()
    if not isinstance(value, int | float) or not math.isfinite(value):  # pyright: ignore[reportUnnecessaryIsInstance]
        logger.warning("%s.can_handle returned %r, not a number from 0 to 1", expert.name, value)
        return Bid(None, f"its own assessment is {value!r}, not a number from 0 to 1")
    return Bid.of(value)
