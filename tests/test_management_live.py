"""Whoever answers comes, goes and changes while many ask, and nobody who asks notices."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import Reply, Server, is_ready, launched, serving, until
from traffic import ModelServer, Traffic, model_servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 30.0
# What holds at one worker holds at the other within two seconds, on a machine with time to spare.
WITHIN_S = 10.0
POEM = "write a poem"

CONFIG = """
gateway: {{drain_s: 5}}
backends:
  up: {{kind: http, url: "{one}", capacity: 400}}
  farm: {{kind: http, url: "{one}", replicas: ["{two}", "{three}"], capacity: 100}}
moe:
  router: {{type: heuristic}}
  experts:
    - {{name: WritingExpert, models: [up/slow-25], capabilities: &all [{{name: x, max_load: 400}}]}}
    - {{name: CodingExpert, models: [farm/slow-25], max_instances: 3, capabilities: *all}}
    - {{name: AdvisorExpert, models: [up/slow-20], capabilities: *all}}
"""
WINE = {
    "name": "WineExpert",
    "models": ["up/words-3"],
    "vocabulary": {"wine": 9},
    "instructions": "You know wines.",
}


@pytest.fixture(scope="module")
def models() -> Iterator[tuple[ModelServer, ...]]:
    with model_servers(3) as running:
        yield running


@pytest.fixture(scope="module")
def config(models: tuple[ModelServer, ...]) -> str:
    one, two, three = (model.url for model in models)
    return CONFIG.format(one=one, two=two, three=three)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def server(config: str, folder: Path) -> Iterator[Server]:
    with serving(folder, config) as running:
        yield running


def quick(config: str) -> str:
    """The same, where nobody has to wait for an answer."""
    return config.replace("slow-25", "words-5").replace("slow-20", "words-5")


def on_duty(server: Server) -> dict[str, Any]:
    """Everybody on duty as they stand, by key."""
    return {row["expert"]: row for row in server.get("/api/experts").json["data"]}


def who(server: Server, model: str = "auto", text: str = POEM) -> str:
    """Who answers."""
    reply = server.chat(model, text)
    assert reply.status == 200, reply.body
    return reply.headers["x-collegium-expert"]


def performed(server: Server) -> int:
    """How many queries the writer has had, as is shown."""
    queries: int = on_duty(server)["writing"]["performance"]["queries"]
    return queries


def seen(models: tuple[ModelServer, ...]) -> list[int]:
    """How many requests each model server has had."""
    return [model.stats["requests"] for model in models]


# --- while many ask


def test_an_expert_that_is_added_answers_the_next_question(server: Server) -> None:
    with Traffic(server, people=20) as traffic:
        assert server.post("/api/experts", WINE).status == 201
        assert who(server, "auto", "which wine goes with a stew?") == "WineExpert"
        traffic.go_on()
    assert not traffic.failures
    assert server.send("DELETE", "/api/experts/wine").status == 200


def test_an_expert_is_removed_while_fifty_wait_for_its_answers(server: Server) -> None:
    with Traffic(server) as traffic:
        assert set(traffic.answers) == {"WritingExpert"}
        assert server.send("DELETE", "/api/experts/writing").status == 200
        traffic.go_on(2)
        assert server.chat("collegium/writing").error["code"] == "model_not_found"
    assert not traffic.failures
    assert traffic.answers.keys() > {"WritingExpert"}
    assert server.post("/api/experts/writing/restore", {}).status == 200
    assert who(server) == "WritingExpert"


def test_an_expert_is_drained_while_fifty_wait_for_its_answers(server: Server) -> None:
    with Traffic(server) as traffic:
        drained = server.post("/api/experts/writing/drain", {})
        assert (drained.status, drained.json["draining"]) == (200, True)
        before = on_duty(server)["writing"]
        traffic.go_on(2)
        assert until(lambda: on_duty(server)["writing"]["load"] == 0, WAIT_S)
        after = on_duty(server)["writing"]
        assert after["queries"] <= before["queries"] + before["load"]
        assert server.post("/api/experts/writing/restore", {}).json["ready"]
        traffic.go_on()
    assert not traffic.failures
    assert who(server) == "WritingExpert"


def test_an_expert_is_replaced_while_fifty_wait_for_its_answers(server: Server) -> None:
    entry = {
        "name": "WritingExpert",
        "models": ["up/slow-12"],
        "capabilities": [{"name": "all", "max_load": 400}],
    }
    with Traffic(server) as traffic:
        assert server.post("/api/experts?replace=true", entry).status == 201
        assert server.chat("auto").headers["x-collegium-model"] == "up/slow-12"
        traffic.go_on()
        assert server.post("/api/config/rollback", {}).json["changed"]
        traffic.go_on()
    assert not traffic.failures
    assert set(traffic.answers) == {"WritingExpert"}
    assert server.chat("auto").headers["x-collegium-model"] == "up/slow-25"


def test_the_file_is_edited_well_and_badly_while_many_ask(
    server: Server, folder: Path, config: str
) -> None:
    file = folder / "collegium.yaml"
    other = config.replace("slow-20", "words-5")

    def advises_with(model: str) -> bool:
        return server.chat("collegium/advisor").headers["x-collegium-model"] == model

    with Traffic(server, people=20) as traffic:
        file.write_text(other)
        assert until(lambda: advises_with("up/words-5"), WAIT_S)
        file.write_text(config[: len(config) // 2])
        assert until(lambda: server.get("/api/status").json["refused"], WAIT_S)
        assert advises_with("up/words-5")
        file.write_text(config)
        assert until(lambda: advises_with("up/slow-20"), WAIT_S)
        assert not server.get("/api/status").json["refused"]
        assert server.post("/api/config/rollback", {}).json["changed"]
        assert advises_with("up/words-5")
        traffic.go_on()
    assert not traffic.failures
    file.write_text(config + "\n")
    assert until(lambda: advises_with("up/slow-20"), WAIT_S)


def test_a_model_moves_to_a_backend_that_has_joined(
    server: Server, models: tuple[ModelServer, ...]
) -> None:
    second = {"kind": "http", "url": models[1].url, "capacity": 400}
    entry = {
        "name": "WritingExpert",
        "models": ["verse"],
        "capabilities": [{"name": "all", "max_load": 400}],
    }
    with Traffic(server, people=20) as traffic:
        assert server.send("PUT", "/api/models/verse", {"means": "up/slow-25"}).status == 200
        assert server.post("/api/experts?replace=true", entry).status == 201
        assert server.send("PUT", "/api/backends/second", second).status == 200
        assert server.send("PUT", "/api/models/verse", {"means": "second/slow-25"}).status == 200
        before = seen(models)
        traffic.go_on()
        assert seen(models)[1] > before[1]
        assert server.send("DELETE", "/api/backends/second").error["code"] == "refused"
        assert server.send("PUT", "/api/models/verse", {"means": "up/slow-25"}).status == 200
        assert server.send("DELETE", "/api/backends/second").status == 200
        traffic.go_on()
    assert not traffic.failures
    assert set(traffic.answers) == {"WritingExpert"}


def test_replicas_join_and_leave_while_many_ask(
    server: Server, models: tuple[ModelServer, ...]
) -> None:
    def scaled(instances: int) -> None:
        told = server.post("/api/experts/coding/scale", {"instances": instances})
        assert told.status == 200, told.body
        assert until(lambda: on_duty(server)["coding"]["instances"] == instances, WAIT_S)

    with Traffic(server, text="debug this python function") as traffic:
        assert set(traffic.answers) == {"CodingExpert"}
        scaled(1)
        traffic.go_on(2)
        alone = seen(models)
        traffic.go_on()
        assert [now > before for now, before in zip(seen(models), alone, strict=True)] == [
            True,
            False,
            False,
        ]
        scaled(3)
        three = seen(models)
        traffic.go_on(3)
        shares = [now - before for now, before in zip(seen(models), three, strict=True)]
        assert min(shares) > sum(shares) / 6
        scaled(1)
        traffic.go_on(2)
        assert server.post("/api/experts/coding/scale", {"instances": None}).status == 200
    assert not traffic.failures


def test_there_are_no_more_instances_than_addresses_and_what_was_wanted_is_told(
    server: Server,
) -> None:
    told = server.post("/api/experts/coding/scale", {"instances": 4})
    assert (told.status, told.json["instances"]) == (200, 3)
    fleet = {row["expert"]: row for row in server.get("/api/status").json["fleet"]}
    assert (fleet["CodingExpert"]["instances"], fleet["CodingExpert"]["wanted"]) == (3, 4)


# --- tried out


def test_nobody_sees_a_shadow(server: Server, models: tuple[ModelServer, ...]) -> None:
    changes = {
        "backends": {"night": {"kind": "http", "url": models[2].url}},
        "moe": {"experts": {"WritingExpert": {"models": ["night/utf8"]}}},
    }
    plan = {"name": "night", "mode": "shadow", "share": 0.9, "changes": changes}

    def counted() -> int:
        page = server.get("/metrics").body.decode()
        return sum(map(int, re.findall(r"collegium_decisions_total\S* (\d+)", page)))

    def shadows() -> int:
        (row, *_) = server.get("/api/experiments").json["data"]
        queries: dict[str, int] = {one["name"]: one["queries"] for one in row["variants"]}
        return queries["challenger"]

    assert server.post("/api/experiments", plan).status == 201
    before, asked, kept = seen(models)[2], counted(), performed(server)
    with ThreadPoolExecutor(5) as people:
        ask = partial(server.chat, "auto")
        replies = list(people.map(ask, (f"write poem {place}" for place in range(10))))
    assert {one.headers["x-collegium-model"] for one in replies} == {"up/slow-25"}
    assert until(lambda: seen(models)[2] > before and shadows() > 0, WAIT_S)
    assert performed(server) == kept + 10
    assert counted() == asked + 10
    assert "night" not in server.get("/metrics").body.decode()
    decisions = server.get("/api/decisions").json["data"]
    assert {row["id"] for row in decisions[:10]} == {
        one.headers["x-collegium-decision-id"] for one in replies
    }
    assert server.send("DELETE", "/api/experiments/night").status == 200


# --- beyond the end of a process


def test_what_was_changed_and_learned_outlives_a_server_that_is_killed(
    config: str, tmp_path: Path
) -> None:
    plan = {
        "name": "more",
        "changes": {"moe": {"experts": {"CodingExpert": {"models": ["up/words-3"]}}}},
    }
    config = quick(config)
    first = launched(tmp_path, config)
    try:
        assert until(lambda: is_ready(first), WAIT_S)
        asked = [first.chat("collegium/advisor", f"what now {place}") for place in range(3)]
        assert first.post("/api/experts/writing/drain", {}).status == 200
        assert first.post("/api/experts", WINE).status == 201
        assert first.post("/api/experiments", plan).status == 201
        models = codes_with(first)
        assert set(models) == {"farm/words-5", "up/words-3"}
        assert until(lambda: first.get("/api/status").json["storage"]["waiting"] == 0, WAIT_S)
    finally:
        first.process.kill()
        first.process.wait()
    with serving(tmp_path, config) as second:
        status = second.get("/api/status").json
        assert status["draining"] == ["WritingExpert"]
        assert [row["state"] for row in status["experiments"]] == ["running"]
        row = on_duty(second)["advisor"]
        assert row["performance"]["queries"] == 3
        assert "wine" in on_duty(second)
        assert codes_with(second) == models
        told = {"id": asked[0].headers["x-collegium-decision-id"], "rating": "good"}
        assert second.post("/api/ratings", told).status == 200
        assert second.post("/api/ratings", told).status == 409
        assert until(
            lambda: on_duty(second)["advisor"]["performance"]["satisfaction"] is not None, WAIT_S
        )


def codes_with(server: Server) -> list[str]:
    """The models that answer some sessions."""
    texts = [f"debug this python function {place}" for place in range(12)]
    return [server.chat("auto", text).headers["x-collegium-model"] for text in texts]


# --- several workers


@dataclass
class Worker:
    """One of several workers: a connection that leads to it as long as it is kept."""

    line: http.client.HTTPConnection

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        raw = None if body is None else json.dumps(body)
        self.line.request(method, path, raw, {"content-type": "application/json"})
        with self.line.getresponse() as reply:
            headers = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, headers, reply.read())

    def chat(self, text: str = POEM) -> Reply:
        body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
        return self.send("POST", "/v1/chat/completions", body)

    @property
    def status(self) -> Any:
        return self.send("GET", "/api/status").json


@contextmanager
def workers_of(server: Server) -> Iterator[tuple[Worker, Worker]]:
    """The worker that leads, and another one."""
    found: dict[bool, Worker] = {}
    with ExitStack() as lines:

        def look() -> bool:
            line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
            worker = Worker(lines.enter_context(closing(line)))
            found[worker.status["leader"]] = worker
            # One that has just taken the lead is still found as the other one that it was.
            return [found[one].status["leader"] for one in sorted(found)] == [False, True]

        assert until(look, WAIT_S)
        yield found[True], found[False]


@pytest.fixture(scope="module")
def pair(config: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two workers."""
    folder = tmp_path_factory.mktemp("pair")
    with serving(folder, quick(config), "--workers", "2") as running:
        yield running


