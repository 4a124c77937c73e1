"""The server as a process: how it starts, drains and ends, alone and as several workers."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import (
    EXPERTS,
    Line,
    Server,
    config_of,
    ended,
    launched,
    request_of,
    serving,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

POEM: Any = [{"role": "user", "content": "write a poem"}]


def stream(model: str) -> bytes:
    return request_of("/v1/chat/completions", {"model": model, "messages": POEM, "stream": True})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


# --- readiness


def test_a_server_without_a_model_lives_and_is_not_ready_and_says_why(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    server = launched(tmp_path, config_of(nowhere, experts={"WritingExpert": ""}))
    try:
        assert until(lambda: "/api/status" in server.get("/health/ready").json["reason"], 10)
        assert until(lambda: "(up" in server.get("/api/status").json["reason"], 10)
        assert server.get("/health/ready").status == 503
        assert server.get("/health/live").status == 200
        reply = server.chat("auto")
        assert reply.status == 503
        assert int(reply.headers["retry-after"]) >= 1
        ended(server)
    finally:
        server.process.kill()
        server.process.wait()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "collegium keys create"),
        (["--host", "nowhere.invalid"], "nowhere.invalid"),
    ],
)
def test_a_server_that_may_not_or_cannot_listen_says_why_and_ends(
    upstream: str, tmp_path: Path, options: list[str], words: str
) -> None:
    with pytest.raises(AssertionError, match="it does not start") as caught:
        launched(tmp_path, config_of(upstream), *options)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_port_that_is_taken_is_named(upstream: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match=port) as caught:
            launched(tmp_path, config_of(upstream), "--port", port)
    assert "Traceback" not in str(caught.value)


# --- draining


def test_what_streams_is_finished_and_nobody_new_is_let_in(upstream: str, tmp_path: Path) -> None:
    server = launched(tmp_path, config_of(upstream))
    try:
        with ExitStack() as open_lines:
            assert until(lambda: server.get("/health/ready").status == 200, 30)
            lines = [open_lines.enter_context(Line(server)) for _ in range(3)]
            idle = open_lines.enter_context(Line(server))
            for line in lines:
                line.say(stream("up/slow-100"))
            for line in lines:
                line.until(b'"w0')
            idle.say(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
            idle.until(b"live")
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.4)
            assert server.process.poll() is None
            assert refused(server)
            for line in lines:
                assert line.until(b"data: [DONE]").count(b"data: ") == 22
        assert server.process.wait(10) == 0
        assert "Traceback" not in server.log
    finally:
        server.process.kill()
        server.process.wait()


def refused(server: Server) -> bool:
    """Whether a new request is turned away: by a closed door, or with 503."""
    try:
        with Line(server, timeout_s=2) as line:
            line.say(stream("up/words-3"))
            said = line.rest()
    except OSError:
        return True
    return not said or said.startswith(b"HTTP/1.1 503")


def test_what_does_not_end_is_cut_when_the_time_for_draining_is_over(
    upstream: str, tmp_path: Path
) -> None:
    config = config_of(upstream).replace("drain_s: 5", "drain_s: 1")
    server = launched(tmp_path, config)
    try:
        with Line(server, timeout_s=15) as line:
            line.say(stream("up/hang-midstream"))
            line.until(b"half an")
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert b"[DONE]" not in line.rest()
        assert server.process.wait(10) == 0
        assert 0.8 < time.monotonic() - began < 6
        assert "Traceback" not in server.log, server.log
    finally:
        server.process.kill()
        server.process.wait()


def test_ctrl_c_ends_it_as_well(upstream: str, tmp_path: Path) -> None:
    server = launched(tmp_path, config_of(upstream))
    try:
        assert until(lambda: server.get("/health/live").status == 200, 30)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 0
        assert "Traceback" not in server.log
    finally:
        server.process.kill()
        server.process.wait()


# --- workers


@pytest.fixture(scope="module")
def workers(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workers")
    experts = EXPERTS | {"ReasoningExpert": "up/tools"}
    with serving(folder, config_of(upstream, experts=experts), "--workers", "2") as running:
        assert until(lambda: len(children(running)) == 2, 20)
        yield running
        before = children(running)
        ended(running)
        assert not any(Path(f"/proc/{one}").exists() for one in before)


def children(server: Server) -> list[int]:
    """The processes that serve."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            told = status.read_text()
            parent = int(told.rpartition(")")[2].split()[1])
            command = status.with_name("cmdline").read_bytes()
            if parent == server.process.pid and b"resource_tracker" not in command:
                found.append(int(status.parent.name))
    return sorted(found)


