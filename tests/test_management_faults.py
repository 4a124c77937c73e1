"""What goes wrong around a served college, what people do wrong to it, and that it goes on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import EXPERTS, Server, config_of, launched, serving, until
from traffic import ModelServer, model_servers

from collegium.config.source import Source
from collegium.errors import Conflict
from collegium.gateway.security import KeyStore
from collegium.oversight import Oversight
from collegium.storage.opening import open_store
from collegium.system import Collegium
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAIT_S = 30.0
# Root may write anywhere, unless that is taken from it.
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


def storing(upstream: str, path: Path) -> str:
    return config_of(upstream, more=f"storage: {{url: '{path}'}}")


def standing(server: Server) -> Any:
    """How the record stands."""
    return server.get("/api/status").json["storage"]


def answered(server: Server, questions: int, *, start: int = 0) -> Counter[int]:
    """How many replies had which status."""
    ask = [f"write poem {place}" for place in range(start, start + questions)]
    with ThreadPoolExecutor(8) as people:
        return Counter(people.map(lambda text: server.chat("auto", text).status, ask))


def queries_of(server: Server, name: str) -> int:
    rows = server.get("/api/experts").json["data"]
    (row,) = [row for row in rows if row["name"] == name]
    queries: int = row["performance"]["queries"]
    return queries


# --- the record


def test_where_nothing_may_be_written_it_serves_and_says_so(upstream: str, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    config = storing(upstream, folder / "record.sqlite3")
    with serving(tmp_path, config, under=UNPRIVILEGED) as server:
        assert answered(server, 20) == {200: 20}
        assert until(lambda: standing(server)["failing"], WAIT_S)
        assert str(folder) in standing(server)["failing"]
        assert queries_of(server, "WritingExpert") == 20
        identity = server.chat("auto").headers["x-collegium-decision-id"]
        assert server.post("/api/ratings", {"id": identity, "rating": 1}).status == 200
        drained = server.post("/api/experts/writing/drain", {})
        assert (drained.status, drained.json["draining"]) == (200, True)
        assert server.chat("auto").headers["x-collegium-expert"] != "WritingExpert"
        assert "collegium_storage_failing 1" in server.get("/metrics").body.decode()
        folder.chmod(0o700)
        assert until(lambda: not standing(server)["failing"], WAIT_S)
        assert until(lambda: standing(server)["written"] > 0, WAIT_S)


@pytest.mark.long
def test_where_the_disk_is_full_it_serves_and_says_so(upstream: str, tmp_path: Path) -> None:
    limit = ("prlimit", f"--fsize={400 * 1024}")
    with serving(tmp_path, storing(upstream, tmp_path / "record.sqlite3"), under=limit) as server:
        assert answered(server, 50) == {200: 50}
        assert until(lambda: standing(server)["written"] > 0, WAIT_S)
        asked = 50
        while not standing(server)["failing"]:
            assert answered(server, 50, start=asked) == {200: 50}
            asked += 50
            assert asked < 2_000, standing(server)
        assert answered(server, 20, start=asked) == {200: 20}
        assert queries_of(server, "WritingExpert") == asked + 20
        assert "room" in standing(server)["failing"] or "disk" in standing(server)["failing"]
    with sqlite3.connect(tmp_path / "record.sqlite3") as kept:
        assert kept.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    kept.close()


def no_database(path: Path) -> None:
    path.write_text("These are my notes, and no database.\n" * 100)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as made:
        made.execute(f"PRAGMA application_id = {int.from_bytes(b'coll')}")
        made.execute("PRAGMA user_version = 99")
    made.close()


def of_others(path: Path) -> None:
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE accounts (id INTEGER)")
    made.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [(no_database, "not a database"), (newer, "99"), (of_others, "something else")],
)
def test_a_record_that_can_never_be_written_keeps_the_server_from_starting(
    upstream: str, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "record.sqlite3"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(AssertionError, match="it does not start") as caught:
        started(tmp_path, storing(upstream, path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert path.read_bytes() == before


def started(folder: Path, config: str) -> None:
    """Start a server that is to end at once, with an exit code that says it is of no use."""
    server = launched(folder, config)
    try:
        assert server.process.wait(WAIT_S) in (1, 3), server.log
        raise AssertionError(f"it does not start:\n{server.log[-4000:]}")
    finally:
        server.process.kill()
        server.process.wait()


# --- ratings


async def known_keys(server: Server, *names: str) -> list[str]:
    """The secrets of new keys, an administrator's last, which the server knows by now."""
    file = KeyStore(server.keys_file).file
    made = [await file.create(name) for name in names]
    made.append(await file.create("root", permissions=("use", "admin")))
    secrets = [secret for _, secret in made]

    def known() -> bool:
        """Whether keys are asked for, and these are some."""
        given = [server.get("/v1/models", key=key).status for key in ("", *secrets)]
        return given == [401, *(200 for _ in secrets)]

    assert await asyncio.to_thread(until, known, WAIT_S)
    return secrets