@pytest.fixture
def workers(pair: Server) -> Iterator[tuple[Worker, Worker]]:
    with workers_of(pair) as found:
        yield found


def drained(worker: Worker) -> bool:
    draining: list[str] = worker.status["draining"]
    return draining == ["WritingExpert"]


def knows_wine(worker: Worker) -> bool:
    return b"WineExpert" in worker.send("GET", "/api/experts").body


def takes_part(worker: Worker) -> bool:
    """Whether the worker has the variants of what is running, so that its queries count."""
    asked = worker.chat("write poem 0").headers["x-collegium-decision-id"]
    account = worker.send("GET", f"/api/decisions/{asked}").json
    return account["decision"]["variant"] is not None


def test_what_one_worker_changes_soon_holds_at_the_other(workers: tuple[Worker, Worker]) -> None:
    for one, other in (workers, workers[::-1]):
        assert one.send("POST", "/api/experts/writing/drain", {}).status == 200
        assert until(partial(drained, other), WITHIN_S)
        assert other.chat().headers["x-collegium-expert"] != "WritingExpert"
        assert other.send("POST", "/api/experts/writing/restore", {}).status == 200
        assert until(partial(gone, drained, one), WITHIN_S)
        assert one.send("POST", "/api/experts", WINE).status == 201
        assert until(partial(knows_wine, other), WITHIN_S)
        assert other.send("DELETE", "/api/experts/wine").status == 200
        assert until(partial(gone, knows_wine, one), WITHIN_S)


