"""A backend's stream of chunks that has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.backends.prices import charged
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.backends.base import Prompt
    from collegium.backends.instance import Instance
    from collegium.types import Usage


class Speech:
    """What an instance says, of which the first chunk has come."""

    __slots__ = ("_chunks", "_first", "_instance", "complete", "ttft_ms", "usage")

    def __init__(
        self, instance: Instance, first: Chunk | None, chunks: AsyncGenerator[Chunk]
    ) -> None:
        self._instance, self._first, self._chunks = instance, first, chunks
        self.usage: Usage | None = None
        self.ttft_ms = 0.0
        self.complete = False

    @classmethod
    async def of(cls, prompt: Prompt, instance: Instance, within_s: float | None) -> Speech:
        """The instance's answer to a prompt, begun."""
        del within_s  # whoever makes the attempt calls it off
        chunks = instance.backend.stream(prompt.to(instance.model))
        try:
            first = await anext(chunks, None)
        except BaseException:
            await chunks.aclose()
            raise
        return cls(instance, first, chunks)

    async def chunks(self) -> AsyncGenerator[Chunk]:
        """All of it; the first chunk says which instance answers, and what it cost is told."""
        if self._first is not None:
            yield self._told(self._first, self._instance.name)
            async for chunk in self._chunks:
                plain = chunk.model is None and chunk.usage is None
                yield chunk if plain else self._told(chunk, None)
        self.complete = True

    async def aclose(self) -> None:
        """End it, wherever it is."""
        await self._chunks.aclose()

    def _told(self, chunk: Chunk, model: str | None) -> Chunk:
        usage = charged(chunk.usage, self._instance.price) if chunk.usage else None
        self.usage = usage or self.usage
        return Chunk(
            text=chunk.text,
            usage=usage,
            model=model,
            tool_calls=chunk.tool_calls,
            finish=chunk.finish,
            extra=chunk.extra,
        )
