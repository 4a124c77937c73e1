"""`collegium serve`, asked over HTTP: names of models, what is told of answers, health."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import Server, config_of, serving

from collegium.gateway.requests import ChatBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Stats = Callable[[], dict[str, Any]]

KEYS = ("writing", "coding", "advisor")
WAYS = ("auto", "panel", "fast", "cheap", "best", "verified")
PRICES = "prices: {up/echo: {input: 1000, output: 1000}, up/words-5: {input: 0, output: 0}}"


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = config_of(upstream, more=PRICES)
    with serving(tmp_path_factory.mktemp("gateway"), config) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for keys; the first is admin's."""
    folder = tmp_path_factory.mktemp("guarded")
    with serving(
        folder,
        config_of(upstream, gateway="require_key: true, cors_origins: [https://app.example]"),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def admin(guarded: Server) -> str:
    return guarded.key("admin", "--admin")


@pytest.fixture(scope="module")
def alice(guarded: Server) -> str:
    return guarded.key("alice")


@pytest.fixture(scope="module")
def bob(guarded: Server) -> str:
    return guarded.key("bob", "--models", "collegium/*", "--models", "up/words-*")


def text_of(completion: Any) -> str:
    text: str = completion["choices"][0]["message"]["content"]
    return text


@pytest.mark.parametrize("name", ["auto", *(f"collegium/{way}" for way in WAYS)])
def test_every_way_of_asking_gets_an_answer_of_a_real_model(server: Server, name: str) -> None:
    reply = server.chat(name, "write a poem about rain")
    assert reply.status == 200
    assert text_of(reply.json) == "write a poem about rain"
    assert reply.json["model"] == reply.headers["x-collegium-model"] == "up/echo"
    assert reply.headers["x-collegium-expert"] == "WritingExpert"
    assert 0 <= float(reply.headers["x-collegium-confidence"]) <= 1
    assert float(reply.headers["x-collegium-overhead-ms"]) >= 0
    assert reply.headers["x-collegium-strategy"]
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-collegium-decision-id"])


@pytest.mark.parametrize("key", KEYS)
def test_an_expert_is_asked_by_name_whatever_the_question_is(server: Server, key: str) -> None:
    reply = server.chat(f"collegium/{key}", "write a poem about rain")
    assert reply.status == 200
    assert reply.headers["x-collegium-expert"] == f"{key.capitalize()}Expert"


def test_a_backends_model_is_asked_past_the_college(server: Server) -> None:
    reply = server.chat("up/words-3")
    assert reply.json["model"] == "up/words-3"
    assert text_of(reply.json) == "w0 w1 w2"
    assert reply.headers["x-collegium-strategy"] == "named"
    assert "x-collegium-expert" not in reply.headers


def test_an_alias_means_the_model_it_stands_for(server: Server) -> None:
    reply = server.chat("quick")
    assert (text_of(reply.json), reply.json["model"]) == ("w0 w1 w2 w3 w4", "up/words-5")


@pytest.mark.parametrize(
    "name", ["gpt-4", "nowhere/model", "collegium/nobody", "collegium/", "auto ", "AUTO", "../etc"]
)
def test_a_name_that_nothing_has_is_refused_with_what_there_is(server: Server, name: str) -> None:
    reply = server.chat(name)
    assert reply.status == 404
    assert reply.error["code"] == "model_not_found"
    assert repr(name) in reply.error["message"]
    assert "up" in reply.error["message"] or "collegium/auto" in reply.error["message"]


def test_a_file_of_the_machine_is_no_model_a_client_may_name(server: Server) -> None:
    for name in ("local//etc/passwd", "local/file:/etc/passwd", "local/some.gguf"):
        assert server.chat(name).status == 404


def test_fields_that_nobody_knows_reach_the_backend_and_ours_do_not(
    server: Server, stats: Stats
) -> None:
    fields = {"top_k": 7, "guided_regex": "a+", "seed": 3, "collegium": {"explain": True}}
    for model in ("up/echo", "auto"):
        assert server.chat(model, "write a poem", **fields).status == 200
        seen = stats()["last_body"]
        assert {name: seen.get(name) for name in fields} == {**fields, "collegium": None}
        assert seen["model"] == "echo"


def test_the_clients_key_is_not_sent_to_the_backend(
    guarded: Server, alice: str, stats: Stats
) -> None:
    assert guarded.chat("up/echo", key=alice, headers={"x-secret": "mine"}).status == 200
    assert alice not in json.dumps(stats()["last_headers"])
    assert "x-secret" not in stats()["last_headers"]


def test_only_the_experts_that_are_allowed_answer(server: Server) -> None:
    only = server.chat("auto", "write a poem", collegium={"experts": ["coding"]})
    assert only.headers["x-collegium-expert"] == "CodingExpert"
    without = server.chat("auto", "write a poem", collegium={"without": ["WritingExpert"]})
    assert without.headers["x-collegium-expert"] != "WritingExpert"


def test_several_are_asked_where_several_are_wanted(server: Server) -> None:
    reply = server.chat("auto", "write a poem", collegium={"top_k": 2, "explain": True})
    told = reply.json["collegium"]
    assert len(told["decision"]["chosen"]) == 2
    assert len({call["expert"] for call in told["receipt"]["calls"]}) == 2


@pytest.mark.parametrize("strategy", ["weighted", "voting", "cascade", "sequential"])
def test_a_strategy_is_asked_for_by_name(server: Server, strategy: str) -> None:
    asked = {"strategy": strategy, "top_k": 2, "explain": True}
    reply = server.chat("auto", "write a poem", collegium=asked)
    assert reply.status == 200
    assert reply.headers["x-collegium-strategy"] == strategy
    assert reply.json["collegium"]["receipt"]["strategy"] == strategy


def test_the_receipt_comes_with_the_answer_where_it_is_wanted(server: Server) -> None:
    reply = server.chat("auto", "write a poem", collegium={"explain": True})
    told = reply.json["collegium"]
    assert told["id"] == reply.headers["x-collegium-decision-id"]
    assert (told["expert"], told["model"]) == ("WritingExpert", "up/echo")
    assert told["decision"]["reasons"]
    assert "write a poem" not in json.dumps(told)
    assert "collegium" not in server.chat("auto", "write a poem").json


def test_what_passed_its_deadline_is_given_up(server: Server) -> None:
    began = time.monotonic()
    reply = server.chat("up/hang", "write a poem", collegium={"deadline_s": 0.4})
    assert time.monotonic() - began < 2
    assert (reply.status, reply.error["type"]) == (504, "timeout_error")


def test_a_budget_that_nothing_fits_in_is_the_callers_mistake(server: Server) -> None:
    asked = {"budget_usd": 1e-9}
    reply = server.chat("collegium/writing", "write a poem", collegium=asked)
    assert 400 <= reply.status < 500
    assert "budget" in reply.error["message"] or "cost" in reply.error["message"]


@pytest.mark.parametrize(
    ("overrides", "param"),
    [
        ({"expert": "coding"}, "collegium"),
        ({"experts": "coding"}, "collegium.experts"),
        ({"top_k": 0}, "collegium.top_k"),
        ({"objective": "best"}, "collegium.objective"),
        ({"deadline_s": -1}, "collegium.deadline_s"),
        ({"budget_usd": "much"}, "collegium.budget_usd"),
        ({"cache": "always"}, "collegium.cache"),
    ],
)
def test_an_override_that_is_none_is_refused_by_name(
    server: Server, overrides: dict[str, Any], param: str
) -> None:
    reply = server.chat("auto", collegium=overrides)
    assert reply.status == 400
    assert reply.error["param"] == param
    assert reply.error["type"] == "invalid_request_error"


def test_an_override_that_names_nobody_says_who_there_is(server: Server) -> None:
    nobody = server.chat("auto", collegium={"experts": ["nobody"]})
    assert nobody.status == 404
    assert "writing" in nobody.error["message"].lower()
    none = server.chat("auto", collegium={"strategy": "dice"})
    assert none.status == 400
    assert "voting" in none.error["message"]


def test_the_list_of_models_has_every_name_that_can_be_asked(server: Server) -> None:
    rows = server.get("/v1/models").json["data"]
    names = [row["id"] for row in rows]
    assert names[0] == "auto"
    assert {f"collegium/{one}" for one in (*WAYS, *KEYS)} < set(names)
    assert "up/echo" in names
    assert all(row["object"] == "model" and row["created"] > 0 for row in rows)
    one = server.get("/v1/models/collegium/fast")
    assert one.json["id"] == "collegium/fast"
    assert server.get("/v1/models/up%2Fecho").json["id"] == "up/echo"
    assert server.get("/v1/models/nothing").error["code"] == "model_not_found"


def test_routing_alone_says_who_would_be_asked(server: Server, stats: Stats) -> None:
    before = stats()["requests"]
    reply = server.post("/api/route", {"query": "write a poem about rain"})
    told = reply.json
    assert reply.status == 200
    assert told["expert"] == "writing"
    assert set(told) >= {"id", "expert", "confidence", "experts", "reasons", "overhead_ms"}
    assert [set(one) >= {"expert", "score"} for one in told["experts"]] == [True] * 3
    chat = {"messages": [{"role": "user", "content": "write a poem about rain"}]}
    assert server.post("/api/route", chat).json["expert"] == "writing"
    assert stats()["requests"] == before
    kept = server.get(f"/api/decisions/{told['id']}")
    assert kept.json["decision"]["expert"] == "writing"


def test_routing_takes_the_same_overrides(server: Server) -> None:
    asked = {"query": "write a poem", "top_k": 2, "collegium": {"without": ["writing"]}}
    told = server.post("/api/route", asked).json
    assert len(told["chosen"]) == 2
    assert "writing" not in told["chosen"]


@pytest.mark.parametrize(
    "body", [{}, {"query": ""}, {"query": 3}, {"query": "x", "quest": 1}, {"model": "up/echo"}]
)
def test_a_body_that_asks_nothing_is_not_routed(server: Server, body: dict[str, Any]) -> None:
    assert server.post("/api/route", body).status == 400


def test_a_model_named_itself_leaves_nothing_to_route(server: Server) -> None:
    chat = {"model": "up/echo", "messages": [{"role": "user", "content": "hello"}]}
    reply = server.post("/api/route", chat)
    assert (reply.status, reply.error["param"]) == (400, "model")


def test_a_decision_can_be_looked_up_with_its_receipt(server: Server) -> None:
    identity = server.chat("auto", "write a poem").headers["x-collegium-decision-id"]
    told = server.get(f"/api/decisions/{identity}").json
    assert (told["status"], told["expert"], told["asked"]) == (200, "WritingExpert", "auto")
    assert told["receipt"]["calls"][0]["outcome"] == "answered"
    assert told["usage"]["completion_tokens"] == 3
    assert told["latency_ms"] >= told["overhead_ms"] > 0
    assert server.get("/api/decisions").json["data"][0]["id"] == identity
    assert server.get("/api/decisions/unknown").status == 404


def test_a_decision_is_for_the_key_that_asked_and_for_admins(
    guarded: Server, admin: str, alice: str, bob: str
) -> None:
    reply = guarded.chat("auto", "write a poem", key=alice)
    place = f"/api/decisions/{reply.headers['x-collegium-decision-id']}"
    assert [guarded.get(place, key=one).status for one in (alice, admin, bob)] == [200, 200, 404]
    assert guarded.get(place).status == 401
    listed = guarded.get("/api/decisions", key=bob).json["data"]
    assert place.rpartition("/")[2] not in {one["id"] for one in listed}


def test_a_key_for_some_models_asks_no_others(guarded: Server, bob: str) -> None:
    assert guarded.chat("collegium/auto", key=bob).status == 200
    assert guarded.chat("auto", key=bob).status == 200
    assert guarded.chat("up/words-3", key=bob).status == 200
    refused = guarded.chat("up/echo", key=bob)
    assert (refused.status, refused.error["code"]) == (403, "model_not_allowed")
    names = {row["id"] for row in guarded.get("/v1/models", key=bob).json["data"]}
    assert "up/echo" not in names
    assert "up/words-5" in names


def test_an_alias_is_no_way_round_the_models_of_a_key(guarded: Server) -> None:
    eve = guarded.key("eve", "--models", "up/echo")
    assert guarded.chat("quick", key=eve).status == 403
    assert guarded.chat("up/echo", key=eve).status == 200


def test_what_is_the_operators_takes_a_permission_of_its_own(
    guarded: Server, admin: str, alice: str
) -> None:
    for path in ("/metrics", "/api/status"):
        assert [guarded.get(path, key=one).status for one in (admin, alice)] == [200, 403]
        assert guarded.get(path).status == 401


def test_health_and_the_document_are_open_to_everybody(guarded: Server) -> None:
    for path in ("/health/live", "/health/ready", "/openapi.json"):
        assert guarded.get(path).status == 200


def test_the_status_tells_of_experts_and_instances(server: Server) -> None:
    server.chat("up/echo")
    told = server.get("/api/status").json
    assert told["ready"]
    assert [one["expert"] for one in told["experts"]] == list(KEYS)
    assert {one["name"] for one in told["instances"]} >= {"up/echo"}


def test_metrics_count_what_was_asked_and_name_no_prompt(server: Server) -> None:
    server.chat("auto", "write a poem about xylophones")
    page = server.get("/metrics").body.decode()
    assert 'route="/v1/chat/completions"' in page
    assert "collegium_request_duration_seconds" in page
    assert "xylophones" not in page


def test_a_request_keeps_the_id_it_came_with(server: Server) -> None:
    given = server.get("/health/live", headers={"x-request-id": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    made = server.get("/health/live", headers={"x-request-id": "x" * 500})
    assert made.headers["x-request-id"] != "x" * 500


def test_no_word_of_a_prompt_is_in_the_log(server: Server) -> None:
    server.chat("auto", "write a poem about quokkas")
    server.chat("up/error-500", "write a poem about quokkas")
    server.post("/v1/chat/completions", b'{"messages": "quokkas"')
    assert "quokkas" not in server.log
    assert '"event": "request"' in server.log


def test_embeddings_are_made_by_the_built_in_encoder(server: Server) -> None:
    reply = server.post("/v1/embeddings", {"input": ["one text", "another"], "dimensions": 8})
    assert reply.status == 200
    rows = reply.json["data"]
    assert [row["index"] for row in rows] == [0, 1]
    assert [len(row["embedding"]) for row in rows] == [8, 8]
    assert sum(x * x for x in rows[0]["embedding"]) == pytest.approx(1, abs=1e-4)
    assert server.post("/v1/embeddings", {"input": []}).status == 400
    assert server.post("/v1/embeddings", {"input": [[1, 2]]}).error["param"] == "input[0]"


def test_several_answers_come_as_several_choices(server: Server) -> None:
    computed = server.chat("auto", "write a poem", n=2)
    assert computed.status == 200
    refused = server.chat("collegium/panel", "write a poem", n=2)
    assert (refused.status, refused.error["param"]) == (400, "n")


def test_pictures_and_whatever_else_is_in_a_message_go_to_the_model_as_they_are(
    server: Server, stats: Stats
) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    turns = [{"role": "user", "content": [{"type": "text", "text": "write a poem"}, picture]}]
    for model in ("up/words-3", "auto"):
        body = {"model": model, "messages": turns, "logprobs": True, "top_logprobs": 3}
        assert server.post("/v1/chat/completions", body).status == 200
        seen = stats()["last_body"]
        assert seen["messages"][-1] == turns[0]
        assert (seen["logprobs"], seen["top_logprobs"]) == (True, 3)


def test_only_the_pages_that_are_named_may_call_from_a_browser(
    guarded: Server, server: Server
) -> None:
    asked = {"access-control-request-method": "POST", "origin": "https://app.example"}
    let = guarded.send("OPTIONS", "/v1/chat/completions", headers=asked)
    assert let.status == 204
    assert let.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in let.headers["access-control-allow-headers"]
    for running, origin in ((guarded, "https://evil.example"), (server, "https://app.example")):
        reply = running.send("OPTIONS", "/v1/chat/completions", headers={**asked, "origin": origin})
        assert reply.status == 405
        assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize("model", ["auto", "up/echo", "collegium/panel", "collegium/verified"])
@pytest.mark.parametrize("stream", [False, True])
def test_null_means_what_leaving_it_out_means(server: Server, model: str, *, stream: bool) -> None:
    nothing = dict.fromkeys(ChatBody.__struct_fields__[3:])
    reply = server.chat(model, "write a poem about nothing", stream=stream, **nothing)
    assert reply.status == 200, reply.body
    assert b"nothing" in reply.body
    unasked = {"stream_options": {"include_usage": False}, "stream": stream}
    reply = server.chat(model, "write a poem about nothing", **unasked)
    identity = reply.headers["x-collegium-decision-id"]
    assert server.get(f"/api/decisions/{identity}").json["usage"]["completion_tokens"] >= 5
