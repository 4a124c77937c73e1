"""Streams through the gateway: at once, honest about their end, and ended with their reader."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import EXPERTS, Line, Server, config_of, request_of, serving, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Stats = Callable[[], dict[str, Any]]

HALF = b"half an "
MODELS = {
    "PlanningExpert": "up/hang-midstream",
    "ReasoningExpert": "up/hang",
    "ResearchExpert": "up/cut",
    "DataExpert": "up/error-500, up/words-3",
}


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("streaming")
    config = config_of(upstream, experts=EXPERTS | MODELS)
    with serving(folder, config) as running:
        yield running


def chat(model: str, *, stream: bool = True, **fields: Any) -> bytes:
    turns = [{"role": "user", "content": "write a poem"}]
    body = {"model": model, "messages": turns, "stream": stream, **fields}
    return request_of("/v1/chat/completions", body)


def events(body: bytes) -> list[Any]:
    rows = [row.removeprefix(b"data: ") for row in body.split(b"\n\n") if row.startswith(b"data: ")]
    return [row.decode() if row == b"[DONE]" else json.loads(row) for row in rows]


@pytest.mark.parametrize("model", ["up/hang-midstream", "collegium/planning"])
def test_the_first_token_is_there_before_the_second_is_made(server: Server, model: str) -> None:
    with Line(server) as line:
        line.say(chat(model))
        said = line.until(HALF)
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert b"content-type: text/event-stream" in said


def test_tokens_come_one_by_one_in_every_dialect(server: Server) -> None:
    turns = [{"role": "user", "content": "go"}]
    asked: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": turns},
        "/v1/messages": {"messages": turns, "max_tokens": 100},
        "/v1/responses": {"input": "go"},
    }
    for path, body in asked.items():
        with Line(server) as line:
            line.say(request_of(path, {"model": "up/slow-40", "stream": True, **body}))
            line.until(b'"w0')
            began = time.monotonic()
            line.until(b" w9")
            assert 0.2 < time.monotonic() - began < 2, path


def test_a_panel_streams_as_well(server: Server) -> None:
    reply = server.chat(
        "collegium/panel",
        "one two three",
        stream=True,
        collegium={"experts": ["writing", "coding", "advisor"]},
    )
    rows = events(reply.body)
    assert rows[-1] == "[DONE]"
    texts = [row["choices"][0]["delta"].get("content") or "" for row in rows[:-1]]
    assert "".join(texts) == "one two three"


@pytest.mark.parametrize(
    ("model", "status"),
    [
        ("up/error-400", 400),
        ("up/error-404", 404),
        ("up/error-429", 429),
        ("up/error-500", 503),
        ("up/cut-always", 503),
        ("up/html", 502),
        ("up/garbage-sse", 502),
        ("nothing", 404),
    ],
)
def test_what_fails_before_the_first_token_keeps_its_status(
    server: Server, model: str, status: int
) -> None:
    for stream in (True, False):
        reply = server.chat(model, stream=stream)
        assert reply.status == status, reply.body
        assert reply.headers["content-type"] == "application/json"
        assert reply.error["code"]
        assert "error" in reply.error["type"]


@pytest.mark.parametrize("model", ["up/cut", "up/unfinished", "up/error-midstream"])
def test_a_stream_that_breaks_off_ends_with_an_error_and_is_never_done(
    server: Server, model: str
) -> None:
    reply = server.chat(model, stream=True)
    rows = events(reply.body)
    assert rows[0]["choices"][0]["delta"]["content"] == "half an "
    assert set(rows[-1]["error"]) == {"message", "type", "param", "code"}
    assert b"[DONE]" not in reply.body
    assert all(row["choices"][0]["finish_reason"] is None for row in rows[:-1])


@pytest.mark.parametrize("strategy", [None, "weighted"])
def test_an_expert_whose_stream_breaks_off_is_no_different(
    server: Server, strategy: str | None
) -> None:
    asked = {"strategy": strategy}
    reply = server.chat("collegium/research", stream=True, collegium=asked)
    assert "half an" in reply.body.decode()
    assert b"[DONE]" not in reply.body
    assert "error" in events(reply.body)[-1]
    identity = reply.headers["x-collegium-decision-id"]
    told = server.get(f"/api/decisions/{identity}").json
    assert told["error"] == "stream_cut"


@pytest.mark.parametrize("stream", [False, True])
def test_what_fails_before_its_first_token_is_asked_of_the_next_model(
    server: Server, *, stream: bool
) -> None:
    for _ in range(3):
        reply = server.chat("collegium/data", stream=stream)
        assert reply.status == 200
        assert reply.headers["x-collegium-model"] == "up/words-3"
        assert b"w2" in reply.body


@pytest.mark.parametrize("model", ["up/hang-midstream", "collegium/planning"])
def test_a_deadline_holds_in_the_middle_of_a_stream(server: Server, model: str) -> None:
    began = time.monotonic()
    reply = server.chat(model, stream=True, collegium={"deadline_s": 0.5})
    assert 0.4 < time.monotonic() - began < 2
    rows = events(reply.body)
    assert rows[0]["choices"][0]["delta"]["content"] == "half an "
    assert rows[-1]["error"]["code"] == "deadline_exceeded"
    assert b"[DONE]" not in reply.body


@pytest.mark.parametrize("model", ["up/hang", "collegium/reasoning"])
def test_a_deadline_before_the_first_token_has_its_status(server: Server, model: str) -> None:
    for stream in (False, True):
        reply = server.chat(model, stream=stream, collegium={"deadline_s": 0.3})
        assert (reply.status, reply.error["type"]) == (504, "timeout_error")


@pytest.mark.parametrize("model", ["up/cut", "up/unfinished", "up/error-midstream"])
def test_a_broken_stream_is_no_complete_one_in_any_dialect(server: Server, model: str) -> None:
    turns = [{"role": "user", "content": "go"}]
    message = {"model": model, "stream": True, "messages": turns, "max_tokens": 9}
    said = server.post("/v1/messages", message).body
    assert b"event: error" in said
    assert b"message_stop" not in said
    response = server.post("/v1/responses", {"model": model, "stream": True, "input": "go"}).body
    assert b"response.failed" in response
    assert b"response.completed" not in response


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (chat("up/hang", stream=False), b""),
        (chat("collegium/reasoning", stream=False), b""),
        (chat("collegium/reasoning", collegium={"strategy": "voting"}), b""),
        (chat("up/hang"), b""),
        (chat("up/hang-midstream"), HALF),
        (chat("collegium/planning"), HALF),
        (chat("collegium/planning", collegium={"strategy": "weighted"}), HALF),
        (
            request_of(
                "/v1/messages",
                {
                    "model": "up/hang-midstream",
                    "stream": True,
                    "max_tokens": 5,
                    "messages": [{"role": "user", "content": "go"}],
                },
            ),
            b"half an",
        ),
        (chat("up/slow-50", stream=False), b""),
    ],
)
def test_when_the_client_leaves_the_upstream_is_left_within_100_ms(
    server: Server, stats: Stats, raw: bytes, word: bytes
) -> None:
    before = stats()
    with Line(server) as line:
        line.say(raw)
        assert until(lambda: stats()["active"] == before["active"] + 1, 5)
        if word:
            line.until(word)
        time.sleep(0.05)
    left = time.monotonic()
    assert until(lambda: stats()["active"] == before["active"], 5)
    took_s = time.monotonic() - left
    assert stats()["aborted"] == before["aborted"] + 1
    assert took_s < 0.25  # 100 ms, and what asking the upstream takes on a busy machine


def test_a_client_that_says_no_more_still_gets_its_answer_or_is_left(server: Server) -> None:
    with Line(server) as line:
        line.say(chat("up/words-3", stream=False))
        line.socket.shutdown(socket.SHUT_WR)
        said = line.rest()
    assert said == b"" or said.startswith(b"HTTP/1.1 200")


def test_whoever_leaves_frees_the_slot(server: Server) -> None:
    for _ in range(5):
        with ExitStack() as leaving:
            lines = [leaving.enter_context(Line(server)) for _ in range(20)]
            for line in lines:
                line.say(chat("up/hang-midstream"))
            for line in lines:
                line.until(HALF)
    assert until(lambda: server.get("/api/status").json["requests_in_flight"] == 0, 2)
    assert {one["in_flight"] for one in server.get("/api/status").json["instances"]} == {0}


def waiting(server: Server, name: str) -> int:
    """How many wait until there is a place at that instance."""
    rows = server.get("/api/status").json["instances"]
    return sum(one["waiting"] for one in rows if one["name"] == name)


def test_whoever_leaves_the_queue_lets_the_next_move_up(server: Server) -> None:
    name = "narrow/hang-midstream"
    with Line(server) as first:
        first.say(chat(name))
        first.until(HALF)
        with Line(server) as second:
            second.say(chat(name))
            assert until(lambda: waiting(server, name) == 1, 5)
        assert until(lambda: waiting(server, name) == 0, 5)
        third = Line(server)
        third.say(chat(name))
        assert until(lambda: waiting(server, name) == 1, 5)
    with third:
        third.until(HALF)
    assert waiting(server, name) == 0


def test_a_slow_reader_costs_no_memory_and_holds_up_nobody(server: Server) -> None:
    server.chat("up/words-1000", stream=True)
    before_mb = server.rss_mb
    with Line(server, timeout_s=20, window=16 * 1024) as line:
        line.say(chat("up/words-700000"))  # about 100 MB of events
        assert line.socket.recv(15) == b"HTTP/1.1 200 OK"
        time.sleep(1.5)
        grown_mb = server.rss_mb - before_mb
        assert server.chat("up/echo", "still there").status == 200
    assert grown_mb < 6
    assert until(lambda: server.get("/api/status").json["requests_in_flight"] == 0, 5)


def test_one_event_of_megabytes_neither_hangs_nor_is_taken_for_an_answer(server: Server) -> None:
    for stream in (True, False):
        reply = server.chat("up/bigline", stream=stream)
        if stream:
            assert b"[DONE]" not in reply.body
        assert reply.status in (200, 502)


def test_every_letter_arrives_however_the_bytes_were_cut(server: Server) -> None:
    for model in ("up/utf8", "collegium/writing"):
        reply = server.chat(model, "naïve — 数学 — 🌦 ok", stream=True)
        rows = events(reply.body)[:-1]
        said = "".join(row["choices"][0]["delta"].get("content") or "" for row in rows)
        assert said == "naïve — 数学 — 🌦 ok"


def test_a_stream_explains_itself_at_its_end_where_that_is_wanted(server: Server) -> None:
    rows = events(server.chat("auto", stream=True, collegium={"explain": True}).body)
    assert rows[-1] == "[DONE]"
    told = rows[-2]["collegium"]
    assert (rows[-2]["choices"], told["expert"]) == ([], "WritingExpert")
    assert told["receipt"]["calls"]
