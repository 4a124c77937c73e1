"""Events as records: what is kept of each, what is not, and who is given it."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest

from collegium.errors import BackendUnavailable, PanelFailed
from collegium.events import (
    Answered,
    Completed,
    Concluded,
    Drifted,
    Event,
    EventBus,
    Failed,
    Joined,
    Left,
    Quarantined,
    Rated,
    Reconfigured,
    Resized,
    Routed,
    Unanswered,
    Verified,
)
from collegium.storage.opening import open_store
from collegium.storage.recorder import Recorder, hidden
from collegium.storage.records import KINDS, Record
from collegium.types import (
    Answer,
    Candidate,
    Checked,
    Decision,
    Query,
    Receipt,
    Response,
    Task,
    Usage,
    Verdict,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
QUERY = Query.of("how do I reverse a list?", id="q1", session="a person's session")
CANDIDATES = tuple(
    Candidate(f"Expert{n}", f"key{n}", gate=0.3 - n / 25, assessment=0.5, load=0.0, score=n / 10)
    for n in range(7)
)
DECISION = Decision(
    query_id="q1",
    chosen=(CANDIDATES[6], CANDIDATES[5]),
    passed_over=CANDIDATES[:5],
    confidence=0.8,
    overhead_ms=1.25,
    low_confidence=True,
    task=Task("code", "coding", 0.25, "en"),
    propensity=0.125,
    lineup=3,
    variant="gate:new",
    vector=(0.5, -0.25, 1.0),
)
ANSWER = Answer(
    "Expert6", "a/b", "reversed(x)", 0.75, 120.0, Usage(10, 20, 0.002), Verdict("passed")
)
RECEIPT = Receipt(
    decision=DECISION,
    strategy="voting",
    usage=Usage(30, 40, 0.005),
    latency_ms=150.0,
    agreement=0.9,
    confidence=0.95,
    quality="accepted",
)
RESPONSE = Response(
    "reversed(x)", "Expert6", "a/b", 0.75, query_id="q1", answers=(ANSWER,), receipt=RECEIPT
)


def recorded(event: Event, **options: Any) -> Record:
    """What becomes of one event."""
    taken: list[Record] = []
    Recorder(takers=[taken.append], clock=lambda: NOW, **options)(event)
    (record,) = taken
    assert record.at == NOW
    json.dumps(dict(record.data), allow_nan=False)
    return record


def test_a_decision_is_kept_with_what_led_to_it() -> None:
    record = recorded(Routed(QUERY, DECISION))
    assert (record.kind, record.query, record.expert) == ("decision", "q1", "Expert6")
    assert record.variant == "gate:new"
    assert record.data == {
        "chosen": ["Expert6", "Expert5"],
        "shares": {f"key{n}": pytest.approx(0.3 - n / 25) for n in range(5)},
        "scores": [[f"Expert{n}", n / 10] for n in (6, 5, 4, 3, 2)],
        "confidence": 0.8,
        "low_confidence": True,
        "overhead_ms": 1.25,
        "task": {"form": "code", "kind": "coding", "difficulty": 0.25, "language": "en"},
        "propensity": 0.125,
        "session": hidden("a person's session"),
        "lineup": 3,
        "shadow": False,
        "vector": base64.b64encode(struct.pack("<3e", 0.5, -0.25, 1.0)).decode(),
    }


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_vector_of_numpy_is_kept_like_any_other(kind: type) -> None:
    vector: Any = np.array([0.5, -0.25, 1.0], dtype=kind)
    kept = recorded(Routed(QUERY, replace(DECISION, vector=vector))).data["vector"]
    assert kept == recorded(Routed(QUERY, DECISION)).data["vector"]
    back = np.frombuffer(base64.b64decode(kept), dtype="<f2")
    assert back.tolist() == [0.5, -0.25, 1.0]


def test_vectors_are_left_out_where_they_are_not_wanted() -> None:
    assert "vector" not in recorded(Routed(QUERY, DECISION), vectors=False).data


def test_nothing_of_what_was_asked_or_answered_is_kept() -> None:
    events = (Routed(QUERY, DECISION), Answered(QUERY, ANSWER), Completed(QUERY, RESPONSE))
    kept = repr([recorded(event) for event in events])
    for text in ("reverse", "reversed(x)", "a person's session"):
        assert text not in kept


def test_texts_are_kept_where_they_are_wanted() -> None:
    assert recorded(Routed(QUERY, DECISION), texts=True).data["text"] == QUERY.text
    assert recorded(Answered(QUERY, ANSWER), texts=True).data["text"] == ANSWER.text


def test_a_session_is_the_same_sixteen_digits_each_time_and_none_is_empty() -> None:
    assert hidden("one") == hidden("one") != hidden("other")
    assert len(hidden("one")) == 16
    assert hidden(None) == hidden("") == ""
    assert len(hidden("half a pair \ud800")) == 16


def test_a_shadow_query_is_marked() -> None:
    shadow = Query.of("x", id="q1~shadow")
    assert recorded(Routed(shadow, DECISION)).data["shadow"] is True


def test_an_answer_and_a_failure_have_the_same_keys() -> None:
    answered = recorded(Answered(QUERY, ANSWER))
    failed = recorded(Failed(QUERY, "Expert5", BackendUnavailable("gone"), 30.0, abandoned=True))
    assert (answered.kind, answered.query, answered.expert, answered.model) == (
        "answer",
        "q1",
        "Expert6",
        "a/b",
    )
    assert answered.data == {
        "ok": True,
        "abandoned": False,
        "error": "",
        "latency_ms": 120.0,
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "cost_usd": 0.002,
        "confidence": 0.75,
        "finish": "stop",
        "verdict": "passed",
    }
    assert (failed.kind, failed.expert) == ("answer", "Expert5")
    assert failed.data.keys() == answered.data.keys()
    assert failed.data["error"] == "backend_unavailable"
    assert failed.data["abandoned"] is True
    assert failed.data["latency_ms"] == 30.0


def test_an_outcome_says_who_won_and_how_sure_that_is() -> None:
    record = recorded(Completed(QUERY, RESPONSE))
    assert (record.kind, record.expert, record.model) == ("outcome", "Expert6", "a/b")
    assert record.variant == "gate:new"
    assert record.data == {
        "ok": True,
        "error": "",
        "strategy": "voting",
        "confidence": 0.95,
        "agreement": 0.9,
        "quality": "accepted",
        "latency_ms": 150.0,
        "cost_usd": 0.005,
        "answers": 1,
        "decided": 0.8,
        "verdict": "passed",
    }


def test_an_outcome_without_a_receipt_has_what_is_known() -> None:
    record = recorded(Completed(QUERY, Response("x", "Expert6", confidence=0.5)))
    assert record.data["confidence"] == 0.5
    assert record.data["decided"] is None
    assert record.data["verdict"] == ""


def test_an_abstention_is_no_answer() -> None:
    record = recorded(Completed(QUERY, Response("I would rather not", "x", finish="abstained")))
    assert (record.data["ok"], record.data["error"]) == (False, "abstained")


def test_a_verdict_of_the_receipt_counts_where_the_answer_has_none() -> None:
    checked = Checked("Expert6", "a/b", Verdict("failed"))
    receipt = Receipt(None, "express", Usage(), 1.0, verdicts=(checked,))
    response = Response("x", "Expert6", "a/b", receipt=receipt)
    assert recorded(Completed(QUERY, response)).data["verdict"] == "failed"


def test_nobody_answering_is_an_outcome_with_the_same_keys() -> None:
    record = recorded(Unanswered(QUERY, PanelFailed("all of them"), 80.0))
    assert record.kind == "outcome"
    assert record.data.keys() == recorded(Completed(QUERY, RESPONSE)).data.keys()
    assert (record.data["ok"], record.data["error"]) == (False, "panel_failed")
    assert record.data["latency_ms"] == 80.0


OTHERS: list[tuple[Event, str, str, dict[str, Any]]] = [
    (Verified("q1", "A", "m", "failed"), "verdict", "A", {"outcome": "failed"}),
    (
        Rated("q1", 0.5, None, "key", 0.25),
        "rating",
        "",
        {"rating": 0.5, "weight": 0.25, "rater": "key"},
    ),
    (Joined("A", "added"), "roster", "A", {"what": "joined", "why": "added"}),
    (Left("A", "drained"), "roster", "A", {"what": "left", "why": "drained"}),
    (Resized("A", 1, 3), "resize", "A", {"before": 1, "after": 3}),
    (
        Quarantined("a/1", "it hangs"),
        "resize",
        "",
        {"what": "quarantined", "instance": "a/1", "why": "it hangs"},
    ),
    (
        Drifted("input", "A", "other words"),
        "drift",
        "A",
        {"what": "input", "detail": "other words"},
    ),
    (
        Concluded("gate", "promoted", "better"),
        "experiment",
        "",
        {"experiment": "gate", "what": "promoted", "verdict": "better"},
    ),
    (Reconfigured(2, ("moe.router",)), "config", "", {"generation": 2, "changed": ["moe.router"]}),
]


@pytest.mark.parametrize(("event", "kind", "expert", "data"), OTHERS)
def test_every_other_event_is_kept_as_it_is(
    event: Event, kind: str, expert: str, data: dict[str, Any]
) -> None:
    record = recorded(event)
    assert (record.kind, record.expert, record.data) == (kind, expert, data)


def test_every_event_there_is_becomes_a_record_of_a_known_kind() -> None:
    known = {type(event) for event, *_ in OTHERS}
    known |= {Routed, Answered, Failed, Completed, Unanswered}
    assert known == set(get_args(Event))
    assert {kind for _, kind, *_ in OTHERS} < set(KINDS)


def test_a_taker_that_raises_is_logged_and_the_others_get_the_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken: list[Record] = []

    def broken(record: Record) -> None:
        raise ZeroDivisionError

    recorder = Recorder(takers=[broken, taken.append])
    recorder.add(taken.append)
    recorder(Joined("A"))
    assert [record.kind for record in taken] == ["roster", "roster"]
    assert "a record of kind 'roster' was not taken" in caplog.text


async def test_what_a_bus_tells_and_what_others_put_lies_in_the_store(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "record.sqlite3"))
    taken: list[Record] = []
    recorder = Recorder(store, takers=[taken.append])
    bus = EventBus()
    bus.subscribe(recorder)
    bus.publish(Routed(QUERY, DECISION))
    bus.publish(Answered(QUERY, ANSWER))
    recorder.put(Record("request", NOW, "q1", data={"status": 200}))
    await store.flush()
    kept = [one.record for one in store.records()]
    assert kept == taken
    assert [record.kind for record in kept] == ["decision", "answer", "request"]
    await store.aclose()
