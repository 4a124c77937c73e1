"""Whatever is sent, the gateway answers it in the right shape, soon, and goes on."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import Line, Server, config_of, keys, request_of, serving, spoken, until

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT = "/v1/chat/completions"
POEM: Any = [{"role": "user", "content": "write a poem"}]
GOOD = {"model": "up/echo", "messages": POEM}
PATHS = (CHAT, "/v1/responses", "/v1/messages", "/v1/embeddings", "/api/route")
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bad")
    more = "prices: {up/echo: {input: 1000, output: 1000}}"
    with serving(folder, config_of(upstream, gateway="require_key: true", more=more)) as running:
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


def refused(server: Server, key: str, body: Any, path: str = CHAT) -> dict[str, Any]:
    """The error that a body gets, in the shape of its API."""
    reply = server.post(path, body, key=key)
    assert 400 <= reply.status < 500, reply
    assert "Traceback" not in reply.body.decode()
    if path != "/v1/messages":
        return {"status": reply.status, **reply.error}
    row = reply.json
    assert (set(row), row["type"]) == ({"type", "error"}, "error")
    assert set(row["error"]) == {"type", "message"}
    return {"status": reply.status, **row["error"]}


# --- bodies


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"text"',
        b'{"model": "auto",}',
        b'{"model": "auto", "messages": [}',
        b"\xff\xfe\x00",
        b'{"model": "\xff"}',
        b'{"model": "\\ud800", "messages": [{"role": "user", "content": "x"}]}',
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"model": NaN}',
        b'{"model": 1e999999}',
        b"\x00" * 100,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_json_object_is_refused(
    server: Server, key: str, path: str, body: bytes
) -> None:
    assert refused(server, key, body, path)["status"] == 400


WRONG: dict[str, tuple[Any, ...]] = {
    "model": (None, 3, "", [], {}, True),
    "messages": (None, "hello", [], {}, [3], [{}], [[]], [None]),
    "stream": ("yes", 1, []),
    "n": (0, -1, 1.5, "two", 10**30, 1000),
    "temperature": (-1, 3, "hot", []),
    "top_p": (-1, 2, "all"),
    "max_tokens": (0, -1, "many", 1.5),
    "tools": ("sum", [3], {}),
    "stop": (3, [3], {}),
    "response_format": ("json", []),
    "stream_options": ("usage", []),
    "collegium": ("explain", [], 3, {"unknown": 1}),
    "logprobs": ("yes", 3),
    "seed": ("x", 1.5),
    "tool_choice": (3, []),
    "user": (3, []),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_field_of_the_wrong_type_is_named(
    server: Server, key: str, field: str, value: Any
) -> None:
    error = refused(server, key, {**GOOD, field: value})
    assert error["status"] == 400
    assert (error["param"] or "").startswith(field)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "content": 3},
        {"role": "king", "content": "x"},
        {"role": 3, "content": "x"},
        {"content": "x"},
        {"role": "user", "content": [3]},
        {"role": "user", "content": {"text": "x"}},
        {"role": "assistant", "tool_calls": "sum"},
        {"role": "assistant", "tool_calls": [3]},
    ],
)
def test_a_message_of_the_wrong_shape_is_named_by_its_place(
    server: Server, key: str, turn: Any
) -> None:
    error = refused(server, key, {"model": "auto", "messages": [*POEM, turn]})
    assert error["param"].startswith("messages[1]")


@pytest.mark.parametrize("model", ["auto", "up/echo"])
@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "content": ""},
        {"role": "user", "content": None},
        {"role": "user", "content": []},
        {"role": "user", "content": [{}]},
        {"role": "user", "content": [{"type": "text"}]},
        {"role": "user", "content": [{"type": "text", "text": 3}]},
        {"role": "user", "content": [{"type": "text", "text": None}]},
        {"role": "user", "content": [{"type": [], "text": {}}]},
        {"role": "user", "content": [{"type": "image_url"}]},
        {"role": "user", "content": "a\x00b"},
        {"role": "user", "content": "\u202e\ufeff\U000e0001"},
        {"role": "tool", "tool_call_id": 3, "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [{}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": 3, "function": "x"}]},
        {"role": "system", "content": "x"},
    ],
    ids=repr,
)
def test_an_odd_message_is_answered_or_refused_and_fails_nowhere(
    server: Server, key: str, model: str, turn: Any
) -> None:
    for turns in ([turn], [*POEM, turn], [turn, *POEM]):
        for field, value in (("user", "x"), ("tools", [{}]), ("stream", True)):
            body: dict[str, Any] = {"model": model, "messages": turns, field: value}
            reply = server.post(CHAT, body, key=key)
            assert reply.status in (200, 400), reply.body
            if reply.status == 400:
                assert reply.error["type"] == "invalid_request_error"


def test_a_number_that_no_float_holds_does_no_harm(server: Server, key: str) -> None:
    for number in (b"1e400", b"-1e400", b"1" * 400, b"1" * 5000, b"0.1e-400", b"1" + b"0" * 40):
        for field in (b"seed", b"temperature", b"unknown", b"max_tokens"):
            raw = b'{"model":"up/echo","messages":[{"role":"user","content":"x"}],"%b":%b}'
            reply = server.post(CHAT, raw % (field, number), key=key)
            assert reply.status in (200, 400), (field, number, reply.body)


def test_a_key_that_is_there_twice_means_its_last_value_and_no_other(
    server: Server, key: str
) -> None:
    narrow = server.key("narrow", "--models", "up/words-5")
    raw = b'{"model":"up/words-5","model":"up/echo","messages":[{"role":"user","content":"x"}]}'
    assert server.post(CHAT, raw, key=key).json["model"] == "up/echo"
    assert server.post(CHAT, raw, key=narrow).status == 403


def test_too_many_messages_are_refused_soon(server: Server, key: str) -> None:
    turns = [{"role": "user", "content": "x"}] * 10_000
    began = time.monotonic()
    for path in (CHAT, "/v1/messages"):
        body = {"model": "auto", "messages": turns, "max_tokens": 5}
        error = refused(server, key, body, path)
        assert error["status"] in (400, 413)
        assert "2,048" in error["message"]
    items = {"model": "auto", "input": turns}
    assert refused(server, key, items, "/v1/responses")["status"] in (400, 413)
    assert time.monotonic() - began < 5


def test_a_long_text_is_answered_or_refused_soon(server: Server, key: str) -> None:
    for size in (400_000, 600_000, 5_000_000):
        began = time.monotonic()
        turns = [{"role": "user", "content": "a b c " * (size // 6)}]
        reply = server.post(CHAT, {"model": "auto", "messages": turns}, key=key)
        assert reply.status in (200, 400, 413)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", PATHS)
def test_a_body_of_100_mb_is_refused_before_it_is_read(server: Server, key: str, path: str) -> None:
    before_mb = server.rss_mb
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    with Line(server) as line:
        line.say(f"{head}content-length: {100 * MEGABYTE}\r\n\r\n{{".encode())
        said = line.until(b"query_too_large" if path != "/v1/messages" else b"request_too_large")
        assert said.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in said.lower()
        line.rest()
    assert server.rss_mb - before_mb < 10


def test_a_chunked_body_of_100_mb_is_refused_where_it_is_too_long(server: Server, key: str) -> None:
    before_mb, sent = server.rss_mb, 0
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    with Line(server) as line:
        line.say(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        piece = b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE)
        for _ in range(100):
            try:
                line.socket.sendall(piece)
            except OSError:
                break
            sent += 1
        said = line.rest()
    assert sent < 60
    assert not said or said.startswith(b"HTTP/1.1 413")
    assert server.rss_mb - before_mb < 80


@pytest.mark.long
def test_a_body_that_never_ends_is_given_up(server: Server, key: str) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    began = time.monotonic()
    with Line(server, timeout_s=90) as one, Line(server, timeout_s=90) as two:
        one.say(f"{head}content-length: 50\r\n\r\n{{".encode())
        two.say(f"{head}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n".encode())
        for line in (one, two):
            said = line.rest()
            assert not said or said.startswith(b"HTTP/1.1 4")
    assert time.monotonic() - began < 70


def test_a_body_that_is_packed_is_refused(server: Server, key: str) -> None:
    for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
        reply = server.post(CHAT, b"x" * 99, key=key, headers={"content-encoding": encoding})
        assert reply.status in (400, 415)


def test_any_content_type_will_do(server: Server, key: str) -> None:
    for kind in ("text/plain", "application/json; charset=utf-8", "x", ""):
        assert server.post(CHAT, GOOD, key=key, headers={"content-type": kind}).status == 200


# --- keys


def test_whoever_has_no_good_key_is_told_so_and_no_more(server: Server) -> None:
    for headers in (
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer cg-wrong"},
        {"authorization": "Bearer " + "x" * 10_000},
        {"authorization": "Basic eDp5"},
        {"authorization": "cg-wrong"},
        {"x-api-key": "wrong"},
        {"x-api-key": "\xe9"},
    ):
        for path in PATHS:
            reply = server.post(path, GOOD, headers=headers)
            assert reply.status == 401, (headers, reply.body)
            assert reply.headers["www-authenticate"] == "Bearer"
            assert "cg-wrong" not in reply.body.decode()


def test_a_key_that_has_expired_or_been_revoked_is_no_good_any_more(server: Server) -> None:
    brief = server.key("brief", "--expires", "4s")
    gone = server.key("gone")
    keys("revoke", "gone", file=server.keys_file)
    assert until(lambda: server.chat("up/echo", key=gone).status == 401, 5)
    assert server.chat("up/echo", key=gone).error["code"] == "revoked_api_key"
    assert until(lambda: server.chat("up/echo", key=brief).status == 401, 8)
    assert server.chat("up/echo", key=brief).error["code"] == "expired_api_key"
    anthropic = server.post("/v1/messages", {**GOOD, "max_tokens": 5}, key=brief)
    assert anthropic.json["error"]["type"] == "authentication_error"


def test_two_keys_in_one_request_are_refused(server: Server, key: str) -> None:
    raw = json.dumps(GOOD).encode()
    for doubled in (
        [f"authorization: Bearer {key}", "authorization: Bearer cg-other"],
        ["authorization: Bearer cg-other", f"authorization: Bearer {key}"],
        [f"authorization: Bearer {key}", f"authorization: Bearer {key}"],
        [f"authorization: Bearer {key}", "x-api-key: cg-other"],
    ):
        status, body = spoken(server, request_of(CHAT, raw, *doubled))
        assert status in (400, 401), body
        assert json.loads(body)["error"]["code"]


def test_a_key_whose_money_is_spent_is_refused_until_there_is_more(server: Server) -> None:
    poor = server.key("poor", "--budget", "0.05", "--per", "day")
    # 3 words read and 3 written at 1,000 USD for a million tokens: 0.006 USD each.
    replies = [server.chat("up/echo", key=poor, max_tokens=5) for _ in range(12)]
    assert replies[0].status == 200
    last = replies[-1]
    assert (last.status, last.error["code"]) == (429, "insufficient_quota")
    assert int(last.headers["retry-after"]) > 0
    other = server.post("/v1/messages", {**GOOD, "max_tokens": 5}, key=poor)
    assert (other.status, other.json["error"]["type"]) == (429, "rate_limit_error")


def test_a_key_with_few_requests_a_minute_is_told_when_to_come_again(server: Server) -> None:
    calm = server.key("calm", "--rpm", "3")
    replies = [server.chat("up/echo", key=calm) for _ in range(5)]
    assert [one.status for one in replies] == [200, 200, 200, 429, 429]
    assert replies[0].headers["x-ratelimit-limit-requests"] == "3"
    assert replies[0].headers["x-ratelimit-remaining-requests"] == "2"
    assert replies[3].error["code"] == "rate_limited"
    assert 0 < int(replies[3].headers["retry-after"]) <= 60


def test_a_key_for_one_at_once_waits_for_the_first_to_end(server: Server) -> None:
    single = server.key("single", "--parallel", "1")
    body = {"model": "up/hang-midstream", "messages": POEM, "stream": True}
    with Line(server) as line:
        line.say(request_of(CHAT, body, f"authorization: Bearer {single}"))
        line.until(b"half an")
        reply = server.chat("up/echo", key=single)
        assert (reply.status, reply.error["code"]) == (429, "rate_limited")
    assert until(lambda: server.chat("up/echo", key=single).status == 200, 3)


def test_no_key_and_no_prompt_is_ever_in_the_log(server: Server, key: str) -> None:
    server.chat("auto", "a poem about wombats", key=key)
    server.chat("up/error-500", "a poem about wombats", key=key)
    server.post(CHAT, b'{"wombats', key=key)
    server.post(CHAT, {**GOOD, "wombats": {}, "n": "wombats"}, key=key)
    assert key not in server.log
    assert key[3:] not in server.log
    assert "wombats" not in server.log


@pytest.fixture(scope="module")
def opened(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for no keys."""
    config = config_of(upstream, gateway="cors_origins: [https://app.example]")
    with serving(tmp_path_factory.mktemp("open"), config) as running:
        yield running


