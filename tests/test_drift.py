"""Drift: changes are found, and where nothing changes hardly ever is there an alarm."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from collegium.config.managing import DriftConfig
from collegium.management.drift import Drift
from collegium.management.drift.cases import Case, Cases, Sessions
from collegium.management.drift.martingale import Martingale
from collegium.management.drift.stream import Stream
from collegium.management.drift.watch import Allowance
from collegium.storage.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from collegium.events import Drifted

WIDTH = 32
HALVES = [0.5]


class World:
    """A college whose records a `Drift` takes; chance is seeded."""

    def __init__(self, seed: int = 0, *, false_alarm: float = 0.01) -> None:
        self.events: list[Drifted] = []
        self.settings = DriftConfig(false_alarm=false_alarm)
        self.drift = Drift(self.settings, self.events.append, rng=random.Random(seed))
        self.rng = np.random.default_rng(seed)
        self.topics = self.rng.normal(size=(8, WIDTH))
        self.number = 0

    def tell(self, kind: Any, query: str, expert: str = "", **data: Any) -> None:
        """One record."""
        self.drift.take(Record(kind, float(self.number), query, expert, data=data))

    def vector(self, topic: int) -> str:
        """The embedding of a query about a topic."""
        return embedding(self.topics[topic] + self.rng.normal(size=WIDTH) * 0.7)

    def decide(self, *, expert: str = "A", confidence: float = 0.9, **data: Any) -> str:
        """A decision; the id of its query."""
        self.number += 1
        query = f"q{self.number}"
        self.tell("decision", query, expert, chosen=[expert], confidence=confidence, **data)
        return query

    def ask(self, topics: Iterable[int]) -> None:
        """Decisions about topics, one after the other."""
        for topic in topics:
            self.decide(vector=self.vector(topic))

    def answer(self, rate: float, times: int, *, expert: str = "A", confidence: float = 0.9) -> int:
        """Answers of which a share is good, until success has an alarm; how many there were."""
        before = self.alarms("success")
        for count in range(1, times + 1):
            query = self.decide(expert=expert, confidence=confidence)
            outcome = "passed" if self.rng.random() < rate else "failed"
            self.tell("answer", query, expert, ok=True, verdict=outcome)
            if self.alarms("success") > before:
                return count
        return times

    def alarms(self, what: str) -> int:
        """How many alarms there were of a kind."""
        return sum(event.what == what for event in self.events)


def embedding(vector: NDArray[Any]) -> str:
    """A vector as decisions have it."""
    return base64.b64encode(np.asarray(vector, "<f2").tobytes()).decode()


def row(drift: Drift, what: str, expert: str = "") -> dict[str, Any]:
    """One line of what it says of itself."""
    return next(r for r in drift.standing() if (r["what"], r["expert"]) == (what, expert))


def test_a_drop_of_success_is_found_and_told_with_numbers() -> None:
    world = World()
    world.answer(0.9, 800)
    assert not world.events

    count = world.answer(0.6, 400)

    assert count < 200
    event = next(event for event in world.events if event.what == "success")
    assert event.expert == "A"
    assert "the share of answers that are good fell from 0." in event.detail


def test_an_expert_that_no_longer_answers_is_found_without_any_check() -> None:
    world = World()
    for count in range(600):
        query = world.decide()
        world.tell("answer", query, "A", ok=count < 400 or count % 2 == 0, verdict="")

    assert [event.what for event in world.events] == ["success"]
    assert "answered at all fell from 1.00 to" in world.events[0].detail


def test_a_confidence_that_no_longer_fits_is_found_though_success_stays() -> None:
    world = World()
    world.answer(0.8, 600, confidence=0.8)

    world.answer(0.8, 600, confidence=0.4)

    assert [event.what for event in world.events] == ["calibration"]


def test_ratings_are_enough_and_the_first_judgement_of_an_answer_is_the_one_that_counts() -> None:
    world = World()
    for count in range(900):
        query = world.decide()
        good = world.rng.random() < (0.9 if count < 600 else 0.3)
        world.tell("outcome", query, "A", ok=True, verdict="")
        world.tell("rating", query, rating=float(good), weight=1.0, rater="r")
        world.tell("rating", query, rating=1.0, weight=1.0, rater="r")
        world.tell("verdict", query, "A", outcome="passed")

    assert world.events[0].what in {"success", "calibration"}
    assert row(world.drift, "success", "A")["count"] <= 900


def test_a_rater_of_no_weight_moves_nothing() -> None:
    world = World()
    for _ in range(300):
        query = world.decide()
        world.tell("rating", query, "A", rating=0.0, weight=0.0, rater="flood")

    assert not world.events
    assert [line["what"] for line in world.drift.standing()] == ["input"]


def test_saying_something_else_again_and_again_makes_no_rating_count_more() -> None:
    world = World()
    for _ in range(300):
        query = world.decide()
        for again in range(20):
            told = {"rating": again / 1000, "weight": 0.05, "rater": "flood"}
            world.tell("rating", query, "A", **told)
    assert row(world.drift, "success", "A")["count"] < 40


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_new_topic_is_found(share: float) -> None:
    world = World()
    world.ask(world.rng.integers(6, size=1200))
    assert not world.events

    world.ask(np.where(world.rng.random(400) < share, 7, world.rng.integers(6, size=400)))

    assert world.events
    assert world.events[0].what == "input"
    assert "nearest known one fell from" in world.events[0].detail


def test_topics_known_already_in_another_mixture_are_found() -> None:
    world = World()
    world.ask(world.rng.integers(6, size=1200))

    world.ask(world.rng.integers(2, size=400))

    assert world.events
    assert world.events[0].what == "input"


def test_without_embeddings_the_shares_of_the_gate_are_watched() -> None:
    world = World()
    for count in range(1000):
        strong = ["coding", "maths", "law"][int(world.rng.integers(2 if count < 700 else 3))]
        sure = float(world.rng.uniform(0.5, 0.9))
        world.decide(shares={strong: sure, "general": 1 - sure})

    assert [event.what for event in world.events] == ["input"]


def test_hardly_ever_is_there_an_alarm_where_nothing_changes() -> None:
    alarms = 0
    for seed in range(150):
        rng = random.Random(seed)
        stream = Stream("", HALVES)
        wealth = max(stream.see(float(rng.random() < 0.8), rng) for _ in range(1000))
        alarms += wealth >= 10  # a level of a tenth, so that there is something to count

    assert alarms / 150 <= 0.15


def test_the_whole_of_it_is_quiet_where_nothing_changes() -> None:
    alarms = 0
    for seed in range(4):
        world = World(seed, false_alarm=0.05)
        for _ in range(900):
            topic, expert = int(world.rng.integers(6)), "ABC"[int(world.rng.integers(3))]
            query = world.decide(expert=expert, confidence=0.8, vector=world.vector(topic))
            outcome = "passed" if world.rng.random() < 0.8 else "failed"
            world.tell("answer", query, expert, ok=True, verdict=outcome)
        alarms += len(world.events)

    assert alarms <= 1


def test_the_wealth_of_bets_on_fair_p_values_stays_on_average() -> None:
    rng = random.Random(3)
    wealths = []
    for _ in range(4000):
        martingale = Martingale()
        for _ in range(10):
            martingale.bet(rng.random())
        wealths.append(martingale.wealth)

    assert sum(wealths) / len(wealths) == pytest.approx(1.0, abs=0.05)


def test_all_that_is_watched_together_has_no_more_than_the_false_alarm() -> None:
    allowance = Allowance(0.01)

    levels = [allowance.next() for _ in range(10_000)]

    assert sum(levels) <= 0.01
    assert levels == sorted(levels, reverse=True)


def test_numbers_that_are_all_the_same_are_no_evidence() -> None:
    rng = random.Random(1)
    stream = Stream("", HALVES)

    assert max(stream.see(1.0, rng) for _ in range(3000)) < 20


def test_after_an_alarm_the_next_change_is_found_too() -> None:
    world = World()
    world.answer(0.95, 600)
    assert world.answer(0.4, 300) < 300

    assert world.answer(0.4, 500) == 500  # which is what is usual now
    assert world.answer(0.95, 400) < 400

    told = [event.detail for event in world.events if event.what == "success"]
    assert [" fell from " in told[0], " rose from " in told[1]] == [True, True]


def test_an_alarm_stands_until_it_is_acknowledged() -> None:
    world = World()
    world.answer(0.9, 500)
    world.answer(0.1, 300)
    first = row(world.drift, "success", "A")
    assert first["alarm"]["detail"] == world.events[-1].detail

    world.drift.acknowledge("B")
    assert row(world.drift, "success", "A")["alarm"]

    world.drift.acknowledge("A")
    assert not any(line["alarm"] for line in world.drift.standing())


def test_it_goes_on_after_a_restart_where_it_was() -> None:
    world = World()
    world.ask(world.rng.integers(6, size=900))
    world.answer(0.9, 600)
    kept = json.loads(json.dumps(world.drift.as_data()))
    assert kept == world.drift.as_data()

    events: list[Drifted] = []
    again = Drift.of(kept, world.settings, events.append, rng=random.Random(5))
    assert again.standing() == world.drift.standing()
    world.drift, world.events = again, events
    world.answer(0.5, 300)

    assert events
    assert events[0].detail.count("0.") == 2


def test_a_restart_while_it_learns_what_is_usual_loses_nothing() -> None:
    world = World()
    world.ask([1] * 250)

    again = Drift.of(json.loads(json.dumps(world.drift.as_data())), world.settings, print)

    assert "250 of 400" in row(again, "input")["note"]


@pytest.mark.parametrize("data", [{}, {"spent": "x"}, {"spent": 1, "queries": [], "watches": 3}])
def test_a_state_that_cannot_be_read_is_a_new_beginning_and_a_warning(
    data: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    drift = Drift.of(data, DriftConfig(), print)

    assert "cannot be read" in caplog.text
    assert [line["count"] for line in drift.standing()] == [0]


def test_a_state_that_does_not_add_up_is_not_gone_on_with(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.answer(0.9, 50)
    data = json.loads(json.dumps(world.drift.as_data()))
    data["watches"][0][2]["streams"]["good"]["counts"][0] += 1

    Drift.of(data, DriftConfig(), print)

    assert "do not add up" in caplog.text


def test_embeddings_that_are_none_are_passed_over() -> None:
    world = World()
    world.ask(world.rng.integers(6, size=500))
    seen = row(world.drift, "input")["count"]

    length = len(world.vector(0))
    for bad in (embedding(np.full(WIDTH, np.nan)), embedding(np.zeros(WIDTH)), "?" * length):
        world.decide(vector=bad)
    world.decide(vector=7)
    world.decide(shares={})

    assert row(world.drift, "input")["count"] == seen == 100
    assert not world.events


def test_a_reference_of_unusable_embeddings_is_not_made() -> None:
    world = World()
    for _ in range(400):
        world.decide(vector=embedding(np.full(WIDTH, np.inf)))

    assert "0 of 400" in row(world.drift, "input")["note"]


def test_queries_that_are_all_the_same_are_no_evidence() -> None:
    world = World()
    same = world.vector(0)
    for _ in range(900):
        world.decide(vector=same)

    assert not world.events


def test_after_the_gate_has_changed_the_reference_is_a_new_one() -> None:
    world = World()
    world.ask([0, 1] * 250)
    for _ in range(49):
        world.decide(vector=embedding(np.ones(WIDTH * 2)))
    assert row(world.drift, "input")["count"] == 100  # a few strangers are passed over

    for _ in range(10):
        world.decide(vector=embedding(np.ones(WIDTH * 2)))

    assert row(world.drift, "input")["note"].startswith("learning what is usual")
    assert not world.events


def test_a_change_of_the_router_is_not_taken_for_one_of_the_traffic() -> None:
    world = World()
    world.ask([0, 1] * 250)

    world.tell("config", "", changed=["moe.experts"])
    assert row(world.drift, "input")["count"] == 100
    world.tell("config", "", changed=["moe.router"])

    assert "0 of 400" in row(world.drift, "input")["note"]


def test_another_roster_makes_the_shares_of_the_gate_incomparable() -> None:
    world = World()
    for _ in range(500):
        world.decide(shares={"coding": 1.0})
    assert row(world.drift, "input")["count"] == 100

    world.tell("roster", "", "B", what="joined", why="")

    assert "0 of 400" in row(world.drift, "input")["note"]


def test_who_leaves_is_watched_no_more() -> None:
    world = World()
    world.answer(0.9, 30)
    assert len(world.drift.standing()) == 3

    world.tell("roster", "", "A", what="left", why="")

    assert len(world.drift.standing()) == 1


def test_shadow_runs_and_answers_that_nobody_waited_for_are_left_out() -> None:
    world = World()
    world.tell("decision", "q~shadow", "A", chosen=["A"], confidence=0.9)
    world.tell("answer", "q~shadow", "A", ok=False)
    query = world.decide()
    world.tell("answer", query, "A", ok=False, abandoned=True, verdict="")

    assert len(world.drift.standing()) == 1


def test_what_a_variant_breaks_that_is_tried_out_is_no_drift() -> None:
    world = World()
    for count in range(1200):
        variant = ("new:challenger" if count % 2 else "new:control") if count > 500 else ""
        query = f"v{count}"
        data = {"chosen": ["A"], "confidence": 0.9}
        world.drift.take(Record("decision", float(count), query, "A", variant=variant, data=data))
        world.tell("answer", query, "A", ok=variant != "new:challenger", verdict="")
    assert world.events == []
    assert row(world.drift, "success", "A")["count"] == 501 + 349


def test_deadlines_that_who_asks_sets_are_no_drift() -> None:
    world = World()
    for count in range(800):
        error = "deadline_exceeded" if count > 400 else ""
        world.tell("answer", world.decide(), "A", ok=not error, error=error, verdict="")
    assert world.events == []


def test_records_of_queries_it_does_not_know_are_passed_over() -> None:
    world = World()
    world.tell("verdict", "before the restart", "A", outcome="failed")
    world.tell("rating", "before the restart", "A", rating=0.0, weight=1.0)
    world.tell("answer", "before the restart", "A", ok=True)
    world.tell("outcome", "before the restart", "A", verdict="passed")
    world.tell("request", "")

    assert len(world.drift.standing()) == 1


@pytest.mark.parametrize("confidence", [None, "high", float("nan"), []])
def test_a_confidence_that_is_no_number_is_no_reason_to_stop(confidence: Any) -> None:
    world = World()
    query = world.decide(confidence=confidence)
    world.tell("answer", query, "A", ok=True, verdict="passed")

    assert row(world.drift, "success", "A")["count"] == 1


def test_of_a_session_one_query_counts_and_then_none_for_a_while() -> None:
    sessions = Sessions(distance=10)

    assert [sessions.counts("s") for _ in range(11)] == [True, *[False] * 9, True]
    assert all(sessions.counts("") for _ in range(3))
    assert all(sessions.counts(f"{number}") for number in range(100))


def test_long_sessions_about_one_thing_raise_no_alarm() -> None:
    world = World()
    for number in range(700):
        topic = int(world.rng.integers(6))
        for _ in range(8):
            world.decide(session=f"s{number}", vector=world.vector(topic))

    assert row(world.drift, "input")["count"] == 300
    assert not world.events


def test_only_so_many_queries_are_remembered() -> None:
    cases = Cases(capacity=2)
    for query in "abc":
        cases.open(query, Case())

    assert cases.find("a") is None
    assert cases.find("c") is not None


def test_times_that_jump_change_nothing() -> None:
    steady, jumping = World(), World()
    steady.answer(0.9, 300)
    for at in (9e9, -1.0, 0.0):
        jumping.drift.take(Record("config", at, data={"changed": []}))
    jumping.answer(0.9, 300)

    told = [
        [(line["evidence"], line["count"]) for line in world.drift.standing()]
        for world in (steady, jumping)
    ]
    assert told[0] == told[1]
