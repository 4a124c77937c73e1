"""Administering over HTTP: what is asked of the oversight, and what comes of what it refuses."""

from __future__ import annotations

import asyncio
import io
import json
import time
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from gateway_server import config_of, serving, until

from collegium.config import DriftConfig
from collegium.errors import ConfigError, Conflict, LastExpert, UnknownExperiment
from collegium.events import Drifted, Rated, Resized
from collegium.experts.roster import Roster
from collegium.gateway.app import Gateway
from collegium.gateway.door import Door
from collegium.gateway.endpoints.administering import Administering
from collegium.gateway.endpoints.experimenting import Experimenting
from collegium.gateway.endpoints.rating import Rating
from collegium.gateway.gauges import Gauges
from collegium.gateway.requests import flag
from collegium.gateway.security import KeyStore
from collegium.gateway.security.destinations import keeps_secrets
from collegium.gateway.witness import Witness
from collegium.management.performance import Performance
from collegium.management.ranking import Rank
from collegium.observe.families import Names
from collegium.observe.logs import Logs
from collegium.observe.metrics import Metrics, Stand
from collegium.observe.tracing import Untraced
from collegium.oversight.minds import acknowledge, drift_of
from collegium.storage.opening import open_store
from collegium.storage.records import Record
from collegium.testing import ScriptedExpert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gateway_server import Server

    from collegium.gateway.app import Endpoint
    from collegium.management.drift.drift import Drift
    from collegium.oversight.following import Judge
    from collegium.storage.store import Store

DOCUMENT: dict[str, Any] = {
    "backends": {
        "farm": {
            "kind": "http",
            "url": "https://one.example/v1",
            "replicas": ["https://two.example:8443/v1"],
            "api_key_env": "FARM_KEY",
        },
        "here": {"kind": "http", "url": "http://127.0.0.1:1/v1", "api_key_env": None},
    },
    "models": {"quick": "here/small"},
}
RUNNING = {"name": "two", "state": "running", "mode": "ab", "verdict": "too early to tell"}


@dataclass
class ScriptedOversight:
    """An oversight that writes down what it is asked, or raises what it is to raise."""

    roster: Roster
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    fails: Exception | None = None

    def __post_init__(self) -> None:
        self.tracker = SimpleNamespace(performance=lambda name: Performance(name, queries=7))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        async def act(*words: Any, **told: Any) -> Any:
            self.asked.append((name, *words, *told.items()))
            if self.fails is not None:
                raise self.fails
            if name in ("reload", "rollback"):
                return ("moe.router",)
            if name == "acknowledge":
                return 2
            return RUNNING if name.endswith("experiment") else None

        return act

    def ranking(self, performances: Mapping[str, Performance]) -> tuple[Rank, ...]:
        assert {one.queries for one in performances.values()} == {7}
        return (Rank("CodingExpert", 0.8, 0.7, 0.9, enough=True, why="by 7 outcomes"),)

    def experiments(self) -> list[dict[str, Any]]:
        return [RUNNING]

    def document(self) -> dict[str, Any]:
        return DOCUMENT

    def status(self) -> dict[str, Any]:
        return {
            "generation": 3,
            "fleet": [
                {"expert": "CodingExpert", "instances": 2, "wanted": 4, "note": "only 2 addresses"}
            ],
            "experiments": [RUNNING],
            "storage": {"dropped": 4, "failing": "the disk is full"},
        }


@pytest.fixture
def oversight() -> ScriptedOversight:
    return ScriptedOversight(Roster([ScriptedExpert("CodingExpert"), ScriptedExpert("Poet")]))


@pytest.fixture
def gateway(oversight: ScriptedOversight, tmp_path: Path) -> Gateway:
    college = SimpleNamespace(router=SimpleNamespace(roster=oversight.roster))
    endpoints: tuple[Endpoint, ...] = (
        *Administering(cast("Any", college), cast("Any", oversight)).endpoints(),
        *Experimenting(cast("Any", oversight)).endpoints(),
        *Rating(cast("Any", oversight), cast("Any", None)).endpoints(),
    )
    door = Door(KeyStore(tmp_path / "keys.json", open_door=True), most=10)
    logs = Logs(io.StringIO())
    return Gateway(endpoints, door, Witness(Metrics(Names()), Untraced(), logs))


