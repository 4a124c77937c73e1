"""Any OpenAI-compatible server: vLLM, Ollama, llama.cpp's, hosted APIs, another college."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from collegium.backends import wire
from collegium.backends.connection import ConnectionBroken, ConnectionSilent
from collegium.backends.connections import Connections, NotReached
from collegium.backends.replies import HttpReply
from collegium.backends.sse import EventReader
from collegium.errors import (
    BackendError,
    BackendTimeout,
    BackendUnavailable,
    StreamCut,
)
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from collegium.backends.base import Generation, Prompt

ERROR_BODY_BYTES = 64 * 1024
SHORTEST_S = 0.001


class HttpBackend:
    """Speaks chat completions to the server at `url`, over pooled connections.

    Nothing is retried here, but for what a pooled connection that was closed meanwhile takes.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "http",
        api_key: str | None = None,
        connect_timeout_s: float = 5.0,
        idle_timeout_s: float = 120.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.name = name
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._idle_timeout_s = idle_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._connections = Connections(self.url, connect_timeout_s=connect_timeout_s)

    def __repr__(self) -> str:
        return f"HttpBackend({self.url!r}, name={self.name!r})"

    @property
    def _where(self) -> str:
        return f"backend {self.name!r} at {self.url}"

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply, in one request that does not stream."""
        reply = await self.open(wire.body_of(prompt, stream=False))
        try:
            raw = await reply.read()
        finally:
            reply.close()
        return wire.generation_of(raw, self._where, model=prompt.model)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The reply as it comes; closing it closes the connection, which the server sees."""
        reply = await self.open(wire.body_of(prompt, stream=True))
        try:
            if "event-stream" not in reply.media_type:
                raise wire.no_stream(
                    reply.media_type, await reply.beginning(ERROR_BODY_BYTES), self._where
                )
            async with aclosing(self._chunks(reply)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            reply.close()

    async def open(
        self,
        body: Mapping[str, Any] | bytes,
        *,
        path: str = "/chat/completions",
        headers: Mapping[str, str] | None = None,
        deadline_s: float | None = None,
    ) -> HttpReply:
        """Send a body; the reply, of which nothing but the status is known to be right.

        Args:
            body: a chat body, or one that is encoded already.
            path: what is added to the base address.
            headers: further headers; ours go before them.
            deadline_s: neither connecting nor any silence may last longer than that.

        Raises:
            BackendError: the server did not answer 200.
        """
        data = body if isinstance(body, bytes) else wire.encoded(body)
        return await self._open("POST", path, data, headers, deadline_s)

    async def models(self) -> tuple[str, ...]:
        """The names that the server lists."""
        reply = await self._open("GET", "/models")
        try:
            raw = await reply.read()
        finally:
            reply.close()
        return wire.models_of(raw, self._where)

    async def alive(self) -> bool:
        """Whether the server answers at all, over a connection of its own."""
        return (await self._status(self._connections, "/models", fresh=True)) < 500

    async def answers(self, path: str) -> bool:
        """Whether a GET of `path`, beside the API and not under it, gives 200."""
        beside = Connections(
            self.url.removesuffix("/v1"), connect_timeout_s=self._connect_timeout_s
        )
        return (await self._status(beside, path, fresh=True)) == 200

    async def _status(self, connections: Connections, path: str, *, fresh: bool) -> int:
        """The status that a GET has; 599 where none comes."""
        try:
            connection = await connections.send(
                "GET", path, self._headers, None, silence_s=self._idle_timeout_s, fresh=fresh
            )
        except (NotReached, ConnectionBroken, ConnectionSilent):
            return 599
        connection.close()
        return connection.status

    async def healthy(self) -> bool:
        """Whether the server lists its models."""
        try:
            await self.models()
        except BackendError:
            return False
        return True

    async def aclose(self) -> None:
        """Close every connection."""
        self._connections.close()

    async def _chunks(self, reply: HttpReply) -> AsyncGenerator[Chunk]:
        reader, model, finished = EventReader(where=self._where), None, False
        while piece := await reply.piece():
            for data in reader.feed(piece):
                if data.strip() == "[DONE]":
                    await reply.drain()
                    return
                chunk = wire.chunk_of(data, self._where)
                finished = finished or chunk.finish is not None
                known, model = model, chunk.model or model
                yield chunk if known != model else _without_model(chunk)
        if not finished:
            raise StreamCut(f"{self._where} closed the stream before the answer was complete")

    async def _open(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline_s: float | None = None,
    ) -> HttpReply:
        """The server's reply, which is 200; whoever gets it closes it."""
        silence_s = self._idle_timeout_s
        if deadline_s is not None and deadline_s < silence_s:
            silence_s = max(deadline_s, SHORTEST_S)
        try:
            connection = await self._connections.send(
                method,
                path,
                self._headers if headers is None else {**headers, **self._headers},
                data,
                silence_s=silence_s,
            )
        except (NotReached, ConnectionBroken, ConnectionSilent) as error:
            raise self.translate(error) from error
        opened = HttpReply(
            connection,
            self._connections,
            where=self._where,
            silence_s=silence_s,
            translate=self.translate,
        )
        if opened.status != 200:
            raise await self._refused(opened, data)
        return opened

    async def _refused(self, reply: HttpReply, data: bytes | None) -> BackendError:
        try:
            raw = await reply.beginning(ERROR_BODY_BYTES)
        finally:
            reply.close()
        return wire.refusal(
            reply.status,
            raw.decode("utf-8", errors="replace"),
            self._where,
            model=wire.model_in(data),
            retry_after=reply.header("Retry-After"),
        )

    def translate(self, error: Exception) -> BackendError:
        """What an error of the client library means here."""
        if isinstance(error, NotReached):
            if error.late:
                return BackendUnavailable(f"{self._where} did not take the connection {error}")
            return BackendUnavailable(f"{self._where} does not answer ({error}); is it up?")
        if isinstance(error, ConnectionSilent):
            return BackendTimeout(f"{self._where} said nothing for {self._idle_timeout_s:g} s")
        if isinstance(error, ConnectionBroken) and error.begun:
            return StreamCut(f"{self._where} broke off in the middle of its reply: {error}")
        return BackendUnavailable(f"{self._where} did not answer: {error}")


def _without_model(chunk: Chunk) -> Chunk:
    if chunk.model is None:
        return chunk
    return Chunk(chunk.text, chunk.usage, None, chunk.tool_calls, chunk.finish, extra=chunk.extra)
