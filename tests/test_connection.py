"""Connections to a model's server: what comes back on them, and when another request may go out.

The server of these tests says the very bytes it is told to, well formed or not.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from collegium.backends import connections as module
from collegium.backends.base import Prompt
from collegium.backends.connection import ConnectionBroken, ConnectionSilent
from collegium.backends.connections import Connections, NotReached
from collegium.backends.http import HttpBackend
from collegium.backends.instance import Instance
from collegium.backends.pool import Pool
from collegium.errors import BackendUnavailable, DeadlineExceeded, StreamCut
from collegium.types import Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
    from pathlib import Path

    from collegium.backends.connection import Connection


class Deed(Enum):
    """What a server may do beside saying something."""

    HANG_UP = "hang up"


HANG_UP = Deed.HANG_UP
Script: TypeAlias = "Sequence[bytes | float | Deed]"

OK = b"HTTP/1.1 200 OK\r\n"
EVENTS = OK + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PROMPT = Prompt((Message("user", "hi"),))
SECOND = OK + b"content-length: 6\r\n\r\nsecond"


def sized(body: bytes, *headers: bytes) -> bytes:
    """A reply that says how long it is."""
    lines = (*headers, b"content-length: %d" % len(body))
    return OK + b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunk(piece: bytes) -> bytes:
    """A piece of a body in chunks."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def said(text: str) -> bytes:
    """An event of a stream, as a chunk."""
    row = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return chunk(f"data: {json.dumps(row)}\n\n".encode())


class Peer:
    """Does to each request what is next in its script: says bytes, pauses, or hangs up."""

    def __init__(self, scripts: Sequence[Script], port: int = 0) -> None:
        self.scripts, self.port = scripts, port
        self.requests: list[bytes] = []
        self.connections = self.left = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._answered(reader, writer):
                    pass
        finally:
            self.left += 1
            writer.close()
            self.tasks.discard(task)

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0][15:])) if lengths else b""
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(head + body)
        for step in script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif step is HANG_UP:
                return False
            else:
                await asyncio.sleep(float(step))
        return True