def asked_by(server: Server, key: str, text: str = "write a poem") -> str:
    """The id of an answer."""
    reply = server.chat("collegium/writing", text, key=key)
    assert reply.status == 200, reply.body
    return reply.headers["x-collegium-decision-id"]


@pytest.mark.long
async def test_a_flood_of_hostile_ratings_counts_for_little(upstream: str, tmp_path: Path) -> None:
    with serving(tmp_path, config_of(upstream)) as server:
        *fair, foe, admin = await known_keys(server, "ann", "bea", "cyd", "foe")

        def satisfaction() -> Any:
            rows = server.get("/api/experts", key=admin).json["data"]
            (row,) = [row for row in rows if row["expert"] == "writing"]
            return row["performance"]["satisfaction"]

        def rate(key: str, rating: float, place: int) -> float:
            identity = asked_by(server, key, f"write poem {place}")
            told = server.post("/api/ratings", {"id": identity, "rating": rating}, key=key)
            weight: float = told.json["weight"]
            return weight

        for place in range(30):
            rate(fair[place % len(fair)], 1.0, place)
        assert satisfaction()["mean"] == 1.0
        identity = asked_by(server, foe)
        for place in range(2_000):
            # Of one answer the same rater has one word, whichever it is in the end.
            told = {"id": identity, "rating": float(place % 2)}
            assert server.post("/api/ratings", told, key=foe).status == 200
        assert satisfaction()["mean"] > 0.9
        with ThreadPoolExecutor(8) as people:
            weights = list(people.map(partial(rate, foe, 0.0), range(200)))
        assert sum(weights) <= 20
        assert weights[-1] < 0.2
        assert satisfaction()["mean"] > 0.6
        assert rate(fair[0], 1.0, 31) > 0


async def test_nobody_rates_what_others_asked(upstream: str, tmp_path: Path) -> None:
    with serving(tmp_path, config_of(upstream)) as server:
        ann, bob, admin = await known_keys(server, "ann", "bob")
        told = {"id": asked_by(server, ann), "rating": 0}
        assert server.post("/api/ratings", told, key=bob).error["code"] == "unknown_query"
        assert server.post("/api/ratings", told).status == 401
        assert server.post("/api/ratings", told, key=ann).status == 200
        assert server.post("/api/ratings", told, key=admin).status == 200
        for body in MALFORMED:
            reply = server.post("/api/ratings", body, key=ann)
            assert reply.status in (400, 404, 413), (body, reply.status)
            assert reply.error["message"]
        rng = random.Random(6)
        for _ in range(100):
            body = json.dumps({**told, "rating": rng.random()}).encode()
            place = rng.randrange(len(body))
            spoilt = body[:place] + rng.randbytes(1) + body[place + rng.randrange(2) :]
            reply = server.post("/api/ratings", spoilt, key=ann)
            assert reply.status in (200, 400, 404, 409), (spoilt, reply.body)


MALFORMED: list[Any] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"good"',
    b"\xff\xfe",
    b'{"id": "x", "rating": NaN}',
    b'{"id": "x", "rating": 1e999}',
    b'{"id": "x", "rating": 1, "rating": 2}',
    b"[" * 100_000,
    {"id": "x"},
    {"rating": 1},
    {"id": "nobody asked that", "rating": 1},
    {"id": "0" * 32 + "~shadow", "rating": 1},
    {"id": "x" * 5_000, "rating": 1},
    {"id": "x", "query_id": "x", "rating": 1},
    {"id": "x", "rating": -0.1},
    {"id": "x", "rating": 1.1},
    {"id": "x", "rating": "fine"},
    {"id": "x", "rating": None},
    {"id": "x", "rating": [1]},
    {"id": "x", "rating": 1, "expert": 7},
    {"id": "x", "rating": 1, "weight": 100},
    {"id": ["x"], "rating": 1},
]


# --- experiments


def experiment(server: Server, name: str, *, key: str = "") -> Any:
    """How an experiment stands."""
    return server.get(f"/api/experiments/{name}", key=key).json


