"""Any OpenAI-compatible server: vLLM, Ollama, llama.cpp's, hosted APIs, another college."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiohttp

from collegium.backends import wire
from collegium.backends.sse import EventReader
from collegium.errors import (
    BackendError,
    BackendGarbled,
    BackendTimeout,
    BackendUnavailable,
    StreamCut,
)
from collegium.types import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import SimpleNamespace

    from collegium.backends.base import Generation, Prompt

ERROR_BODY_BYTES = 64 * 1024
MAX_REPLY_BYTES = 64 * 1024 * 1024
POOLED_CONNECTIONS = 256
DRAIN_S = 0.05


class HttpBackend:
    """Speaks chat completions to the server at `url`, over pooled connections.

    A request whose pooled connection turns out to be closed, before a byte of the reply has come,
    is sent once more over a new one: servers close idle connections, and that is no failure.
    Nothing else is retried here.
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
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_timeout_s, sock_read=idle_timeout_s
        )
        self._idle_timeout_s = idle_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._pooled: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"HttpBackend({self.url!r}, name={self.name!r})"

    @property
    def _where(self) -> str:
        return f"backend {self.name!r} at {self.url}"

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply, in one request that does not stream."""
        body = wire.body_of(prompt, stream=False)
        with self._translated():
            async with self._reply("POST", "/chat/completions", body) as reply:
                raw = await self._whole(reply, MAX_REPLY_BYTES)
        return wire.generation_of(raw, self._where, model=prompt.model)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The reply as it comes; closing it closes the connection, which the server sees."""
        body = wire.body_of(prompt, stream=True)
        with self._translated():
            async with self._reply("POST", "/chat/completions", body) as reply:
                if "event-stream" not in reply.content_type:
                    raise BackendGarbled(await self._not_a_stream(reply))
                async with aclosing(self._chunks(reply)) as chunks:
                    async for chunk in chunks:
                        yield chunk

    async def models(self) -> tuple[str, ...]:
        """The names that the server lists."""
        with self._translated():
            async with self._reply("GET", "/models") as reply:
                raw = await self._whole(reply, MAX_REPLY_BYTES)
        return wire.models_of(raw, self._where)

    async def answers(self, path: str) -> bool:
        """Whether a GET of `path`, beside the API and not under it, gives 200."""
        url = self.url.removesuffix("/v1") + path
        try:
            async with self._session().get(
                url, headers=self._headers, trace_request_ctx=[]
            ) as reply:
                return reply.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def healthy(self) -> bool:
        """Whether the server lists its models."""
        try:
            await self.models()
        except BackendError:
            return False
        return True

    async def aclose(self) -> None:
        """Close every connection."""
        sessions, self._pooled, self._fresh = (self._pooled, self._fresh), None, None
        for session in sessions:
            if session is not None:
                await session.close()

    async def _chunks(self, reply: aiohttp.ClientResponse) -> AsyncGenerator[Chunk]:
        reader, model, finished = EventReader(where=self._where), None, False
        async for piece in reply.content.iter_any():
            for data in reader.feed(piece):
                if data.strip() == "[DONE]":
                    await self._rest(reply)
                    return
                chunk = wire.chunk_of(data, self._where)
                finished = finished or chunk.finish is not None
                known, model = model, chunk.model or model
                yield chunk if known != model else _without_model(chunk)
        if not finished:
            raise StreamCut(f"{self._where} closed the stream before the answer was complete")

    async def _rest(self, reply: aiohttp.ClientResponse) -> None:
        """Read the little that follows the end, so that the connection can be used again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await reply.content.read()

    @asynccontextmanager
    async def _reply(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The server's reply, which is 200; closed, not merely released, on the way out."""
        reused: list[bool] = []
        try:
            reply = await self._send(self._session(), method, path, body, reused)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not reused or isinstance(error, aiohttp.ClientConnectorError):
                raise
            reply = await self._send(self._new_connections(), method, path, body, [])
        try:
            if reply.status != 200:
                raw = await self._whole(reply, ERROR_BODY_BYTES)
                model = str((body or {}).get("model", ""))
                wait = reply.headers.get("Retry-After")
                raise wire.refusal(reply.status, raw, self._where, model=model, retry_after=wait)
            yield reply
        finally:
            # A reply read to its end has given its connection back already; any other must not.
            reply.close()

    async def _send(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        reused: list[bool],
    ) -> aiohttp.ClientResponse:
        return await session.request(
            method,
            self.url + path,
            json=body,
            headers=self._headers,
            allow_redirects=False,
            trace_request_ctx=reused,
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._pooled is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_note_reuse)
            connector = aiohttp.TCPConnector(limit=POOLED_CONNECTIONS)
            self._pooled = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, trace_configs=[trace]
            )
        return self._pooled

    def _new_connections(self) -> aiohttp.ClientSession:
        if self._fresh is None:
            connector = aiohttp.TCPConnector(limit=POOLED_CONNECTIONS, force_close=True)
            self._fresh = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._fresh

    async def _whole(self, reply: aiohttp.ClientResponse, most: int) -> str:
        raw = bytearray()
        async for piece in reply.content.iter_any():
            raw += piece
            if len(raw) > most:
                if reply.status == 200:
                    raise BackendGarbled(f"{self._where} sent more than {most:,} bytes")
                break
        return raw[:most].decode("utf-8", errors="replace")

    async def _not_a_stream(self, reply: aiohttp.ClientResponse) -> str:
        raw = await self._whole(reply, ERROR_BODY_BYTES)
        kind = reply.content_type
        return (
            f"{self._where} sent {kind}, not a stream of events: {wire.excerpt(raw)} "
            "(does the url end with /v1?)"
        )

    def _translated(self) -> _Translating:
        return _Translating(self)

    def translate(self, error: Exception) -> BackendError:
        """What an error of the client library means here."""
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return BackendUnavailable(
                f"{self._where} did not take the connection within {self._connect_timeout_s:g} s"
            )
        if isinstance(error, TimeoutError):
            return BackendTimeout(f"{self._where} said nothing for {self._idle_timeout_s:g} s")
        if isinstance(error, aiohttp.ClientConnectorError):
            return BackendUnavailable(
                f"{self._where} does not answer ({error.os_error}); is it up?"
            )
        if isinstance(error, aiohttp.ClientPayloadError):
            return StreamCut(f"{self._where} broke off in the middle of its reply")
        if isinstance(error, aiohttp.InvalidURL):
            return BackendUnavailable(f"{self._where} is not a URL that can be reached")
        return BackendUnavailable(f"{self._where} broke the connection ({error!r})")


class _Translating:
    """Turns the client library's errors into ours, at the one place where they come through."""

    def __init__(self, backend: HttpBackend) -> None:
        self._backend = backend

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, aiohttp.ClientError | TimeoutError):
            raise self._backend.translate(error) from error


async def _note_reuse(
    _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionReuseconnParams
) -> None:
    if context.trace_request_ctx is not None:
        context.trace_request_ctx.append(True)


def _without_model(chunk: Chunk) -> Chunk:
    if chunk.model is None:
        return chunk
    return Chunk(chunk.text, chunk.usage, None, chunk.tool_calls, chunk.finish)
