"""One HTTP request and its reply, on raw ASGI."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from collegium.errors import InvalidRequest, QueryTooLarge
from collegium.observe.tracing import Untold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from collegium.gateway.decisions import Account
    from collegium.observe.tracing import RequestSpan

    Event: TypeAlias = MutableMapping[str, Any]
    Scope: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Event]]
    Send: TypeAlias = Callable[[Event], Awaitable[None]]

UNTOLD = Untold()
# A larger reply goes out in pieces, each when the client has taken what was before it.
PIECE_BYTES = 128 * 1024
# Bodies up to this size are always taken.
SMALL_BYTES = 64 * 1024
JSON = b"application/json"
EVENTS = b"text/event-stream; charset=utf-8"
# A reply that comes sooner than this is not worth watching whether somebody waits for it.
UNWATCHED_S = 0.02
# Where the server puts the way to cut a connection, among a scope's extensions.
ABORT = "collegium.abort"


class ClientGone(Exception):
    """Nobody waits for the reply any more."""


class Exchange:
    """A request as it came, and what is said to it.

    `id` is the request's, given by the client or made here. `query` is what follows the '?'.
    `headers` has the last value of each header by its name in lower case. Headers in `extra` go out
    with the reply. While a piece is being sent, `writing_since` says from when on
    (`time.monotonic()`). `hold` counts the bytes that are held of bodies, `held` of this one.
    `account` is the chat request's own, `prompt` what it asked, where logs are to say so, `refusal`
    and `complaint` are the code and the words of the error it ended with, `span` is what tells a
    collector.
    """

    __slots__ = (
        "_abort",
        "_receive",
        "_send",
        "account",
        "body_read",
        "complaint",
        "extra",
        "finished",
        "gone",
        "headers",
        "held",
        "hold",
        "id",
        "method",
        "path",
        "prompt",
        "query",
        "refusal",
        "span",
        "started",
        "status",
        "writing_since",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, started: float) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope.get("query_string", b"")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = ""
        self.started = started
        self.status = 0
        self.gone = self.finished = False
        self.held = 0
        self.hold: Callable[[int], None] | None = None
        self.body_read = self.method not in ("POST", "PUT", "PATCH")
        self.extra: list[tuple[bytes, bytes]] = []
        self.writing_since: float | None = None
        self.account: Account | None = None
        self.prompt: str | None = None
        self.refusal = self.complaint = ""
        self.span: RequestSpan = UNTOLD
        self._receive, self._send = receive, send
        self._abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)

    def header(self, name: bytes) -> str:
        """A header's value; empty where it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def begun(self) -> bool:
        """Whether the status line has gone out."""
        return self.status != 0

    async def body(self, *, most_bytes: int) -> bytes:
        """The whole body. How long it may take to come is the server's to say.

        Raises:
            QueryTooLarge: it is longer than `most_bytes`.
            InvalidRequest: it is encoded.
            ClientGone: the client left before all of it had come.
        """
        told = self.headers.get(b"content-length", b"0")
        if not told.isdigit() or int(told) > most_bytes:
            raise QueryTooLarge(_too_large(told.decode("latin-1"), most_bytes))
        if self.headers.get(b"content-encoding", b"identity") not in (b"identity", b""):
            encoding = self.header(b"content-encoding")
            raise InvalidRequest(f"the body's encoding is {encoding!r}; send it as it is")
        event = await self._receive()
        body = self._piece(event, 0, most_bytes)
        if event.get("more_body"):
            pieces, size = [body], len(body)
            while event.get("more_body"):
                event = await self._receive()
                pieces.append(self._piece(event, size, most_bytes))
                size += len(pieces[-1])
            body = b"".join(pieces)
        self.body_read = True
        return body

    def _piece(self, event: Event, size: int, most_bytes: int) -> bytes:
        if event["type"] == "http.disconnect":
            self.gone = True
            raise ClientGone
        piece: bytes = event.get("body", b"")
        if size + len(piece) > most_bytes:
            raise QueryTooLarge(_too_large("more", most_bytes))
        self._take(size + len(piece))
        return piece

    def _take(self, size: int) -> None:
        """Have so many bytes of the body counted as being held, until the exchange is over."""
        if self.hold is not None and size > SMALL_BYTES:
            self.hold(size - self.held)
            self.held = size

    async def reply(
        self, status: int, body: bytes, media_type: bytes = JSON, *, head: Headers = ()
    ) -> None:
        """The whole reply in one piece."""
        length = str(len(body)).encode()
        lead = [(b"content-type", media_type), (b"content-length", length)]
        await self._start(status, [*lead, *head])
        place = 0
        while len(body) - place > PIECE_BYTES:
            await self.piece(body[place : place + PIECE_BYTES])
            place += PIECE_BYTES
        self.finished = True
        await self._write({"type": "http.response.body", "body": body[place:] if place else body})

    async def reply_json(self, value: Any, status: int = 200, *, head: Headers = ()) -> None:
        """A value as JSON."""
        await self.reply(status, msgspec.json.encode(value), head=head)

    async def stream(self, *, head: Headers = ()) -> None:
        """Begin a stream of events."""
        await self._start(
            200,
            [
                (b"content-type", EVENTS),
                (b"cache-control", b"no-cache"),
                (b"x-accel-buffering", b"no"),
                *head,
            ],
        )

    async def piece(self, piece: bytes) -> None:
        """The next piece of a stream; returns when the client can take more."""
        await self._write({"type": "http.response.body", "body": piece, "more_body": True})

    async def _write(self, event: Event) -> None:
        """Write what may have to wait until the client takes it."""
        self.writing_since = time.monotonic()
        try:
            await self._send(event)
        finally:
            self.writing_since = None

    def abort(self) -> None:
        """Cut the connection, whatever is still to be sent."""
        self.gone = True
        if self._abort is not None:
            self._abort()

    async def end(self) -> None:
        """End a stream."""
        self.finished = True
        await self._write({"type": "http.response.body", "body": b""})

    async def _start(self, status: int, head: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        head += self.extra
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    async def departure(self) -> None:
        """Return when the client has left, or has all it is to have."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = not self.finished


Headers: TypeAlias = "Iterable[tuple[bytes, bytes]]"


async def attended(exchange: Exchange, work: Awaitable[None]) -> None:
    """Do the work of an exchange, and drop it within moments of the client's leaving.

    Raises:
        ClientGone: the client left before the work was done.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    watching: list[asyncio.Task[None]] = []

    def left(watch: asyncio.Task[None]) -> None:
        if not watch.cancelled() and exchange.gone and task is not None:
            task.cancel()

    def watch() -> None:
        watching.append(loop.create_task(exchange.departure()))
        watching[0].add_done_callback(left)

    timer = loop.call_later(UNWATCHED_S, watch)
    try:
        await work
    except asyncio.CancelledError:
        if not exchange.gone or task is None or task.uncancel():
            raise
        raise ClientGone from None
    finally:
        timer.cancel()
        if watching:
            watching[0].remove_done_callback(left)
            watching[0].cancel()


def headers_of(values: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they go out; what no header can hold is left out."""
    return [
        (name.encode(), value.encode("latin-1", "replace"))
        for name, value in values.items()
        if value and value.isprintable()
    ]


def _too_large(size: str, most_bytes: int) -> str:
    return (
        f"the body is {size} bytes long; at most {most_bytes:,} are taken (gateway.limits.body_mb)"
    )
