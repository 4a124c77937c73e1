from __future__ import annotations

import json
import math
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from collegium.errors import ConfigError, Conflict, UnknownExperiment
from collegium.management.experiments.actions import Action, End, Promote, Ramp, RollBack
from collegium.management.experiments.desk import Desk
from collegium.management.experiments.evidence import boundary, exceeds
from collegium.management.experiments.experiment import Experiment
from collegium.management.experiments.metrics import FIRST, Scale, compare, gains_less, gains_more
from collegium.management.experiments.pairs import CHALLENGER_SIDE, CONTROL_SIDE, Pairs
from collegium.management.experiments.plan import CONTROL, ExperimentPlan
from collegium.storage.records import Record

BEGUN = 1_750_000_000.0
CHANGES = {"moe": {"router": {"top_k": 2}}}


NO_RAILS = {"latency": None, "cost": None, "success": None}


def plan_of(**more: Any) -> ExperimentPlan:
    return ExperimentPlan.of({"name": "two", "changes": CHANGES, **more})


class Served:
    """An experiment with traffic: every query is assigned, answered and, where said, rated."""

    def __init__(self, plan: ExperimentPlan, *, seed: int = 1) -> None:
        self.desk = Desk()
        self.desk.begin(plan, BEGUN)
        self.now = BEGUN
        self.rng = random.Random(seed)
        self.asked = 0
        self.actions: list[Action] = []

    def ask(
        self,
        *,
        success: tuple[float, float] = (0.8, 0.8),
        latency_ms: tuple[float, float] = (800.0, 800.0),
        cost_usd: tuple[float, float] = (0.002, 0.002),
        rating: tuple[float, float] | None = None,
        rates: tuple[float, float] = (1.0, 1.0),
        session: str = "",
        weight: float = 1.0,
    ) -> str:
        """One query; of every pair of numbers the second is the challenger's."""
        self.now += 1.0
        self.asked += 1
        query = f"q{self.asked}"
        assignment = self.desk.assign(session or query)
        if assignment is None:
            return ""
        side = int(assignment.variant != CONTROL)
        self.decided(query, assignment.label, session)
        luck = self.rng.lognormvariate(0, 0.5)
        self.answered(
            query,
            ok=self.rng.random() < success[side],
            latency_ms=latency_ms[side] * luck,
            cost_usd=cost_usd[side] * luck,
        )
        if rating is not None and self.rng.random() < rates[side]:
            value = min(max(self.rng.gauss(rating[side], 0.2), 0.0), 1.0)
            self.rated(query, value, weight)
        self.actions += self.desk.due(self.now)
        return query

    def ask_many(self, count: int, **how: Any) -> Action | None:
        """So many queries, or fewer where it ends; what ended it."""
        for _ in range(count):
            self.ask(**how)
            if self.desk.running is None:
                return self.actions[-1]
        return None

    def decided(self, query: str, label: str, session: str = "", *, shadow: bool = False) -> None:
        data = {"session": session, "shadow": shadow}
        self.desk.take(Record("decision", self.now, query, variant=label, data=data))

    def answered(self, query: str, **data: Any) -> None:
        outcome = {"ok": True, "latency_ms": 800.0, "cost_usd": 0.002, "verdict": "", **data}
        self.desk.take(Record("outcome", self.now, query, data=outcome))

    def rated(self, query: str, rating: float, weight: float = 1.0) -> None:
        data = {"rating": rating, "weight": weight, "rater": "someone"}
        self.desk.take(Record("rating", self.now, query, data=data))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.actions += self.desk.due(self.now)

    @property
    def status(self) -> dict[str, Any]:
        return self.desk.status()[0]

    def units(self, variant: str) -> int:
        return next(int(v["units"]) for v in self.status["variants"] if v["name"] == variant)

    def compared(self, metric: str) -> dict[str, Any]:
        return next(one for one in self.status["comparisons"] if one["metric"] == metric)


# --- statistics