def test_what_comes_for_another_host_is_refused_where_no_key_is_asked_for(
    opened: Server, server: Server, key: str
) -> None:
    for host, good in (
        ("localhost", True),
        (f"127.0.0.1:{opened.port}", True),
        ("[::1]:80", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:80", False),
        ("", False),
    ):
        asked = request_of(CHAT, GOOD).replace(b"host: localhost", f"host: {host}".encode())
        status, body = spoken(opened, asked)
        assert status == (200 if good else 403), (host, body)
    assert server.chat("up/echo", key=key, headers={"host": "college.example"}).status == 200


def test_no_web_page_asks_through_a_browser_where_no_key_is_asked_for(
    opened: Server, server: Server, key: str
) -> None:
    """A page need not see a reply to do harm: what it has a browser send as text is not checked."""
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        page = {"origin": origin, "content-type": "text/plain"}
        for path in (CHAT, "/v1/embeddings"):
            assert opened.post(path, {**GOOD, "input": "x"}, headers=page).status == 403
        assert server.post(CHAT, GOOD, headers=page, key=key).status == 200
    app = {"origin": "https://app.example"}
    assert opened.post(CHAT, GOOD, headers=app).status == 200


def test_no_foreign_web_page_administers_without_a_key(opened: Server) -> None:
    app = {"origin": "https://app.example"}
    reply = opened.post("/api/experts", {"name": "WineExpert"}, headers=app)
    assert (reply.status, reply.error["code"]) == (403, "forbidden")
    assert opened.post("/api/experts/coding/drain", {}, headers=app).status == 403
    page = {"origin": f"http://127.0.0.1:{opened.port}"}
    assert opened.get("/api/status", headers=page).status == 200


# --- others


def test_everybody_gets_their_own_answer(server: Server, key: str) -> None:
    def ask(number: int) -> tuple[int, bool]:
        text = f"a poem for {number} and nobody else"
        model, stream = ("up/echo", "auto")[number % 2], number % 3 == 0
        reply = server.chat(model, text, key=key, stream=stream)
        said = reply.body.decode()
        if stream:
            rows = [json.loads(one[6:]) for one in said.split("\n\n")[:-2]]
            said = "".join(row["choices"][0]["delta"].get("content") or "" for row in rows)
            return number, said == text
        return number, reply.json["choices"][0]["message"]["content"] == text

    with ThreadPoolExecutor(50) as crowd:
        heard = list(crowd.map(ask, range(100)))
    assert heard == [(number, True) for number in range(100)]


def test_whoever_hangs_up_leaves_nothing_behind_for_the_next(server: Server, key: str) -> None:
    """Connections to the models are used again: never with a reply on them that others left."""
    chance = random.Random(7)
    waits_s = [chance.uniform(0, 0.03) for _ in range(300)]

    def leave(number: int) -> bool:
        model = ("up/echo", "auto", "up/slow-10", "up/cut", "up/error-500")[number % 5]
        turns = [{"role": "user", "content": f"secret of number {number}"}]
        body = {"model": model, "messages": turns, "stream": number % 2 == 0}
        with Line(server) as line:
            line.say(request_of(CHAT, body, f"authorization: Bearer {key}"))
            time.sleep(waits_s[number])
        return True

    def stay(number: int) -> bool:
        text = f"answer of number {number}"
        reply = server.chat(("up/echo", "auto")[number % 2], text, key=key)
        said: str = reply.json["choices"][0]["message"]["content"]
        return said == text

    with ThreadPoolExecutor(24) as crowd:
        heard = list(crowd.map(lambda one: (stay if one % 3 else leave)(one), range(300)))
    assert all(heard)
