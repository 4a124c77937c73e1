"""Who is asked: the gate's share, each expert's own word, the load, and who stands in for whom."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest

from collegium.errors import EmptyQuery, NoExpertAvailable, QueryError, QueryTooLarge, UnknownExpert
from collegium.experts.catalog import BUILT_IN
from collegium.experts.model_expert import ModelExpert
from collegium.lexicon import Vocabulary
from collegium.routing.belief import Belief
from collegium.routing.calibration import Calibration
from collegium.routing.policy import RoutingPolicy
from collegium.routing.router import MoERouter
from collegium.routing.sessions import Sessions
from collegium.routing.stack import Stack
from collegium.testing import ScriptedExpert
from collegium.types import Answer, Message, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.experts.base import Expert
    from collegium.routing.classifier import Reading

QUERY = Query.of("hello")


class FixedGate:
    """A gate that always believes the same."""

    def __init__(self, **shares: float) -> None:
        self.shares = shares

    def scores(self, reading: Reading) -> Mapping[str, float]:
        return self.shares


def router_of(*experts: Expert, policy: RoutingPolicy | None = None, **shares: float) -> MoERouter:
    return MoERouter(experts, gate=FixedGate(**shares), policy=policy)


class Unready(ScriptedExpert):
    @property
    def not_ready(self) -> str:
        return "no codebase has been indexed"


async def test_the_score_is_the_documented_blend() -> None:
    a, b = ScriptedExpert("A", confidence=0.2), ScriptedExpert("B", confidence=0.9)
    chosen = await router_of(a, b, a=0.7, b=0.3).route(QUERY, top_k=2)
    assert [expert.name for expert, _ in chosen] == ["B", "A"]
    assert [score for _, score in chosen] == pytest.approx([0.6 * 0.3 + 0.4 * 0.9, 0.5])


async def test_an_expert_at_its_maximum_load_counts_half() -> None:
    busy, idle = ScriptedExpert("A", confidence=0.9), ScriptedExpert("B", confidence=0.6)
    router = router_of(busy, idle, a=0.6, b=0.4)
    assert (await router.decide(QUERY)).chosen[0].key == "a"
    busy.current_load = busy.max_load
    decision = await router.decide(QUERY)
    assert decision.chosen[0].key == "b"
    assert decision.passed_over[0].score == pytest.approx((0.6 * 0.6 + 0.4 * 0.9) / 2)
    assert "maximum load of 4" in decision.passed_over[0].note


async def test_an_expert_the_gate_does_not_know_counts_by_its_own_word() -> None:
    own = ScriptedExpert("NewExpert", confidence=0.8)
    decision = await router_of(own, ScriptedExpert("A", confidence=0.1), a=1.0).decide(QUERY)
    assert decision.chosen[0].key == "new"
    assert decision.chosen[0].score == pytest.approx(0.8)


async def test_an_expert_that_is_not_ready_gives_way_and_the_decision_says_so() -> None:
    router = router_of(Unready("KnowledgeExpert", confidence=0.9), ScriptedExpert("A"), a=0.1)
    decision = await router.decide(QUERY)
    assert decision.chosen[0].key == "a"
    assert any("knowledge" in why and "no codebase" in why for why in decision.reasons)
    assert "not ready" in decision.passed_over[0].note
    assumed = await router.decide(QUERY, assume_ready=True)
    assert assumed.chosen[0].key == "knowledge"


async def test_when_nobody_is_ready_the_reasons_are_given() -> None:
    with pytest.raises(NoExpertAvailable, match="a: no codebase has been indexed"):
        await router_of(Unready("A")).decide(QUERY)
    with pytest.raises(NoExpertAvailable, match="no expert is on duty"):
        await MoERouter([]).decide(QUERY)


async def test_the_fallback_takes_over_only_what_nobody_claims() -> None:
    experts = [
        ScriptedExpert("A", confidence=0.05),
        ScriptedExpert("B", confidence=0.05),
        ScriptedExpert("AdvisorExpert", confidence=0.01, fallback=True),
    ]
    nobody = await router_of(*experts, a=0.34, b=0.33, advisor=0.33).decide(QUERY)
    assert nobody.chosen[0].key == "advisor"
    assert any("fallback" in why for why in nobody.reasons)
    gated = await router_of(*experts, a=0.6, b=0.2, advisor=0.2).decide(QUERY)
    assert gated.chosen[0].key == "a"
    experts[1].confidence = 0.9
    claimed = await router_of(*experts, a=0.34, b=0.33, advisor=0.33).decide(QUERY)
    assert claimed.chosen[0].key == "b"


async def test_low_confidence_keeps_the_top_expert_first_and_asks_the_fallback_beside_it() -> None:
    experts = [
        ScriptedExpert("A", confidence=0.55),
        ScriptedExpert("B", confidence=0.54),
        ScriptedExpert("AdvisorExpert", confidence=0.1, fallback=True),
    ]
    shares = {"a": 0.4, "b": 0.38, "advisor": 0.22}
    strict = RoutingPolicy(min_confidence=0.999)
    alone = await router_of(*experts, policy=strict, **shares).decide(QUERY)
    assert alone.low_confidence
    assert [one.key for one in alone.chosen] == ["a"]
    beside = await router_of(*experts, policy=strict, **shares).decide(QUERY, top_k=2)
    assert [one.key for one in beside.chosen] == ["a", "advisor"]
    assert any("below 1.00" in why for why in beside.reasons)


async def test_top_k_of_the_policy_is_a_maximum_and_a_sure_query_costs_one_expert() -> None:
    sure = [ScriptedExpert("A", confidence=0.95), ScriptedExpert("B", confidence=0.05)]
    lenient = RoutingPolicy(top_k=2, min_confidence=0.01)
    assert len((await router_of(*sure, policy=lenient, a=0.9, b=0.1).decide(QUERY)).chosen) == 1
    strict = RoutingPolicy(top_k=2, min_confidence=0.9999)
    assert len((await router_of(*sure, policy=strict, a=0.9, b=0.1).decide(QUERY)).chosen) == 2
    asked = await router_of(*sure, policy=lenient, a=0.9, b=0.1).decide(QUERY, top_k=2)
    assert len(asked.chosen) == 2


@pytest.mark.parametrize("bid", [math.nan, math.inf, "high", None])
async def test_a_bid_that_is_no_number_counts_as_none(bid: Any) -> None:
    odd, plain = ScriptedExpert("A", confidence=bid), ScriptedExpert("B", confidence=0.3)
    decision = await router_of(odd, plain, a=0.5, b=0.5).decide(QUERY)
    assert decision.chosen[0].key == "b"
    assert "not a number from 0 to 1" in decision.passed_over[0].note


async def test_bids_beyond_the_ends_are_brought_back() -> None:
    over, under = ScriptedExpert("A", confidence=7), ScriptedExpert("B", confidence=-2)
    decision = await router_of(over, under, a=0.5, b=0.5).decide(QUERY)
    assert [one.assessment for one in decision.ranking] == [1.0, 0.0]


async def test_an_expert_whose_bid_fails_or_is_late_is_weighed_by_the_gate_alone() -> None:
    class Failing(ScriptedExpert):
        async def can_handle(self, query: Query) -> float:
            raise RuntimeError("confused")

    class Late(ScriptedExpert):
        async def can_handle(self, query: Query) -> float:
            await asyncio.sleep(60)
            return 1.0

    policy = RoutingPolicy(assessment_timeout_s=0.05)
    router = router_of(Failing("A"), Late("B"), ScriptedExpert("C"), policy=policy, a=0.5, b=0.3)
    decision = await router.decide(QUERY)
    notes = {one.key: one.note for one in decision.ranking}
    assert "failed" in notes["a"]
    assert "confused" in notes["a"]
    assert "late" in notes["b"]
    assert {one.key: one.score for one in decision.ranking}["a"] == pytest.approx(0.3)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n", "\u2003"])
async def test_an_empty_query_is_refused(text: str) -> None:
    with pytest.raises(EmptyQuery, match="the query is empty"):
        await MoERouter([ScriptedExpert("A")]).decide(Query.of(text))


def test_a_bare_text_is_no_query() -> None:
    with pytest.raises(TypeError, match=r"made by Query\.of"):
        Query("hello", session="s")  # type: ignore[arg-type]


async def test_a_query_of_an_image_alone_is_not_empty() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    query = Query(messages=(Message("user", parts),))
    assert (await MoERouter([ScriptedExpert("A")]).decide(query)).chosen[0].key == "a"


async def test_a_query_of_a_megabyte_is_refused_with_the_limit() -> None:
    with pytest.raises(QueryTooLarge, match=r"1,048,576 characters; at most 500,000"):
        await MoERouter([ScriptedExpert("A")]).decide(Query.of("x" * 1_048_576))


@pytest.mark.parametrize(("text", "why"), [("a\0b", "NUL"), ("a\ud800b", "surrogate")])
async def test_text_that_is_not_text_is_refused(text: str, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        await MoERouter([ScriptedExpert("A")]).decide(Query.of(text))


async def test_only_the_experts_named_are_considered() -> None:
    router = router_of(ScriptedExpert("CodingExpert"), ScriptedExpert("B", confidence=0.9))
    decision = await router.decide(QUERY, only=["CodingExpert"])
    assert [one.key for one in decision.ranking] == ["coding"]
    with pytest.raises(UnknownExpert, match="'cobol'"):
        await router.decide(QUERY, only=["cobol"])
    with pytest.raises(ValueError, match="top_k is 0"):
        await router.decide(QUERY, top_k=0)


async def test_an_expert_who_joins_is_known_to_the_next_query() -> None:
    def built_in(*keys: str) -> list[ModelExpert]:
        rows = [row for row in BUILT_IN if row.key in keys]
        return [ModelExpert(row.name, row.vocabulary, key=row.key) for row in rows]

    router = MoERouter(built_in("writing", "math"))
    query = Query.of("Write a Python function that parses a CSV file and fix the bug in it")
    assert (await router.decide(query)).chosen[0].key != "coding"
    router.roster.add(built_in("coding")[0])
    decision = await router.decide(query)
    assert decision.chosen[0].key == "coding"
    assert sum(one.gate for one in decision.ranking) == pytest.approx(1.0)


async def test_deciding_does_not_disturb_an_expert_that_counts_its_queries() -> None:
    expert = ScriptedExpert("A")
    for _ in range(5):
        await MoERouter([expert]).decide(QUERY)
    assert (expert.total_queries, expert.asked, expert.current_load) == (0, [], 0)
    assert isinstance(await expert.process(QUERY), Answer)


class Believer:
    """A gate that knows its scope and its sets."""

    calibration = Calibration(intercept=-2.0, score=0.0, lead=0.0, share=5.0)

    def __init__(self, *, in_scope: bool | None = None, sure: tuple[str, ...] = ()) -> None:
        self.in_scope, self.sure = in_scope, sure
        self.shares = {"a": 0.6, "b": 0.3, "c": 0.1}

    def scores(self, reading: Reading) -> Mapping[str, float]:
        return self.shares

    def believe(self, reading: Reading, *, risk: float | None = None) -> Belief:
        sure = self.sure if risk is not None else ()
        return Belief(self.shares, in_scope=self.in_scope, stage="test", sure=sure)


def team(*, fallback: str = "") -> list[Expert]:
    return [ScriptedExpert(name, confidence=0.1, fallback=name == fallback) for name in "ABC"]


async def test_a_sure_gate_makes_room_for_a_claim_of_an_expert_it_has_not_learned() -> None:
    class Sure(Believer):
        def scores(self, reading: Reading) -> Mapping[str, float]:
            return {"a": 0.99, "b": 0.01}

        def believe(self, reading: Reading, *, risk: float | None = None) -> Belief:
            return Belief(self.scores(reading))

    own: list[Expert] = [ScriptedExpert("A", confidence=0.5), ScriptedExpert("B", confidence=0.1)]
    claiming = MoERouter([*own, ScriptedExpert("Wine", confidence=0.7)], gate=Sure())
    assert (await claiming.decide(QUERY)).chosen[0].key == "wine"
    silent = MoERouter([*own, ScriptedExpert("Wine", confidence=0.1)], gate=Sure())
    first = (await silent.decide(QUERY)).chosen[0]
    assert (first.key, first.gate) == ("a", 0.99)


async def test_the_confidence_is_the_believing_gates_own() -> None:
    decision = await MoERouter(team(), gate=Believer()).decide(QUERY)
    assert decision.confidence == pytest.approx(1 / (1 + math.exp(2.0 - 5.0 * 0.6)))


async def test_with_a_risk_as_many_are_asked_as_the_gate_says() -> None:
    gate = Believer(sure=("a", "b"))
    decision = await MoERouter(team(), gate=gate, policy=RoutingPolicy(risk=0.05)).decide(QUERY)
    assert [one.key for one in decision.chosen] == ["a", "b"]
    assert any("a risk of 0.05 takes 2" in reason for reason in decision.reasons)


async def test_with_a_risk_and_low_confidence_the_fallback_is_asked_as_well() -> None:
    gate = Believer(sure=("a", "b"))
    gate.calibration = Calibration(intercept=-4.0, score=0.0, lead=0.0, share=1.0)
    policy = RoutingPolicy(risk=0.05, min_confidence=0.7)
    decision = await MoERouter(team(fallback="C"), gate=gate, policy=policy).decide(QUERY)
    assert decision.low_confidence
    assert [one.key for one in decision.chosen] == ["a", "b", "c"]


async def test_a_number_asked_for_outweighs_the_risk() -> None:
    gate = Believer(sure=("a", "b"))
    router = MoERouter(team(), gate=gate, policy=RoutingPolicy(risk=0.05))
    assert len((await router.decide(QUERY, top_k=1)).chosen) == 1


async def test_none_of_these_goes_to_the_fallback() -> None:
    router = MoERouter(team(fallback="C"), gate=Believer(in_scope=False))
    decision = await router.decide(QUERY)
    assert decision.chosen[0].key == "c"
    assert any("takes over as the fallback" in reason for reason in decision.reasons)
    known = MoERouter(team(fallback="C"), gate=Believer(in_scope=True))
    assert (await known.decide(QUERY)).chosen[0].key == "a"


async def test_a_session_keeps_its_expert_unless_another_is_worth_the_switch() -> None:
    gate = Believer()
    router = MoERouter(team(), gate=gate, policy=RoutingPolicy(switch_gain=0.1))
    query = Query.of("hello", session="s")
    assert (await router.decide(query)).chosen[0].key == "a"
    gate.shares = {"a": 0.45, "b": 0.5, "c": 0.05}
    kept = await router.decide(query)
    assert kept.chosen[0].key == "a"
    assert any("a keeps its session" in reason for reason in kept.reasons)
    assert (await router.decide(Query.of("hello", session="t"))).chosen[0].key == "b"
    gate.shares = {"a": 0.1, "b": 0.85, "c": 0.05}
    assert (await router.decide(query)).chosen[0].key == "b"


class Stacker(Believer):
    """A gate that a stack was fitted for."""

    stack = Stack(0.5, Calibration(intercept=-2.0, score=4.0, lead=0.0, share=0.0))


async def test_the_learned_blend_multiplies_shares_by_the_odds_of_own_assessments() -> None:
    experts: list[Expert] = [
        ScriptedExpert("A", confidence=0.2),
        ScriptedExpert("B", confidence=0.8),
        ScriptedExpert("New", confidence=0.3),
    ]
    router = MoERouter(experts, gate=Stacker(), policy=RoutingPolicy(blend="learned"))
    decision = await router.decide(QUERY)
    # 0.6 x (0.2 / 0.8) ** 0.5 = 0.3 against 0.3 x (0.8 / 0.2) ** 0.5 = 0.6
    scores = {one.key: one.score for one in decision.ranking}
    assert scores["b"] == pytest.approx(2 / 3)
    assert scores["a"] == pytest.approx(1 / 3)
    assert scores["new"] == pytest.approx(0.3)
    assert decision.confidence == pytest.approx(1 / (1 + math.exp(2.0 - 4.0 * 2 / 3)))


async def test_with_the_learned_blend_an_expert_that_says_nothing_is_weighed_by_the_gate() -> None:
    experts: list[Expert] = [
        ScriptedExpert("A", confidence=math.nan),
        ScriptedExpert("B", confidence=0.5),
    ]
    router = MoERouter(experts, gate=Stacker(), policy=RoutingPolicy(blend="learned"))
    decision = await router.decide(QUERY)
    assert decision.chosen[0].score == pytest.approx(0.6 / 0.9)


def test_a_learned_blend_takes_a_gate_it_was_fitted_for() -> None:
    with pytest.raises(ValueError, match="no stack was fitted"):
        MoERouter(team(), gate=Believer(), policy=RoutingPolicy(blend="learned"))


def test_the_longest_unused_session_is_forgotten_first() -> None:
    sessions = Sessions(capacity=2)
    for name in ("one", "two"):
        sessions.keep(name, "a")
    sessions.keep("one", "b")
    sessions.keep("three", "c")
    assert (sessions.get("one"), sessions.get("two"), sessions.get("three")) == ("b", None, "c")


async def test_an_expert_that_failed_of_late_bids_less() -> None:
    coding = next(row for row in BUILT_IN if row.key == "coding")
    expert = ModelExpert(coding.name, coding.vocabulary)
    query = Query.of("Fix this Python traceback: IndexError")
    before = await expert.can_handle(query)
    for _ in range(5):
        expert.update_stats(False, 10.0)
    after_failures = await expert.can_handle(query)
    assert after_failures == pytest.approx(before * expert.reliability)
    assert after_failures < 0.8 * before
    for _ in range(200):
        expert.update_stats(True, 10.0)
    assert await expert.can_handle(query) > 0.99 * before


class Asked(ModelExpert):
    """Of an own class, so that its word is asked for and not read from its vocabulary with all."""

    async def can_handle(self, query: Query) -> float:
        return self.suits(query) * self.reliability


@pytest.mark.parametrize("gate", [None, FixedGate(coding=0.5, math=0.3, area_7=0.2)])
async def test_two_hundred_experts_read_at_once_stand_as_if_asked_one_by_one(
    gate: FixedGate | None,
) -> None:
    def staff(kind: type[ModelExpert]) -> list[Expert]:
        built_in = [kind(row.name, row.vocabulary, key=row.key) for row in BUILT_IN]
        own = [
            kind(f"area_{number}", Vocabulary({f"topic{number}": 9.0, "fixi*": 1.0, "^how": 0.5}))
            for number in range(190)
        ]
        return [*built_in, *own]

    together, one_by_one = (
        MoERouter(staff(kind), gate=gate, policy=RoutingPolicy(assessment_timeout_s=30.0))
        for kind in (ModelExpert, Asked)
    )
    for text in ("How does fixing topic7 work?", "Fix this Python traceback", "zzqq vvkk"):
        read, asked = [await one.decide(Query.of(text)) for one in (together, one_by_one)]
        assert read.ranking == asked.ranking
        assert len(read.ranking) == 200
    knows = (await together.decide(Query.of("How does fixing topic7 work?"))).ranking
    assert max(knows, key=lambda one: one.assessment).key == "area_7"