def test_chance_is_beyond_the_boundary_less_often_than_the_risk_however_often_one_looks() -> None:
    rng, risk, runs, beyond = np.random.default_rng(5), 0.05, 600, 0
    for _ in range(runs):
        values = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=1000)
        totals, squares = values.cumsum(), (values**2).cumsum()
        beyond += any(map(exceeds, totals, squares, [1.0] * 1000, [risk] * 1000))
    assert beyond <= risk * runs


def test_the_boundary_is_the_least_sum_that_exceeds() -> None:
    for variance in (0.0, 0.5, 20.0, 3000.0, 1e7):
        for reach in (1.0, 1.2, 3.0):
            edge = boundary(variance, reach, 0.01)
            assert exceeds(edge * 1.0001, variance, reach, 0.01)
            assert not exceeds(edge * 0.9999, variance, reach, 0.01)


def test_the_boundary_is_no_more_than_a_third_above_the_best_there_could_be() -> None:
    for variance in (100.0, 1e4, 1e6):
        best = math.sqrt(2 * variance * math.log(1 / 0.0125))
        assert best < boundary(variance, 1.0, 0.0125) < 1.4 * best


def test_an_interval_holds_the_true_difference_at_all_times() -> None:
    rng, missed, runs = np.random.default_rng(6), 0, 300
    for _ in range(runs):
        pairs = Pairs()
        for number, (before, after) in enumerate(rng.random((600, 2)) < (0.7, 0.78)):
            pairs.match(float(before), float(after))
            if number in {10, 30, 100, 300, 599}:
                low, high = pairs.difference(0.1)
                if not low <= 0.08 <= high:
                    missed += 1
                    break
    assert missed <= 0.1 * runs


def test_an_interval_of_a_ratio_holds_the_true_ratio_at_all_times() -> None:
    rng, missed, runs = np.random.default_rng(7), 0, 100
    for _ in range(runs):
        pairs = Pairs()
        for number, (before, after) in enumerate(rng.beta(1, 4, (400, 2)) * (1.0, 0.9)):
            pairs.match(float(before), float(after))
            if number in {30, 100, 399}:
                low, high = pairs.ratio(0.1)
                if not low <= 0.9 <= high:
                    missed += 1
                    break
    assert missed <= 0.1 * runs


def test_values_are_paired_in_the_order_they_come_and_none_counts_twice() -> None:
    pairs = Pairs()
    for value in (0.1, 0.2, 0.3):
        pairs.add(CONTROL_SIDE, value)
    pairs.add(CHALLENGER_SIDE, 0.9)
    assert (pairs.count, pairs.control, pairs.challenger) == (1, 0.1, 0.9)
    assert pairs.waiting == ([0.2, 0.3], [])


def test_many_values_of_a_control_make_one_pair_with_one_of_a_small_challenger() -> None:
    pairs = Pairs()
    for value in (0.0, 1.0, 1.0, 0.0):
        pairs.add(CONTROL_SIDE, value, (4, 1))
    pairs.add(CHALLENGER_SIDE, 1.0, (4, 1))
    assert (pairs.count, pairs.control, pairs.challenger) == (1, 0.5, 1.0)


def test_a_side_without_a_counterpart_does_not_fill_the_memory() -> None:
    pairs = Pairs()
    for _ in range(10_000):
        pairs.add(CONTROL_SIDE, 0.5)
    assert len(pairs.waiting[CONTROL_SIDE]) <= 20
    assert pairs.mean(CONTROL_SIDE) == pytest.approx(0.5)


def test_traffic_that_changes_for_all_is_no_difference() -> None:
    # By night all goes worse, and the challenger gets most of the night: means alone would differ.
    rng, pairs = random.Random(3), Pairs()
    for chance, share, block in ((0.95, 0.1, (9, 1)), (0.5, 0.5, (1, 1))):
        for _ in range(3000):
            side = CHALLENGER_SIDE if rng.random() < share else CONTROL_SIDE
            pairs.add(side, float(rng.random() < chance), block)
    control, challenger = pairs.mean(CONTROL_SIDE), pairs.mean(CHALLENGER_SIDE)
    assert control is not None
    assert challenger is not None
    assert control - challenger > 0.1
    low, high = pairs.difference(0.05)
    assert low < 0 < high


