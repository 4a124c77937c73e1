"""A relay as most are written: starlette, httpx upstream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx
from asgi import CHAT_URL, HEADERS, wants_stream
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncGenerator[None]:
    """Hold the client while the server runs."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=1000)
    async with httpx.AsyncClient(timeout=None, limits=limits) as client:  # noqa: S113 -- as the others
        application.state.client = client
        yield


async def relay(request: Request) -> Response:
    """Give a chat request to the upstream, and back what it answers."""
    body = await request.body()
    client: httpx.AsyncClient = request.app.state.client
    asked = client.build_request("POST", CHAT_URL, content=body, headers=HEADERS)
    reply = await client.send(asked, stream=wants_stream(body))
    if not wants_stream(body):
        return Response(reply.content, reply.status_code, media_type="application/json")
    pieces: AsyncIterator[bytes] = reply.aiter_raw()
    closing = BackgroundTask(reply.aclose)
    return StreamingResponse(
        pieces, reply.status_code, media_type="text/event-stream", background=closing
    )


async def models(_: Request) -> Response:
    """Answer at once: the relay is up."""
    return JSONResponse({})


app = Starlette(
    routes=[
        Route("/v1/chat/completions", relay, methods=["POST"]),
        Route("/v1/models", models),
    ],
    lifespan=lifespan,
)
