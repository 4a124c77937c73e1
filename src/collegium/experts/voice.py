"""An expert who speaks with one model only, so that its models can be asked beside each other."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from collegium.experts.base import Expert, spoken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.experts.model_expert import ModelExpert
    from collegium.types import Answer, Chunk, Query


class Voice(Expert):
    """`expert` answering with `model`, one of its pool.

    It has the expert's name, key and bid, and what it does is counted as the expert's, once.
    """

    def __init__(self, expert: ModelExpert, model: str) -> None:
        super().__init__(expert.name, expert.capabilities, key=expert.key, fallback=expert.fallback)
        self.expert = expert
        self.model = model
        self._ledger = expert._ledger  # noqa: SLF001 -- one ledger for all voices of an expert
        self._pinned = expert.pinned_to(model)

    async def can_handle(self, query: Query) -> float:
        """The expert's own confidence."""
        return await self.expert.can_handle(query)

    async def process(self, query: Query) -> Answer:
        """The expert's answer, by this model."""
        return await spoken(self.stream(query), self)

    async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
        """The expert's answer as it grows, by this model; waits for it where it is full.

        Raises:
            CollegiumError: whatever the expert raises.
        """
        async with aclosing(self._pinned.stream(query)) as chunks:
            async for chunk in chunks:
                yield chunk

    def expected_cost_usd(self, query: Query) -> float | None:
        """What an answer of this model will cost, as far as can be told; None without a price."""
        return self._pinned.expected_cost_usd(query)

    @property
    def not_ready(self) -> str:
        """What the expert lacks before it can answer; empty when it can."""
        return self.expert.not_ready

    def update_stats(self, success: bool, latency: float) -> None:
        """Record an outcome as the expert's."""
        self.expert.update_stats(success, latency)

    def __repr__(self) -> str:
        return f"<Voice {self.name!r} of {self.model!r}>"