def test_what_one_side_saw_alone_is_not_held_against_the_other() -> None:
    pairs = Pairs()
    for _ in range(3000):  # a night in which the challenger was not asked
        pairs.add(CONTROL_SIDE, 0.2)
    for _ in range(1000):
        pairs.add(CONTROL_SIDE, 0.9)
        pairs.add(CHALLENGER_SIDE, 0.9)
    assert pairs.control / pairs.count == pytest.approx(pairs.challenger / pairs.count, abs=0.05)


def test_the_interval_of_a_ratio_agrees_with_what_is_concluded() -> None:
    rng, pairs, excluded = random.Random(9), Pairs(), 0
    for _ in range(300):
        pairs.match(0.1 * (rng.random() < 0.2), rng.random() ** 4)
        if pairs.above(1.2, 0.0, 0.01):
            excluded += 1
            assert pairs.ratio(0.02)[0] > 1.15
    assert excluded > 10


def test_a_latency_that_is_a_fifth_longer_is_told_as_that() -> None:
    rng, scale, pairs = random.Random(4), Scale("latency"), Pairs()
    for _ in range(4000):
        for side, factor in ((CONTROL_SIDE, 1.0), (CHALLENGER_SIDE, 1.2)):
            place = scale.place(900 * factor * rng.lognormvariate(0, 0.5))
            if place is not None:
                pairs.add(side, place)
    told = compare(pairs, scale, 0.05)
    assert told.low < -0.2 < told.high < 0
    assert told.gain == pytest.approx(-0.2, abs=0.04)
    assert gains_less(pairs, scale, -0.05, 0.01)
    assert not gains_less(pairs, scale, -0.2, 0.01)
    assert gains_more(pairs, scale, -0.5, 0.01)


def test_a_challenger_that_costs_something_where_the_control_is_free_is_told() -> None:
    scale, pairs = Scale("cost"), Pairs()
    for _ in range(400):
        for side, cost in ((CONTROL_SIDE, 0.0), (CHALLENGER_SIDE, 0.01)):
            place = scale.place(cost)
            if place is not None:
                pairs.add(side, place)
    assert gains_less(pairs, scale, -0.2, 0.001)
    assert compare(pairs, scale, 0.05).low == -math.inf


def test_what_costs_nothing_is_known_to_be_free() -> None:
    scale = Scale("cost")
    for _ in range(3 * FIRST):
        assert scale.place(0.0) is None
    assert scale.free
    scale.place(0.01)
    assert not scale.free


# --- plans


def test_a_name_and_changes_are_plan_enough() -> None:
    plan = plan_of()
    assert (plan.mode, plan.metric, plan.alpha, plan.auto) == ("ab", "success", 0.05, True)
    assert [(one.name, one.share) for one in plan.variants] == [("challenger", 0.5)]
    assert plan.guard_rails == {"latency": 0.2, "cost": 0.2}


def test_a_plan_says_all_that_is_wrong_with_it_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        ExperimentPlan.of(
            {
                "name": "No Name",
                "mode": "abc",
                "metric": "beauty",
                "alpha": 2,
                "variants": [
                    {"name": "control", "changes": CHANGES, "share": 0.6},
                    {"name": "b", "share": 0.6},
                    3,
                ],
                "guard_rails": {"latency": -1, "colour": 1},
                "auto": "yes",
                "sides": 1,
            }
        )
    told = str(caught.value)
    for part in (
        "name", "mode", "metric", "alpha", "variants[0].name", "variants[1].changes",
        "variants[2]", "their shares", "guard_rails.latency", "'colour'", "auto", "'sides'",
    ):  # fmt: skip
        assert part in told
    assert len(caught.value.problems) >= 12


