"""A bare relay: raw ASGI, the connections of collegium's own backends upstream (httptools)."""

from __future__ import annotations

from asgi import (
    EVENTS,
    HEADERS,
    UPSTREAM,
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

from collegium.backends.connections import Connections

SILENCE_S = 120.0


class Relay:
    """Gives every POST to the upstream, and what it answers to whoever asked."""

    connections: Connections

    async def start(self) -> None:
        """Open the client, within the server's own loop."""
        self.connections = Connections(UPSTREAM, connect_timeout_s=5.0)

    async def stop(self) -> None:
        """Close the client."""
        self.connections.close()

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
        reply = await self.connections.send(
            "POST", "/v1/chat/completions", HEADERS, body, silence_s=SILENCE_S
        )
        try:
            if not wants_stream(body):
                pieces = []
                while data := await reply.piece(SILENCE_S):
                    pieces.append(data)
                await answer(send, reply.status, b"".join(pieces))
                return
            await begin(send, reply.status, EVENTS)
            while data := await reply.piece(SILENCE_S):
                await piece(send, data)
            await end(send)
        finally:
            self.connections.done(reply)


app = Relay()