def answering_with(model: str) -> dict[str, Any]:
    return {"moe": {"experts": {"WritingExpert": {"models": [model]}}}}


@pytest.mark.long
def test_a_canary_that_fails_is_rolled_back_before_many_notice(
    upstream: str, tmp_path: Path
) -> None:
    plan = {
        "name": "bad",
        "mode": "canary",
        "session_s": 0.5,
        "changes": {"moe": {"experts": {name: {"models": ["up/error-500"]} for name in EXPERTS}}},
    }
    with serving(tmp_path, config_of(upstream)) as server:
        assert server.post("/api/experiments", plan).status == 201
        noticed: Counter[int] = Counter()
        while experiment(server, "bad")["state"] == "running":
            for _ in range(4):
                noticed += answered(server, 50, start=noticed.total())
            assert noticed.total() < 4_000, str(experiment(server, "bad"))
        ended = experiment(server, "bad")
        assert ended["state"] == "rolled back"
        assert "success" in ended["verdict"]
        # Of those who asked some saw the challenger; a share of 5 % is where canaries begin.
        assert noticed[200] > 0.9 * noticed.total()
        after = answered(server, 100, start=noticed.total())
        assert after == {200: 100}
        assert server.chat("auto").headers["x-collegium-model"] == "up/echo"


@pytest.mark.long
async def test_a_challenger_that_is_rated_better_is_promoted(upstream: str, tmp_path: Path) -> None:
    plan = {
        "name": "better",
        "metric": "rating",
        "session_s": 1,
        "guard_rails": {"latency": None, "cost": None, "success": None},
        "changes": answering_with("up/words-5"),
    }
    with serving(tmp_path, config_of(upstream)) as server:
        *raters, admin = await known_keys(server, *(f"rater-{place}" for place in range(8)))
        assert server.post("/api/experiments", plan, key=admin).status == 201

        def rate(place: int) -> None:
            key = raters[place % len(raters)]
            reply = server.chat("auto", f"write poem {place}", key=key)
            better = reply.headers["x-collegium-model"] == "up/words-5"
            told = {
                "id": reply.headers["x-collegium-decision-id"],
                "rating": 0.9 if better else 0.3,
            }
            assert server.post("/api/ratings", told, key=key).status == 200

        asked = 0
        while experiment(server, "better", key=admin)["state"] == "running":
            for place in range(asked, asked + 20):
                rate(place)
            asked += 20
            assert asked < 600, str(experiment(server, "better", key=admin))
        ended = experiment(server, "better", key=admin)
        assert (ended["state"], "promoted" in ended["verdict"]) == ("promoted", True)
        reply = server.chat("auto", key=admin)
        assert reply.headers["x-collegium-model"] == "up/words-5"
        config = server.get("/api/config", key=admin).json["config"]
        (writer,) = [one for one in config["moe"]["experts"] if one["name"] == "WritingExpert"]
        assert writer["models"] == ["up/words-5"]


# --- those who do badly


@pytest.fixture
def shaky() -> Iterator[ModelServer]:
    """A model server that does as it is told."""
    with model_servers(1) as (running,):
        yield running


@pytest.mark.long
@pytest.mark.parametrize("other", ["up/echo", "shaky/echo"])
def test_who_fails_half_of_the_time_is_taken_off_where_somebody_else_does_better(
    upstream: str, shaky: ModelServer, tmp_path: Path, other: str
) -> None:
    config = f"""
backends:
  up: {{kind: http, url: "{upstream}"}}
  shaky: {{kind: http, url: "{shaky.url}"}}
resilience: {{retries: 0}}
moe:
  router: {{type: heuristic}}
  management: {{remove_underperforming: true}}
  experts:
    - {{name: WritingExpert, models: [shaky/echo]}}
    - {{name: AdvisorExpert, models: [{other}]}}
"""
    with serving(tmp_path, config) as server:

        def draining() -> list[str]:
            names: list[str] = server.get("/api/status").json["draining"]
            return names

        for place in range(60):
            shaky.behave("well" if place % 2 else "fail", status=500)
            server.chat("auto", f"write poem {place}")
        if other == "shaky/echo":  # what both have in common is the fault of neither
            assert not until(draining, 90)
            return
        assert until(draining, 120)
        shaky.behave("well")
        assert draining() == ["WritingExpert"]
        off, on = "WritingExpert", "AdvisorExpert"
        assert until(lambda: server.chat("auto").headers.get("x-collegium-expert") == on, WAIT_S)
        assert server.post(f"/api/experts/{key_of(on)}/drain", {}).error["code"] == "last_expert"
        restored = server.post(f"/api/experts/{key_of(off)}/restore", {})
        assert (restored.status, restored.json["ready"]) == (200, True)