@pytest.mark.parametrize("plan", [None, [], "x", 3, {}, {"name": "a"}, {"changes": CHANGES}])
def test_what_is_no_plan_is_refused(plan: object) -> None:
    with pytest.raises(ConfigError):
        ExperimentPlan.of(plan)


def test_nobody_rates_a_shadow() -> None:
    with pytest.raises(ConfigError, match="nobody rates what nobody sees"):
        plan_of(mode="shadow", metric="rating")


def test_a_plan_survives_being_written_down() -> None:
    plan = plan_of(mode="canary", metric="latency", guard_rails={"cost": None, "rating": 0.05})
    assert ExperimentPlan.of(json.loads(json.dumps(plan.as_data()))) == plan
    assert plan.guard_rails == {"success": 0.02, "rating": 0.05}


def test_the_probabilities_of_wrong_statements_sum_to_alpha() -> None:
    variants = [{"name": name, "changes": CHANGES} for name in ("b", "c")]
    plan = ExperimentPlan.of({"name": "three", "variants": variants})
    each = plan.risk + len(plan.guard_rails) * plan.guard_risk
    assert len(plan.variants) * each == pytest.approx(plan.alpha)


# --- assignment


def test_a_session_keeps_its_variant_and_shares_are_as_planned() -> None:
    experiment = Experiment(plan_of(share=0.3), BEGUN)
    first, again = ([experiment.assign(f"s{number}") for number in range(10_000)] for _ in range(2))
    assert first == again
    challengers = [one for one in first if one is not None and one.variant == "challenger"]
    assert len(challengers) == pytest.approx(3000, abs=200)
    assert challengers[0].label == "two:challenger"
    assert {one.propensity for one in challengers} == {0.3}


def test_a_share_that_is_raised_takes_from_the_control_alone() -> None:
    variants = [{"name": name, "changes": CHANGES, "share": 0.4} for name in ("b", "c")]
    plan = ExperimentPlan.of({"name": "three", "mode": "canary", "variants": variants})
    experiment = Experiment(plan, BEGUN)
    keys = [f"s{number}" for number in range(3000)]
    before = [assigned(experiment, key) for key in keys]
    for share in (0.1, 0.2, 0.4):
        experiment.shares["b"] = share
        after = [assigned(experiment, key) for key in keys]
        moved = {(old, new) for old, new in zip(before, after, strict=True) if old != new}
        assert moved == {(CONTROL, "b")}
        before = after


def test_one_experiment_does_not_follow_from_another() -> None:
    one = Experiment(plan_of(name="one"), BEGUN)
    other = Experiment(plan_of(name="other"), BEGUN)
    same = sum(assigned(one, f"s{n}") == assigned(other, f"s{n}") for n in range(10_000))
    assert same == pytest.approx(5000, abs=250)


def assigned(experiment: Experiment, key: str) -> str:
    assignment = experiment.assign(key)
    assert assignment is not None
    return assignment.variant


# --- what is done


def test_a_better_challenger_is_promoted_and_it_is_said_by_how_much() -> None:
    served = Served(plan_of())
    action = served.ask_many(6000, success=(0.7, 0.82))
    assert isinstance(action, Promote)
    assert action.variant.changes == CHANGES
    assert "more queries successfully (95 % interval" in action.verdict
    assert action.verdict.endswith("; promoted")
    assert served.status["state"] == "promoted"
    assert served.desk.assign("anybody") is None


def test_a_worse_challenger_is_rolled_back() -> None:
    served = Served(plan_of())
    action = served.ask_many(6000, success=(0.82, 0.7))
    assert isinstance(action, RollBack)
    assert "fewer queries successfully" in action.verdict
    assert served.status["state"] == "rolled back"


