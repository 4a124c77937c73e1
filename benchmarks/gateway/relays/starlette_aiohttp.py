"""A relay that tells what starlette costs by itself: starlette, aiohttp upstream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
from asgi import CHAT_URL, HEADERS, wants_stream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncGenerator[None]:
    """Hold the client while the server runs."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
    ) as client:
        application.state.client = client
        yield


async def pieces(reply: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
    """What the upstream sends, as it comes."""
    async with reply:
        async for data in reply.content.iter_any():
            yield data


async def relay(request: Request) -> Response:
    """Give a chat request to the upstream, and back what it answers."""
    body = await request.body()
    client: aiohttp.ClientSession = request.app.state.client
    reply = await client.post(CHAT_URL, data=body, headers=HEADERS)
    if wants_stream(body):
        return StreamingResponse(pieces(reply), reply.status, media_type="text/event-stream")
    async with reply:
        return Response(await reply.read(), reply.status, media_type="application/json")


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
