"""A bare relay: raw ASGI, aiohttp upstream."""

from __future__ import annotations

import aiohttp
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


class Relay:
    """Gives every POST to the upstream, and what it answers to whoever asked."""

    client: aiohttp.ClientSession

    async def start(self) -> None:
        """Open the client, within the server's own loop."""
        self.client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )

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
        async with self.client.post(CHAT_URL, data=body, headers=HEADERS) as reply:
            if not wants_stream(body):
                await answer(send, reply.status, await reply.read())
                return
            await begin(send, reply.status, EVENTS)
            async for data in reply.content.iter_any():
                await piece(send, data)
            await end(send)


app = Relay()
