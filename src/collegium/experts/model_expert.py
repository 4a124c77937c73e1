"""An expert made of instructions, a vocabulary and a pool of models; most experts are one."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING

from collegium.backends.base import Prompt, Transcript
from collegium.errors import ExpertError, ExpertNotReady
from collegium.experts.base import Expert, ExpertCapability, spoken
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
        self.pool = pool
        self.instructions = instructions
        self.description = description
        self.missing = missing
        self.no_pool = ""

    @property
    def not_ready(self) -> str:
        """What the expert lacks before it can answer; empty when it can."""
        return self.missing or ("" if self.pool is not None else self.no_pool)

    async def can_handle(self, query: Query) -> float:
        """How sure it is that it will answer well.

        The calibrated probability, by its vocabulary and the shape of the text, that the query is
        one of its own (see `lexicon.assess`), times its reliability of late.
        """
        own = assess(self.vocabulary.evidence(read(reading_text(query))))
        return own * self.reliability

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
        async with aclosing(self.pool.stream(self._prompt(query))) as chunks:
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

    def _prompt(self, query: Query) -> Prompt:
        return Prompt(
            messages=with_instructions(query.messages, self.instructions),
            sampling=query.sampling,
            tools=query.tools,
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
