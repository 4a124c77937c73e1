"""An expert made of instructions, a vocabulary and a pool of models; most experts are one."""

from __future__ import annotations

import time
from contextlib import aclosing
from copy import copy
from typing import TYPE_CHECKING, Self

from collegium.backends.base import Prompt, Transcript
from collegium.errors import ExpertError, ExpertNotReady
from collegium.experts.base import Expert, ExpertCapability, spoken
from collegium.experts.voice import Voice
from collegium.lexicon import assess, read, reading_text
from collegium.types import Answer, Chunk, Message, Query

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from collegium.backends.pool import Pool
    from collegium.lexicon import Vocabulary


class ModelExpert(Expert):
    """Answers with a model of its pool, told how by its instructions.

    It bids for a query by how much of its vocabulary the query speaks. `missing` says what it lacks
    beside a pool, and `no_pool` why it could not be given one; while either says something, it is
    not ready.
    """

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        pool: Pool | None = None,
        *,
        instructions: str = "",
        description: str = "",
        capabilities: Iterable[ExpertCapability] = (),
        key: str | None = None,
        fallback: bool = False,
        missing: str = "",
    ) -> None:
        super().__init__(name, capabilities, key=key, fallback=fallback)
        self.vocabulary = vocabulary
        self.only: str | None = None
        self.pool = pool
        self.instructions = instructions
        self.description = description
        self.missing = missing
        self.no_pool = ""

    @property
    def pool(self) -> Pool | None:
        """The models it answers with; None until it is given some."""
        return self._pool

    @pool.setter
    def pool(self, pool: Pool | None) -> None:
        self._pool = pool
        names = {} if pool is None else dict.fromkeys(pool.names)
        self.model = next(iter(names)) if len(names) == 1 else ""

    def pinned_to(self, model: str) -> Self:
        """The same expert, its load and its record too, answering with that model of its pool."""
        pinned = copy(self)
        pinned.only = pinned.model = model
        return pinned

    def voices(self) -> tuple[Expert, ...]:
        """One voice for each model of its pool, in the pool's order; itself where there is one."""
        names = () if self.pool is None or self.only else tuple(dict.fromkeys(self.pool.names))
        return tuple(Voice(self, name) for name in names) if len(names) > 1 else (self,)

    def expected_cost_usd(self, query: Query) -> float | None:
        """What an answer of the model that it would choose now will cost; None without a price."""
        if self.pool is None:
            return None
        return self.pool.expected_cost_usd(self.prompt_of(query), only=self.only)

    @property
    def not_ready(self) -> str:
        """What the expert lacks before it can answer; empty when it can."""
        return self.missing or ("" if self.pool is not None else self.no_pool)

    @property
    def direct(self) -> bool:
        """Nothing else is what it does."""
        return True

    @property
    def grounds(self) -> object | None:
        """Its vocabulary."""
        return self.vocabulary

    def suits(self, query: Query) -> float:
        """The probability, by its vocabulary and the shape of the text, that a query is its own.

        It is calibrated: see `lexicon.assess`.
        """
        return assess(self.vocabulary.evidence(read(reading_text(query))))

    async def can_handle(self, query: Query) -> float:
        """How sure it is that it will answer well: by the query, times its reliability of late."""
        return self.suits(query) * self.reliability

    async def process(self, query: Query) -> Answer:
        """Answer the query with a model of the pool."""
        return await spoken(self.stream(query), self)

    async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
        """The model's text as it comes, then the whole answer.

        Raises:
            ExpertNotReady: there is no model to ask.
            ExpertError: the model answered with nothing.
            BackendError: the model did not answer.
        """
        if self.pool is None or self.missing:
            lacks = self.not_ready or "it has not been given a model"
            raise ExpertNotReady(f"{self.name} is not ready: {lacks}")
        started = time.perf_counter()
        transcript = Transcript()
        async with aclosing(self.pool.stream(self.prompt_of(query), only=self.only)) as chunks:
            async for chunk in chunks:
                transcript.add(chunk)
                yield chunk
        said = transcript.generation(model="")
        if not said.text.strip() and not said.tool_calls:
            raise ExpertError(f"{self.name}'s model {said.model!r} answered with nothing")
        answer = Answer(
            expert=self.name,
            model=said.model,
            text=said.text,
            confidence=await self.can_handle(query),
            latency_ms=(time.perf_counter() - started) * 1000,
            usage=said.usage,
            tool_calls=said.tool_calls,
            finish=said.finish,
        )
        yield Chunk(answer=answer)

    def prompt_of(self, query: Query) -> Prompt:
        """What its model is sent for a query."""
        return Prompt(
            messages=with_instructions(query.messages, self.instructions),
            sampling=query.sampling,
            tools=query.tools,
            task=query.task,
            objective=query.objective,
            budget_usd=query.budget_usd,
            session=query.session,
            query=query.id,
        )


def with_instructions(messages: tuple[Message, ...], instructions: str) -> tuple[Message, ...]:
    """The conversation with an expert's instructions before it, in one system message.

    A system message of the caller's own follows the instructions inside that message, since many
    models' chat templates take only one.
    """
    if not instructions:
        return messages
    first, *rest = messages
    if first.role == "system" and isinstance(first.content, str):
        return (Message("system", f"{instructions}\n\n{first.content}", first.extra), *rest)
    return (Message("system", instructions), *messages)