def answers(server: Server) -> bool:
    try:
        return server.chat("up/words-3").status == 200
    except OSError:
        return False


def test_each_of_two_workers_serves(workers: Server) -> None:
    one, two = children(workers)
    for stopped in (one, two):
        os.kill(stopped, signal.SIGSTOP)
        try:
            assert [answers(workers) for _ in range(3)] == [True] * 3
        finally:
            os.kill(stopped, signal.SIGCONT)


def test_any_worker_shows_what_all_have_counted(workers: Server) -> None:
    def counted() -> set[int]:
        page = workers.get("/metrics").body.decode()
        rows = re.findall(r'_requests_total\{[^}]*route="/v1/chat/completions"[^}]*\} (\d+)', page)
        return {sum(map(int, rows))}

    before = counted()
    for _ in range(12):
        assert answers(workers)
    assert set().union(*(counted() for _ in range(6))) == {min(before) + 12}


def test_a_decision_is_found_whichever_worker_is_asked(workers: Server) -> None:
    for _ in range(6):
        identity = workers.chat("auto").headers["x-collegium-decision-id"]
        for _ in range(3):
            assert workers.get(f"/api/decisions/{identity}").status == 200


def test_a_tools_result_finds_its_expert_whichever_worker_it_comes_to(workers: Server) -> None:
    tool = {"type": "function", "function": {"name": "sum", "parameters": {}}}
    for number in range(6):
        turns: list[Any] = [{"role": "user", "content": f"write poem {number}"}]
        body = {"messages": turns, "tools": [tool]}
        first = workers.post("/v1/chat/completions", {"model": "collegium/reasoning", **body})
        call = first.json["choices"][0]["message"]["tool_calls"][0]
        turns += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": "3"},
        ]
        second = workers.post("/v1/chat/completions", {"model": "auto", **body})
        assert second.headers["x-collegium-expert"] == "ReasoningExpert"


def test_a_worker_that_is_killed_is_replaced_and_the_other_goes_on(workers: Server) -> None:
    victim, other = children(workers)
    os.kill(victim, signal.SIGKILL)
    assert until(lambda: answers(workers), 5)
    assert until(lambda: len(set(children(workers)) - {victim}) == 2, 30)
    assert other in children(workers)
    os.kill(other, signal.SIGSTOP)
    try:
        assert answers(workers)  # so it is the new one that does
    finally:
        os.kill(other, signal.SIGCONT)


@pytest.mark.long
def test_all_workers_finish_what_they_stream(upstream: str, tmp_path: Path) -> None:
    server = launched(tmp_path, config_of(upstream), "--workers", "2")
    try:
        assert until(lambda: answers(server), 30)
        with ExitStack() as open_lines:
            lines = [open_lines.enter_context(Line(server)) for _ in range(8)]
            for line in lines:
                line.say(stream("up/slow-60"))
            for line in lines:
                line.until(b'"w0')
            server.process.send_signal(signal.SIGTERM)
            for line in lines:
                assert line.until(b"data: [DONE]").count(b"data: ") == 22
        assert server.process.wait(10) == 0
        assert "Traceback" not in server.log
    finally:
        server.process.kill()
        server.process.wait()