def test_a_challenger_that_is_much_slower_is_rolled_back_by_a_guard_rail() -> None:
    served = Served(plan_of())
    action = served.ask_many(6000, success=(0.7, 0.75), latency_ms=(800.0, 1600.0))
    assert isinstance(action, RollBack)
    assert "more time" in action.verdict
    assert "20.0 % are tolerated" in action.verdict


def test_a_better_challenger_is_not_promoted_past_a_guard_rail() -> None:
    served = Served(plan_of(max_queries=4000))
    action = served.ask_many(5000, success=(0.6, 0.9), cost_usd=(0.002, 0.003))
    assert isinstance(action, RollBack)
    assert "costs" in action.verdict


def test_where_nothing_differs_the_control_stays() -> None:
    served = Served(plan_of(max_queries=1500))
    action = served.ask_many(2000)
    assert isinstance(action, End)
    assert action.verdict.startswith("no difference told within 1500 queries")
    assert action.verdict.endswith("the control stays")


@pytest.mark.parametrize(
    ("metric", "how"),
    [
        ("rating", {"rating": (0.5, 0.7), "success": (0.95, 0.95)}),
        ("latency", {"latency_ms": (800.0, 600.0)}),
        ("cost", {"cost_usd": (0.002, 0.0014)}),
    ],
)
def test_every_metric_can_decide(metric: str, how: dict[str, Any]) -> None:
    served = Served(plan_of(metric=metric))
    assert isinstance(served.ask_many(6000, **how), Promote)


def test_without_auto_it_is_only_said_what_would_be_done() -> None:
    served = Served(plan_of(auto=False, max_queries=5000))
    served.ask_many(4000, success=(0.7, 0.85))
    assert served.status["state"] == "running"
    assert "more queries successfully" in served.status["advice"]
    action = served.ask_many(2000, success=(0.7, 0.85))
    assert isinstance(action, End)


def test_one_of_two_challengers_is_rolled_back_and_the_other_promoted() -> None:
    variants = [{"name": name, "changes": CHANGES} for name in ("bad", "good")]
    served = Served(ExperimentPlan.of({"name": "three", "variants": variants}))
    for _ in range(12_000):
        assignment = served.desk.assign(f"q{served.asked + 1}")
        if assignment is None:
            break
        better = {"bad": 0.4, "good": 0.9}.get(assignment.variant, 0.75)
        served.ask(success=(better, better))
    assert [type(one) for one in served.actions] == [RollBack, Promote]
    assert isinstance(served.actions[1], Promote)
    assert served.actions[1].variant.name == "good"


def test_a_canary_grows_step_by_step_while_it_does_no_harm() -> None:
    served = Served(plan_of(mode="canary", max_queries=100_000))
    assert served.status["variants"][1]["share"] == pytest.approx(0.05)
    served.ask_many(6000)
    ramps = [one.share for one in served.actions if isinstance(one, Ramp)]
    assert ramps == [pytest.approx(share) for share in (0.1, 0.2, 0.4, 0.5)]


def test_a_harmful_canary_does_not_grow_far() -> None:
    served = Served(plan_of(mode="canary"))
    action = served.ask_many(20_000, success=(0.9, 0.4), latency_ms=(800.0, 4000.0))
    assert isinstance(action, RollBack)
    assert not any(isinstance(one, Ramp) for one in served.actions)


# --- units


def test_a_session_counts_once_however_much_it_asks() -> None:
    served = Served(plan_of(session_s=60))
    for _ in range(30):
        served.ask(session="chatty")
    served.wait(61)
    assert served.units(CONTROL) + served.units("challenger") == 1


def test_a_session_that_comes_back_is_not_counted_again() -> None:
    served = Served(plan_of(session_s=60))
    for _ in range(3):
        served.ask(session="returning")
        served.wait(100)
    assert served.units(CONTROL) + served.units("challenger") == 1


