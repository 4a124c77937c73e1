"""What the raw relays share: reading a body and sending an answer, in ASGI's own words."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

UPSTREAM = os.environ.get("UPSTREAM", "http://127.0.0.1:9000")
CHAT_URL = f"{UPSTREAM}/v1/chat/completions"
HEADERS = {"content-type": "application/json"}
JSON = b"application/json"
EVENTS = b"text/event-stream"

_streams = re.compile(rb'"stream"\s*:\s*true').search


def wants_stream(body: bytes) -> bool:
    """Whether a chat request asks for server-sent events."""
    return _streams(body) is not None


async def whole_body(receive: Receive) -> bytes:
    """The body of a request."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def begin(send: Send, status: int, media_type: bytes, length: int | None = None) -> None:
    """Send the head of an answer; without a length pieces follow."""
    headers = [(b"content-type", media_type)]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def answer(send: Send, status: int, body: bytes) -> None:
    """Send a whole answer."""
    await begin(send, status, JSON, len(body))
    await send({"type": "http.response.body", "body": body})


async def piece(send: Send, body: bytes) -> None:
    """Send a piece of a stream."""
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def end(send: Send) -> None:
    """End a stream."""
    await send({"type": "http.response.body", "body": b""})


async def lifespan(
    receive: Receive,
    send: Send,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Run an application's start and stop when the server says so."""
    await receive()
    await start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop()
    await send({"type": "lifespan.shutdown.complete"})