# --- time


@dataclass
class Clock:
    """A clock that is set forth and back."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_clock_that_jumps_stops_nothing(tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    rows = [{"model": one, "prompt": "write a poem", "text": one} for one in ("one", "two")]
    answers.write_text("\n".join(map(json.dumps, rows)))
    path = tmp_path / "collegium.yaml"
    path.write_text(
        "moe:\n"
        "  router: {type: heuristic}\n"
        "  experts: [{name: WritingExpert, models: [rec/one]}]\n"
        f"backends: {{rec: {{kind: recorded, path: '{answers}'}}}}\n"
    )
    source, clock = Source(path), Clock()
    college = Collegium.of(source.read())
    store = open_store(str(tmp_path / "record.sqlite3"), keep_days=None, clock=clock)
    oversight = Oversight(
        college.lineups, college.manager, college.events, source=source, store=store, clock=clock
    )

    async def until_counted(queries: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while sum(one["queries"] for one in variants()) < queries:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.05)

    def variants() -> list[dict[str, Any]]:
        variants: list[dict[str, Any]] = oversight.experiments()[0]["variants"]
        return variants

    await oversight.start()
    try:
        plan = {"name": "two", "session_s": 0.0, "changes": answering_with("rec/two")}
        await oversight.start_experiment(plan)
        for count, jump_s in enumerate((0.0, 86_400.0, -172_800.0, 60.0), start=1):
            clock.now += jump_s
            response = await college.ask("write a poem")
            rated = await oversight.rate(response.query_id, 1.0)
            assert 0 < rated.weight <= 1
            await until_counted(count)
            assert oversight.leading
        performance = oversight.tracker.performance("WritingExpert")
        assert performance.queries == 4
        assert performance.satisfaction is not None
        assert performance.satisfaction.mean == 1.0
        assert await oversight.evaluate_experts()
        assert not store.standing().failing
    finally:
        await oversight.aclose()
        await college.aclose()


# --- two at once


FILE = """
moe:
  router: {{type: heuristic}}
  experts:
    - {{name: WritingExpert, models: [rec/one]}}
    - {{name: AdvisorExpert, models: [rec/{advisor}]}}
backends: {{rec: {{kind: recorded, path: '{answers}'}}}}
"""


class Place:
    """A configuration's file and a record, that several processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "collegium.yaml"
        rows = [{"model": one, "prompt": "hello", "text": one} for one in ("one", "two")]
        (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
        self.advised_by("one")

    def advised_by(self, model: str) -> None:
        """Edit the file."""
        answers = self._folder / "answers.jsonl"
        self._path.write_text(FILE.format(advisor=model, answers=answers))

    def process(self) -> Oversight:
        """What one more process has, but for what it does again and again."""
        source = Source(self._path)
        college = Collegium.of(source.read())
        store = open_store(str(self._folder / "record.sqlite3"))
        return Oversight(
            college.lineups, college.manager, college.events, source=source, store=store
        )


def models_of(oversight: Oversight) -> dict[str, list[str]]:
    return {one["name"]: one["models"] for one in oversight.document()["moe"]["experts"]}


async def test_what_another_has_just_changed_holds_with_a_new_file_too(tmp_path: Path) -> None:
    place = Place(tmp_path)
    one, other = place.process(), place.process()
    try:
        await one.add_expert({"name": "WritingExpert", "models": ["rec/two"]}, replace=True)
        place.advised_by("two")
        await other.reload()
        await one.reload()
        for oversight in (one, other):
            assert models_of(oversight) == {
                "WritingExpert": ["rec/two"],
                "AdvisorExpert": ["rec/two"],
            }
    finally:
        await one.aclose()
        await other.aclose()


async def test_the_way_back_leads_over_one_change_after_the_other(tmp_path: Path) -> None:
    place = Place(tmp_path)
    oversight = place.process()
    try:
        seen = [models_of(oversight)]
        await oversight.add_expert({"name": "WritingExpert", "models": ["rec/two"]}, replace=True)
        seen.append(models_of(oversight))
        place.advised_by("two")
        await oversight.reload()
        seen.append(models_of(oversight))
        await oversight.add_expert({"name": "WineExpert", "models": ["rec/one"]})
        for before in reversed(seen):
            await oversight.rollback()
            assert models_of(oversight) == before
        with pytest.raises(Conflict, match="no way back"):
            await oversight.rollback()
    finally:
        await oversight.aclose()
