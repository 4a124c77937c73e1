"""What the gateway keeps from one request to the next: sessions, tool loops, answers."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import EXPERTS, Line, Server, config_of, request_of, serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOL: Any = {"type": "function", "function": {"name": "sum", "parameters": {}}}
CACHE = "require_key: true, cache: {exact: true}, limits: {concurrent: 3, slow_reader_s: 1}"


@contextmanager
def another_upstream() -> Iterator[str]:
    command = [sys.executable, str(Path(__file__).with_name("upstream.py")), "--with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}/v1"
        finally:
            process.kill()


def served(upstream: str) -> int:
    """How many requests it has had."""
    with urllib.request.urlopen(upstream.removesuffix("/v1") + "/stats", timeout=5) as reply:
        requests: int = json.load(reply)["requests"]
    return requests


def active(upstream: str) -> int:
    """How many requests it is answering."""
    with urllib.request.urlopen(upstream.removesuffix("/v1") + "/stats", timeout=5) as reply:
        requests: int = json.load(reply)["active"]
    return requests


@pytest.fixture(scope="module")
def replicas() -> Iterator[tuple[str, str]]:
    with another_upstream() as one, another_upstream() as two:
        yield one, two


@pytest.fixture(scope="module")
def server(replicas: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one, two = replicas
    experts = EXPERTS | {"ReasoningExpert": "up/tools"}
    config = config_of(one, experts=experts).replace(
        f'url: "{one}"', f'url: "{one}", replicas: ["{two}"]'
    )
    with serving(tmp_path_factory.mktemp("sessions"), config) as running:
        yield running


@pytest.fixture(scope="module")
def keeping(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps answers, and asks for keys."""
    with serving(tmp_path_factory.mktemp("keeping"), config_of(upstream, gateway=CACHE)) as running:
        yield running


@pytest.fixture(scope="module")
def alice(keeping: Server) -> str:
    return keeping.key("alice")


@pytest.fixture(scope="module")
def bob(keeping: Server) -> str:
    return keeping.key("bob")


# --- sessions


@pytest.mark.parametrize("model", ["up/echo", "auto"])
@pytest.mark.parametrize("header", ["x-session-id", "x-conversation-id", "x-thread-id"])
def test_a_session_stays_with_the_replica_that_has_its_prompts(
    server: Server, replicas: tuple[str, str], model: str, header: str
) -> None:
    before = [served(one) for one in replicas]
    for number in range(8):
        server.chat(model, f"write poem {number}", headers={header: f"{model}-{header}"})
    grown = [served(one) - earlier for one, earlier in zip(replicas, before, strict=True)]
    assert sorted(grown) == [0, 8]


def test_a_conversation_is_known_by_how_it_begins(
    server: Server, replicas: tuple[str, str]
) -> None:
    turns = [{"role": "user", "content": "write a poem about how this begins"}]
    before = [served(one) for one in replicas]
    for number in range(6):
        body = {"model": "up/echo", "messages": turns}
        said = server.post("/v1/chat/completions", body).json["choices"][0]["message"]["content"]
        turns += [{"role": "assistant", "content": said}, {"role": "user", "content": f"{number}"}]
    grown = [served(one) - earlier for one, earlier in zip(replicas, before, strict=True)]
    assert sorted(grown) == [0, 6]


def test_different_sessions_use_all_replicas(server: Server, replicas: tuple[str, str]) -> None:
    before = [served(one) for one in replicas]
    for number in range(30):
        server.chat("up/echo", f"poem {number}", headers={"x-session-id": f"one of {number}"})
    grown = [served(one) - earlier for one, earlier in zip(replicas, before, strict=True)]
    assert sum(grown) == 30
    assert min(grown) >= 3