async def said(
    gateway: Gateway, method: str, path: str, body: Any = None, query: str = ""
) -> tuple[int, Any]:
    """The status and the JSON that come of a request."""
    raw = b"" if body is None else json.dumps(body).encode()
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(event: Mapping[str, Any]) -> None:
        sent.append(event)

    headers = [(b"host", b"localhost"), (b"content-length", str(len(raw)).encode())]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }
    await gateway(scope, receive, cast("Any", send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("asking", "asked"),
    [
        (("DELETE", "experts/coding", "", None), ("remove_expert", "coding", ("force", False))),
        (("DELETE", "experts/x", "force=true", None), ("remove_expert", "x", ("force", True))),
        (("POST", "experts/coding/drain", "", None), ("drain_expert", "coding")),
        (("POST", "experts/coding/restore", "", {}), ("restore_expert", "coding")),
        (("POST", "experts/coding/scale", "", {"instances": 3}), ("scale_expert", "coding", 3)),
        (
            ("POST", "experts/coding/scale", "", {"instances": None}),
            ("scale_expert", "coding", None),
        ),
        (("PUT", "backends/here", "", {"kind": "x"}), ("put_backend", "here", {"kind": "x"})),
        (("DELETE", "backends/new", "", None), ("remove_backend", "new")),
        (("PUT", "models/a/b", "", {"means": "here/m"}), ("put_model", "a/b", "here/m")),
        (("DELETE", "models/quick", "", None), ("remove_model", "quick")),
        (("POST", "config/reload", "", None), ("reload",)),
        (("POST", "config/rollback", "", None), ("rollback",)),
        (("POST", "drift/acknowledge", "", None), ("acknowledge", None)),
        (("POST", "drift/acknowledge", "", {"expert": ""}), ("acknowledge", "")),
        (("POST", "experiments", "", {"name": "two"}), ("start_experiment", {"name": "two"})),
        (("DELETE", "experiments/two", "", None), ("stop_experiment", "two", ("promote", False))),
        (
            ("DELETE", "experiments/two", "promote=true", None),
            ("stop_experiment", "two", ("promote", True)),
        ),
    ],
)
async def test_what_is_asked_over_http_is_asked_of_the_oversight(
    gateway: Gateway,
    oversight: ScriptedOversight,
    asking: tuple[str, str, str, Any],
    asked: tuple[Any, ...],
) -> None:
    method, path, query, body = asking
    status, _ = await said(gateway, method, f"/api/{path}", body, query)
    assert status in (200, 201)
    assert oversight.asked == [asked]


async def test_an_expert_that_joins_is_shown_as_it_is(
    gateway: Gateway, oversight: ScriptedOversight
) -> None:
    status, row = await said(gateway, "POST", "/api/experts", {"name": "CodingExpert"})
    assert status == 201
    assert (row["expert"], row["instances"], row["draining"]) == ("coding", 2, False)
    assert row["rank"] == {
        "score": 0.8,
        "low": 0.7,
        "high": 0.9,
        "enough": True,
        "why": "by 7 outcomes",
    }
    assert row["performance"]["queries"] == 7
    assert (row["wanted"], row["note"]) == (4, "only 2 addresses")
    assert oversight.asked == [("add_expert", {"name": "CodingExpert"}, ("replace", False))]


async def test_everybody_on_duty_is_listed_ranked_or_not(gateway: Gateway) -> None:
    _, told = await said(gateway, "GET", "/api/experts")
    assert [(row["name"], bool(row["rank"])) for row in told["data"]] == [
        ("CodingExpert", True),
        ("Poet", False),
    ]


@pytest.mark.parametrize(
    ("error", "path", "told"),
    [
        (ConfigError("no such model"), "experts", (400, "invalid_request")),
        (Conflict("it is there"), "experts", (409, "conflict")),
        (ConfigError("the file is broken"), "config/reload", (409, "refused")),
        (ConfigError("there is nothing before it"), "config/rollback", (409, "refused")),
        (LastExpert("nobody else writes"), "experts/coding/drain", (409, "last_expert")),
        (ConfigError("no variants"), "experiments", (400, "invalid_request")),
    ],
)
async def test_what_is_refused_says_whose_mistake_it_is(
    gateway: Gateway,
    oversight: ScriptedOversight,
    error: Exception,
    path: str,
    told: tuple[int, str],
) -> None:
    oversight.fails = error
    body = {"name": "Poet"} if path in ("experts", "experiments") else None
    status, reply = await said(gateway, "POST", f"/api/{path}", body)
    assert (status, reply["error"]["code"]) == told
    assert reply["error"]["message"] == str(error)


@pytest.mark.parametrize(
    ("asking", "param"),
    [
        (("POST", "experts", "", {}), "name"),
        (("POST", "experts", "", {"name": 3}), "name"),
        (("POST", "experts", "", {"name": "a\x85b"}), "name"),
        (("PUT", "backends/a\x07", "", {"kind": "http"}), "name"),
        (("PUT", "models/ ", "", {"means": "here/m"}), "name"),
        (("POST", "experts", "replace=perhaps", {"name": "Poet"}), "replace"),
        (("DELETE", "experts/coding", "forced=true", None), "forced"),
        (("DELETE", "experts/coding", "force", None), "force"),
        (("DELETE", "experts/coding", "&".join(["force=true"] * 20), None), None),
        (("POST", "experts/coding/scale", "", {}), "instances"),
        (("POST", "experts/coding/scale", "", {"instances": -1}), "instances"),
        (("POST", "experts/coding/scale", "", {"instances": 1.5}), "instances"),
        (("POST", "experts/coding/drain", "", {"now": True}), None),
        (("PUT", "models/quick", "", {"mean": "here/m"}), None),
        (("POST", "experts", "", []), None),
    ],
)
async def test_what_is_not_of_the_right_shape_is_refused_and_reaches_nobody(
    gateway: Gateway,
    oversight: ScriptedOversight,
    asking: tuple[str, str, str, Any],
    param: str | None,
) -> None:
    method, path, query, body = asking
    status, reply = await said(gateway, method, f"/api/{path}", body, query)
    assert status == 400
    assert reply["error"]["param"] == param
    assert oversight.asked == []


@pytest.mark.parametrize(
    "path", ["experts/a/b", "experts//drain", "experts/a/b/drain", "backends/"]
)
async def test_a_name_is_one_step_of_the_path(gateway: Gateway, path: str) -> None:
    status, reply = await said(gateway, "POST", f"/api/{path}")
    assert (status, reply["error"]["code"]) == (404, "unknown_path")


async def test_a_method_that_a_path_does_not_take_is_told_which_it_does(gateway: Gateway) -> None:
    for path in ("/api/experts/drain", "/api/experts/coding/drain"):
        status, reply = await said(gateway, "GET", path)
        assert (status, reply["error"]["code"]) == (405, "method_not_allowed")
    assert (
        "takes DELETE" in (await said(gateway, "GET", "/api/experts/coding"))[1]["error"]["message"]
    )


async def test_an_unknown_backend_or_experiment_is_told_with_those_there_are(
    gateway: Gateway, oversight: ScriptedOversight
) -> None:
    status, reply = await said(gateway, "GET", "/api/backends/nowhere")
    assert (status, "farm, here" in reply["error"]["message"]) == (404, True)
    assert (await said(gateway, "GET", "/api/experiments/two"))[1] == RUNNING
    status, reply = await said(gateway, "GET", "/api/experiments/three")
    assert (status, reply["error"]["code"]) == (404, UnknownExperiment.code)
    assert oversight.asked == []


async def test_the_configuration_in_force_is_told_with_its_generation(gateway: Gateway) -> None:
    assert await said(gateway, "GET", "/api/config") == (200, {"generation": 3, "config": DOCUMENT})
    _, backends = await said(gateway, "GET", "/api/backends")
    assert [row["name"] for row in backends["data"]] == ["farm", "here"]
    _, models = await said(gateway, "GET", "/api/models")
    assert models["data"] == [{"name": "quick", "means": "here/small"}]


def backend(**fields: Any) -> dict[str, Any]:
    return {"kind": "http", "api_key_env": "FARM_KEY", **fields}


@pytest.mark.parametrize(
    "entry",
    [
        backend(url="https://one.example/v2"),
        backend(url="https://TWO.example:8443/v1", replicas=["https://one.example/v1"]),
        {"kind": "http", "url": "https://evil.example"},
        {"kind": "recorded", "path": "answers.jsonl"},
    ],
)
def test_a_backend_may_use_a_key_where_the_configuration_sends_it(entry: dict[str, Any]) -> None:
    keeps_secrets(entry, DOCUMENT["backends"])


@pytest.mark.parametrize(
    "entry",
    [
        backend(url="https://evil.example/v1"),
        backend(url="http://one.example/v1"),
        backend(url="https://one.example:444/v1"),
        backend(url="https://one.example/v1", replicas=["https://evil.example"]),
        backend(url="https://one.example/v1", api_key_env="PATH"),
        backend(url="http://127.0.0.1:1/v1"),
        backend(url="https://[evil"),
    ],
)
async def test_no_key_of_the_server_can_be_had_by_adding_a_backend(
    gateway: Gateway, oversight: ScriptedOversight, entry: dict[str, Any]
) -> None:
    status, reply = await said(gateway, "PUT", "/api/backends/farm", entry)
    assert (status, reply["error"]["code"]) == (400, "invalid_request")
    assert oversight.asked == []


EVIL = {"url": "https://evil.example/v1"}


@pytest.mark.parametrize(
    "plan",
    [
        {"changes": {"backends": {"farm": EVIL}}},
        {"changes": {"backends": {"new": {"kind": "http", **EVIL, "api_key_env": "FARM_KEY"}}}},
        {"variants": [{"changes": {"moe": {}}}, {"changes": {"backends": {"farm": EVIL}}}]},
        {"changes": {"backends": {"here": {"api_key_env": "FARM_KEY"}}}},
    ],
)
async def test_nor_by_trying_one_out(
    gateway: Gateway, oversight: ScriptedOversight, plan: dict[str, Any]
) -> None:
    status, reply = await said(gateway, "POST", "/api/experiments", {"name": "two", **plan})
    assert (status, reply["error"]["param"]) == (400, "api_key_env")
    assert oversight.asked == []


@pytest.mark.parametrize(
    "plan",
    [
        {"changes": {"backends": {"farm": {"capacity": 2}, "here": None}}},
        {"changes": {"backends": {"here": EVIL}}},
        {"changes": [], "variants": "none"},
        {"changes": {"backends": []}},
    ],
)
async def test_what_sends_no_key_elsewhere_is_for_the_oversight_to_judge(
    gateway: Gateway, oversight: ScriptedOversight, plan: dict[str, Any]
) -> None:
    assert (await said(gateway, "POST", "/api/experiments", plan))[0] == 201
    assert oversight.asked == [("start_experiment", plan)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (b"", False),
        (b"force=true", True),
        (b"force=false", False),
        (b"force=true&force=false", False),
    ],
)
def test_a_flag_is_true_where_it_says_so(query: bytes, told: bool) -> None:
    assert flag(query, "force") is told


