"""HTTP as nobody should speak it: refused in the right shape, never taken for something else."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import Line, Server, config_of, request_of, serving, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT = "/v1/chat/completions"
POEM: Any = [{"role": "user", "content": "write a poem"}]
GOOD = {"model": "up/echo", "messages": POEM}


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("http")
    with serving(folder, config_of(upstream, gateway="require_key: true")) as running:
        yield running


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return server.key("everybody")


@pytest.fixture(autouse=True)
def still_well(server: Server) -> Iterator[None]:
    """After every test the server answers as before, and has written no traceback."""
    before = len(server.log)
    yield
    assert server.get("/health/live", timeout_s=3).status == 200
    assert "Traceback" not in server.log[before:]


@pytest.mark.parametrize(
    "raw",
    [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
        b"\x00" * 1000,
        b"GET /health/live HTTP/1.1\r\nhost x\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nhost: x\r\n folded: yes\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nhost: x\r\nbad\x00name: 1\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nhost: x\r\nname : 1\r\n\r\n",
        b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n" % CHAT.encode(),
        b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 1_0\r\n\r\n{}" % CHAT.encode(),
        b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: +2\r\n\r\n{}" % CHAT.encode(),
        b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"
        % CHAT.encode(),
        b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"
        b"0\r\n\r\n" % CHAT.encode(),
        b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"
        % CHAT.encode(),
        b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n"
        % CHAT.encode(),
    ],
    ids=range(16),
)
def test_what_is_no_good_http_gets_400_and_is_hung_up_on(server: Server, raw: bytes) -> None:
    with Line(server, timeout_s=5) as line:
        line.say(raw)
        said = line.rest()
    if said:  # it may be hung up on without a word
        assert b" 400 " in said.splitlines()[0] or b" 401 " in said.splitlines()[0], said
        assert said.count(b"\r\n\r\n") == 1
        assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["code"]


@pytest.mark.parametrize(
    "framing",
    [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "content-length: 0\r\ncontent-length: 5\r\n\r\n",
        "content-length: 0, 5\r\n\r\n",
        "content-length: 0x5\r\n\r\n",
        "content-length: 99999999999999999999\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "transfer-encoding: chunked\r\n\r\n-1\r\n",
        "transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2;\nxx\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_no_request_is_smuggled_in_behind_another(server: Server, key: str, framing: str) -> None:
    """Where two could read the ends of a request in two ways, it is refused and hung up on."""
    hidden = f"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n"
    with Line(server, timeout_s=5) as line:
        line.say(f"POST {CHAT} HTTP/1.1\r\nhost: x\r\n{framing}{hidden}".encode())
        said = line.rest()
    assert said.count(b"HTTP/1.1 ") <= 1 + said.count(b"this is not HTTP/1.1"), said
    assert b"collegium/auto" not in said


def test_a_body_in_pieces_is_one_body(server: Server, key: str) -> None:
    raw = json.dumps(GOOD).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    with Line(server) as line:
        line.say(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        for place in range(0, len(raw), 7):
            piece = raw[place : place + 7]
            line.say(b"%x;name=value\r\n%b\r\n" % (len(piece), piece))
            time.sleep(0.002)
        line.say(b"0\r\nx-trailer: yes\r\n\r\n")
        assert b"200 OK" in line.until(b"write a poem")
    with Line(server) as line:
        line.say(f"{head}content-length: {len(raw)}\r\nexpect: 100-continue\r\n\r\n".encode())
        line.until(b"100 Continue")
        line.say(raw)
        assert b"200 OK" in line.until(b"write a poem")


def test_whoever_wants_another_protocol_is_told_no(server: Server, key: str) -> None:
    upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    raw = f"GET {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n{upgrade}"
    status, _ = spoken(server, f"{raw}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
    assert status in (400, 405, 426)
    status, _ = spoken(server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert status in (400, 505)


@pytest.mark.parametrize("path", [CHAT, "/v1/embeddings"])
@pytest.mark.parametrize("name", ["up/a\r\nx-evil: 1", "up/a\0b", "up/模型", "up/\x85", "up/ "])
def test_no_name_of_a_model_gets_into_the_headers_as_more_than_a_name(
    server: Server, key: str, path: str, name: str
) -> None:
    body = {**GOOD, "model": name, "input": "text"}
    reply = server.post(path, body, key=key)
    assert reply.status in (200, 400, 404)
    assert "x-evil" not in reply.headers


@pytest.mark.parametrize(
    "head",
    [
        b"x-long: " + b"x" * 100_000 + b"\r\n",
        b"x-many: x\r\n" * 1000,
        b"x-many: x\r\n" * 1000 + b"x-long: " + b"x" * 100_000 + b"\r\n",
    ],
    ids=["100 kB", "1,000", "both"],
)
def test_a_head_that_is_too_long_is_refused(server: Server, head: bytes) -> None:
    with Line(server, timeout_s=5) as line:
        line.say(b"GET /health/live HTTP/1.1\r\nhost: x\r\n" + head + b"\r\n")
        said = line.rest()
    assert not said or said.startswith(b"HTTP/1.1 431")


def test_an_address_that_is_too_long_is_refused(server: Server) -> None:
    with Line(server, timeout_s=5) as line:
        line.say(b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        said = line.rest()
    assert not said or said.startswith((b"HTTP/1.1 431", b"HTTP/1.1 414", b"HTTP/1.1 400"))


def test_http_1_0_is_answered_and_hung_up_on(server: Server, key: str) -> None:
    with Line(server, timeout_s=5) as line:
        line.say(b"GET /health/live HTTP/1.0\r\n\r\n")
        assert line.rest().endswith(b'{"status":"live"}')
    body = json.dumps({**GOOD, "stream": True}).encode()
    with Line(server, timeout_s=5) as line:
        line.say(
            b"POST %b HTTP/1.0\r\nauthorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b"
            % (CHAT.encode(), key.encode(), len(body), body)
        )
        said = line.rest()
    assert said.startswith(b"HTTP/1.1 200")
    assert b"data: [DONE]" in said


def test_requests_sent_at_once_are_answered_in_order(server: Server, key: str) -> None:
    asked = [
        request_of(
            CHAT,
            {"model": "up/echo", "messages": [{"role": "user", "content": f"number {number}"}]},
            f"authorization: Bearer {key}",
        )
        for number in range(6)
    ]
    with Line(server) as line:
        line.say(b"".join(asked))
        said = line.until(b'"number 5"')
    places = [said.index(f'"number {number}"'.encode()) for number in range(6)]
    assert places == sorted(places)
    assert said.count(b"HTTP/1.1 200") == 6


def test_a_refused_body_is_not_taken_for_the_next_request(server: Server, key: str) -> None:
    hidden = (
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n\r\n" % key.encode()
    )
    for path, head in (
        ("/nowhere", ""),
        (CHAT, "authorization: Bearer wrong"),
        ("/health/live", ""),
    ):
        with Line(server, timeout_s=5) as line:
            line.say(request_of(path, hidden, *([head] if head else [])))
            said = line.rest()
        assert said.count(b"HTTP/1.1 ") == 1, said
        assert b"collegium/auto" not in said


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "FOO"])
@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/v1/models", "/health/live"])
def test_a_method_that_a_path_does_not_take_is_refused_with_those_it_does(
    server: Server, key: str, method: str, path: str
) -> None:
    raw = f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    with Line(server, timeout_s=5) as line:
        line.say(f"{raw}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        said = line.rest()
    head, _, body = said.partition(b"\r\n\r\n")
    if method == "FOO":
        assert head.split()[1] in (b"400", b"405")
        return
    if method == "HEAD":
        assert body == b""
        assert head.split()[1] in (b"200", b"405")
        return
    assert head.startswith(b"HTTP/1.1 405"), said
    assert b"allow: " in head
    assert set(json.loads(body)) == ({"type", "error"} if path == "/v1/messages" else {"error"})


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/chat",
        "/v1/chat/completions/",
        "/v1/models/../../etc/passwd",
        "/v1/models/%2e%2e%2fetc",
        "/v1/models/%00",
        "/v1/models/%ff",
        "//v1/models",
        "/V1/MODELS",
        "/api/decisions/%0a",
        "/api/decisions/..%2f..",
        "/favicon.ico",
        "/%",
        "/?model=auto",
    ],
)
def test_a_path_where_nothing_is_gets_404(server: Server, key: str, path: str) -> None:
    raw = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n"
    status, body = spoken(server, raw.encode())
    assert status in (404, 405), body
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


def test_no_header_comes_back_that_could_split_a_reply(server: Server) -> None:
    for told in (b"a\tb", b"a\x7fb", b"\xc3\xa9", b"x" * 200):
        raw = b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-request-id: %b\r\n\r\n" % told
        with Line(server) as line:
            line.say(raw)
            head = line.until(b"\r\n\r\n").lower()
        lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert lines[0].endswith((b" 200 ok", b" 400 bad request"))
        assert not any(told in one for one in lines if one.startswith(b"x-request-id:"))


def test_whoever_says_nothing_holds_up_nobody(server: Server, key: str) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        assert server.chat("up/echo", key=key).status == 200
    finally:
        for one in silent:
            one.close()


@pytest.mark.long
def test_a_head_that_comes_letter_by_letter_is_given_up(server: Server) -> None:
    began = time.monotonic()
    with Line(server, timeout_s=1) as line:
        for letter in b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: " + b"x" * 10_000:
            try:
                line.socket.sendall(bytes([letter]))
                if line.socket.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
            assert time.monotonic() - began < 40
    assert time.monotonic() - began < 40


@pytest.mark.long
def test_a_connection_on_which_nothing_comes_is_closed(server: Server) -> None:
    with Line(server, timeout_s=40) as line:
        assert line.rest() == b""