@pytest.mark.parametrize("text", ["go on", "shorter please"])
def test_a_session_stays_with_its_expert_where_the_next_question_says_nothing(
    server: Server, text: str
) -> None:
    session = {"headers": {"x-session-id": f"poetry, {text}"}}
    first = server.chat("collegium/writing", "write a poem about rain", **session)
    second = server.chat("auto", text, **session)
    assert first.headers["x-collegium-expert"] == "WritingExpert"
    assert second.headers["x-collegium-expert"] == "WritingExpert"


def test_no_name_of_a_session_does_harm(server: Server) -> None:
    for name in ("x" * 5000, "\x01", "é", "../../etc", "\0".join("ab"), ""):
        told: dict[str, Any] = {"metadata": {"session_id": name}, "prompt_cache_key": name}
        assert server.chat("auto", **told).status == 200
    odds: tuple[dict[str, Any], ...] = (
        {"metadata": 3},
        {"metadata": {"session_id": [1]}},
        {"prompt_cache_key": {}},
    )
    for odd in odds:
        assert server.chat("auto", **odd).status == 200


# --- tool loops


def loop(server: Server, text: str, **fields: Any) -> tuple[Any, Any]:
    """The reply that calls a tool, and the body that brings its result."""
    turns: list[Any] = [{"role": "user", "content": text}]
    body = {"model": "collegium/reasoning", "messages": turns, "tools": [TOOL], **fields}
    first = server.post("/v1/chat/completions", body)
    call = first.json["choices"][0]["message"]["tool_calls"][0]
    turns += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "import os; print(poem)"},
    ]
    return first, {"model": "auto", "messages": turns, "tools": [TOOL]}


def test_whoever_called_a_tool_gets_its_result(server: Server) -> None:
    _, second = loop(server, "write a poem, but count first")
    reply = server.post("/v1/chat/completions", second)
    assert reply.headers["x-collegium-expert"] == "ReasoningExpert"
    stream = server.post("/v1/chat/completions", {**second, "stream": True})
    assert stream.headers["x-collegium-expert"] == "ReasoningExpert"


def test_a_result_that_nobody_waits_for_is_routed_like_anything(server: Server) -> None:
    _, second = loop(server, "write a poem about strangers")
    second["messages"][0]["content"] = "write a poem about others"
    reply = server.post("/v1/chat/completions", second)
    assert reply.headers["x-collegium-expert"] == "WritingExpert"


def test_two_conversations_whose_calls_have_the_same_id_are_not_mixed_up(server: Server) -> None:
    _, mine = loop(server, "write a poem about mine")
    theirs = {**mine, "messages": [{"role": "user", "content": "a poem of theirs"}]}
    theirs["messages"] += mine["messages"][1:]
    assert mine["messages"][2]["tool_call_id"] == "call_1"
    reply = server.post("/v1/chat/completions", theirs)
    assert reply.headers["x-collegium-expert"] != "ReasoningExpert"


def test_after_its_loop_a_conversation_is_routed_again(server: Server) -> None:
    _, second = loop(server, "count the words, then write a poem")
    second["messages"] += [
        {"role": "assistant", "content": "there are five"},
        {"role": "user", "content": "write python code: def reverse a list, fix the traceback"},
    ]
    reply = server.post("/v1/chat/completions", second)
    assert reply.headers["x-collegium-expert"] == "CodingExpert"


def test_whom_a_request_forbids_is_not_asked_for_the_sake_of_a_loop(server: Server) -> None:
    _, second = loop(server, "write a poem without them")
    reply = server.post("/v1/chat/completions", {**second, "collegium": {"without": ["reasoning"]}})
    assert reply.status == 200
    assert reply.headers["x-collegium-expert"] != "ReasoningExpert"


# --- kept answers


def test_the_same_question_gets_the_same_answer_again_and_nobody_is_asked(
    keeping: Server, upstream: str, alice: str
) -> None:
    first = keeping.chat("auto", "write a poem to keep", key=alice, temperature=0)
    before = served(upstream)
    second = keeping.chat("auto", "write a poem to keep", key=alice, temperature=0)
    assert served(upstream) == before
    assert "x-collegium-cache" not in first.headers
    assert second.headers["x-collegium-cache"] == "exact"
    texts = [one.json["choices"][0]["message"]["content"] for one in (first, second)]
    assert texts == ["write a poem to keep"] * 2
    assert second.json["id"] != first.json["id"]