async def test_the_gauges_show_how_the_management_stands(oversight: ScriptedOversight) -> None:
    metrics = Metrics(Names(experts=("CodingExpert", "Gone")))
    college = SimpleNamespace(router=SimpleNamespace(roster=oversight.roster))
    gauges = Gauges(cast("Any", college), cast("Any", oversight), metrics)
    await gauges.look()
    await gauges.look()
    page = metrics.render()[0].decode()
    assert 'collegium_expert_rank{expert="CodingExpert"} 0.8' in page
    assert 'collegium_instances{expert="CodingExpert"} 2.0' in page
    assert 'collegium_expert_rank{expert="Gone"} 0.0' in page
    assert "collegium_experiments_running 1.0" in page
    assert "collegium_config_generation 3.0" in page
    assert "collegium_events_dropped_total 4.0" in page
    assert "collegium_storage_failing 1.0" in page
    assert "Poet" not in page


async def test_the_gauges_are_looked_at_less_often_where_that_takes_long() -> None:
    looks: list[float] = []
    often = asyncio.Event()

    class Slow(Gauges):
        async def look(self) -> None:
            looks.append(time.perf_counter())
            if len(looks) == 3:
                often.set()
            await asyncio.sleep(0.02)

    gauges = Slow(*cast("Any", (None, None, None)), every_s=0.001)
    gauges.begin()
    await often.wait()
    await gauges.aclose()
    assert all(after - before >= 0.1 for before, after in pairwise(looks))


