"""One HTTP/1.1 connection to a model's server, one request at a time.

The parsing is llhttp's, by httptools; the rest is what asking a model takes and no more: no
cookies, redirects, compression or upgrades. With a general client a relayed
request costs nearly twice as much (`benchmarks/gateway/choice.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

# More than this is not read before somebody has taken it; a reader who takes nothing stops the
# server.
MOST_BUFFERED = 256 * 1024
HEAD_BYTES = 64 * 1024


class ConnectionBroken(Exception):
    """The server ended the connection, or spoke no HTTP; `begun` once a reply had begun."""

    def __init__(self, why: str, *, begun: bool) -> None:
        super().__init__(why)
        self.begun = begun


class ConnectionSilent(Exception):
    """Nothing came for as long as one was willing to wait."""


class Connection(asyncio.Protocol):
    """A connection: a request goes out by `ask`, then come `head` and, piece by piece, the body.

    `ended` is called with it once it is of no further use. It may be asked again when `reusable`.
    """

    def __init__(self, ended: Callable[[Connection], None]) -> None:
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._pieces: deque[bytes] = deque()
        self._buffered = 0
        self._paused = False
        self._head_bytes = self._unheaded_bytes = 0
        self._error: Exception | None = None
        self._framed = self._headed = self._begun = self._keeps = self._spoilt = False
        self.complete = False
        self.idle_since = 0.0
        self.status = 0
        self.headers: dict[bytes, bytes] = {}

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a connection."""
        self._transport = transport  # type: ignore[assignment]  # of a stream, as it was asked for

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        if self._parser is None or self.complete:
            self._break("it spoke out of turn")
            return
        self._begun = True
        try:
            self._parser.feed_data(data)
            self._bound(len(data))
        except httptools.HttpParserError as error:
            self._break(f"its reply is not HTTP ({error})")
        except httptools.HttpParserUpgrade:
            self._break("it wants to speak another protocol")
        else:
            self._wake()

    def _bound(self, size: int) -> None:
        """See that the head comes to an end; of a header the parser tells only at its end."""
        self._unheaded_bytes = 0 if self._headed else self._unheaded_bytes + size
        if self._unheaded_bytes > HEAD_BYTES:
            self._break("the head of its reply is too long")

    def eof_received(self) -> bool:
        """The server says no more; a body of unknown length ends that way."""
        if self._headed and not self._framed and not self.complete:
            self.complete = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._transport = None
        if not self.complete and self._error is None:
            why = f"it broke the connection ({exc})" if exc else "it broke the connection"
            self._error = ConnectionBroken(why, begun=self._begun)
        self._wake()
        self._ended(self)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A reply begins; one that nobody has asked for spoils the connection."""
        if self.complete:
            self._spoilt = True
            return
        self.headers = {}
        self._head_bytes = 0
        self._framed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; what follows a body in chunks, as a trailer, is passed over."""
        if self._headed:
            return
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES:
            raise httptools.HttpParserError("its head is too long")
        name = name.lower()
        self._framed = self._framed or name in (b"content-length", b"transfer-encoding")
        self.headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is there; those of an interim reply (1xx) are passed over."""
        if self._headed or self._parser is None:
            return
        if (status := self._parser.get_status_code()) >= 200:
            self.status, self._headed = status, True
            self._keeps = self._parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        if self.complete:
            return
        self._pieces.append(piece)
        self._buffered += len(piece)
        if self._buffered > MOST_BUFFERED and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The reply is complete."""
        self.complete = self._headed

    # What its user calls.

    @property
    def reusable(self) -> bool:
        """Whether another request can be sent: all of the last reply was read, the server stays."""
        spare = self._parser is None or (self.complete and self._keeps and not self._pieces)
        return spare and not self._spoilt and self._error is None and self._sent

    @property
    def _sent(self) -> bool:
        """Whether the connection is there, and all that was asked has gone out."""
        return self.open and not (self._transport and self._transport.get_write_buffer_size())

    @property
    def open(self) -> bool:
        """Whether the connection is there."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes) -> None:
        """Send a request.

        Raises:
            ConnectionBroken: the connection is not there any more.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionBroken("it broke the connection", begun=False)
        self._parser = httptools.HttpResponseParser(self)
        self._pieces.clear()
        self._buffered = 0
        self._headed = self._begun = self.complete = False
        self._transport.write(request)

    async def head(self, silence_s: float) -> None:
        """Wait until `status` and `headers` are there.

        Raises:
            ConnectionBroken, ConnectionSilent: they do not come.
        """
        while not self._headed:
            if self._error is not None:
                raise self._error
            await self._wait(silence_s)

    async def piece(self, silence_s: float) -> bytes:
        """What has come of the body since the last piece, waited for; empty at its end.

        Raises:
            ConnectionBroken, ConnectionSilent: it does not come.
        """
        while not self._pieces:
            if self.complete:
                return b""
            if self._error is not None:
                raise self._error
            await self._wait(silence_s)
        pieces = self._pieces
        told = pieces.popleft() if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._buffered = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return told

    def close(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self, silence_s: float) -> None:
        if self._waiter is not None:
            raise ConnectionBroken("two wait for one reply", begun=self._begun)
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(silence_s, self._silent)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _silent(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionSilent())

    def _break(self, why: str) -> None:
        self._error = ConnectionBroken(why, begun=self._begun)
        self._wake()
        self.close()