def test_a_kept_answer_streams(keeping: Server, upstream: str, alice: str) -> None:
    asked = {"key": alice, "temperature": 0, "stream": True}
    first = keeping.chat("auto", "write a poem to stream", **asked)
    before = served(upstream)
    second = keeping.chat(
        "auto", "write a poem to stream", stream_options={"include_usage": True}, **asked
    )
    assert served(upstream) == before
    assert second.headers["x-collegium-cache"] == "exact"
    assert second.body.endswith(b"data: [DONE]\n\n")
    rows = [json.loads(one[6:]) for one in second.body.split(b"\n\n")[:-2]]
    texts = [one["choices"][0]["delta"].get("content") or "" for one in rows if one["choices"]]
    assert "".join(texts) == "write a poem to stream"
    assert rows[-1]["usage"]["completion_tokens"] == 5
    assert first.body.endswith(b"data: [DONE]\n\n")


def test_nobody_gets_what_another_key_was_answered(
    keeping: Server, upstream: str, alice: str, bob: str
) -> None:
    keeping.chat("auto", "a poem of one key", key=alice, temperature=0)
    before = served(upstream)
    other = keeping.chat("auto", "a poem of one key", key=bob, temperature=0)
    assert "x-collegium-cache" not in other.headers
    assert served(upstream) == before + 1


def test_whoever_wants_no_kept_answer_gets_none(keeping: Server, alice: str) -> None:
    text = "a poem that is made anew"
    keeping.chat("auto", text, key=alice, temperature=0)
    asked: list[dict[str, Any]] = [
        {"collegium": {"cache": False}},
        {"headers": {"cache-control": "no-cache"}},
        {"headers": {"cache-control": "no-store"}},
        {"temperature": 1},
        {"collegium": {"cache": "refresh"}},
    ]
    for options in asked:
        reply = keeping.chat("auto", text, key=alice, **{"temperature": 0, **options})
        assert "x-collegium-cache" not in reply.headers, options


def test_what_was_not_answered_whole_is_not_kept(keeping: Server, alice: str) -> None:
    for model in ("up/cut", "up/error-500", "up/unfinished"):
        for _ in range(2):
            reply = keeping.chat(model, key=alice, temperature=0, stream=True)
            assert "x-collegium-cache" not in reply.headers
            assert b"[DONE]" not in reply.body


# --- places


def streaming(model: str, key: str) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": "go"}], "stream": True}
    return request_of("/v1/chat/completions", body, f"authorization: Bearer {key}")


def test_when_all_places_are_taken_the_next_is_told_to_come_again(
    keeping: Server, alice: str
) -> None:
    with ExitStack() as leaving:
        lines = [leaving.enter_context(Line(keeping)) for _ in range(3)]
        for line in lines:
            line.say(streaming("up/hang-midstream", alice))
        for line in lines:
            line.until(b"half an")
        reply = keeping.chat("up/echo", key=alice)
        assert (reply.status, reply.error["code"]) == (429, "overloaded")
        assert int(reply.headers["retry-after"]) >= 1
        assert keeping.get("/health/live").status == 200
    assert until(lambda: keeping.chat("up/echo", key=alice).status == 200, 3)


def test_whoever_reads_nothing_for_too_long_is_put_out(
    keeping: Server, upstream: str, alice: str
) -> None:
    with Line(keeping, window=16 * 1024) as line:
        line.say(streaming("up/words-700000", alice))
        line.until(b"w0")
        assert until(lambda: active(upstream) == 1, 3)
        assert until(lambda: active(upstream) == 0, 6)
        assert b"[DONE]" not in line.rest()