async def test_an_alarm_is_forgotten_in_every_process_and_only_once(tmp_path: Path) -> None:
    store, other = (open_store(str(tmp_path / "record.sqlite3")) for _ in range(2))
    leading = judge_of(store)
    leading.mind._alarm("success", "Poet", "90 % to 60 %", 1.0)
    leading.mind._alarm("input", "", "another topic", 2.0)
    await leading.save()
    following = judge_of(other)
    assert await acknowledge(following, "Coder") == 0
    assert await acknowledge(following, "Poet") == 1
    await leading.judge()
    assert [row["expert"] for row in leading.mind.standing() if row["alarm"]] == [""]
    leading.mind.take(Record("decision", 3.0, "q1", "Poet"))
    await leading.save()  # the other one does not know of it, and is the second to write
    assert await acknowledge(following, None) == 1
    assert await acknowledge(following, None) == 0
    await leading.judge()
    assert not any(row["alarm"] for row in leading.mind.standing())
    await store.aclose()
    await other.aclose()


def judge_of(store: Store) -> Judge[Drift]:
    judge = drift_of(DriftConfig(), lambda _: None, store)
    assert judge is not None
    return judge


def test_of_several_workers_shares_are_averaged_and_instances_added_up(tmp_path: Path) -> None:
    first, second = (Metrics(Names(experts=("Poet",)), shared=tmp_path) for _ in range(2))
    first.experts({"Poet": Stand(utilisation=0.5, rank=0.8, instances=1)})
    second.experts({"Poet": Stand(utilisation=0.25, rank=0.6, instances=2)})
    first.generation(3)
    second.generation(3)
    second.storage(5, failing=True)
    for one in (first, second):
        page = one.render()[0].decode()
        assert 'collegium_expert_utilisation{expert="Poet"} 0.375' in page
        assert 'collegium_expert_rank{expert="Poet"} 0.7' in page
        assert 'collegium_instances{expert="Poet"} 3.0' in page
        assert "collegium_config_generation 3.0" in page
        assert "collegium_events_dropped_total 5.0" in page
        assert "collegium_storage_failing 1.0" in page
    first.close()
    assert 'collegium_expert_utilisation{expert="Poet"} 0.25' in second.render()[0].decode()
    second.close()