def test_a_check_that_fails_later_makes_a_success_none() -> None:
    served = Served(plan_of())
    for number in range(400):
        query = served.ask(success=(1.0, 1.0))
        if number % 2:
            served.desk.take(Record("verdict", served.now, query, data={"outcome": "failed"}))
    served.wait(100)
    row = served.compared("success")
    assert row["control"] == pytest.approx(0.5, abs=0.1)


def test_a_query_that_never_comes_to_an_end_is_waited_for_and_was_no_success() -> None:
    served = Served(plan_of())
    served.decided("lost", "two:control")
    served.wait(500)
    assert served.units(CONTROL) == 0
    served.wait(200)
    assert served.units(CONTROL) == 1
    assert served.compared("success")["control"] == 0.0
    assert served.compared("cost")["control"] is None


def test_a_challenger_whom_people_leave_before_it_answers_is_rolled_back() -> None:
    served = Served(plan_of())
    for number in range(4000):
        query = f"hang{number}"
        assignment = served.desk.assign(query)
        if assignment is None:
            break
        served.decided(query, assignment.label)
        if assignment.variant == CONTROL or number % 3:
            served.answered(query)
        served.wait(3.0)
    action = served.actions[-1]
    assert isinstance(action, RollBack)
    assert "fewer queries successfully" in action.verdict


def test_a_challenger_whose_bad_answers_go_unrated_is_not_promoted_for_that() -> None:
    served = Served(plan_of(metric="rating", guard_rails=NO_RAILS))
    for _ in range(4000):
        good = served.rng.random() < 0.7
        hidden = 0.5 if good else 0.2
        served.ask(rating=(float(good),) * 2, rates=(0.5, hidden))
    assert served.desk.running is not None
    assert served.compared("rating")["gain"] > 0.05


def test_a_challenger_a_little_beyond_a_guard_rail_is_not_promoted() -> None:
    for seed in range(3):
        served = Served(plan_of(), seed=seed)
        action = served.ask_many(3000, success=(0.8, 0.95), latency_ms=(800.0, 1000.0))
        assert not isinstance(action, Promote)


def test_nothing_is_promoted_while_sessions_go_missing() -> None:
    served = Served(plan_of(guard_rails=NO_RAILS))
    for number in range(2000):
        variant = "challenger" if number % 4 == 0 else CONTROL
        served.decided(f"q{number}", f"two:{variant}")
        served.answered(f"q{number}", ok=variant != CONTROL or number % 2 == 0)
        served.wait(1.0)
    assert served.desk.running is not None
    assert "the shares of sessions are not those that were drawn" in served.status["warnings"][0]


def test_a_session_that_is_never_quiet_is_counted_in_the_end() -> None:
    served = Served(plan_of())
    for _ in range(50):
        served.ask(session="every five minutes")
        served.wait(299)
    assert sum(one["units"] for one in served.status["variants"]) == 1


def test_a_unit_is_rated_once() -> None:
    served = Served(plan_of(metric="rating"))
    query = served.ask()
    for _ in range(50):
        served.rated(query, 0.0)
    assert sum(one["rated"] for one in served.status["variants"]) == 1


def test_a_rating_counts_as_often_as_it_weighs() -> None:
    served = Served(plan_of(metric="rating", max_queries=100_000))
    served.ask_many(2000, rating=(0.5, 0.5), weight=0.25)
    rated = sum(one["rated"] for one in served.status["variants"])
    assert rated == pytest.approx(500, abs=80)


def test_a_rating_counts_long_after_the_answer() -> None:
    served = Served(plan_of(metric="rating"))
    query = served.ask()
    served.wait(86_400)
    served.rated(query, 0.25)
    means = [served.compared("rating")["control"], served.compared("rating")["value"]]
    assert 0.25 in means


