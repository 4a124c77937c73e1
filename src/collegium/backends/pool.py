"""Several models behind one expert: the fittest answers, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.backends.base import Generation, Prompt, joined
from collegium.backends.prices import charged
from collegium.backends.standing import Incumbents, Recent, Standing
from collegium.errors import BackendTimeout, BackendUnavailable, ExpertBusy, UnknownModel
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

    from collegium.backends.base import Backend
    from collegium.backends.prices import Price
    from collegium.backends.standing import Selector
    from collegium.types import Chunk


@dataclass(frozen=True, slots=True)
class Instance:
    """One model at one backend.

    `name` is what it is shown as, `capacity` its requests at once, `context_tokens` the longest
    prompt and answer together, where that is known.
    """

    backend: Backend
    model: str
    name: str
    capacity: int
    price: Price | None = None
    context_tokens: int | None = None


class Pool:
    """Chooses an instance for each prompt: the first with room that its selector names.

    Without a selector it is the least utilised one. Where all that are wanted are full, callers
    wait in the order they came, at most `max_waiting` of them; beyond that they get any with room.
    An instance whose backend is not there, before it has said anything, gives way to the next one.
    The backends are shared with other pools, so they are not closed here.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        *,
        selector: Selector | None = None,
        max_waiting: int = 64,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if not instances:
            raise ValueError("a pool needs at least one instance")
        self._instances = tuple(instances)
        self._in_flight = [0] * len(self._instances)
        self._recent = [Recent() for _ in self._instances]
        self._selector, self._incumbents = selector, Incumbents()
        self._clock = clock
        # Who waits, each with the instances it has a use for.
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

    def expected_cost_usd(self, prompt: Prompt, *, only: str | None = None) -> float | None:
        """What the reply of the instance chosen now, or of `only`, will cost; None if unknown.

        Raises:
            UnknownModel: `only` is no instance of this pool.
        """
        first, *_ = self._wanted(self._named(only), prompt)
        return self._standing(first, prompt).cost_usd

    async def stream(self, prompt: Prompt, *, only: str | None = None) -> AsyncGenerator[Chunk]:
        """The reply as it comes; the first chunk says which instance answers.

        Args:
            prompt: what to reply to.
            only: the name of the one instance to use, waited for if full; None means the choice is
                the pool's.

        Raises:
            UnknownModel: `only` is no instance of this pool.
            ExpertBusy: every instance is full, and as many callers wait as may.
            BackendError: the instance failed; or, if it said nothing, all of them did.
        """
        left = self._named(only)
        while True:
            place = await self._take(left, prompt)
            if only is None:
                self._incumbents.keep(prompt.session, self._instances[place].name)
            spoke = False
            try:
                async with aclosing(self._speak(place, prompt)) as chunks:
                    async for chunk in chunks:
                        spoke = True
                        yield chunk
            except BackendUnavailable:
                if spoke or len(left) == 1:
                    raise
                left.remove(place)
            else:
                return
            finally:
                self._give_back(place)

    async def _speak(self, place: int, prompt: Prompt) -> AsyncGenerator[Chunk]:
        instance, recent = self._instances[place], self._recent[place]
        name: str | None = instance.name
        usage, started = Usage(), self._clock()
        try:
            async with aclosing(instance.backend.stream(prompt.to(instance.model))) as chunks:
                async for chunk in chunks:
                    told = charged(chunk.usage, instance.price) if chunk.usage else None
                    usage = told or usage
                    yield replace(chunk, model=name, usage=told)
                    name = None
        except (asyncio.CancelledError, GeneratorExit, BackendTimeout):
            recent.given_up((self._clock() - started) * 1000)
            raise
        recent.ended((self._clock() - started) * 1000, usage)

    async def _take(self, left: list[int], prompt: Prompt) -> int:
        """A place at an instance of those `left` to ask, counted as taken."""
        wanted = self._wanted(left, prompt)
        place = self._free(wanted)
        if place is None:
            if self.waiting < self._max_waiting:
                return await self._wait(set(wanted))
            place = self._free(left)
        if place is None:
            raise ExpertBusy(
                f"{', '.join(self.names)}: {self.in_flight} requests are being answered and "
                f"{self.waiting} wait; try again shortly"
            )
        self._in_flight[place] += 1
        return place

    async def _wait(self, wanted: set[int]) -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiter = (future, wanted)
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
            future, wanted = waiter
            if not future.done() and place in wanted:
                self._waiting.remove(waiter)
                self._in_flight[place] += 1
                future.set_result(place)
                return

    def _named(self, only: str | None) -> list[int]:
        named = [
            place for place, one in enumerate(self._instances) if only is None or one.name == only
        ]
        if not named:
            raise UnknownModel(f"no model called {only!r} here; there are: {', '.join(self.names)}")
        return named

    def _wanted(self, left: list[int], prompt: Prompt) -> list[int]:
        """Those worth asking, the best first."""
        if self._selector is None:
            return sorted(left, key=lambda place: (self._load(place), self._rng.random()))
        standings = [self._standing(place, prompt) for place in left]
        order = self._selector(prompt, standings, self._incumbents.get(prompt.session))
        chosen = [place for name in order for place in left if self._instances[place].name == name]
        return chosen or left

    def _standing(self, place: int, prompt: Prompt) -> Standing:
        instance, recent = self._instances[place], self._recent[place]
        return Standing(
            name=instance.name,
            load=self._load(place),
            latency_ms=recent.latency_ms,
            cost_usd=recent.cost_usd(prompt, instance.price),
            context_tokens=instance.context_tokens,
        )

    def _free(self, places: Iterable[int]) -> int | None:
        return next((place for place in places if self._load(place) < 1), None)

    def _load(self, place: int) -> float:
        return self._in_flight[place] / self._instances[place].capacity
