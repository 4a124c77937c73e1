"""Looking whether an instance is there, beside the requests that it has."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from collegium.backends.breaker import OPEN
from collegium.backends.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from collegium.backends.base import Backend
    from collegium.backends.instance import Instance

# How soon an instance that was given up is looked at again; longer each time, up to the last.
FIRST_LOOK_S = 0.1
LAST_LOOK_S = 1.0


async def is_there(backend: Backend, within_s: float) -> bool:
    """Whether a backend answers anything, within so many seconds."""
    place = backend.backend if isinstance(backend, Lazy) else backend
    look: Callable[[], Awaitable[bool]] = getattr(place, "alive", place.healthy)
    try:
        async with asyncio.timeout(within_s):
            return await look()
    except TimeoutError:
        return False


def look_after(instance: Instance, within_s: float) -> None:
    """See to it that an instance whose breaker has opened is asked again soon after it is back."""
    condition = instance.condition
    if condition.breaker.state == OPEN and (condition.looking is None or condition.looking.done()):
        condition.looking = asyncio.create_task(_look_until_it_is_back(instance, within_s))


async def _look_until_it_is_back(instance: Instance, within_s: float) -> None:
    breaker = instance.condition.breaker
    rng = random.Random()  # noqa: S311 -- spreads the looks, keeps no secret
    pause_s, gone = FIRST_LOOK_S, False
    while breaker.state == OPEN:
        await asyncio.sleep(pause_s * (1 - rng.random() / 4))
        there = await is_there(instance.backend, within_s)
        pause_s = min(LAST_LOOK_S, 2 * pause_s)
        if not there:
            gone = True
            breaker.stay_open(pause_s + within_s + LAST_LOOK_S)
        elif gone:  # it was away and has come back: there is nothing to wait for
            breaker.back()
        # Else it is there and fails: it has its time to get over that.
