"""What outcomes teach: the choice of models at once, the gate by proposal."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from collegium.backends.base import Prompt
from collegium.backends.standing import Standing
from collegium.experts.records import Records, Tally
from collegium.learning.online.arms import Arms
from collegium.learning.online.bandit import Bandit, chances
from collegium.learning.online.learner import Learner
from collegium.learning.online.rewards import ModelRewards
from collegium.learning.online.selecting import LearningSelector
from collegium.observe.casebook import Casebook
from collegium.routing.marks import marks_of
from collegium.routing.selector import OBJECTIVES, ModelSelector
from collegium.routing.taught import BOUND
from collegium.storage.records import Record
from collegium.types import Message, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from collegium.learning.online.learner import Proposal
    from collegium.routing.taught import Teaching

NAMES = ("a", "b", "c")


def played(
    bandit: Bandit,
    odds: Mapping[str, float],
    queries: int,
    rng: random.Random,
    *,
    kind: str = "code",
    delay: int = 0,
    told: Callable[[float], bool] = lambda _: True,
) -> list[str]:
    """Who came first for each query, where an arm is right as often as `odds` say."""
    waiting: list[tuple[str, float]] = []
    firsts: list[str] = []
    for _ in range(queries):
        first = bandit.choose(tuple(odds), kind).order[0]
        firsts.append(first)
        waiting.append((first, float(rng.random() < odds[first])))
        if len(waiting) > delay:
            arm, reward = waiting.pop(0)
            if told(reward):
                bandit.arms.learn(arm, kind, reward)
    return firsts


def share(firsts: Sequence[str], name: str) -> float:
    return firsts.count(name) / len(firsts)


# The bandit


def test_it_learns_which_arm_is_better_for_which_kind_of_task() -> None:
    rng = random.Random(1)
    bandit = Bandit(Arms(), rng)
    for _ in range(10):
        played(bandit, {"a": 0.9, "b": 0.5}, 60, rng, kind="code")
        played(bandit, {"a": 0.5, "b": 0.9}, 60, rng, kind="math")
    assert share(played(bandit, {"a": 0.9, "b": 0.5}, 300, rng, kind="code"), "a") > 0.9
    assert share(played(bandit, {"a": 0.5, "b": 0.9}, 300, rng, kind="math"), "b") > 0.9


def test_the_same_seed_makes_the_same_choices() -> None:
    runs = [
        played(Bandit(Arms(), random.Random(5)), {"a": 0.8, "b": 0.7}, 200, random.Random(6))
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_missing_rewards_are_no_failures() -> None:
    rng, chance = random.Random(2), random.Random(3)
    bandit = Bandit(Arms(), rng)
    odds = {"a": 0.8, "b": 0.5}
    played(bandit, odds, 3000, rng, told=lambda _: chance.random() < 0.2)
    assert bandit.arms.expected(("a", "b"), "code")[0].mean == pytest.approx(0.8, abs=0.06)
    assert share(played(bandit, odds, 300, rng), "a") > 0.9


def test_rewards_that_come_hundreds_of_queries_later_teach_as_well() -> None:
    rng = random.Random(4)
    bandit = Bandit(Arms(), rng)
    played(bandit, {"a": 0.5, "b": 0.8}, 2000, rng, delay=300)
    assert share(played(bandit, {"a": 0.5, "b": 0.8}, 300, rng, delay=300), "b") > 0.85


def test_a_new_arm_reaches_nine_tenths_of_its_final_share_within_50_outcomes() -> None:
    reached = []
    for seed in range(12):
        rng = random.Random(seed)
        bandit = Bandit(Arms(), rng)
        old = {"a": 0.7, "b": 0.65, "c": 0.6}
        played(bandit, old, 600, rng)
        odds = {**old, "new": 0.9}
        while bandit.arms.outcomes("new") < 50:
            played(bandit, odds, 1, rng)
        early = bandit.shares(tuple(odds), "code")[-1]
        played(bandit, odds, 800, rng)
        final = bandit.shares(tuple(odds), "code")[-1]
        reached.append(early / final)
    assert np.median(reached) >= 0.9
    assert sorted(reached)[len(reached) // 10] >= 0.6


def test_no_arm_serves_0_of_1841_requests_because_of_a_bad_prior() -> None:
    arms = Arms()
    arms.restore({"cells": [["b", "code", 0.0, 1e9], ["a", "code", 70.0, 100.0]]})
    rng = random.Random(7)
    bandit = Bandit(arms, rng)
    odds = {"a": 0.7, "b": 0.95}
    assert played(bandit, odds, 1841, rng).count("b") >= 10
    played(bandit, odds, 12_000, rng)
    assert share(played(bandit, odds, 500, rng), "b") > 0.9


@given(
    gains=some.lists(some.floats(-20, 2), min_size=2, max_size=12),
    doubts=some.lists(some.floats(0, 20), min_size=12, max_size=12),
    explore=some.floats(0.001, 0.5),
)
def test_chances_are_probabilities_and_nobodys_is_below_the_floor(
    gains: list[float], doubts: list[float], explore: float
) -> None:
    shares = chances(gains, doubts[: len(gains)], explore)
    assert math.fsum(shares) == pytest.approx(1)
    assert min(shares) >= explore / 2 / (len(gains) - 1) * 0.999
    assert shares[gains.index(max(gains))] == pytest.approx(max(shares))


broken = some.one_of(
    some.floats(), some.integers(), some.none(), some.text(max_size=3), some.booleans()
)
cells = some.lists(
    some.one_of(
        some.tuples(some.sampled_from(NAMES), some.sampled_from(("code", "x")), broken, broken).map(
            list
        ),
        broken,
        some.lists(broken, max_size=5),
    ),
    max_size=6,
)


@given(state=some.one_of(broken, some.fixed_dictionaries({"cells": some.one_of(cells, broken)})))
@settings(max_examples=300, deadline=None)
def test_any_state_however_poisoned_still_serves_every_arm(state: Any) -> None:
    arms = Arms(prior=lambda arm, _: {"a": math.nan, "b": -1e9}.get(arm))
    arms.restore(state)
    bandit = Bandit(arms, random.Random(1), explore=0.02)
    shares = bandit.shares(NAMES, "code")
    assert math.fsum(shares) == pytest.approx(1)
    assert min(shares) >= 0.02 / 2 / 2 * 0.999
    choice = bandit.choose(NAMES, "code")
    assert sorted(choice.order) == list(NAMES)
    assert 0 < choice.propensity <= 1
    for _ in range(3):
        arms.learn("a", "code", 1.0)
    assert all(0 <= one.mean <= 1 and one.doubt > 0 for one in arms.expected(NAMES, "code"))


@pytest.mark.parametrize("reward", [math.nan, math.inf, -5.0, 7.0])
def test_no_single_reward_counts_more_than_one_outcome(reward: float) -> None:
    arms = Arms()
    arms.learn("a", "code", reward, weight=1e9)
    assert arms.outcomes("a") <= 1
    assert 0.2 < arms.expected(("a", "b"), "code")[0].mean < 0.9


def test_a_state_is_taken_over_as_it_was() -> None:
    arms, other = Arms(), Arms()
    for place in range(40):
        arms.learn("a", "code" if place % 2 else "math", place % 4 / 3)
    other.restore(arms.as_data())
    before, after = (one.expected(("a", "b"), "code") for one in (arms, other))
    assert [one.mean for one in before] == pytest.approx([one.mean for one in after])


# The selector


def prompt(kind: str = "code", query: str = "q", **fields: Any) -> Prompt:
    return Prompt((Message("user", "x"),), task=Task(kind=kind), query=query, **fields)


STANDINGS = tuple(Standing(name) for name in NAMES)


def selector(**fields: Any) -> LearningSelector:
    fields.setdefault("base", ModelSelector(objective="quality"))
    return LearningSelector(rng=random.Random(9), **fields)


def test_the_selector_puts_first_the_model_whose_answers_were_right() -> None:
    one = selector()
    for _ in range(80):
        one.arms.learn("a", "code", 0.3)
        one.arms.learn("b", "code", 0.9)
        one.arms.learn("c", "code", 0.3)
    firsts = [one(prompt(), STANDINGS, None)[0] for _ in range(500)]
    assert 0.9 < share(firsts, "b") < 1
    assert one.ranked(prompt(), STANDINGS)[0].name == "b"


def test_a_model_that_is_not_known_is_tried_more_than_one_that_is_known_to_be_bad() -> None:
    one = selector(explore=0.2)
    for _ in range(80):
        one.arms.learn("a", "code", 0.2)
        one.arms.learn("b", "code", 0.8)
    firsts = [one(prompt(), STANDINGS, None)[0] for _ in range(1000)]
    assert share(firsts, "c") > 1.8 * share(firsts, "a")


def test_records_are_what_the_models_begin_with() -> None:
    records = Records({"b": {"code": Tally(95, 100)}, "a": {"code": Tally(20, 100)}})
    one = selector(base=ModelSelector(records, objective="quality"))
    assert one.ranked(prompt(), STANDINGS)[0].name == "b"


def test_a_session_keeps_its_model_and_nothing_is_tried_on_it() -> None:
    one = selector(explore=0.5)
    assert {one(prompt(session="s"), STANDINGS, "c")[0] for _ in range(100)} == {"c"}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_model_is_tried_under_every_objective(objective: str) -> None:
    one = selector(explore=0.3)
    dear = (Standing("a", cost_usd=0.0), Standing("b", cost_usd=1.0), Standing("c", latency_ms=9e4))
    orders = [one(prompt(objective=objective), dear, None) for _ in range(400)]
    assert {order[0] for order in orders} == {*NAMES}
    assert all(len(set(order)) == len(order) for order in orders)


def judged(
    query: str, *, model: str, outcome: str = "", rating: float | None = None
) -> list[Record]:
    data = {"chosen": ["E"], "task": {"kind": "code"}, "shares": {"e": 1.0}, "propensity": 1.0}
    records = [
        Record("decision", 1.0, query, "E", data=data),
        Record("outcome", 2.0, query, "E", model, data={"ok": True, "verdict": outcome}),
    ]
    if rating is not None:
        told = {"rating": rating, "weight": 1.0, "rater": "r"}
        records.append(Record("rating", 3.0, query, "", data=told))
    return records


def taught_by(records: Sequence[Record]) -> Arms:
    book, arms = Casebook(), Arms()
    rewards = ModelRewards(arms, book)
    for record in records:
        book.take(record)
        rewards.take(record)
    return arms


def test_only_answers_that_somebody_judged_teach_of_models() -> None:
    assert taught_by(judged("q", model="a")).outcomes("a") == 0
    assert taught_by(judged("q", model="a", outcome="passed")).outcomes("a") == 1
    assert taught_by(judged("q~shadow", model="a", outcome="passed")).outcomes("a") == 0


def test_a_later_word_on_an_answer_takes_the_place_of_the_earlier() -> None:
    twice = taught_by(judged("q", model="a", outcome="passed", rating=0.0))
    once = taught_by(judged("q", model="a", outcome="", rating=0.0))
    assert twice.outcomes("a") == once.outcomes("a") == 1
    both = [one.expected(("a", "b"), "code")[0].mean for one in (twice, once)]
    assert both[0] == pytest.approx(both[1], abs=0.02)


# The learner


def traffic(
    queries: int,
    good: Callable[[str, str], float],
    *,
    seed: int = 0,
    explore: float = 0.1,
    judge: float = 1.0,
    ok: float = 1.0,
    start: int = 0,
    teaching: Teaching | None = None,
    weight: float | None = None,
) -> list[Record]:
    """Records of queries of two kinds, between two experts whom the gate finds equal."""
    rng = random.Random(seed)
    records: list[Record] = []
    for number in range(start, start + queries):
        query, kind = f"q{number}", ("code", "math")[number % 2]
        task: dict[str, Any] = {"form": "text", "kind": kind, "difficulty": 0.5, "language": "en"}
        shares = {"left": rng.uniform(0.4, 0.6)}
        shares["right"] = 1 - shares["left"]
        if teaching is not None:
            shares = teaching.applied(shares, marks_of(Task(**task), None, None))
        best = max(shares, key=lambda key: shares[key])
        other = "right" if best == "left" else "left"
        first, propensity = (other, explore) if rng.random() < explore else (best, 1 - explore)
        data = {
            "chosen": [first],
            "shares": shares,
            "scores": [[key, 0.6 * one] for key, one in shares.items()],
            "task": task,
            "propensity": propensity,
            "vector": b64encode(np.zeros(8, "<f2").tobytes()).decode(),
        }
        answered = rng.random() < ok
        records += [
            Record("decision", number, query, first, data=data),
            Record("outcome", number, query, first, "m", data={"ok": answered}),
        ]
        if answered and rng.random() < judge:
            right = rng.random() < good(first, kind)
            if weight is None:
                verdict = {"outcome": "passed" if right else "failed"}
                records.append(Record("verdict", number, query, first, data=verdict))
            else:
                told = {"rating": float(right), "weight": weight, "rater": "r"}
                records.append(Record("rating", number, query, "", data=told))
    return records


def learner(records: Sequence[Record], **fields: Any) -> Learner:
    book = Casebook()
    made = Learner(book, **fields)
    for record in records:
        book.take(record)
        made.take(record)
    return made


def proposed(records: Sequence[Record], **fields: Any) -> Proposal:
    found = learner(records, **fields).proposal()
    assert found is not None
    return found


def moved(teaching: Teaching, kind: str) -> dict[str, float]:
    return teaching.applied({"left": 0.5, "right": 0.5}, marks_of(Task(kind=kind), None, None))


def specialists(expert: str, kind: str) -> float:
    return 0.9 if (expert == "left") == (kind == "code") else 0.4


def test_the_learner_tells_which_of_two_equal_experts_is_better_for_a_kind() -> None:
    found = proposed(traffic(800, specialists))
    assert moved(found.teaching, "code")["left"] > 0.6
    assert moved(found.teaching, "math")["left"] < 0.4
    assert found.estimate.mean > 0.05
    assert found.changed > 0.2
    assert "learned from 800 outcomes" in found.why


def test_what_was_learned_is_the_same_whenever_it_is_learned() -> None:
    records = traffic(500, specialists)
    assert proposed(records).digest == proposed(records).digest


def test_where_all_are_as_good_hardly_anything_is_changed() -> None:
    found = learner(traffic(800, lambda *_: 0.7)).proposal()
    if found is not None:
        assert moved(found.teaching, "code")["left"] == pytest.approx(0.5, abs=0.15)


def test_outcomes_that_nobody_judged_bias_nothing() -> None:
    few = proposed(traffic(3000, specialists, judge=0.25, seed=3)).teaching
    assert moved(few, "code")["left"] > 0.6
    assert moved(few, "math")["left"] < 0.4


def test_failures_that_are_always_known_do_not_outweigh_answers_that_seldom_are() -> None:
    # Both fail as often; the right one is better where it answers.
    def good(expert: str, _kind: str) -> float:
        return 0.9 if expert == "right" else 0.4

    records = traffic(3000, good, judge=0.2, ok=0.9, seed=4)
    assert moved(proposed(records).teaching, "code")["right"] > 0.6


def test_failures_count_as_seldom_as_that_experts_answers_are_judged() -> None:
    # One is checked nearly always and one hardly ever; both are as good, and fail as often.
    alike = traffic(6000, lambda *_: 0.95, explore=0.5, ok=0.95, seed=5)
    rng = random.Random(6)
    records = [
        one for one in alike if one.kind != "verdict" or one.expert == "left" or rng.random() < 0.02
    ]
    found = learner(records).proposal()
    if found is not None:
        assert moved(found.teaching, "code")["left"] == pytest.approx(0.5, abs=0.05)
    shares = learner(records).lessons.judged_shares()
    assert shares.of("left", "code") > 0.95
    assert shares.of("right", "code") < 0.05
    assert shares.of("right", "new") == pytest.approx(shares.of("right", "code"), abs=0.02)
    assert 0.4 < shares.of("somebody else", "code") < 0.7


def in_sessions(records: Sequence[Record], follow_ups: int) -> list[Record]:
    """The same queries, and after each some more of its session, which its expert keeps."""
    more: list[Record] = []
    for one in records:
        for turn in range(follow_ups + 1):
            data = {**one.data, "session": one.query}
            if turn:
                data["propensity"] = 1.0
            query = f"{one.query}-{turn}"
            more.append(Record(one.kind, one.at, query, one.expert, one.model, data=data))
    return more


def test_who_was_tried_at_the_beginning_of_a_session_is_evidence_as_improbable_as_that() -> None:
    made = learner(in_sessions(traffic(600, specialists, explore=0.05), 4))
    lessons = list(made.lessons)
    assert sum(one.held for one in lessons) == 4 * 600
    tried = {one.session for one in lessons if one.propensity < 0.5}
    assert tried
    assert all((one.session in tried) == (one.propensity < 0.5) for one in lessons)


def test_sessions_that_stay_with_their_expert_do_not_hide_what_another_would_gain() -> None:
    alone = traffic(1000, specialists, explore=0.1)
    once, often = (proposed(one) for one in (alone, in_sessions(alone, 3)))
    assert often.estimate.mean == pytest.approx(once.estimate.mean, abs=0.05)


def test_judgements_that_come_after_everything_else_teach_as_well() -> None:
    records = traffic(800, specialists)
    late = [one for one in records if one.kind != "verdict"]
    late += [one for one in records if one.kind == "verdict"]
    assert moved(proposed(late).teaching, "code")["left"] > 0.6


def test_hostile_ratings_move_no_share_beyond_the_bound() -> None:
    def hostile(expert: str, _kind: str) -> float:
        return 0.0 if expert == "left" else 1.0

    told = moved(proposed(traffic(2000, hostile, weight=1.0)).teaching, "code")
    assert told["left"] >= 1 / (1 + math.exp(2 * BOUND)) * 0.999
    light = learner(traffic(2000, hostile, weight=0.001)).proposal()
    if light is not None:
        assert moved(light.teaching, "code")["left"] > 0.35


def test_what_a_gate_was_taught_is_taken_out_before_more_is_learned() -> None:
    from collegium.learning.online.material import untaught

    first = proposed(traffic(800, specialists)).teaching
    made = learner(traffic(300, specialists, teaching=first, seed=8))
    lessons = list(made.lessons)
    plain = list(learner(traffic(300, specialists, seed=8)).lessons)
    assert any(one.shares["left"] > 0.7 for one in lessons)
    before = untaught(lessons, [first] * len(lessons), ())
    assert [one["left"] for one in before] == pytest.approx(
        [one.shares["left"] for one in plain], abs=0.01
    )


def test_a_variant_is_read_by_the_teaching_that_it_serves_by() -> None:
    first = proposed(traffic(800, specialists)).teaching
    tried = [
        Record(one.kind, one.at, one.query, one.expert, one.model, "x:challenger", one.data)
        for one in traffic(1200, lambda *_: 0.7, teaching=first, seed=8)
    ]
    made = learner(tried)
    made.introduce("x:challenger", first)
    found = made.proposal()
    # As good either way: without the teaching that was served by, nothing is left of it.
    assert found is None or abs(moved(found.teaching, "code")["left"] - 0.5) < 0.15


def test_a_proposal_is_due_after_so_many_outcomes_and_again_after_as_many_more() -> None:
    made = learner(traffic(99, specialists), propose_after=100)
    assert not made.due
    made = learner(traffic(100, specialists), propose_after=100)
    assert made.due
    made.proposal()
    assert not made.due
    made = learner([*traffic(100, specialists), Record("experiment", 1.0)], propose_after=100)
    assert not made.due


def test_without_outcomes_nothing_is_proposed() -> None:
    assert learner([]).proposal() is None
    assert learner(traffic(100, specialists, judge=0.0)).proposal() is None


def test_an_expert_the_gate_does_not_know_is_taught_from_an_even_share() -> None:
    def good(expert: str, _kind: str) -> float:
        return 0.95 if expert == "right" else 0.4

    found = proposed(traffic(800, good), known=("left", "other"))
    told = found.teaching.applied(
        {"left": 0.6, "other": 0.4}, marks_of(Task(kind="code"), None, None)
    )
    assert told["right"] > 1 / 3


def test_taking_records_needs_no_numpy() -> None:
    program = (
        "import sys; import collegium.learning.online.selecting, collegium.learning.online.learner,"
        "collegium.learning.online.rewards; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
