"""The cascade: what answers make probable, whom to ask next, and what comes of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from collegium.aggregation.aggregator import ResponseAggregator
from collegium.aggregation.cascade import Cascade, terms_of
from collegium.aggregation.latent import UNKNOWN_EVIDENCE, LatentClasses, State
from collegium.aggregation.learned import CascadePolicy
from collegium.aggregation.panel import Panel
from collegium.aggregation.planner import Planner
from collegium.errors import DataError, DeadlineExceeded, ExpertError, PanelFailed
from collegium.experts.records import Records, Tally
from collegium.testing import ScriptedExpert, settled, strategy_checks
from collegium.types import Query, Task, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from collegium.aggregation.strategies import Strategy
    from collegium.types import Response

NUMBER, TEXT = Task("number", "math"), Task("text", "writing")
MODELS = ("cheap", "middling", "dear")
RIGHT = ((0.9, 0.5), (0.91, 0.52), (0.97, 0.8))


def latent_of(
    right: Sequence[Sequence[float]] = RIGHT,
    *,
    models: Sequence[str] = MODELS,
    spread: Sequence[float] = (2.0, 6.0),
    shares: Sequence[float] = (0.7, 0.3),
    **rest: Any,
) -> LatentClasses:
    return LatentClasses(tuple(models), np.array(right), np.array(spread), np.array(shares), **rest)


def policy_of(prices: Mapping[str, float] | None = None, **rest: Any) -> CascadePolicy:
    """A policy that knows three models, at 1, 4 and 20 dollars for a thousand answers."""
    tallies = {
        model: MappingProxyType({"math": Tally(80.0, 100.0, cost * 100)})
        for model, cost in zip(MODELS, (0.001, 0.004, 0.02), strict=True)
    }
    rest.setdefault("latent", latent_of(kinds={"math": np.array([0.7, 0.3])}))
    rest.setdefault("comparable", frozenset({"math"}))
    return CascadePolicy(
        records=Records(MappingProxyType(tallies)),
        prices=MappingProxyType(prices or {"quality": 10.0, "parity": 20.0}),
        **rest,
    )


def experts(*texts: str, **rest: Any) -> list[ScriptedExpert]:
    """One expert for each of the three models, saying these."""
    return [
        ScriptedExpert(model.title(), text, model=model, **rest)
        for model, text in zip(MODELS, texts, strict=False)
    ]


def panel_of(
    *seats: ScriptedExpert, task: Task = NUMBER, objective: str | None = None, **parts: Any
) -> Panel:
    query = Query.of("6 x 7?", task=task, objective=objective)
    return Panel(query, [(one, 1.0) for one in seats], **parts)


async def respond(panel: Panel, cascade: Cascade) -> Response:
    aggregator = ResponseAggregator("cascade", strategies={"cascade": cascade})
    return await asyncio.wait_for(aggregator.settle(panel), 10)


def asked(*everybody: ScriptedExpert) -> list[int]:
    return [len(one.asked) for one in everybody]


# What answers make probable, told by going through everything that can have happened.


def enumerated(latent: LatentClasses, kind: str, seen: Sequence[tuple[str, int]]) -> np.ndarray:
    """The joint probability of what is right, group by group and none of them, and of the class."""
    groups = 1 + max((group for _, group in seen), default=-1)
    table = np.zeros((groups + 1, len(latent.everywhere)))
    shares = latent.kinds.get(kind, latent.everywhere)
    for rightly in itertools.product((True, False), repeat=len(seen)):
        conclusions = {group for (_, group), good in zip(seen, rightly, strict=True) if good}
        wrong = {group for (_, group), good in zip(seen, rightly, strict=True) if not good}
        if len(conclusions) > 1 or conclusions & wrong - {-1} or -1 in conclusions:
            continue  # there is one right answer, and nobody is right without one
        row = next(iter(conclusions), groups)
        for number, share in enumerate(shares):
            table[row, number] += share * happening(latent, number, seen, rightly)
    return np.asarray(table / table.sum())


def happening(
    latent: LatentClasses, number: int, seen: Sequence[tuple[str, int]], rightly: Sequence[bool]
) -> float:
    """How probable the answers are in one class, given who is right."""
    chance, tables = 1.0, dict[int, int]()
    for (model, group), good in zip(seen, rightly, strict=True):
        share = latent.right[latent.models.index(model)][number]
        chance *= share if good else 1 - share
        if good or group < 0:
            continue
        spread = latent.spread[number]
        chance *= tables.get(group, spread) / (spread + sum(tables.values()))
        tables[group] = tables.get(group, 0) + 1
    return float(chance)


def after_all(latent: LatentClasses, kind: str, seen: Sequence[tuple[str, int]]) -> State:
    state = latent.start(kind)
    for model, group in seen:
        state = latent.after(state, model, None if group < 0 else group)
    return state


@pytest.mark.parametrize(
    "groups",
    [
        (),
        (0,),
        (0, 0),
        (0, 1),
        (0, 0, 0),
        (0, 1, 0),
        (0, 1, 1),
        (0, 1, 2),
        (-1, 0, 0),
        (0, -1, 1),
        (-1, -1),
    ],
)
@pytest.mark.parametrize("kind", ["math", "something else"])
def test_the_posterior_is_what_going_through_every_case_gives(
    groups: tuple[int, ...], kind: str
) -> None:
    latent = latent_of(kinds={"math": np.array([0.2, 0.8])})
    seen = list(zip(MODELS, groups, strict=False))
    state = after_all(latent, kind, seen)
    assert np.allclose(state.weights, enumerated(latent, kind, seen), atol=1e-12)
    assert state.sizes.tolist() == [groups.count(one) for one in range(len(state.sizes))]


def test_agreement_convinces_and_does_so_less_where_wrong_answers_coincide() -> None:
    scattered, herded = latent_of(spread=(20, 20)), latent_of(spread=(0.3, 0.3))
    agreed = [("cheap", 0), ("middling", 0)]
    alone = after_all(scattered, "math", agreed[:1]).right[0]
    assert after_all(scattered, "math", agreed).right[0] > 0.95 > alone
    assert (
        after_all(scattered, "math", agreed).right[0] > after_all(herded, "math", agreed).right[0]
    )


def test_a_verdict_shifts_the_log_odds_by_what_it_has_been_worth() -> None:
    latent = latent_of(evidence={"math": {"failed": -2.0}})

    def odds(kind: str, verdict: str) -> float:
        right = float(latent.after(latent.start(kind), "cheap", 0, verdict).right[0])
        return math.log(right / (1 - right))

    assert odds("math", "failed") == pytest.approx(odds("math", "") - 2)
    assert odds("math", "passed") == pytest.approx(odds("math", ""))
    shift = odds("unheard of", "failed") - odds("unheard of", "")
    assert shift == pytest.approx(UNKNOWN_EVIDENCE["failed"])


def test_a_model_is_known_with_its_backend_and_without_and_a_stranger_is_like_the_mean() -> None:
    latent = latent_of()
    rows = latent.rights(["dear", "some/dear", "stranger"])
    assert rows[0].tolist() == rows[1].tolist() == list(RIGHT[2])
    assert np.allclose(rows[2], np.mean(RIGHT, axis=0))
    assert [latent.place(name) for name in ("some/cheap", "stranger", "")] == [0, None, None]
    assert LatentClasses.unknown().rights(["anybody"]).shape == (1, 3)


# Whom to ask next.


def worth_of(planner: Planner, state: State, free: Sequence[bool]) -> int | None:
    return planner.move(state, np.array(free, dtype=np.bool_)).ask


def planner_of(price: float, costs: Sequence[float] = (1, 4, 20), **rest: Any) -> Planner:
    return Planner(latent_of(**rest), MODELS, costs, price)


def looked_ahead(
    latent: LatentClasses, seen: list[tuple[str, int]], costs: Mapping[str, float], steps: int
) -> tuple[float, str | None]:
    """The best of stopping and of asking, `steps` answers ahead, by going through all outcomes."""
    table = enumerated(latent, "math", seen)
    groups = len(table) - 1
    stop = float(table[:-1].sum(axis=1).max()) if groups else 0.0
    best: tuple[float, str | None] = (stop, None)
    for model in sorted(set(costs) - {model for model, _ in seen}) if steps else ():
        value = -costs[model]
        for group in range(groups + 1):
            then = [*seen, (model, group)]
            value += (
                joint(latent, then)
                / joint(latent, seen)
                * looked_ahead(latent, then, costs, steps - 1)[0]
            )
        best = max(best, (value, model), key=lambda one: one[0])
    return best


def joint(latent: LatentClasses, seen: Sequence[tuple[str, int]]) -> float:
    """How probable it is that the answers come out like this."""
    chances = (
        float(share) * happening(latent, number, seen, rightly)
        for rightly in itertools.product((True, False), repeat=len(seen))
        if consistent(seen, rightly)
        for number, share in enumerate(latent.everywhere)
    )
    return sum(chances)


def consistent(seen: Sequence[tuple[str, int]], rightly: Sequence[bool]) -> bool:
    right = {group for (_, group), good in zip(seen, rightly, strict=True) if good}
    wrong = {group for (_, group), good in zip(seen, rightly, strict=True) if not good}
    return len(right) < 2 and not right & wrong


@pytest.mark.parametrize("seen", [[], [("cheap", 0)], [("cheap", 0), ("middling", 1)]])
@pytest.mark.parametrize("price", [0.0001, 0.003, 0.02])
def test_a_move_is_worth_what_going_through_two_answers_ahead_gives(
    seen: list[tuple[str, int]], price: float
) -> None:
    latent, costs = latent_of(), dict(zip(MODELS, (1.0, 4.0, 20.0), strict=True))
    free = np.array([model not in dict(seen) for model in MODELS])
    move = planner_of(price).move(after_all(latent, "math", seen), free)
    value, model = looked_ahead(
        latent, seen, {name: cost * price for name, cost in costs.items()}, 2
    )
    assert (None if move.ask is None else MODELS[move.ask]) == model
    if model is not None and seen:
        stop = float(after_all(latent, "math", seen).right.max())
        assert move.gain == pytest.approx(value - stop, abs=1e-9)


def test_nobody_is_asked_when_nobody_is_free() -> None:
    start = latent_of().start("math")
    assert worth_of(planner_of(0.001), start, [False] * 3) is None


def test_somebody_is_asked_first_whatever_it_costs() -> None:
    assert worth_of(planner_of(1e6), latent_of().start("math"), [True] * 3) == 0


def test_one_answer_is_enough_where_another_cannot_pay() -> None:
    state = after_all(latent_of(), "math", [("cheap", 0)])
    assert worth_of(planner_of(0.5), state, [False, True, True]) is None


def test_a_second_opinion_is_asked_for_though_alone_it_would_change_nothing() -> None:
    latent = latent_of([[0.7, 0.7]] * 3, shares=(0.5, 0.5))
    planner = Planner(latent, MODELS, (1, 1, 1), 0.001)
    state = after_all(latent, "math", [("cheap", 0)])
    second = latent.after(state, "middling", 1).right
    assert second[0] >= second[1] - 1e-12  # against one other, the first still stands
    assert worth_of(planner, state, [False, True, True]) is not None
    assert worth_of(planner, state, [False, True, False]) is None  # nobody can break the tie


def test_it_stops_once_it_is_sure() -> None:
    latent = latent_of(spread=(30, 30))
    agreed = after_all(latent, "math", [("cheap", 0), ("middling", 0)])
    split = after_all(latent, "math", [("cheap", 0), ("middling", 1)])
    planner = Planner(latent, MODELS, (1, 4, 20), 0.002)
    assert worth_of(planner, agreed, [False, False, True]) is None
    assert worth_of(planner, split, [False, False, True]) == 2


def test_where_money_is_no_object_whoever_can_change_something_is_asked() -> None:
    latent = latent_of()
    planner = Planner(latent, MODELS, (1, 4, 20), 0.0)
    one, split = [("cheap", 0)], [("cheap", 0), ("middling", 1)]
    assert worth_of(planner, after_all(latent, "math", one), [False, True, True]) is not None
    assert worth_of(planner, after_all(latent, "math", split), [False, False, True]) == 2
    agreed = [("cheap", 0), ("middling", 0), ("dear", 0)]
    certain = after_all(latent, "math", agreed)
    assert worth_of(planner, certain, [True, False, False]) is None


def test_the_same_state_always_gives_the_same_move() -> None:
    state = after_all(latent_of(), "math", [("cheap", 0)])
    moves = {planner_of(0.003).move(state, np.array([False, True, True])) for _ in range(5)}
    assert len(moves) == 1


# The strategy.


@pytest.mark.parametrize("check", strategy_checks())
async def test_it_is_a_strategy(check: Callable[[Callable[[], Strategy]], Awaitable[None]]) -> None:
    await check(Cascade)


@pytest.mark.parametrize("check", strategy_checks())
async def test_a_fitted_one_is_a_strategy(
    check: Callable[[Callable[[], Strategy]], Awaitable[None]],
) -> None:
    await check(lambda: Cascade(policy_of({"parity": 0.001})))


async def test_the_cheap_one_is_asked_first_and_agreement_stops_it() -> None:
    everybody = experts("42", "It is 42.", "Answer: 41")
    panel = panel_of(*reversed(everybody))
    response = await respond(panel, Cascade(policy_of(), objective="quality"))
    assert asked(*everybody) == [1, 1, 0]
    assert (response.model, response.text) == ("cheap", "42")
    assert response.receipt is not None
    assert response.receipt.strategy == "cascade"
    assert response.receipt.agreement == 1.0


async def test_a_contradiction_brings_the_dear_one_in_and_its_side_wins() -> None:
    everybody = experts("17", "42", "Answer: 42")
    response = await respond(panel_of(*everybody), Cascade(policy_of(), objective="quality"))
    assert asked(*everybody) == [1, 1, 1]
    assert response.text in {"42", "Answer: 42"}
    assert response.model == "middling"  # the first who came to it


async def test_where_a_dollar_is_worth_much_one_answer_is_taken() -> None:
    everybody = experts("42", "42", "42")
    await respond(panel_of(*everybody), Cascade(policy_of({"parity": 500.0}), objective="parity"))
    assert asked(*everybody) == [1, 0, 0]


async def test_the_query_says_what_it_goes_by_before_the_configuration_does() -> None:
    cascade = Cascade(policy_of({"quality": 10.0, "parity": 500.0}), objective="parity")
    everybody = experts("17", "42", "42")
    await respond(panel_of(*everybody, objective="quality"), cascade)
    assert asked(*everybody) == [1, 1, 1]


async def test_whoever_fails_is_dropped_and_the_next_is_asked() -> None:
    everybody = experts("1", "42", "42")
    everybody[0].error = ExpertError("no")
    response = await respond(panel_of(*everybody), Cascade(policy_of()))
    assert response.text == "42"
    assert response.receipt is not None
    assert [name for name, _ in response.receipt.failures] == ["Cheap"]
    assert asked(*everybody)[0] == 1


async def test_where_everybody_fails_the_error_names_them_all() -> None:
    everybody = experts("1", "2", "3", error=ExpertError("no"))
    with pytest.raises(PanelFailed, match=r"Cheap.*Middling.*Dear"):
        await respond(panel_of(*everybody), Cascade(policy_of(), objective="quality"))


async def test_nobody_is_asked_whom_the_budget_has_no_room_for() -> None:
    everybody = experts("17", "42", "42")
    for one, cost_usd in zip(everybody, (0.001, 0.004, 0.02), strict=True):
        one.cost_usd = cost_usd
    rich, poor = panel_of(*everybody), panel_of(*everybody, budget_usd=0.006)
    cascade = Cascade(policy_of({"quality": 5.0}), objective="quality")
    await respond(rich, cascade)
    assert asked(*everybody) == [1, 1, 1]
    await respond(poor, cascade)
    assert asked(*everybody) == [2, 1, 1]  # without the dear one nobody could break a tie
    assert poor.spent.cost_usd == 0.001


async def test_what_was_said_before_the_deadline_comes_out() -> None:
    everybody = experts("17", "42", "42")
    everybody[1].pause_s = everybody[2].pause_s = 60
    cascade = Cascade(policy_of(), objective="quality")
    response = await respond(panel_of(*everybody, deadline_s=0.1), cascade)
    assert response.text == "17"
    assert [one.current_load for one in everybody] == [0, 0, 0]


async def test_nobody_is_asked_after_the_deadline() -> None:
    everybody = experts("17", "42", "42", pause_s=60)
    with pytest.raises(DeadlineExceeded):
        await respond(panel_of(*everybody, deadline_s=0.05), Cascade(policy_of()))
    assert sum(asked(*everybody)) == 1


async def test_of_free_text_one_answer_is_taken() -> None:
    prose = (
        "The rain falls.\n\nIt has been falling for days, and nobody knows when it will end. " * 5
    )
    everybody = experts(*[f"{prose} {number}" for number in "123"])
    response = await respond(
        panel_of(*everybody, task=TEXT), Cascade(policy_of({"quality": 0.001}), objective="quality")
    )
    assert asked(*everybody).count(1) == 1
    assert response.text.startswith("The rain falls.")


async def test_of_a_kind_whose_answers_cannot_be_compared_one_is_taken() -> None:
    kinds = {"math": np.array([0.5, 0.5])}
    cascade = Cascade(
        policy_of({"quality": 0.001}, latent=latent_of(kinds=kinds), comparable=frozenset()),
        objective="quality",
    )
    everybody = experts("17", "42", "42")
    response = await respond(panel_of(*everybody), cascade)
    assert sum(asked(*everybody)) == 1
    assert response.confidence == 0.5  # the expert's own: nothing was compared


async def test_an_answer_without_a_conclusion_that_failed_its_check_gives_way() -> None:
    class Doubting:
        async def verify(self, query: Query, text: str, /) -> Verdict:
            return Verdict("failed" if "nonsense" in text else "passed", "seen", "doubt")

    prose = "A long story, told at leisure.\n\nAnd then some more of it, which ends. " * 5
    first, second = experts(f"{prose} nonsense", prose)
    panel = panel_of(first, second, task=TEXT, verifier=Doubting())
    assert (await settled(Cascade(), panel)).text == prose
    assert asked(first, second) == [1, 1]


async def test_an_answer_that_fails_its_check_is_outweighed() -> None:
    class Refuting:
        async def verify(self, query: Query, text: str, /) -> Verdict:
            return Verdict("failed" if text == "17" else "unknown", "it is not", "refuting")

    everybody = experts("17", "42", "42")
    response = await respond(panel_of(*everybody, verifier=Refuting()), Cascade())
    assert response.text == "42"


async def test_unlearned_it_asks_for_a_second_opinion_and_a_third_where_they_differ() -> None:
    for texts, calls in ((("42", "42", "42"), 2), (("17", "42", "42"), 3)):
        everybody = experts(*texts)
        response = await respond(panel_of(*everybody), Cascade(objective="quality"))
        assert response.text == "42"
        assert sum(asked(*everybody)) == calls


async def test_unlearned_the_cheap_ones_come_first() -> None:
    everybody = experts("42", "42", "42")
    for one, cost_usd in zip(everybody, (0.01, 0.2, 3.0), strict=True):
        one.cost_usd = cost_usd
    await respond(panel_of(*reversed(everybody)), Cascade())
    assert asked(*everybody)[0] == 1
    assert asked(*everybody)[2] == 0


async def test_unlearned_and_in_a_hurry_a_dear_second_opinion_is_not_worth_it() -> None:
    everybody = experts("42", "17", "42", cost_usd=0.01)
    await respond(panel_of(*everybody, objective="fast"), Cascade())
    assert sum(asked(*everybody)) == 1


def test_a_stranger_among_known_models_is_taken_for_the_mean_of_them() -> None:
    stranger = ScriptedExpert("Stranger", model="stranger")
    panel = panel_of(*experts("1", "2", "3"), stranger)
    terms = terms_of(panel, panel.voices, Cascade(policy_of(), objective="parity"))
    assert terms.price == 20.0
    assert terms.costs_usd == pytest.approx((0.001, 0.004, 0.02, 0.025 / 3))


def test_where_nothing_was_fitted_every_call_has_a_price() -> None:
    cheap, dear = ScriptedExpert("A", model="a", cost_usd=1), ScriptedExpert("B", model="b")
    panel = panel_of(cheap, dear)
    terms = terms_of(panel, panel.voices, Cascade(objective="cheap"))
    assert (terms.price, terms.costs_usd) == (0.06, (1.5, 0.5))


async def test_strangers_and_unknown_kinds_take_the_prior() -> None:
    seats = [ScriptedExpert(name, "42", model=f"new-{name}") for name in "ABC"]
    task = Task("number", "astrology")
    response = await respond(panel_of(*seats, task=task), Cascade(policy_of()))
    assert response.text == "42"
    assert 0.5 < response.confidence < 1


def test_it_knows_a_panel_most_of_whose_models_it_was_fitted_for() -> None:
    cascade, stranger = Cascade(policy_of()), ScriptedExpert("S", model="s")
    known = experts("1", "2", "3")
    assert cascade.knows(panel_of(*known, stranger))
    assert not cascade.knows(panel_of(known[0], stranger))
    assert not Cascade().knows(panel_of(*known))


async def test_only_the_shortlisted_are_considered_and_strangers() -> None:
    stranger = ScriptedExpert("Stranger", "42", model="stranger", cost_usd=0.0005)
    policy = policy_of({"quality": 0.0}, shortlists={"math": ("dear",), "": MODELS})
    everybody = experts("1", "2", "42")
    await respond(panel_of(*everybody, stranger), Cascade(policy, objective="quality"))
    assert asked(*everybody)[:2] == [0, 0]
    assert policy.shortlisted(("x/dear", "cheap", "new"), "math") == (True, False, True)
    assert policy.shortlisted(("cheap", "new"), "other") == (True, True)
    assert policy.shortlisted(("cheap",), "math") == (True,)  # rather one than nobody


async def test_where_all_the_shortlisted_fail_the_others_are_asked() -> None:
    policy = policy_of(shortlists={"math": ("dear",)})
    everybody = experts("42", "42", "1")
    everybody[2].error = ExpertError("no")
    assert (await respond(panel_of(*everybody), Cascade(policy))).text == "42"
    assert asked(*everybody)[2] == 1


async def test_where_the_budget_has_room_for_nobody_the_error_says_so() -> None:
    everybody = experts("1", "2", "3", cost_usd=1.0)
    with pytest.raises(PanelFailed, match=r"cheap was not asked: the budget.*; dear was not"):
        await respond(panel_of(everybody[0], everybody[2], budget_usd=0.5), Cascade(policy_of()))
    assert asked(*everybody) == [0, 0, 0]


async def test_the_confidence_is_the_calibrated_probability_and_the_note_tells_it() -> None:
    calibrated = policy_of({"parity": 500.0}, calibration=(0.5, 0.2))
    response = await respond(
        panel_of(*experts("42", "42", "42")), Cascade(calibrated, objective="parity")
    )
    right = float(after_all(calibrated.latent, "math", [("cheap", 0)]).right[0])
    expected = 1 / (1 + math.exp(-(0.5 * math.log(right / (1 - right)) + 0.2)))
    assert response.confidence == pytest.approx(expected)
    assert response.receipt is not None
    assert response.receipt.confidence == pytest.approx(expected)
    assert response.receipt.notes == (
        f"cascade: asked cheap; right with probability {expected:.2f}, and more was not worth it",
    )


async def test_the_note_says_when_nobody_was_left_to_ask() -> None:
    cascade = Cascade(policy_of({"quality": 0.0}), objective="quality")
    response = await respond(panel_of(*experts("1", "2", "3")), cascade)
    assert response.receipt is not None
    assert "nobody else could be asked" in response.receipt.notes[0]
    assert response.receipt.disagreement


# What is kept in a file.


def full_policy() -> CascadePolicy:
    latent = latent_of(
        kinds={"math": np.array([0.25, 0.75])}, evidence={"math": {"passed": 0.5, "failed": -1.5}}
    )
    return policy_of(
        {"quality": 3.5, "parity": 40.25},
        latent=latent,
        forms={"math": "number", "prosa – ä": "text"},
        calibration=(0.75, -0.125),
        shortlists={"math": ("cheap", "dear"), "": ("cheap",)},
    )


def test_a_policy_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    policy, path = full_policy(), tmp_path / "policy.json"
    policy.save(path)
    again = CascadePolicy.load(path)
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert again.latent.models == policy.latent.models
    for name in ("right", "spread", "everywhere"):
        assert np.array_equal(getattr(again.latent, name), getattr(policy.latent, name))
    assert np.array_equal(again.latent.kinds["math"], policy.latent.kinds["math"])
    assert again.latent.evidence == policy.latent.evidence
    for name in ("records", "prices", "comparable", "forms", "calibration", "shortlists"):
        assert getattr(again, name) == getattr(policy, name), name


def changed(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *way, last = path
        for step in way:
            data = data[step]
        data[last] = to

    return change


def without(*path: str) -> Callable[[dict[str, Any]], None]:
    def remove(data: dict[str, Any]) -> None:
        *way, last = path
        for step in way:
            data = data[step]
        del data[last]

    return remove


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed("version", to=2), "version is 1"),
        (without("version"), "version is 1"),
        (without("latent"), "latent"),
        (without("latent", "right"), "right"),
        (without("records"), "records"),
        (without("prices"), "prices"),
        (changed("prices", to=[1]), "wrong"),
        (changed("prices", "parity", to="much"), "much"),
        (changed("prices", "parity", to=math.nan), "parity"),
        (changed("prices", "parity", to=-1), "parity"),
        (changed("calibration", to=[1]), "wrong"),
        (changed("calibration", to=["a", "b"]), "'a'"),
        (changed("calibration", to=[math.inf, 0]), "calibration"),
        (changed("forms", to=7), "wrong"),
        (changed("shortlists", to={"math": 7}), "wrong"),
        (changed("comparable", to=None), "wrong"),
        (without("alone"), "alone"),
        (changed("alone", to=["cheap"]), "wrong"),
        (changed("latent", "right", to=[[0.5, 0.5]]), "latent class model"),
        (changed("latent", "right", to=[[0.5, 1.5]] * 3), "beyond"),
        (changed("latent", "right", to=[[0.5, -0.5]] * 3), "probability"),
        (changed("latent", "right", to=[[0.5, math.nan]] * 3), "probability"),
        (changed("latent", "right", to="no numbers"), "latent class model"),
        (changed("latent", "spread", to=[1.0]), "other lengths"),
        (changed("latent", "spread", to=[1.0, 0.0]), "beyond"),
        (changed("latent", "spread", to=[1.0, math.nan]), "beyond"),
        (changed("latent", "everywhere", to=[0.0, 0.0]), "no class"),
        (changed("latent", "kinds", "math", to=[1.0]), "other lengths"),
        (changed("latent", "kinds", "math", to=[0.0, 0.0]), "no class"),
        (changed("latent", "evidence", "math", to=3), "latent class model"),
        (changed("latent", "evidence", "math", to={"failed": "bad"}), "bad"),
        (changed("records", "models", to=3), "models"),
        (changed("records", "models", "cheap", "math", "right", to=1e9), "cheap"),
    ],
)
def test_a_broken_policy_is_refused_and_named(
    change: Callable[[dict[str, Any]], None], named: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.json"
    full_policy().save(path)
    data = json.loads(path.read_text("utf-8"))
    change(data)
    path.write_text(json.dumps(data), "utf-8")
    with pytest.raises(DataError, match=r"policy\.json.*" + named):
        CascadePolicy.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"version"', "null", "\ufeff{}"])
def test_a_file_that_holds_no_policy_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=r"policy\.json"):
        CascadePolicy.load(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.json", ".", "bytes.json"):
        with pytest.raises(DataError, match="policy"):
            CascadePolicy.load(tmp_path / name)


@pytest.mark.parametrize(
    ("prices", "objective", "price"),
    [
        ({}, "parity", None),
        ({"quality": 4.0, "parity": 9.0}, "balanced", 6.0),
        ({"quality": 4.0, "parity": 9.0}, "cheap", 18.0),
        ({"quality": 4.0, "parity": 9.0}, "fast", 18.0),
        ({"quality": 4.0, "parity": 9.0, "fast": 5.0}, "fast", 5.0),
        ({"quality": 4.0}, "balanced", 4.0),
    ],
)
def test_prices_that_were_not_fitted_follow_from_those_that_were(
    prices: dict[str, float], objective: str, price: float | None
) -> None:
    policy = CascadePolicy(latent_of(), Records(), MappingProxyType(prices))
    assert policy.price(objective) == (None if price is None else pytest.approx(price))


def test_parity_is_promised_only_for_what_was_learned() -> None:
    known = full_policy()
    assert known.cautious("parity", next(iter(known.latent.kinds))) == "parity"
    assert known.cautious("parity", "never seen") == "quality"
    assert known.cautious("cheap", "never seen") == "cheap"
    assert CascadePolicy.unlearned().cautious("parity", "never seen") == "parity"
