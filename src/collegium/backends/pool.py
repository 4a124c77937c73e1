"""Several models behind one expert: the fittest answers, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from collegium.backends.asking import Ask
from collegium.backends.base import Generation, Prompt, joined
from collegium.backends.choice import Choice, standing_of
from collegium.backends.engine import Engine, Passage
from collegium.backends.instance import Instance
from collegium.backends.looking import is_there
from collegium.backends.replicas import Replicas
from collegium.backends.resilience import Resilience
from collegium.backends.speech import Speech
from collegium.errors import UnknownModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from collegium.backends.condition import State
    from collegium.backends.relay import Relayed
    from collegium.backends.standing import Selector
    from collegium.types import Chunk

__all__ = ["Instance", "Pool", "Replicas"]

LOOK_S = 2.0


class Pool:
    """Chooses an instance for each prompt: the first with room that its selector names.

    Without a selector it is the least utilised one. Where all that are wanted are full, callers
    wait in the order they came, as many as may; beyond that they get any with room. Until a reply
    has begun, what fails is tried again elsewhere (see `Engine`); after that nothing is.
    The backends are shared with other pools, so they are not closed here. Of a model that is given
    as `Replicas` the pool has those instances that there are at the time.
    """

    def __init__(
        self,
        instances: Sequence[Instance] | Sequence[Replicas],
        *,
        selector: Selector | None = None,
        resilience: Resilience | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if not instances:
            raise ValueError("a pool needs at least one instance")
        rng = rng or random.Random()  # noqa: S311 -- spreads load, keeps no secret
        models = (instances,) if isinstance(instances, Replicas) else instances
        self.models = tuple(
            one if isinstance(one, Replicas) else Replicas((one,)) for one in models
        )
        self._choice = Choice(selector, rng)
        self._engine = Engine(self._choice, resilience or Resilience(), rng=rng, clock=clock)

    @property
    def _instances(self) -> tuple[Instance, ...]:
        if len(self.models) == 1:
            return self.models[0].instances
        return tuple(one for model in self.models for one in model.instances)

    @property
    def names(self) -> tuple[str, ...]:
        """What the instances are shown as; replicas have one name."""
        return tuple(dict.fromkeys(instance.name for instance in self._instances))

    @property
    def capacity(self) -> int:
        """Requests at once, over all instances."""
        return sum(instance.capacity for instance in self._instances)

    @property
    def in_flight(self) -> int:
        """Requests being answered, whichever pool sent them."""
        return sum(instance.condition.in_flight for instance in self._instances)

    @property
    def waiting(self) -> int:
        """Callers waiting for a place."""
        return self._engine.queue.waiting

    @property
    def utilisation(self) -> float:
        """In flight divided by capacity."""
        return self.in_flight / self.capacity

    def loads(self) -> Mapping[str, float]:
        """Each model's utilisation, by name."""
        groups = {name: self._named(name) for name in self.names}
        return MappingProxyType(
            {
                name: sum(one.condition.in_flight for one in group)
                / sum(one.capacity for one in group)
                for name, group in groups.items()
            }
        )

    def states(self) -> tuple[State, ...]:
        """How its instances are."""
        return tuple(instance.condition.state() for instance in self._instances)

    async def healthy(self) -> bool:
        """Whether any instance's backend would answer."""
        checks = await asyncio.gather(*(one.backend.healthy() for one in self._instances))
        return any(checks)

    async def alive(self) -> bool:
        """Whether any instance answers anything, now."""
        looks = await asyncio.gather(*(is_there(one.backend, LOOK_S) for one in self._instances))
        return any(looks)

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply."""
        return await joined(self.stream(prompt), model="")

    def expected_cost_usd(self, prompt: Prompt, *, only: str | None = None) -> float | None:
        """What the reply of the instance chosen now, or of `only`, will cost; None if unknown.

        Raises:
            UnknownModel: `only` is no instance of this pool.
        """
        first, *_ = self._choice.order(self._named(only), prompt, pinned=only is not None)
        return standing_of(first, prompt).cost_usd

    async def stream(
        self, prompt: Prompt, *, only: str | None = None, deadline_s: float | None = None
    ) -> AsyncGenerator[Chunk]:
        """The reply as it comes; the first chunk says which instance answers.

        Args:
            prompt: what to reply to.
            only: the name of the one model to use, waited for if full; None means the choice is
                the pool's.
            deadline_s: the seconds in which the reply has to begin; None: no limit.

        Raises:
            UnknownModel: `only` is no model of this pool.
            ExpertBusy: every instance is full, and as many callers wait as may.
            DeadlineExceeded: it did not begin in time.
            BackendError: the instance failed; or, if it said nothing, all that were asked did.
        """
        speech = partial(Speech.of, prompt)
        ask = self._ask(prompt, speech, only, deadline_s, streamed=True)
        async with Passage(self._engine, ask) as spoken:
            async for chunk in spoken.chunks():
                yield chunk

    def relay(
        self,
        prompt: Prompt,
        body: Mapping[str, Any],
        *,
        only: str | None = None,
        deadline_s: float | None = None,
        path: str = "/chat/completions",
        headers: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[Relayed]:
        """A reply that has begun, to be passed on as the bytes it is; leaving ends it at once.

        Args:
            prompt: what an instance is chosen by.
            body: what is sent; the model's name in it is the instance's.
            only: the name of the one model to use; None means the choice is the pool's.
            deadline_s: the seconds for the whole reply; None: no limit.
            path: what is asked for: chat completions, or '/embeddings'.
            headers: further headers to send.

        Raises:
            UnknownModel: `only` is no model of this pool.
            ExpertBusy: every instance is full, and as many callers wait as may.
            DeadlineExceeded: the deadline passed.
            BackendError: the instance failed; or, if it said nothing, all that were asked did.
        """
        from collegium.backends.relay import (  # noqa: PLC0415 -- takes msgspec, which is not free
            Letter,
            relayed_by,
        )

        letter = Letter(body, path=path, headers=headers)
        relayed = partial(relayed_by, letter, prompt)
        ask = self._ask(prompt, relayed, only, deadline_s, streamed=letter.streamed)
        return Passage(self._engine, ask)

    def _ask(
        self,
        prompt: Prompt,
        open_: Callable[[Instance, float | None], Any],
        only: str | None,
        deadline_s: float | None,
        *,
        streamed: bool,
    ) -> Ask[Any]:
        deadline = None
        if deadline_s is not None:
            deadline = asyncio.get_running_loop().time() + deadline_s
        self._named(only)  # says at once where there is no such model
        members = partial(self._named, only)
        return Ask(prompt, open_, members, streamed, only is not None, deadline)

    def _named(self, only: str | None) -> tuple[Instance, ...]:
        if only is None:
            return self._instances
        named = tuple(one for one in self._instances if one.name == only)
        if not named:
            raise UnknownModel(f"no model called {only!r} here; there are: {', '.join(self.names)}")
        return named
