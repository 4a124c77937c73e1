"""HTTP/1.1 as uvicorn reads it, with bounds on what a request may be before it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from collegium.gateway.exchange import ABORT

if TYPE_CHECKING:
    import asyncio

HEAD_BYTES = 32 * 1024
HEADERS = 100
HEAD_TIMEOUT_S = 15.0
BODY_TIMEOUT_S = 60.0
UNREAD_S = 60.0


class BoundedHttp(HttpToolsProtocol):
    """Refuses heads that are too long, and closes connections on which none comes.

    What is no HTTP at all is answered in the shape of every other error.
    """

    _head_bytes = 0
    _refused = _headed = _moved = False
    _idle_bytes = 0
    _waiting: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._wait_no_more()
        self._look_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something has come. Of a header without an end the parser tells nothing before its end.

        So what makes no progress, whatever it is a part of, is counted here.
        """
        self._moved = False
        super().data_received(data)
        if self._moved or self.transport.is_closing():
            self._idle_bytes = 0
            return
        self._idle_bytes += len(data)
        if self._idle_bytes > HEAD_BYTES and not self._refused:
            self._refuse_head()
        elif self._waiting is None and self.timeout_keep_alive_task is None and self._idle:
            self._wait()  # what came was no request, and ended the wait for one

    def on_message_begin(self) -> None:
        """A request begins; it is to say how the connection is cut."""
        super().on_message_begin()
        self._look_no_more()
        self._head_bytes, self._refused, self._headed = 0, False, False
        if self._waiting is None:
            self._wait()
        scope: Any = self.scope
        scope["extensions"] = {ABORT: self.transport.abort}

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. What follows a body in chunks, as a trailer, is no header and is dropped."""
        self._count(len(name) + len(value))
        if not self._headed:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: now there is something to answer."""
        self._wait_no_more()
        self._headed = self._moved = True
        if not self._too_much:
            self._wait(BODY_TIMEOUT_S)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._moved = True
        if not self._too_much:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """All of the request is there."""
        self._wait_no_more()
        self._headed, self._moved = False, True
        if not self._too_much:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """A reply is written; whoever does not read the rest of it is not waited for for ever."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._look_again()

    def _look_again(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._looking = self.loop.call_later(UNREAD_S, self._unread, left)

    def _unread(self, before: int) -> None:
        """Cut the connection if nothing has been read since."""
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self.transport.abort()
        elif left:
            self._look_again()

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and hang up."""
        self._hang_up(400, "bad_request", f"this is not HTTP/1.1 as it should be: {msg}")

    @property
    def _too_much(self) -> bool:
        return self._head_bytes > HEAD_BYTES or len(self.headers) > HEADERS

    def _count(self, size: int) -> None:
        self._head_bytes += size + 4
        if self._too_much and not self._refused:
            self._refuse_head()

    def _refuse_head(self) -> None:
        self._refused = True
        self._hang_up(
            431,
            "head_too_large",
            f"the request's head is too long; at most {HEAD_BYTES:,} bytes and {HEADERS} headers "
            "are taken",
        )

    @property
    def _idle(self) -> bool:
        """Whether nothing is being answered."""
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or bool(cycle.response_complete)

    def _hang_up(self, status: int, code: str, message: str) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        body = msgspec.json.encode({"error": error})
        head = (
            b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            % len(body)
        )
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + head + body)
            self.transport.close()

    def _wait(self, seconds: float = HEAD_TIMEOUT_S) -> None:
        self._waiting = self.loop.call_later(seconds, self._nothing_came)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _nothing_came(self) -> None:
        self._waiting = None
        if self._idle:
            self.transport.close()
        elif not self._headed:
            self._wait()  # half a head behind a request that is being answered
        elif not self.cycle.response_started:
            self._hang_up(408, "body_too_slow", "the request's body did not come in time")
