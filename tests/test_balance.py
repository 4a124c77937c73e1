"""Being busy has a price, bounded, which moves a query only to somebody nearly as fit for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.backends.pool import Instance, Pool
from collegium.experts.base import ExpertCapability
from collegium.experts.model_expert import ModelExpert
from collegium.lexicon import Vocabulary
from collegium.routing import pricing
from collegium.routing.calibration import HEURISTIC
from collegium.routing.policy import RoutingPolicy, choose
from collegium.routing.pricing import Tariff, priced, smoothed, utilisation_of
from collegium.routing.router import MoERouter
from collegium.testing import ScriptedBackend, ScriptedExpert
from collegium.types import Candidate, Query

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from collegium.experts.base import Expert
    from collegium.routing.classifier import Reading

UTILISATIONS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 3), min_size=1)


class Clock:
    """Time that stands still unless told otherwise."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class FixedGate:
    """A gate that always believes the same."""

    settled = True

    def __init__(self, **shares: float) -> None:
        self.shares = shares

    def scores(self, reading: Reading) -> Mapping[str, float]:
        return self.shares


def roomy(name: str, max_load: int = 100) -> ScriptedExpert:
    expert = ScriptedExpert(name)
    expert.capabilities = (ExpertCapability("answering", max_load=max_load),)
    return expert


def near_pair(
    *, gap: float = 0.03, price: float = 0.05
) -> tuple[ScriptedExpert, ScriptedExpert, MoERouter, Clock]:
    """Two experts, of whom `a` is better by `gap`, and how they are routed to."""
    one, other, clock = roomy("A"), roomy("B"), Clock()
    gate = FixedGate(a=0.5 + gap / 1.2, b=0.5 - gap / 1.2)
    policy = RoutingPolicy(busy_price=price)
    return one, other, MoERouter([one, other], gate=gate, policy=policy, clock=clock), clock


async def first_of(router: MoERouter, **fields: Any) -> str:
    return (await router.decide(Query.of("hello", **fields))).chosen[0].key


async def test_a_busy_expert_gives_way_to_one_nearly_as_good_and_the_decision_says_so() -> None:
    one, _, router, clock = near_pair()
    assert await first_of(router) == "a"
    one.current_load = 90
    clock.now += 600
    decision = await router.decide(Query.of("hello"))
    assert decision.chosen[0].key == "b"
    assert decision.passed_over[0].score > decision.chosen[0].score
    assert any("moved from a to b" in reason for reason in decision.reasons)


async def test_nobody_gives_way_to_somebody_worse_than_by_the_price() -> None:
    one, _, router, clock = near_pair(gap=0.06)
    one.current_load = 90
    clock.now += 600
    assert await first_of(router) == "a"


async def test_without_a_price_nobody_gives_way() -> None:
    one, _, router, clock = near_pair(price=0.0)
    one.current_load = 90
    clock.now += 600
    assert await first_of(router) == "a"


async def test_a_moment_of_work_moves_nothing_and_a_while_does() -> None:
    one, _, router, clock = near_pair()
    assert await first_of(router) == "a"
    one.current_load = 90
    clock.now += 1
    assert await first_of(router) == "a"
    for _ in range(300):
        clock.now += 1
        await first_of(router)
    assert await first_of(router) == "b"
    one.current_load = 0
    for _ in range(300):
        clock.now += 1
        await first_of(router)
    assert await first_of(router) == "a"


async def test_a_session_stays_with_its_expert_however_busy() -> None:
    one, _, router, clock = near_pair()
    assert await first_of(router, session="s") == "a"
    one.current_load = 90
    clock.now += 600
    assert await first_of(router, session="s") == "a"
    assert await first_of(router, session="t") == "b"


async def test_what_was_remembered_of_a_query_does_not_hold_the_price_off() -> None:
    one, _, router, clock = near_pair()
    one.current_load = 90
    assert [await first_of(router) for _ in range(3)] == ["b"] * 3
    one.current_load = 0
    for _ in range(600):
        clock.now += 1
        await first_of(router)
    assert await first_of(router) == "a"


async def test_who_rests_is_neither_asked_nor_counted() -> None:
    one, other, router, clock = near_pair()
    one.current_load = 90
    other.resting = "is being drained"
    clock.now += 600
    decision = await router.decide(Query.of("hello"))
    assert decision.chosen[0].key == "a"
    assert "is being drained" in decision.passed_over[0].note


async def test_a_clock_that_jumps_back_is_no_reason_to_fail() -> None:
    one, _, router, clock = near_pair()
    one.current_load = 90
    clock.now = 1000.0
    assert await first_of(router) == "b"
    clock.now = -1e9
    assert await first_of(router) == "b"


async def test_experts_who_share_their_models_are_equally_busy() -> None:
    instance = Instance(ScriptedBackend(), "m", "m", 4)
    pool = Pool([instance])
    words = Vocabulary({"hello": 9.0})
    sharing: list[Expert] = [ModelExpert(name, words, pool) for name in ("A", "B")]
    instance.condition.in_flight = 3
    assert [utilisation_of(one) for one in sharing] == [0.75, 0.75]
    alone = ModelExpert("C", words)
    alone.current_load = 2
    assert utilisation_of(alone) == 0.5


@given(UTILISATIONS, st.floats(0, 1))
def test_a_price_is_never_more_than_the_most_and_never_less_than_nothing(
    utilisations: dict[str, float], most: float
) -> None:
    prices = priced(utilisations, most)
    assert set(prices) <= set(utilisations)
    assert all(0 <= price <= most for price in prices.values())
    for key, value in utilisations.items():
        for other, less in utilisations.items():
            if value >= less:
                assert prices.get(key, 0.0) >= prices.get(other, 0.0)


@given(UTILISATIONS.filter(lambda told: max(told.values()) <= pricing.FREE))
def test_where_everybody_has_room_nothing_is_paid(utilisations: dict[str, float]) -> None:
    assert priced(utilisations, 0.05) == {}


def test_utilisation_is_smoothed_over_time_and_newcomers_begin_where_they_are() -> None:
    before = {"a": 0.0, "gone": 1.0}
    assert smoothed(before, {"a": 1.0, "new": 0.4}, 0.0) == {"a": 0.0, "new": 0.4}
    later = smoothed(before, {"a": 1.0}, pricing.MEMORY_S)
    assert later["a"] == pytest.approx(0.632, abs=0.001)
    assert smoothed(before, {"a": 1.0}, 1e9) == {"a": 1.0}


def test_prices_stay_the_same_object_until_they_change() -> None:
    expert, clock = roomy("A"), Clock()
    expert.current_load = 90
    tariff = Tariff(clock)
    first = tariff.prices([expert], 0.05)
    clock.now += 10
    assert first
    assert tariff.prices([expert], 0.05) is first


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_what_moves_is_bounded_by_the_price(scores: list[float], rng: random.Random) -> None:
    most = 0.05
    candidates = [Candidate(k, k, 0.0, 0.0, 0.0, s) for k, s in zip("abcdef", scores, strict=False)]
    prices = {one.key: most * rng.random() for one in candidates}
    choice = choose(
        candidates,
        not_ready={},
        claimed=True,
        fallback=None,
        top_k=1,
        policy=RoutingPolicy(busy_price=most),
        calibration=HEURISTIC,
        prices=prices,
    )
    first = choice.chosen[0]
    assert first.score >= max(scores) - most
    assert first.score - prices[first.key] >= max(
        one.score - prices[one.key] for one in candidates if max(scores) - one.score <= most
    )
    assert {one.key for one in (*choice.chosen, *choice.passed_over)} == set(prices)