def gone(held: Callable[[Worker], bool], worker: Worker) -> bool:
    return not held(worker)


def test_an_answer_of_one_worker_is_rated_at_the_other(workers: tuple[Worker, Worker]) -> None:
    one, other = workers

    def satisfaction(worker: Worker) -> int:
        rows = worker.send("GET", "/api/experts").json["data"]
        (row,) = [row for row in rows if row["expert"] == "writing"]
        rated: dict[str, int] = row["performance"]["satisfaction"] or {"count": 0}
        return rated["count"]

    before = satisfaction(one)
    for asked, told in ((one, other), (other, one)):
        rating = {"id": asked.chat().headers["x-collegium-decision-id"], "rating": 0.5}
        assert until(partial(taken, told, rating), WITHIN_S)
    assert until(lambda: satisfaction(one) == satisfaction(other) == before + 2, WITHIN_S)


def taken(worker: Worker, rating: Any) -> bool:
    return worker.send("POST", "/api/ratings", rating).status == 200


def test_a_session_has_the_same_variant_at_every_worker(workers: tuple[Worker, Worker]) -> None:
    one, other = workers
    plan = {
        "name": "words",
        "changes": {"moe": {"experts": {"WritingExpert": {"models": ["up/words-3"]}}}},
    }
    begun = other.send("POST", "/api/experiments", plan)
    assert begun.status == 201, begun.body
    for worker in workers:
        assert until(partial(takes_part, worker), WITHIN_S)
    models = [
        [worker.chat(f"write poem {place}").headers["x-collegium-model"] for worker in workers]
        for place in range(12)
    ]
    assert all(ones == others for ones, others in models)
    assert {ones for ones, _ in models} == {"up/words-5", "up/words-3"}
    assert one.send("DELETE", "/api/experiments/words").status == 200
    assert until(lambda: other.status["experiments"][0]["state"] == "stopped", WITHIN_S)
    assert other.chat("write poem 1").headers["x-collegium-model"] == "up/words-5"


@pytest.mark.long
def test_when_the_leader_is_killed_another_one_leads(config: str, tmp_path: Path) -> None:
    with serving(tmp_path, config, "--workers", "2") as server:
        with workers_of(server):
            first = processes_of(server)
        for victim in first:
            os.kill(victim, signal.SIGKILL)
            assert until(lambda: len(set(processes_of(server)) - set(first[:1])) == 2, WAIT_S)
            with workers_of(server) as (leader, other):
                assert leader.send("POST", "/api/experts/writing/drain", {}).status == 200
                assert until(lambda: other.status["draining"] == ["WritingExpert"], WITHIN_S)
                assert other.send("POST", "/api/experts/writing/restore", {}).status == 200


def processes_of(server: Server) -> list[int]:
    """The processes of a server's workers."""
    own = server.process.pid
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    return [one for one in map(int, children) if b"spawn_main" in command_of(one)]


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
