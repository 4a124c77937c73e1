"""Ratings over HTTP: who may rate which answer, and in which words."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from gateway_server import config_of, serving

from collegium.errors import StorageError
from collegium.gateway.app import Gateway
from collegium.gateway.decisions import Account, Accounts
from collegium.gateway.door import Door
from collegium.gateway.endpoints.rating import Rating
from collegium.gateway.exchange import Exchange
from collegium.gateway.security import KeyStore
from collegium.gateway.witness import Witness
from collegium.management.ratings import RatingDesk
from collegium.observe.casebook import Casebook
from collegium.observe.families import Names
from collegium.observe.logs import Logs
from collegium.observe.metrics import Metrics
from collegium.observe.tracing import Untraced
from collegium.storage.opening import open_store
from collegium.storage.records import Record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from collegium.events import Rated
    from collegium.storage.store import Store


class Desk:
    """What the ratings need of an oversight: a store, and a desk that takes ratings."""

    def __init__(self, store: Store | None) -> None:
        self.store = store
        self.casebook = Casebook()
        self.taken: list[Rated] = []
        self._desk = RatingDesk(self.casebook, self._take, store=store)

    def _take(self, rated: Rated) -> None:
        self.taken.append(rated)
        self.casebook.take(rating_of(rated))

    async def rate(self, query_id: str, rating: float, *, expert: str | None, rater: str) -> Rated:
        await self._desk.find(query_id)
        return self._desk.rate(query_id, rating, expert=expert, rater=rater)


def rating_of(rated: Rated) -> Record:
    """The record of a rating, as the recorder writes it."""
    data = {"rating": rated.rating, "weight": rated.weight, "rater": rated.rater}
    return Record("rating", time.time(), rated.query_id, rated.expert or "", data=data)


@dataclass
class Place:
    """A gateway with two users and an administrator, and what lies behind it."""

    gateway: Gateway
    keys: KeyStore
    accounts: Accounts
    desk: Desk
    secrets: dict[str, str]

    def owner(self, name: str) -> str:
        return self.keys.find(self.secrets[name]).id

    def answered(self, query: str, *experts: str, key: str | None = None) -> None:
        """A query that was answered; by `key`, where the server still knows whose it was."""
        for record in records_of(query, *experts):
            self.desk.casebook.take(record)
        if key is not None:
            self.accounts.open(Account(query, self.owner(key), time.time(), "auto"))

    async def rate(self, key: str, body: Any) -> tuple[int, Any]:
        raw = json.dumps(body).encode()
        sent: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(event: Mapping[str, Any]) -> None:
            sent.append(event)

        secret = f"Bearer {self.secrets[key]}".encode()
        headers = [(b"authorization", secret), (b"content-length", str(len(raw)).encode())]
        scope = {"type": "http", "method": "POST", "path": "/api/ratings", "headers": headers}
        await self.gateway(scope, receive, cast("Any", send))
        return sent[0]["status"], json.loads(sent[1]["body"])


def records_of(query: str, *experts: str) -> list[Record]:
    """What is on record of a query that these experts answered, the first of them best."""
    now = time.time()
    told = [Record("decision", now, query, experts[0], data={"chosen": list(experts)})]
    told += [Record("answer", now, query, one, "up/m", data={"ok": True}) for one in experts]
    return [*told, Record("outcome", now, query, experts[0], "up/m", data={"ok": True})]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    store = open_store(str(tmp_path / "record.sqlite3"))
    keys = KeyStore(tmp_path / "keys.json")
    secrets: dict[str, str] = {}
    for name in ("ann", "bob", "root"):
        may: Any = ("use", "admin") if name == "root" else ("use",)
        _, secrets[name] = await keys.file.create(name, permissions=may)
    keys = KeyStore(tmp_path / "keys.json")
    accounts, desk = Accounts(100), Desk(store)
    door = Door(keys, most=10)
    witness = Witness(Metrics(Names()), Untraced(), Logs(io.StringIO()))
    gateway = Gateway(Rating(cast("Any", desk), accounts).endpoints(), door, witness)
    yield Place(gateway, keys, accounts, desk, secrets)
    await store.aclose()


@pytest.mark.parametrize(
    ("said", "share"),
    [
        (0.25, 0.25),
        (1, 1.0),
        (0, 0.0),
        (True, 1.0),
        (False, 0.0),
        ("good", 1.0),
        ("up", 1.0),
        ("bad", 0.0),
        ("down", 0.0),
    ],
)
async def test_an_answer_is_rated_by_a_number_a_truth_or_a_word(
    place: Place, said: Any, share: float
) -> None:
    place.answered("q1", "CodingExpert", key="ann")
    status, told = await place.rate("ann", {"id": "q1", "rating": said})
    assert status == 200, told
    assert told == {"id": "q1", "expert": "CodingExpert", "rating": share, "weight": 1.0}
    (rated,) = place.desk.taken
    assert (rated.rating, rated.rater) == (share, place.owner("ann"))


@pytest.mark.parametrize("name", ["id", "query_id", "decision_id"])
async def test_the_answer_is_named_by_any_of_its_names(place: Place, name: str) -> None:
    place.answered("q1", "CodingExpert", key="ann")
    assert (await place.rate("ann", {name: "q1", "rating": 1}))[0] == 200


async def test_one_of_several_answers_is_rated_by_its_expert(place: Place) -> None:
    place.answered("q1", "CodingExpert", "Poet", key="ann")
    _, told = await place.rate("ann", {"id": "q1", "rating": 0.5, "expert": "Poet"})
    assert told["expert"] == "Poet"
    status, told = await place.rate("ann", {"id": "q1", "rating": 0.5, "expert": "Nobody"})
    assert (status, told["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        {"rating": 1},
        {"id": "q1"},
        {"id": "q1", "query_id": "q1", "rating": 1},
        {"id": "", "rating": 1},
        {"id": "q1", "rating": 1.1},
        {"id": "q1", "rating": -0.1},
        {"id": "q1", "rating": "fine"},
        {"id": "q1", "rating": None},
        {"id": "q1", "rating": [1]},
        {"id": "q1", "rating": 1, "stars": 5},
        {"id": "x" * 1000, "rating": 1},
        [],
    ],
)
async def test_what_is_no_rating_is_refused(place: Place, body: Any) -> None:
    place.answered("q1", "CodingExpert", key="ann")
    status, told = await place.rate("ann", body)
    assert (status, told["error"]["code"]) == (400, "invalid_request"), told
    assert place.desk.taken == []


async def test_an_answer_is_rated_by_whoever_asked_for_it_and_by_administrators(
    place: Place,
) -> None:
    place.answered("q1", "CodingExpert", key="ann")
    status, told = await place.rate("bob", {"id": "q1", "rating": 0})
    assert (status, told["error"]["code"]) == (404, "unknown_query")
    assert (await place.rate("root", {"id": "q1", "rating": 0}))[0] == 200


async def test_what_nobody_knows_cannot_be_rated(place: Place) -> None:
    for key in ("ann", "root"):
        status, told = await place.rate(key, {"id": "q9", "rating": 0})
        assert (status, told["error"]["code"]) == (404, "unknown_query")


async def test_after_a_restart_the_record_says_whose_an_answer_was(place: Place) -> None:
    store = cast("Store", place.desk.store)
    for record in records_of("q1", "CodingExpert"):
        store.append(record)
    data = {"key": place.owner("ann"), "status": 200}
    store.append(Record("request", time.time(), "q1", "CodingExpert", data=data))
    await store.flush()
    assert (await place.rate("bob", {"id": "q1", "rating": 0}))[0] == 404
    assert (await place.rate("ann", {"id": "q1", "rating": 0}))[0] == 200


async def test_where_the_record_cannot_be_read_only_administrators_rate_what_is_old(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.answered("q1", "CodingExpert")

    def broken(**_: Any) -> Any:
        raise StorageError("the disk is gone")

    monkeypatch.setattr(place.desk.store, "records", broken)
    assert (await place.rate("ann", {"id": "q1", "rating": 0}))[0] == 404
    assert (await place.rate("root", {"id": "q1", "rating": 0}))[0] == 200


async def test_the_same_rating_again_is_refused_and_another_replaces_it(place: Place) -> None:
    place.answered("q1", "CodingExpert", key="ann")
    assert (await place.rate("ann", {"id": "q1", "rating": 1}))[0] == 200
    status, told = await place.rate("ann", {"id": "q1", "rating": True})
    assert (status, told["error"]["code"]) == (409, "rating_refused")
    assert (await place.rate("ann", {"id": "q1", "rating": 0.2}))[0] == 200
    case = place.desk.casebook.find("q1")
    assert case is not None
    assert case.rating == pytest.approx(0.2)


async def test_a_flood_of_ratings_counts_less_and_less(place: Place) -> None:
    weights: list[float] = []
    for number in range(60):
        place.answered(f"q{number}", "CodingExpert", key="ann")
        _, told = await place.rate("ann", {"id": f"q{number}", "rating": 0})
        weights.append(told["weight"])
    assert weights[0] == 1.0
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] < 0.1
    assert sum(weights) < 25


async def test_who_asked_what_is_put_on_record_and_what_asked_nothing_is_not() -> None:
    put: list[Record] = []
    witness = Witness(
        Metrics(Names()), Untraced(), Logs(io.StringIO()), put=put.append, clock=lambda: 5.0
    )
    scope = {"method": "POST", "path": "/v1/chat/completions", "headers": []}
    exchange = Exchange(scope, cast("Any", None), cast("Any", None), started=time.perf_counter())
    exchange.status = 200
    with witness.request(exchange, "/v1/chat/completions"):
        pass
    assert put == []
    account = Account("q1", "key_1", 0.0, "auto", expert="Poet", model="up/m", strategy="express")
    account.ttft_ms, account.cached = 12.5, "exact"
    exchange.account, exchange.refusal = account, "expert_busy"
    with witness.request(exchange, "/v1/chat/completions"):
        pass
    (record,) = put
    assert (record.kind, record.at, record.query) == ("request", 5.0, "q1")
    assert (record.expert, record.model) == ("Poet", "up/m")
    assert record.data["latency_ms"] >= 0
    assert {name: one for name, one in record.data.items() if name != "latency_ms"} == {
        "method": "POST",
        "route": "/v1/chat/completions",
        "status": 200,
        "key": "key_1",
        "asked": "auto",
        "strategy": "express",
        "stream": True,
        "first_token_ms": 12.5,
        "overhead_ms": 0.0,
        "cache": "exact",
        "error": "expert_busy",
    }


def test_ratings_are_taken_by_a_real_server_and_after_its_restart(
    upstream: str, tmp_path: Path
) -> None:
    config = config_of(upstream)
    with serving(tmp_path, config) as server:
        ann, root = server.key("ann"), server.key("root", "--admin")
        query = server.chat("auto", key=ann).headers["x-collegium-decision-id"]
        body: dict[str, Any] = {"decision_id": query, "rating": "up"}
        assert server.post("/api/ratings", body, key=ann).json["rating"] == 1.0
        assert server.post("/api/ratings", body, key=ann).error["code"] == "rating_refused"
        assert server.post("/api/ratings", body).status == 401
        shown = server.get("/api/experts", key=root).json["data"]
        rated = [row for row in shown if row["performance"]["satisfaction"]]
        assert [row["performance"]["satisfaction"]["mean"] for row in rated] == [1.0]
        named = server.chat("up/words-3", key=ann).headers["x-collegium-decision-id"]
        told = server.post("/api/ratings", {"id": named, "rating": 1}, key=ann)
        assert told.error["code"] == "unknown_query"
        page = server.get("/metrics", key=root).body.decode()
        assert 'collegium_ratings_count{expert="WritingExpert"} 1.0' in page
    with serving(tmp_path, config) as server:
        body = {"id": query, "rating": 0.5}
        assert server.post("/api/ratings", body, key=ann).json["rating"] == 0.5
        (row,) = [
            one
            for one in server.get("/api/experts", key=root).json["data"]
            if one["performance"]["queries"]
        ]
        assert row["performance"]["satisfaction"]["mean"] == 0.5
