"""Answers that nobody sees: what another lineup would have said, beside the one that did."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError
from collegium.events import EventBus, Routed
from collegium.observe.casebook import SHADOW

if TYPE_CHECKING:
    from collegium.events import Listener
    from collegium.lineup import Lineup
    from collegium.types import Query

logger = logging.getLogger(__name__)

# So many are answered at once; what comes meanwhile is left out, lest shadows take the light.
MOST = 4


class Shadows:
    """Has queries answered a second time, by another lineup, and told to one listener alone."""

    def __init__(self, listener: Listener) -> None:
        self._events = EventBus()
        self._events.subscribe(listener)
        self._running: set[asyncio.Task[None]] = set()

    def cast(self, query: Query, lineup: Lineup, variant: str) -> bool:
        """Have the query answered by that lineup as well; False where too many are."""
        if len(self._running) >= MOST:
            return False
        shadow = replace(query, id=query.id + SHADOW)
        task = asyncio.create_task(self._answer(shadow, lineup, variant))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return True

    async def _answer(self, query: Query, lineup: Lineup, variant: str) -> None:
        # Of the conversation nothing is kept: the real answer goes on with it.
        query = replace(query, session=None)
        try:
            decision = replace(await lineup.decide(query), variant=variant)
            self._events.publish(Routed(query, decision))
            async with aclosing(lineup.answered(query, decision, self._events)) as chunks:
                async for _ in chunks:
                    pass
        except CollegiumError:
            pass  # it has been told as an event
        except Exception:
            logger.exception("a shadow of %s failed", variant)

    async def aclose(self) -> None:
        """Break off what is being answered."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
