"""A backend's chunks as the bytes a server would have sent, for backends that have no server."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from collegium.backends import wire
from collegium.backends.base import joined
from collegium.backends.events import DONE
from collegium.errors import BackendRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.backends.base import Prompt
    from collegium.backends.instance import Instance
    from collegium.types import Chunk, Usage


class RenderedReply:
    """The reply to a prompt, written down in the chat-completions format as it comes."""

    def __init__(self, instance: Instance, prompt: Prompt, *, streamed: bool) -> None:
        self.media_type = "text/event-stream" if streamed else "application/json"
        self._model = instance.model
        self._chunks = instance.backend.stream(prompt.to(instance.model))
        self._streamed = streamed
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
        self._pieces = self._written()

    async def piece(self) -> bytes:
        """The next event, or all of a body; empty at the end."""
        return await anext(self._pieces, b"")

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([piece async for piece in self._pieces])

    async def drain(self) -> None:
        """Nothing follows the end."""

    def close(self) -> None:
        """Be done with it: see `aclose`, for this one cannot be ended without waiting."""

    async def aclose(self) -> None:
        """End the stream behind it."""
        await self._pieces.aclose()
        await self._chunks.aclose()

    async def _written(self) -> AsyncGenerator[bytes]:
        if not self._streamed:
            yield await self._whole()
            return
        async for chunk in self._chunks:
            for row in self._events_of(chunk):
                yield b"data: " + wire.encoded(row) + b"\n\n"
        yield DONE

    async def _whole(self) -> bytes:
        said = await joined(self._chunks, model=self._model)
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.tool_calls:
            message["tool_calls"] = [dict(call) for call in said.tool_calls]
        choice = {"index": 0, "message": message, "finish_reason": said.finish}
        return wire.encoded(
            {
                **self._head,
                "object": "chat.completion",
                "model": self._model,
                "choices": [choice],
                "usage": _counted(said.usage),
            }
        )

    def _events_of(self, chunk: Chunk) -> list[dict[str, Any]]:
        head = {**self._head, "object": "chat.completion.chunk", "model": self._model}
        rows: list[dict[str, Any]] = []
        delta: dict[str, Any] = {"content": chunk.text} if chunk.text else {}
        if chunk.tool_calls:
            delta["tool_calls"] = [dict(call) for call in chunk.tool_calls]
        if delta or chunk.finish:
            choice = {"index": 0, "delta": delta, "finish_reason": chunk.finish}
            rows.append({**head, "choices": [choice]})
        if chunk.usage is not None:
            rows.append({**head, "choices": [], "usage": _counted(chunk.usage)})
        return rows


def rendered(instance: Instance, prompt: Prompt, path: str, *, streamed: bool) -> RenderedReply:
    """The reply of a backend without a server.

    Raises:
        BackendRefused: something else than a chat is wanted.
    """
    if path != "/chat/completions":
        raise BackendRefused(f"{instance.name} answers chats; it has nothing at {path}", 404)
    return RenderedReply(instance, prompt, streamed=streamed)


def _counted(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
