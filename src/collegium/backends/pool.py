"""Several models behind one expert: the least used answers, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.backends.base import Generation, Prompt, joined
from collegium.errors import BackendUnavailable, ExpertBusy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from collegium.backends.base import Backend
    from collegium.types import Chunk


@dataclass(frozen=True, slots=True)
class Instance:
    """One model at one backend. `name` is what it is shown as; `capacity` its requests at once."""

    backend: Backend
    model: str
    name: str
    capacity: int


class Pool:
    """Chooses the least utilised instance for each prompt.

    Where all are full, callers wait in the order they came, at most `max_waiting` of them. An
    instance whose backend is not there, before it has said anything, gives way to the next one.
    The backends are shared with other pools, so they are not closed here.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        *,
        max_waiting: int = 64,
        rng: random.Random | None = None,
    ) -> None:
        if not instances:
            raise ValueError("a pool needs at least one instance")
        self._instances = tuple(instances)
        self._in_flight = [0] * len(self._instances)
        # Who waits, each with the instances it has no use for.
        self._waiting: deque[tuple[asyncio.Future[int], set[int]]] = deque()
        self._max_waiting = max_waiting
        self._rng = rng or random.Random()  # noqa: S311 -- spreads load, keeps no secret

    @property
    def names(self) -> tuple[str, ...]:
        """What the instances are shown as."""
        return tuple(instance.name for instance in self._instances)

    @property
    def capacity(self) -> int:
        """Requests at once, over all instances."""
        return sum(instance.capacity for instance in self._instances)

    @property
    def in_flight(self) -> int:
        """Requests being answered."""
        return sum(self._in_flight)

    @property
    def waiting(self) -> int:
        """Callers waiting for a place."""
        return sum(not future.done() for future, _ in self._waiting)

    @property
    def utilisation(self) -> float:
        """In flight divided by capacity."""
        return self.in_flight / self.capacity

    def loads(self) -> Mapping[str, float]:
        """Each instance's utilisation, by name."""
        return MappingProxyType(
            {one.name: self._load(place) for place, one in enumerate(self._instances)}
        )

    async def healthy(self) -> bool:
        """Whether any instance's backend would answer."""
        checks = await asyncio.gather(*(one.backend.healthy() for one in self._instances))
        return any(checks)

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply."""
        return await joined(self.stream(prompt), model="")

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The reply as it comes; the first chunk says which instance answers.

        Raises:
            ExpertBusy: every instance is full, and as many callers wait as may.
            BackendError: the instance failed; or, if it said nothing, all of them did.
        """
        tried: set[int] = set()
        while True:
            place = await self._take(tried)
            spoke = False
            try:
                async with aclosing(self._speak(place, prompt)) as chunks:
                    async for chunk in chunks:
                        spoke = True
                        yield chunk
            except BackendUnavailable:
                if spoke or len(tried) + 1 == len(self._instances):
                    raise
                tried.add(place)
            else:
                return
            finally:
                self._give_back(place)

    async def _speak(self, place: int, prompt: Prompt) -> AsyncGenerator[Chunk]:
        instance = self._instances[place]
        first = True
        async with aclosing(instance.backend.stream(prompt.to(instance.model))) as chunks:
            async for chunk in chunks:
                yield replace(chunk, model=instance.name if first else None)
                first = False

    async def _take(self, tried: set[int]) -> int:
        """A place at an instance that has one, counted as taken."""
        free = [place for place in self._places(tried) if self._load(place) < 1]
        if free:
            least = min(map(self._load, free))
            place = self._rng.choice([one for one in free if self._load(one) == least])
            self._in_flight[place] += 1
            return place
        if self.waiting >= self._max_waiting:
            raise ExpertBusy(
                f"{', '.join(self.names)}: {self.in_flight} requests are being answered and "
                f"{self.waiting} wait; try again shortly"
            )
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiter = (future, tried)
        self._waiting.append(waiter)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._give_back(future.result())  # handed over just as its taker left
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _give_back(self, place: int) -> None:
        """End a place; the one who waits longest, of those with a use for it, gets it."""
        self._in_flight[place] -= 1
        for waiter in self._waiting:
            future, tried = waiter
            if not future.done() and place not in tried:
                self._waiting.remove(waiter)
                self._in_flight[place] += 1
                future.set_result(place)
                return

    def _places(self, tried: set[int]) -> list[int]:
        return [place for place in range(len(self._instances)) if place not in tried]

    def _load(self, place: int) -> float:
        return self._in_flight[place] / self._instances[place].capacity
