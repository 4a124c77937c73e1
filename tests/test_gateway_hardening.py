"""What a hard look at the gateway found: each fault once, against a real server process.

The upstream of these tests runs in a thread and says whatever bytes the model's name stands for.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from gateway_server import (
    EXPERTS,
    Line,
    Server,
    config_of,
    ended,
    is_ready,
    launched,
    request_of,
    serving,
    until,
)

from collegium.gateway import protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
    from pathlib import Path

CHAT = "/v1/chat/completions"
POEM: Any = [{"role": "user", "content": "write a poem about rain"}]
GATEWAY = "cache: {exact: true}, limits: {slow_reader_s: 1}"
PRICES = "prices: {up/flip: {input: 0.01, output: 0.01}, up/echo: {input: 0.01, output: 0.01}}"
MORE = f"resilience: {{retries: 1}}\n{PRICES}\n"
HALF_A_PAIR = "\\ud83d"
LARGE = 8_000_000


class Raw:
    """Answers as the model's name says, byte by byte; what is asked for is in `seen`."""

    def __init__(self, port: int = 0) -> None:
        self.port, self.seen, self.flips = port, list[dict[str, Any]](), 0
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._ended, self._tasks = asyncio.Event(), set[asyncio.Task[None]]()
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._ended.wait()
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.01)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head.lower())
                raw = await reader.readexactly(int(length[1])) if length else b"{}"
                await self._answer(json.loads(raw), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        model = str(body.get("model", ""))
        if not model:
            writer.write(whole({"object": "list", "data": [{"id": "echo"}]}))
            return
        self.seen.append(body)
        if model == "flip":
            await self._flip(writer)
        elif model == "hang":
            await asyncio.sleep(60)
        elif model == "nothing":
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        elif "input" in body:
            writer.write(whole({"object": "list", "data": [{"index": 0, "embedding": [1, 2]}]}))
        elif body.get("stream"):
            writer.write(streamed(*[delta(one) for one in said(model)]))
        else:
            writer.write(whole(completion(said(model)), escaped=model == "half"))

    async def _flip(self, writer: asyncio.StreamWriter) -> None:
        """Every second request fails; the others go on for long."""
        self.flips += 1
        if self.flips % 2 == 0:
            await asyncio.sleep(0.2)
            writer.write(whole({"error": {"message": "made to fail"}}, status="400 Bad Request"))
            return
        writer.write(streamed(delta({"content": "one "}), ended=False))
        for _ in range(100):
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(event(delta({"content": "more "})))


def said(model: str) -> list[dict[str, Any]]:
    """The pieces of a model's answer."""
    texts = {
        "done": ["SSE ends with ", "data: [DONE]", " as you see"],
        "half": [HALF_A_PAIR, "!"],
        "large": ["x" * LARGE],
    }.get(model, ["hello"])
    pieces: list[dict[str, Any]] = [{"content": text} for text in texts]
    return [{"reasoning_content": "let me think"}, *pieces] if model == "thinks" else pieces


def completion(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant"}
    for piece in pieces:
        for name, value in piece.items():
            message[name] = message.get(name, "") + value
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    return {"id": "x", "model": "m", "choices": [choice], "usage": usage}


def delta(piece: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": piece, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def whole(row: Any, *, status: str = "200 OK", escaped: bool = False) -> bytes:
    body = text_of(row).encode() if escaped else json.dumps(row).encode()
    lines = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return lines.encode() + b"\r\n\r\n" + body


def text_of(row: Any) -> str:
    """JSON in which half a surrogate pair stands as models write it."""
    return json.dumps(row).replace(json.dumps(HALF_A_PAIR)[1:-1], HALF_A_PAIR)


def event(row: Any) -> bytes:
    data = f"data: {row if isinstance(row, str) else text_of(row)}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def streamed(*rows: Any, ended: bool = True) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    told = head + b"\r\n" + b"".join(event(row) for row in rows)
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    end = event(delta({}, "stop")) + event(usage) + event("[DONE]") + b"0\r\n\r\n"
    return told + end if ended else told


@pytest.fixture(scope="module")
def raw() -> Iterator[Raw]:
    made = Raw()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    experts = EXPERTS | {"WritingExpert": "gone/x", "CodingExpert": "up/flip"}
    config = config_of(raw.url, experts=experts, gateway=GATEWAY, more=MORE)
    gone = 'backends:\n  gone: {kind: http, url: "http://127.0.0.1:9/v1"}\n'
    config = config.replace("backends:\n", gone)
    with serving(tmp_path_factory.mktemp("hardening"), config) as running:
        yield running


def rows_of(body: bytes) -> list[Any]:
    lines = [one[6:] for one in body.split(b"\n") if one.startswith(b"data: ")]
    return [json.loads(one) for one in lines if one != b"[DONE]"]


def told_in(body: bytes) -> str:
    """The text of a stream of chat completions."""
    choices = [choice for row in rows_of(body) for choice in row["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def instance(server: Server, name: str) -> Any:
    rows = server.get("/api/status").json["instances"]
    return next((one for one in rows if one["name"] == name), None)


# --- what comes in


@pytest.mark.parametrize(
    "trailer", ["origin: https://evil.example", "host: evil.example", "content-encoding: gzip"]
)
def test_what_follows_a_body_is_no_header(server: Server, trailer: str) -> None:
    """A proxy in front looks at headers, and would never see these."""
    body = json.dumps({"model": "up/echo", "messages": POEM}).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    end = f"0\r\nx-request-id: from-a-trailer\r\n{trailer}\r\n\r\n"
    with Line(server) as line:
        for _ in range(2):
            line.heard = b""
            line.say(head.encode() + b"%x\r\n%b\r\n" % (len(body), body) + end.encode())
            told = line.until(b"hello")
            assert told.startswith(b"HTTP/1.1 200 OK")
            assert b"from-a-trailer" not in told


def test_a_header_without_an_end_is_not_kept(server: Server) -> None:
    with Line(server, timeout_s=5) as line:
        line.say(b"GET /health/live HTTP/1.1\r\nx-long: ")
        for _ in range(20):
            line.say(b"x" * 50_000)
        said_back = line.rest()
    assert said_back == b"" or b" 431 " in said_back


@pytest.mark.parametrize("size", [1_000, 33_000, 60_000, 300_000, 2_000_000])
def test_a_body_of_any_size_is_no_head(server: Server, size: int) -> None:
    """However much of it comes at once, and again on the same connection."""
    body = {"model": "up/echo", "messages": [{"role": "user", "content": "x" * size}]}
    with Line(server) as line:
        for _ in range(2):
            line.heard = b""
            line.say(request_of(CHAT, body))
            assert line.until(b"hello").startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("part", [b"[],", b"{},", b"0,", b'"",', b'"[",'])
def test_a_flood_of_parts_holds_up_nobody(server: Server, part: bytes) -> None:
    lead = b'{"model": "up/echo", "messages": [{"role": "user", "content": "x"}], "x": ['
    body = lead + b"[]," * 70 + part * 2_500_000 + b"0]}"
    replies: list[int] = []
    asked = threading.Thread(target=lambda: replies.append(server.post(CHAT, body).status))
    asked.start()
    worst_s = 0.0
    while asked.is_alive():
        began = time.monotonic()
        assert server.get("/health/live").status == 200
        worst_s = max(worst_s, time.monotonic() - began)
        time.sleep(0.01)
    asked.join()
    assert replies == [400]
    assert worst_s < 1


# --- what goes out


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (CHAT, {"messages": POEM}),
        ("/v1/messages", {"messages": POEM, "max_tokens": 50}),
        ("/v1/responses", {"input": "x"}),
    ],
)
def test_a_text_that_speaks_of_done_is_not_lost(
    server: Server, path: str, asked: dict[str, Any]
) -> None:
    rows = rows_of(server.post(path, {"model": "up/done", "stream": True, **asked}).body)
    if path == CHAT:
        texts = [one["delta"].get("content") or "" for row in rows for one in row["choices"]]
    else:
        kinds = ("content_block_delta", "response.output_text.delta")
        deltas = [row["delta"] for row in rows if row["type"] in kinds]
        texts = [one if isinstance(one, str) else one["text"] for one in deltas]
    assert "".join(texts) == "SSE ends with data: [DONE] as you see"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (CHAT, {"messages": POEM}),
        (CHAT, {"messages": POEM, "collegium": {"explain": True}}),
        ("/v1/messages", {"messages": POEM, "max_tokens": 50}),
        ("/v1/responses", {"input": "x"}),
    ],
)
def test_half_a_letter_breaks_no_dialect(
    server: Server, path: str, asked: dict[str, Any], *, stream: bool
) -> None:
    reply = server.post(path, {"model": "up/half", "stream": stream, **asked})
    assert reply.status == 200, reply.body
    assert b"internal_error" not in reply.body
    assert b"!" in reply.body
    ends = {CHAT: b"[DONE]", "/v1/messages": b"message_stop", "/v1/responses": b"completed"}
    assert not stream or ends[path] in reply.body


def test_a_backend_that_answers_with_nothing_is_a_bad_gateway(server: Server) -> None:
    """A 204 with a body would put the client's connection out of step."""
    reply = server.chat("up/nothing")
    assert reply.status == 502
    assert reply.error["code"]


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_a_large_reply_arrives_whole(server: Server, path: str) -> None:
    reply = server.post(path, {"model": "up/large", "messages": POEM, "max_tokens": 50})
    assert reply.status == 200
    assert reply.body.count(b"x" * 1000) == LARGE // 1000
    assert json.loads(reply.body)


def test_whoever_does_not_read_a_whole_reply_is_put_out(server: Server) -> None:
    body = {"model": "up/large", "messages": POEM}
    with ExitStack() as leaving:
        lines = [leaving.enter_context(Line(server, window=4096)) for _ in range(3)]
        for line in lines:
            line.say(request_of(CHAT, body))
            line.until(b"HTTP/1.1 200 OK")
        time.sleep(0.2)
        assert server.get("/api/status").json["requests_in_flight"] >= 3
        time.sleep(3)
        for line in lines:
            assert len(line.rest()) < LARGE
    assert until(lambda: server.get("/api/status").json["requests_in_flight"] <= 1, 3)


@asynccontextmanager
async def serving_large() -> AsyncGenerator[int]:
    """The port of a server, in this very process, that answers with one piece as large as asked."""

    async def large(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        assert scope["type"] == "http"
        await receive()
        size = scope["path"].removeprefix("/")
        head = [(b"content-length", size.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"x" * int(size)})

    options: dict[str, Any] = {"http": protocol.BoundedHttp, "lifespan": "off", "log_config": None}
    running = uvicorn.Server(uvicorn.Config(large, port=0, ws="none", **options))
    serves = asyncio.create_task(running.serve())
    async with asyncio.timeout(5):
        while not running.started:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    async with asyncio.timeout(5):
        while running.server_state.connections:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.01)
    running.should_exit = True
    await serves


async def read(port: int, *sizes: int, waits_s: float = 0.0, pauses: int = 0) -> int:
    """How much one gets who asks for replies of these sizes, one after the other.

    After each request one waits; of the last reply's pieces the first `pauses` are taken slowly.
    """
    loop, got = asyncio.get_running_loop(), 0
    with socket.socket() as asking, suppress(ConnectionError):
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        asking.setblocking(False)
        await loop.sock_connect(asking, ("127.0.0.1", port))
        for place, size in enumerate(sizes, start=1):
            await loop.sock_sendall(asking, b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % size)
            await asyncio.sleep(waits_s)
            left = size
            while left > 0 and (piece := await loop.sock_recv(asking, min(left, 256 * 1024))):
                got, left = got + len(piece), left - len(piece)
                if place == len(sizes) and pauses:
                    pauses -= 1
                    await asyncio.sleep(0.01)
    return got


async def test_the_last_piece_is_not_held_for_ever_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is written, and so nobody is answering any more, but it is still in memory."""
    monkeypatch.setattr(protocol, "UNREAD_S", 0.2)
    async with serving_large() as port:
        assert await read(port, LARGE) == LARGE
        async with asyncio.timeout(5):
            assert await read(port, LARGE, waits_s=1) < LARGE


async def test_whoever_reads_is_not_put_out_for_what_was_unread_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next reply on the connection is in memory when one looks what became of the last."""
    monkeypatch.setattr(protocol, "UNREAD_S", 0.5)
    async with serving_large() as port, asyncio.timeout(10):
        assert await read(port, LARGE, 4 * LARGE, pauses=100) == 5 * LARGE


# --- embeddings


def test_embeddings_do_not_stream_whatever_the_body_says(server: Server, raw: Raw) -> None:
    asked = {"model": "up/vectors", "input": "x", "stream": True, "stream_options": {}}
    for _ in range(6):
        reply = server.post("/v1/embeddings", asked)
        assert reply.status == 200, reply.body
    assert not [one for one in raw.seen if one["model"] == "vectors" and "stream" in one]
    assert instance(server, "up/vectors")["breaker"] == "closed"


def test_embeddings_have_a_deadline(raw: Raw, tmp_path: Path) -> None:
    config = config_of(raw.url, more="  aggregation: {deadline_s: 0.4}\nresilience: {retries: 0}")
    with serving(tmp_path, config) as running:
        began = time.monotonic()
        reply = running.post("/v1/embeddings", {"model": "up/hang", "input": "x"})
        assert (reply.status, reply.error["type"]) == (504, "timeout_error")
        assert time.monotonic() - began < 3
        assert instance(running, "up/hang")["in_flight"] == 0


# --- several answers, several models


def test_where_one_of_several_answers_fails_the_others_are_ended(server: Server, raw: Raw) -> None:
    raw.flips = 0
    body = {"model": "up/flip", "messages": POEM, "n": 2, "collegium": {"budget_usd": 1}}
    reply = server.post(CHAT, {**body, "model": "collegium/coding"})
    assert 400 <= reply.status < 500 or reply.status in (502, 503), reply.body
    assert reply.error["code"] != "internal_error"
    assert until(lambda: instance(server, "up/flip")["in_flight"] == 0, 1)
    assert "Traceback" not in server.log


@pytest.mark.parametrize("more", [{}, {"budget_usd": 1}])
def test_nobody_is_told_where_backends_are(server: Server, more: dict[str, Any]) -> None:
    reply = server.chat("auto", "write a poem about rain", collegium={"explain": True, **more})
    assert reply.status == 200
    identity = reply.headers["x-collegium-decision-id"]
    told = server.get(f"/api/decisions/{identity}")
    assert "gone" in json.dumps(told.json["notes"]) + json.dumps(told.json["receipt"])
    for body in (reply.body, told.body):
        assert b"127.0.0.1" not in body
        assert b"http://" not in body


# --- kept answers


def test_probabilities_are_never_answered_from_what_was_kept(server: Server, raw: Raw) -> None:
    before = len(raw.seen)
    for stream in (True, False, True):
        reply = server.chat(
            "up/echo", "of probabilities", temperature=0, logprobs=True, stream=stream
        )
        assert "x-collegium-cache" not in reply.headers
    assert len(raw.seen) == before + 3


@pytest.mark.parametrize("first", [True, False])
def test_a_kept_answer_has_all_that_was_said(server: Server, *, first: bool) -> None:
    text = f"first {first}"
    for stream in (first, not first, first):
        reply = server.chat("up/thinks", text, temperature=0, stream=stream)
        rows = rows_of(reply.body) if stream else [reply.json]
        parts = [one.get("delta") or one.get("message") for row in rows for one in row["choices"]]
        thought = "".join((one or {}).get("reasoning_content") or "" for one in parts)
        assert thought == "let me think", reply.body
    assert reply.headers["x-collegium-cache"] == "exact"


def test_a_kept_answer_may_speak_of_done(server: Server) -> None:
    asked: dict[str, Any] = {"temperature": 0}
    server.chat("up/done", "kept", stream=True, **asked)
    again = server.chat("up/done", "kept", **asked)
    assert again.headers["x-collegium-cache"] == "exact"
    content = again.json["choices"][0]["message"]["content"]
    assert content == "SSE ends with data: [DONE] as you see"
    assert told_in(server.chat("up/done", "kept", stream=True, **asked).body) == content


# --- the beginning


def test_a_gateway_that_was_there_before_its_models_becomes_ready(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = config_of(f"http://127.0.0.1:{port}/v1")
    server = launched(tmp_path, re.sub(r"experts: .*", "experts: [{name: WritingExpert}]", config))
    try:
        time.sleep(0.5)
        assert not is_ready(server)
        late = Raw(port)
        try:
            assert until(lambda: is_ready(server), 5), server.get("/health/ready").body
            assert server.chat("auto").status == 200
            names = [one["id"] for one in server.get("/v1/models").json["data"]]
            assert "up/echo" in names
            ended(server)
        finally:
            late.close()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
