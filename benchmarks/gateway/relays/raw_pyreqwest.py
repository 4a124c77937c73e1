"""A bare relay: raw ASGI, pyreqwest upstream."""

from __future__ import annotations

from asgi import (
    CHAT_URL,
    EVENTS,
    HEADERS,
    Receive,
    Scope,
    Send,
    answer,
    begin,
    end,
    lifespan,
    piece,
    wants_stream,
    whole_body,
)
from pyreqwest.client import Client, ClientBuilder


class Relay:
    """Gives every POST to the upstream, and what it answers to whoever asked."""

    client: Client

    async def start(self) -> None:
        """Open the client, within the server's own loop."""
        self.client = ClientBuilder().http1_only().no_proxy().tcp_nodelay(True).build()

    async def stop(self) -> None:
        """Close the client."""
        await self.client.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send, self.start, self.stop)
        elif scope["method"] == "GET":
            await answer(send, 200, b"{}")
        else:
            await self.relay(await whole_body(receive), send)

    async def relay(self, body: bytes, send: Send) -> None:
        """Ask the upstream; whole or piece by piece."""
        request = self.client.post(CHAT_URL).headers(HEADERS).body_bytes(body)
        if not wants_stream(body):
            reply = await request.build().send()
            await answer(send, reply.status, bytes(await reply.bytes()))
            return
        async with request.streamed_read_buffer_limit(0).build_streamed() as reply:
            await begin(send, reply.status, EVENTS)
            while (data := await reply.body_reader.read_chunk()) is not None:
                await piece(send, bytes(data))
            await end(send)


app = Relay()