def test_a_shadow_is_compared_with_what_was_shown_for_the_same_query() -> None:
    served, rng = Served(plan_of(mode="shadow", share=0.5)), random.Random(2)
    for number in range(4000):
        served.now += 1
        query = f"q{number}"
        session = f"s{number // 2}" if number % 3 else ""
        assignment = served.desk.assign(session or query)
        if assignment is None:
            break
        hard = rng.random()
        served.decided(query, f"two:{CONTROL}", session)
        served.answered(query, ok=hard < 0.8)
        if assignment.shadow_of:
            assert assignment.variant == "challenger"
            served.decided(f"{query}~shadow", assignment.label, shadow=True)
            served.answered(f"{query}~shadow", ok=hard < 0.86)
        served.actions += served.desk.due(served.now)
    assert isinstance(served.actions[-1], Promote)
    assert served.units(CONTROL) == served.units("challenger")


def test_what_other_experiments_or_nobody_did_changes_nothing() -> None:
    served = Served(plan_of())
    before = json.dumps(served.desk.as_data()["running"]["trials"])
    served.decided("a", "other:challenger")
    served.decided("b", "")
    served.answered("a")
    served.answered("nobody")
    served.rated("nobody", 1.0)
    served.desk.take(Record("verdict", served.now, "nobody", data={"outcome": "failed"}))
    served.desk.take(Record("roster", served.now, expert="x", data={"what": "left"}))
    served.wait(1000)
    assert json.dumps(served.desk.as_data()["running"]["trials"]) == before


# --- doubts


def test_shares_that_are_not_those_drawn_are_a_warning() -> None:
    served, rng = Served(plan_of(max_queries=100_000)), random.Random(8)
    for number in range(2000):
        served.now += 1
        # A third of the challenger's queries never get as far as being recorded.
        side = CONTROL if rng.random() < 0.6 else "challenger"
        served.decided(f"q{number}", f"two:{side}")
    assert any("shares of sessions" in warning for warning in served.status["warnings"])


def test_ratings_that_one_side_withholds_are_a_warning() -> None:
    served = Served(plan_of(metric="rating", max_queries=100_000))
    served.ask_many(2000, rating=(0.5, 0.5), rates=(0.3, 0.1))
    assert any("were rated" in warning for warning in served.status["warnings"])


def test_where_nothing_is_wrong_nothing_is_warned_of() -> None:
    served = Served(plan_of(metric="rating", max_queries=100_000))
    served.ask_many(2000, rating=(0.5, 0.5), rates=(0.3, 0.3))
    assert served.status["warnings"] == []


# --- faults


def test_a_restart_in_the_middle_changes_nothing() -> None:
    whole, broken = Served(plan_of()), Served(plan_of())
    for number in range(700):
        for served in (whole, broken):
            served.ask(session=f"s{number // 3}" if number % 2 else "", rating=(0.5, 0.6))
        if number % 100 == 50:
            broken.desk = Desk.of(json.loads(json.dumps(broken.desk.as_data())))
    for served in (whole, broken):
        served.wait(5000)
    assert whole.desk.status() == broken.desk.status()


def test_what_has_to_outlive_a_restart_stays_small() -> None:
    served = Served(plan_of(max_queries=1_000_000))
    served.ask_many(6000, rating=(0.5, 0.5))
    assert len(json.dumps(served.desk.as_data())) < 300_000


@pytest.mark.parametrize("jump", [-3e8, 3e8])
def test_a_clock_that_jumps_by_years_hinders_nothing(jump: float) -> None:
    served = Served(plan_of())
    served.ask_many(300)
    served.now += jump
    action = served.ask_many(6000, success=(0.7, 0.85))
    assert isinstance(action, Promote)


def test_the_same_seconds_seen_twice_pass_once() -> None:
    served = Served(plan_of(session_s=100))
    served.ask(session="open")
    start = served.now
    for step in range(50):  # the judge reads records a little behind the clock
        served.desk.due(start + step)
        served.desk.take(Record("drift", start + step - 0.9))
    assert served.units(CONTROL) + served.units("challenger") == 0


def test_what_is_open_is_bounded() -> None:
    served = Served(plan_of(max_queries=1_000_000))
    for number in range(8000):
        served.decided(f"q{number}", f"two:{CONTROL}", f"s{number}")
    assert len(served.desk.as_data()["running"]["open"]["open"]) <= 5001