def test_what_the_management_does_is_counted_and_late_comers_together() -> None:
    metrics = Metrics(Names(experts=("Poet",)))
    for event in (
        Rated("q1", 0.25, "Poet"),
        Rated("q2", 1.0, "Poet"),
        Rated("q3", 0.0, "CameLater"),
        Resized("Poet", 1, 3),
        Drifted("success", "Poet", "90 % to 60 %"),
    ):
        metrics(event)
    page = metrics.render()[0].decode()
    for line in (
        'collegium_ratings_count{expert="Poet"} 2.0',
        'collegium_ratings_sum{expert="Poet"} 1.25',
        'collegium_ratings_bucket{expert="other",le="0.0"} 1.0',
        'collegium_resizes_total{expert="Poet"} 1.0',
        'collegium_drift_alarms_total{what="success"} 1.0',
        'collegium_drift_alarms_total{what="input"} 0.0',
    ):
        assert line in page


WINE = {"name": "WineExpert", "models": ["up/words-3"], "vocabulary": {"wine": 8}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("administered")


@pytest.fixture(scope="module")
def server(upstream: str, folder: Path) -> Iterator[Server]:
    with serving(folder, config_of(upstream)) as running:
        yield running


def on_duty(server: Server) -> dict[str, dict[str, Any]]:
    return {row["expert"]: row for row in server.get("/api/experts").json["data"]}


def test_an_expert_joins_is_asked_drained_removed_and_restored(server: Server) -> None:
    assert server.chat("collegium/wine").status == 404
    joined = server.post("/api/experts", WINE)
    assert (joined.status, joined.json["expert"]) == (201, "wine")
    assert server.post("/api/experts", WINE).error["code"] == "conflict"
    answer = server.chat("auto", "which wine goes with a stew?")
    assert answer.headers["x-collegium-expert"] == "WineExpert"
    again = {**WINE, "models": ["up/echo"]}
    assert server.post("/api/experts?replace=true", again).status == 201
    assert server.chat("collegium/wine").headers["x-collegium-model"] == "up/echo"
    drained = server.post("/api/experts/wine/drain", None)
    assert (drained.json["draining"], drained.json["ready"]) == (True, False)
    elsewhere = server.chat("auto", "which wine goes with a stew?")
    assert (elsewhere.status, elsewhere.headers["x-collegium-expert"] != "WineExpert") == (
        200,
        True,
    )
    assert server.post("/api/experts/wine/restore", {}).json["ready"]
    assert server.post("/api/experts/wine/restore", {}).error["code"] == "conflict"
    assert server.send("DELETE", "/api/experts/WineExpert").json["removed"]
    assert "wine" not in on_duty(server)
    assert server.post("/api/experts/wine/drain", {}).error["code"] == "unknown_expert"
    assert server.post("/api/experts/wine/restore", {}).json["name"] == "WineExpert"
    assert server.chat("collegium/wine").headers["x-collegium-model"] == "up/echo"
    assert server.send("DELETE", "/api/experts/wine").status == 200


def test_a_backend_and_a_short_name_come_and_go(server: Server, upstream: str) -> None:
    told = server.send("PUT", "/api/backends/second", {"kind": "http", "url": upstream})
    assert (told.json["name"], told.json["capacity"]) == ("second", 8)
    assert server.send("PUT", "/api/models/swift", {"means": "second/words-3"}).status == 200
    assert server.chat("swift").headers["x-collegium-model"] == "second/words-3"
    assert server.get("/api/backends/second").json["url"] == upstream
    needed = server.send("DELETE", "/api/backends/second")
    assert (needed.status, needed.error["code"]) == (409, "refused")
    assert "models.swift" in needed.error["message"]
    assert server.send("DELETE", "/api/models/swift").status == 200
    assert server.send("DELETE", "/api/backends/second").status == 200
    for method, path in (("GET", "backends/second"), ("DELETE", "models/swift")):
        assert server.send(method, f"/api/{path}").status == 404
    wrong = server.send("PUT", "/api/backends/second", {"kind": "http", "url": "nowhere"})
    assert (wrong.status, "'nowhere'" in wrong.error["message"]) == (400, True)


def test_answers_are_recorded_where_they_can_be_read(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    entry = {"kind": "recorded", "path": str(path)}
    for mistake in ("there is no file", "no recorded answers"):
        refused = server.send("PUT", "/api/backends/tape", entry)
        assert (refused.status, mistake in refused.error["message"]) == (400, True)
        path.write_text("no JSON")
    assert server.get("/api/backends/tape").status == 404
    path.write_text('{"model": "m", "prompt": "hello", "text": "I said so"}\n')
    assert server.send("PUT", "/api/backends/tape", entry).status == 200
    assert server.send("DELETE", "/api/backends/tape").status == 200


def test_alarms_are_acknowledged(server: Server) -> None:
    assert server.post("/api/drift/acknowledge", {"expert": "coding"}).json == {"acknowledged": 0}
    wrong = server.post("/api/drift/acknowledge", {"expert": 7})
    assert (wrong.status, wrong.error["param"]) == (400, "expert")


def test_a_change_is_taken_back(server: Server) -> None:
    before = server.get("/api/config").json
    assert server.send("PUT", "/api/models/brief", {"means": "up/words-3"}).status == 200
    now = server.get("/api/config").json
    assert now["config"]["models"]["brief"] == "up/words-3"
    assert now["generation"] > before["generation"]
    back = server.post("/api/config/rollback", {}).json
    assert back["changed"] == ["models.brief"]
    assert server.get("/api/config").json["config"] == before["config"]


def test_a_broken_file_is_refused_whole_and_a_right_one_taken_whole(
    server: Server, folder: Path
) -> None:
    file = folder / "collegium.yaml"
    right = file.read_text()
    before = server.get("/api/config").json["config"]
    file.write_text(right.replace("WritingExpert", "PoetryExpert").replace("heuristic", "magic"))
    reply = server.post("/api/config/reload", {})
    assert (reply.status, reply.error["code"]) == (409, "refused")
    assert "collegium.yaml:" in reply.error["message"]
    assert server.get("/api/config").json["config"] == before
    assert until(lambda: server.get("/api/status").json["refused"], 10)
    file.write_text(right.replace("WritingExpert", "PoetryExpert"))
    assert until(lambda: "poetry" in on_duty(server), 10)
    assert not server.get("/api/status").json["refused"]
    file.write_text(right)
    assert until(lambda: "writing" in on_duty(server), 10)


def test_an_experiment_is_begun_told_of_and_ended(server: Server) -> None:
    plan = {"name": "two", "changes": {"moe": {"router": {"top_k": 2}}}}
    begun = server.post("/api/experiments", plan)
    assert (begun.status, begun.json["state"]) == (201, "running")
    assert server.post("/api/experiments", {**plan, "name": "b"}).error["code"] == "conflict"
    assert server.get("/api/experiments/two").json["name"] == "two"
    assert [row["name"] for row in server.get("/api/experiments").json["data"]] == ["two"]
    assert until(
        lambda: "collegium_experiments_running 1.0" in server.get("/metrics").body.decode(), 10
    )
    ended = server.send("DELETE", "/api/experiments/two").json
    assert (ended["state"], bool(ended["verdict"])) == ("stopped", True)
    assert server.send("DELETE", "/api/experiments/three").error["code"] == "unknown_experiment"
    wrong = server.post("/api/experiments", {"name": "c", "changes": {"moe": {"rooter": {}}}})
    assert (wrong.status, wrong.error["code"]) == (400, "invalid_request")


def test_status_tells_what_is_managed_beside_what_it_told_before(server: Server) -> None:
    told = server.get("/api/status").json
    assert {"ready", "experts", "instances", "cache", "fleet", "drift", "storage"} <= set(told)
    assert told["storage"]["where"].endswith("record.sqlite3")
    assert told["experts"][0]["performance"]["now"] is not None


def test_only_an_administrator_administers(upstream: str, tmp_path: Path) -> None:
    with serving(tmp_path, config_of(upstream)) as server:
        use, admin = server.key("ann"), server.key("root", "--admin")
        for method, path in (
            ("GET", "experts"),
            ("POST", "experts"),
            ("POST", "experts/coding/drain"),
            ("DELETE", "experts/coding"),
            ("PUT", "backends/x"),
            ("GET", "config"),
            ("POST", "config/rollback"),
            ("POST", "experiments"),
        ):
            assert server.send(method, f"/api/{path}", None, key=use).status == 403
        assert server.get("/api/experts", key=admin).status == 200
