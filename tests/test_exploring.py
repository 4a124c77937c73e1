"""Now and then another plausible expert comes first, with a probability that is known exactly."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.experts.computing.arithmetic import Arithmetic
from collegium.experts.verifying import VerifyingExpert
from collegium.lexicon import Vocabulary
from collegium.routing.exploring import PLAUSIBLE, tried
from collegium.routing.policy import Choice, RoutingPolicy
from collegium.routing.router import MoERouter
from collegium.testing import ScriptedExpert
from collegium.types import Candidate, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.routing.classifier import Reading
    from collegium.types import Decision


class FixedGate:
    """A gate that always believes the same."""

    settled = True

    def __init__(self, **shares: float) -> None:
        self.shares = shares

    def scores(self, reading: Reading) -> Mapping[str, float]:
        return self.shares


def curious(*, explore: float = 0.4, seed: int = 1, top_k: int = 1, **shares: float) -> MoERouter:
    experts = [ScriptedExpert(key.upper(), confidence=0.5) for key in shares]
    policy = RoutingPolicy(explore=explore, top_k=top_k, min_confidence=0.0)
    rng = random.Random(seed)
    return MoERouter(experts, gate=FixedGate(**shares), policy=policy, rng=rng)


async def many(router: MoERouter, count: int = 2000) -> list[Decision]:
    return [await router.decide(Query.of("hello")) for _ in range(count)]


async def test_others_come_first_as_often_as_is_said_and_by_their_scores() -> None:
    router = curious(a=0.5, b=0.35, c=0.15)
    decisions = await many(router)
    seen = Counter(one.chosen[0].key for one in decisions)
    said = {one.chosen[0].key: one.propensity for one in decisions}
    assert sum(said.values()) == pytest.approx(1.0)
    assert said["a"] == pytest.approx(0.6)
    assert said["b"] / said["c"] == pytest.approx((0.6 * 0.35 + 0.2) / (0.6 * 0.15 + 0.2))
    for key, share in said.items():
        assert seen[key] / 2000 == pytest.approx(share, abs=0.04)


async def test_a_decision_says_that_somebody_is_tried_out_and_in_whose_place() -> None:
    decisions = await many(curious(a=0.5, b=0.5), 50)
    tried_out = next(one for one in decisions if one.chosen[0].key == "b")
    assert "b is tried out in the place of a" in tried_out.reasons[0]
    assert [one.key for one in tried_out.passed_over] == ["a"]
    assert all("tried out" not in one.reasons[0] for one in decisions if one.propensity > 0.5)


async def test_nobody_is_tried_out_who_is_no_match_for_the_first() -> None:
    decisions = await many(curious(a=0.97, b=0.03), 200)
    assert {one.chosen[0].key for one in decisions} == {"a"}
    assert {one.propensity for one in decisions} == {1.0}


async def test_nothing_is_tried_out_unless_it_is_wanted() -> None:
    assert {one.propensity for one in await many(curious(explore=0.0, a=0.5, b=0.5), 50)} == {1.0}


async def test_a_session_is_tried_out_on_at_most_once_and_then_stays() -> None:
    for seed in range(20):
        router = curious(seed=seed, explore=0.5, a=0.5, b=0.5)
        query = Query.of("hello", session="s")
        first = await router.decide(query)
        again = [await router.decide(query) for _ in range(10)]
        assert {one.chosen[0].key for one in again} == {first.chosen[0].key}
        assert {one.propensity for one in again} == {1.0}


async def test_what_would_be_if_all_were_ready_is_not_tried_out() -> None:
    router = curious(explore=0.5, a=0.5, b=0.5)
    for _ in range(50):
        decision = await router.decide(Query.of("hello"), assume_ready=True)
        assert (decision.chosen[0].key, decision.propensity) == ("a", 1.0)


async def test_where_only_one_may_be_asked_that_one_is() -> None:
    router = curious(explore=0.5, a=0.5, b=0.5)
    for _ in range(50):
        decision = await router.decide(Query.of("hello"), only=["a"])
        assert (decision.chosen[0].key, decision.propensity) == ("a", 1.0)


async def test_who_is_not_ready_or_rests_is_not_tried_out() -> None:
    router = curious(explore=0.5, a=0.5, b=0.5, c=0.5)
    router.roster["b"].resting = "is being drained"
    decisions = await many(router, 100)
    assert {one.chosen[0].key for one in decisions} == {"a", "c"}


async def test_where_several_are_asked_only_their_order_changes() -> None:
    router = curious(explore=0.5, a=0.4, b=0.3, c=0.3)
    for _ in range(50):
        decision = await router.decide(Query.of("hello"), 2)
        assert {one.key for one in decision.chosen} == {"a", "b"}
        assert decision.propensity == 0.5


async def test_who_computes_an_answer_is_asked_for_it() -> None:
    computing = VerifyingExpert("MathExpert", Vocabulary({"sum": 1.0}))
    computing.computers = (Arithmetic(),)
    experts = [computing, ScriptedExpert("B", confidence=0.9)]
    router = MoERouter(experts, policy=RoutingPolicy(explore=0.5), rng=random.Random(1))
    for _ in range(20):
        decision = await router.decide(Query.of("What is 17 * 23?"))
        assert (decision.chosen[0].key, decision.propensity) == ("math", 1.0)
    computing.resting = "is being drained"
    decision = await router.decide(Query.of("What is 17 * 23?"))
    assert decision.chosen[0].key == "b"
    computing.resting = ""
    assert (await router.decide(Query.of("What is 17 * 23?"))).chosen[0].key == "math"


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=6),
    st.floats(0, 0.5),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_whatever_the_scores_nobody_is_lost_and_the_probability_is_one(
    scores: list[float], share: float, many: int, rng: random.Random
) -> None:
    ranked = sorted(scores, reverse=True)
    candidates = [
        Candidate(key, key, 0.0, 0.0, 0.0, score)
        for key, score in zip("abcdef", ranked, strict=False)
    ]
    choice = Choice(tuple(candidates[:many]), tuple(candidates[many:]), 0.5, False, ())
    trial = tried(choice, (), share, rng)
    ranking = (*trial.choice.chosen, *trial.choice.passed_over)
    assert len(trial.choice.chosen) == len(choice.chosen)
    assert sorted(one.key for one in ranking) == [one.key for one in candidates]
    assert 0 < trial.propensity <= 1
    assert ranking[0].score >= PLAUSIBLE * candidates[0].score