def test_outcomes_and_ratings_that_cannot_be_do_no_harm() -> None:
    served = Served(plan_of(metric="rating", guard_rails=NO_RAILS))
    query = served.ask()
    served.desk.take(Record("rating", served.now, query, data={}))
    for number in range(200):
        served.decided(f"odd{number}", f"two:{CONTROL}")
        served.answered(f"odd{number}", latency_ms=math.inf, cost_usd=math.nan, verdict=None)
    served.wait(100)
    action = served.ask_many(6000, rating=(0.4, 0.7))
    assert isinstance(action, Promote)


# --- the desk


def test_one_experiment_runs_at_a_time() -> None:
    served = Served(plan_of())
    desk = served.desk
    with pytest.raises(Conflict, match="'two' is running"):
        desk.begin(plan_of(name="three"), BEGUN)
    served.ask()
    desk.stop("two")
    with pytest.raises(Conflict, match="there was an experiment 'two'"):
        desk.begin(plan_of(), BEGUN)
    desk.begin(plan_of(name="three"), BEGUN)
    assert desk.running is not None
    assert desk.running.name == "three"


def test_an_experiment_that_nobody_took_part_in_can_be_begun_again() -> None:
    desk = Desk()
    for _ in range(2):
        desk.begin(plan_of(), BEGUN)
        desk.stop("two")
    assert [one["name"] for one in desk.status()] == ["two"]


def test_only_what_runs_is_stopped() -> None:
    desk = Desk()
    with pytest.raises(UnknownExperiment, match="none is"):
        desk.stop("two")
    desk.begin(plan_of(), BEGUN)
    with pytest.raises(UnknownExperiment, match="'two' is"):
        desk.stop("three")
    with pytest.raises(UnknownExperiment):
        desk.best("three")
    with pytest.raises(UnknownExperiment):
        desk.find("three")


def test_an_experiment_that_was_stopped_is_still_known() -> None:
    served = Served(plan_of())
    served.ask_many(500)
    best = served.desk.best("two")
    assert best is not None
    assert best.name == "challenger"
    served.desk.stop("two")
    row = Desk.of(json.loads(json.dumps(served.desk.as_data()))).find("two")
    assert row["state"] == "stopped"
    assert row["verdict"].endswith("stopped by hand")
    assert row["ended"] == served.now


def test_a_desk_without_an_experiment_does_nothing() -> None:
    desk = Desk()
    desk.take(Record("decision", BEGUN, "q", variant="two:control"))
    assert desk.assign("anybody") is None
    assert desk.due(BEGUN) == ()
    assert desk.status() == []
    assert Desk.of(json.loads(json.dumps(desk.as_data()))).status() == []


def test_the_status_is_plain_json() -> None:
    served = Served(plan_of())
    assert json.loads(json.dumps(served.desk.status(), allow_nan=False)) == served.desk.status()
    served.ask_many(300)
    assert json.loads(json.dumps(served.desk.status(), allow_nan=False)) == served.desk.status()
    assert served.status["verdict"].startswith("so far ")


# --- the page


def test_the_plan_on_the_page_is_the_one_that_a_name_and_changes_make() -> None:
    page = (Path(__file__).parent.parent / "docs" / "experiments.md").read_text("utf-8")
    shown = re.search(r"```yaml\n(.+?)```", page, re.DOTALL)
    assert shown is not None
    assert ExperimentPlan.of(yaml.safe_load(shown[1])) == plan_of()


def test_the_python_on_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "experiments.md").read_text("utf-8")
    shown = re.search(r"```python\n(.+?)```", page, re.DOTALL)
    assert shown is not None
    exec(shown[1], {})
    assert re.fullmatch(r"0\.\d\d \(0\.\d\d to [01]\.\d\d\)\n", capsys.readouterr().out)