@asynccontextmanager
async def peer(
    *scripts: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Peer]:
    """A server that follows its scripts, one for each request, the last one again and again."""
    made = Peer(scripts)
    server = await asyncio.start_server(made.serve, host, 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tuple(made.tasks):
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def connections_to(
    server: Peer, *, url: str = "http://127.0.0.1:{port}/v1", connect_timeout_s: float = 2
) -> AsyncGenerator[Connections]:
    """Connections to it, which are closed at the end."""
    made = Connections(url.format(port=server.port), connect_timeout_s=connect_timeout_s)
    try:
        yield made
    finally:
        made.close()
        await asyncio.sleep(0.01)


async def got(connections: Connections, **options: Any) -> tuple[Connection, bytes]:
    """The connection on which a request was answered, given back, and the body of the answer."""
    connection = await connections.send("GET", "/x", {}, None, silence_s=1, **options)
    body = await rest(connection)
    connections.done(connection)
    return connection, body


async def rest(connection: Connection, *, silence_s: float = 1) -> bytes:
    """All that is still to come of a body."""
    body = b""
    while piece := await connection.piece(silence_s):
        body += piece
    return body


# --- replies of every kind


async def test_a_connection_is_used_again_once_its_reply_was_read() -> None:
    async with peer([sized(b"first")], [SECOND]) as server, connections_to(server) as made:
        assert [(await got(made))[1] for _ in range(3)] == [b"first", b"second", b"second"]
        assert server.connections == 1


async def test_two_requests_at_once_have_a_connection_each() -> None:
    async with peer([0.05, sized(b"x")]) as server, connections_to(server) as made:
        await asyncio.gather(got(made), got(made))
        await asyncio.gather(got(made), got(made))
        assert server.connections == 2


async def test_a_request_goes_out_as_it_should() -> None:
    async with peer([sized(b"{}")]) as server, connections_to(server) as made:
        await made.send("POST", "/chat", {"x-one": "1"}, b"body", silence_s=1)
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        assert lines[0] == b"POST /v1/chat HTTP/1.1"
        assert set(lines[1:]) == {
            b"host: 127.0.0.1:%d" % server.port,
            b"accept: */*",
            b"x-one: 1",
            b"content-length: 4",
        }
        assert body == b"body"


async def test_what_is_said_in_the_interim_is_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\ncontent-length: 3\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" + hints
    script: Script = [interim, 0.02, interim + sized(b"after", b"x-mine: 1")]
    async with peer(script) as server, connections_to(server) as made:
        connection, body = await got(made)
        assert (connection.status, body) == (200, b"after")
        assert set(connection.headers) == {b"x-mine", b"content-length"}
        assert connection.reusable


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_a_reply_that_can_have_no_body_is_complete_at_once(status: bytes) -> None:
    async with (
        peer([b"HTTP/1.1 %b\r\n\r\n" % status], [SECOND]) as server,
        connections_to(server) as made,
    ):
        connection, body = await got(made)
        assert (connection.status, body) == (int(status[:3]), b"")
        assert (await got(made))[1] == b"second"
        assert server.connections == 1


async def test_trailers_of_a_body_in_chunks_are_no_headers() -> None:
    head = OK + b"transfer-encoding: chunked\r\nx-mine: 1\r\n\r\n"
    end = b"0\r\nx-mine: 2\r\nx-other: 3\r\n\r\n"
    script: Script = [
        head + chunk(b"one "),
        0.02,
        b"5;name=value\r\ntwo three"[:-6] + b" 3\r\n" + end,
    ]
    async with peer(script, [SECOND]) as server, connections_to(server) as made:
        connection, body = await got(made)
        assert body == b"one two 3"
        assert connection.headers == {b"transfer-encoding": b"chunked", b"x-mine": b"1"}
        assert (await got(made))[1] == b"second"
        assert server.connections == 1


@pytest.mark.parametrize(
    "first",
    [
        sized(b"first", b"connection: close"),
        sized(b"first").replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
async def test_a_server_that_will_not_stay_is_asked_over_another_connection(first: bytes) -> None:
    async with peer([first], [SECOND]) as server, connections_to(server) as made:
        connection, body = await got(made)
        assert (body, connection.open) == (b"first", False)
        assert (await got(made))[1] == b"second"
        assert server.connections == 2


async def test_a_body_of_unknown_length_ends_with_its_connection() -> None:
    script: Script = [OK + b"\r\nall ", 0.02, b"of it", HANG_UP]
    async with peer(script, [SECOND]) as server, connections_to(server) as made:
        connection, body = await got(made)
        assert (body, connection.open) == (b"all of it", False)
        assert (await got(made))[1] == b"second"


@pytest.mark.parametrize(
    "half",
    [
        OK + b"content-length: 10\r\n\r\nhalf",
        OK + b"transfer-encoding: chunked\r\n\r\n" + chunk(b"half"),
        OK + b"transfer-encoding: chunked\r\n\r\n" + chunk(b"half") + b"0\r\n",
    ],
)
async def test_a_body_that_is_cut_is_never_a_whole_one(half: bytes) -> None:
    async with peer([half, 0.02, HANG_UP]) as server, connections_to(server) as made:
        connection = await made.send("GET", "/", {}, None, silence_s=1)
        with pytest.raises(ConnectionBroken) as caught:
            await rest(connection)
        assert caught.value.begun
        assert not connection.complete


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"hello\r\n\r\n", "not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "not HTTP"),
        (OK + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd", "not HTTP"),
        (OK + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc", "not HTTP"),
        pytest.param(OK + b"x: " + b"x" * 400_000, "not HTTP|head", id="a header without an end"),
        (OK + b"".join(b"x-%d: %b\r\n" % (one, b"x" * 90) for one in range(999)), "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "protocol"),
    ],
)
async def test_what_is_no_reply_ends_the_connection(raw: bytes, why: str) -> None:
    async with peer([raw]) as server, connections_to(server) as made:
        with pytest.raises(ConnectionBroken, match=why):
            await got(made)
        await asyncio.sleep(0.02)
        assert server.left == server.connections == 1


@pytest.mark.parametrize("before", [b"", OK, OK + b"content-length: 5\r\n\r\n12"])
async def test_a_server_that_says_nothing_more_is_not_waited_for(before: bytes) -> None:
    async with peer([before]) as server, connections_to(server) as made:
        with pytest.raises(ConnectionSilent):
            await rest(await made.send("GET", "/", {}, None, silence_s=0.1), silence_s=0.1)


# --- one reply is never taken for another


async def test_a_reply_that_was_not_read_ends_its_connection() -> None:
    half = OK + b"content-length: 10\r\n\r\nhalf"
    async with (
        peer([half, 0.1, b"andmore"], [SECOND]) as server,
        connections_to(server) as made,
    ):
        made.done(await made.send("GET", "/", {}, None, silence_s=1))
        assert (await got(made))[1] == b"second"
        assert server.connections == 2


async def test_a_reply_that_came_and_was_not_taken_ends_its_connection() -> None:
    """Though all of it is here: what nobody has taken could be taken for the next reply."""
    async with peer([sized(b"first")], [SECOND]) as server, connections_to(server) as made:
        connection = await made.send("GET", "/", {}, None, silence_s=1)
        assert connection.complete
        made.done(connection)
        assert not connection.open
        assert (await got(made))[1] == b"second"


async def test_nobody_inherits_a_connection_on_which_reading_has_stopped() -> None:
    """A long reply that nobody took, which came to its end in the moment reading was stopped."""
    async with peer([sized(b"x" * 300_000)], [SECOND]) as server, connections_to(server) as made:
        for _ in range(5):
            server.requests.clear()
            slow = await made.send("GET", "/", {}, None, silence_s=5)
            await asyncio.sleep(0.05)
            made.done(slow)
            assert not slow.open
            assert (await got(made))[1] == b"second"
            made.close()


@pytest.mark.parametrize(
    "more",
    [
        sized(b"EVIL", b"x-evil: 1"),
        sized(b"EVIL", b"x-evil: 1")[:-2],
        b"HTTP/1.1 200 OK\r\nx-evil: 1\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"EVIL",
    ],
)
@pytest.mark.parametrize("later_s", [0.0, 0.05])
async def test_what_follows_a_reply_belongs_neither_to_it_nor_to_the_next(
    more: bytes, later_s: float
) -> None:
    first = sized(b"first")
    script: Script = [first, later_s, more] if later_s else [first + more]
    async with (
        peer(script, [b"IL" + SECOND], [SECOND]) as server,
        connections_to(server) as made,
    ):
        with suppress(ConnectionBroken):  # or it is known before the first is read
            connection = await made.send("GET", "/", {}, None, silence_s=1)
            assert await rest(connection) == b"first"
            assert set(connection.headers) == {b"content-length"}
            await asyncio.sleep(2 * later_s)
            made.done(connection)
            assert not connection.open
        server.requests.append(b"")
        assert (await got(made))[1] == b"second"
        assert server.connections == 2


async def test_two_do_not_wait_for_one_reply() -> None:
    async with (
        peer([OK + b"content-length: 5\r\n\r\n", 0.2, b"first"]) as server,
        connections_to(server) as made,
    ):
        connection = await made.send("GET", "/", {}, None, silence_s=1)
        first = asyncio.create_task(connection.piece(1))
        await asyncio.sleep(0.02)
        with pytest.raises(ConnectionBroken, match="two wait"):
            await connection.piece(1)
        assert await first == b"first"


async def test_a_reply_that_was_ended_gives_nothing_more() -> None:
    async with peer([sized(b"first"), 0.05]) as server:
        backend = HttpBackend(f"http://127.0.0.1:{server.port}", name="up")
        reply = await backend.open({"model": "m"})
        reply.close()
        with pytest.raises(StreamCut, match="'up'"):
            await reply.piece()
        await reply.drain()
        await backend.aclose()


async def test_whoever_reads_slowly_past_the_deadline_takes_nothing_from_the_next() -> None:
    """A reply is all here, but not taken yet, when its deadline ends it; then another begins."""
    end = chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    slow: Script = [EVENTS, *(part for one in range(6) for part in (said(f"a{one} "), 0.02)), end]
    next_: Script = [EVENTS, *(part for one in range(6) for part in (said(f"b{one} "), 0.1)), end]
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    async with peer(slow, next_) as server:
        backend = HttpBackend(f"http://127.0.0.1:{server.port}", name="up")
        pool = Pool([Instance(backend, "m", "up/m", 8)])

        async def slowly() -> None:
            async with pool.relay(PROMPT, body, deadline_s=0.3) as relayed:
                events = relayed.events()
                assert b"a0" in await anext(events)
                await asyncio.sleep(0.55)
                await anext(events)

        async def next_one() -> bytes:
            await asyncio.sleep(0.4)
            async with pool.relay(PROMPT, body, deadline_s=3) as relayed:
                return b"".join([piece async for piece in relayed.events()])

        async with asyncio.timeout(5):
            late, heard = await asyncio.gather(slowly(), next_one(), return_exceptions=True)
        assert isinstance(late, DeadlineExceeded)
        assert isinstance(heard, bytes)
        assert [b"b%d " % one in heard for one in range(6)] == [True] * 6
        assert heard.endswith(b"data: [DONE]\n\n")
        assert pool.in_flight == 0
        await backend.aclose()


async def test_a_server_that_goes_on_after_the_end_holds_up_nobody() -> None:
    """What follows the mark of the end is of no use, and the client waits for that mark."""
    after = [part for _ in range(40) for part in (chunk(b": still here\n\n"), 0.03)]
    script: Script = [EVENTS, said("all"), chunk(b"data: [DONE]\n\n"), *after]
    async with peer(script, [SECOND]) as server:
        backend = HttpBackend(f"http://127.0.0.1:{server.port}", name="up")
        pool = Pool([Instance(backend, "m", "up/m", 8)])
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
        began = asyncio.get_running_loop().time()
        async with pool.relay(PROMPT, body) as relayed:
            heard = b"".join([piece async for piece in relayed.events()])
        assert heard.endswith(b"data: [DONE]\n\n")
        assert b"still here" not in heard
        assert asyncio.get_running_loop().time() - began < 0.5
        assert pool.in_flight == 0
        await backend.aclose()


async def test_whoever_is_cancelled_leaves_no_connection_behind() -> None:
    async with peer([]) as server, connections_to(server) as made:
        asked = asyncio.create_task(made.send("GET", "/", {}, None, silence_s=5))
        await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(1):
            while not server.left:  # noqa: ASYNC110 -- nobody tells of it
                await asyncio.sleep(0.01)


# --- kept connections that are there no more


async def test_a_kept_connection_that_was_closed_is_no_failure() -> None:
    async with (
        peer([sized(b"first"), 0.05, HANG_UP], [SECOND]) as server,
        connections_to(server) as made,
    ):
        await got(made)
        await asyncio.sleep(0.15)
        assert (await got(made))[1] == b"second"


async def test_a_request_that_meets_a_closing_server_is_sent_once_more() -> None:
    async with (
        peer([sized(b"first")], [HANG_UP], [SECOND]) as server,
        connections_to(server) as made,
    ):
        await got(made)
        assert (await got(made))[1] == b"second"
        assert (server.connections, len(server.requests)) == (2, 3)


async def test_a_request_that_was_worked_on_is_not_sent_once_more() -> None:
    """It may be what the server died of, and it costs money; whether again is not ours to say."""
    async with (
        peer([sized(b"first")], [0.7, HANG_UP], [SECOND]) as server,
        connections_to(server) as made,
    ):
        await got(made)
        with pytest.raises(ConnectionBroken) as caught:
            await got(made)
        assert not caught.value.begun
        assert len(server.requests) == 2


async def test_a_request_over_a_new_connection_is_sent_once() -> None:
    async with peer([HANG_UP]) as server, connections_to(server) as made:
        with pytest.raises(ConnectionBroken):
            await got(made)
        assert len(server.requests) == 1
        backend = HttpBackend(f"http://127.0.0.1:{server.port}", name="up")
        with pytest.raises(BackendUnavailable, match="'up'"):
            await backend.open({"model": "m"})
        assert len(server.requests) == 2


async def test_a_connection_that_was_idle_for_long_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.05)
    async with peer([SECOND]) as server, connections_to(server) as made:
        await got(made)
        await got(made)
        assert server.connections == 1
        await asyncio.sleep(0.1)
        await got(made)
        assert server.connections == 2


async def test_whoever_wants_a_fresh_connection_gets_one() -> None:
    async with peer([SECOND]) as server, connections_to(server) as made:
        await got(made)
        await got(made, fresh=True)
        assert server.connections == 2


# --- addresses, names and certificates


async def test_where_nobody_listens_nobody_is_reached() -> None:
    async with peer([SECOND]) as server:
        pass
    async with connections_to(server) as made:
        with pytest.raises(NotReached):
            await got(made)


@pytest.mark.parametrize("url", ["", "127.0.0.1:1", "ftp://127.0.0.1", "http://", "file:///etc"])
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no http or https address"):
        Connections(url, connect_timeout_s=1)


async def test_an_address_may_be_of_the_sixth_version() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("there is no IPv6 here")
    async with (
        peer([SECOND], host="::1") as server,
        connections_to(server, url="http://[::1]:{port}/v1") as made,
    ):
        assert (await got(made))[1] == b"second"
        assert b"host: [::1]:%d\r\n" % server.port in server.requests[0]


async def test_what_stands_before_the_host_is_not_told_to_it() -> None:
    async with (
        peer([SECOND]) as server,
        connections_to(server, url="http://user:secret@127.0.0.1:{port}") as made,
    ):
        await got(made)
        assert b"host: 127.0.0.1:%d\r\n" % server.port in server.requests[0]
        assert b"secret" not in server.requests[0]


@pytest.mark.parametrize(
    "headers", [{"x": "1\r\nevil: 1"}, {"x": "1\nevil: 1"}, {"x\r\nevil": "1"}, {"x": "\r"}]
)
async def test_a_header_with_a_line_break_goes_nowhere(headers: dict[str, str]) -> None:
    async with peer([SECOND]) as server, connections_to(server) as made:
        with pytest.raises(ValueError, match="line break"):
            await made.send("GET", "/", headers, None, silence_s=1)
        assert server.requests == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that `localhost` has signed itself, with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    key, signed, both = folder / "key.pem", folder / "signed.pem", folder / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    command += " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(signed)],
        check=True,
        capture_output=True,
        timeout=30,
    )
    both.write_bytes(key.read_bytes() + signed.read_bytes())
    return both


def secured_by(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_server_that_nobody_vouches_for_is_told_nothing(certificate: Path) -> None:
    async with (
        peer([SECOND], tls=secured_by(certificate)) as server,
        connections_to(server, url="https://localhost:{port}/v1") as made,
    ):
        with pytest.raises(NotReached) as caught:
            await made.send("GET", "/", {"authorization": "secret"}, None, silence_s=1)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        assert server.requests == []


async def test_a_server_whose_certificate_is_trusted_is_asked_by_its_name_alone(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with (
        peer([sized(b"first")], [SECOND], tls=secured_by(certificate)) as server,
        connections_to(server, url="https://localhost:{port}/v1") as made,
    ):
        assert [(await got(made))[1] for _ in range(2)] == [b"first", b"second"]
        assert server.connections == 1
        async with connections_to(server, url="https://127.0.0.1:{port}/v1") as nameless:
            with pytest.raises(NotReached) as caught:
                await got(nameless)
            assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


async def test_a_server_without_tls_is_not_taken_for_one_with() -> None:
    url = "https://localhost:{port}/v1"
    async with (
        peer([SECOND]) as server,
        connections_to(server, url=url, connect_timeout_s=0.1) as made,
    ):
        with pytest.raises(NotReached) as caught:
            await got(made)
        assert caught.value.late


@pytest.mark.parametrize(
    "test",
    [
        test_a_connection_is_used_again_once_its_reply_was_read,
        test_a_body_of_unknown_length_ends_with_its_connection,
        test_a_reply_that_was_not_read_ends_its_connection,
        test_nobody_inherits_a_connection_on_which_reading_has_stopped,
        test_whoever_reads_slowly_past_the_deadline_takes_nothing_from_the_next,
        test_whoever_is_cancelled_leaves_no_connection_behind,
        test_a_kept_connection_that_was_closed_is_no_failure,
        test_a_server_without_tls_is_not_taken_for_one_with,
    ],
)
def test_it_is_no_different_on_the_loop_that_serves(
    test: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    uvloop = pytest.importorskip("uvloop")
    uvloop.run(test())
