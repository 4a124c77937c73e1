from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collegium.learning.offpolicy import Logged, doubly_robust, estimate, self_normalised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.learning.offpolicy import Model

WORTH = {
    ("easy", "small"): 0.8,
    ("easy", "large"): 0.9,
    ("hard", "small"): 0.3,
    ("hard", "large"): 0.7,
}

KINDS = ("easy", "hard")


def logged(count: int, small: float, seed: int) -> list[Logged]:
    """Choices between a small and a large model, the small one with a probability."""
    rng = random.Random(seed)
    rows: list[Logged] = []
    for _ in range(count):
        kind = rng.choice(KINDS)
        action = "small" if rng.random() < small else "large"
        propensity = small if action == "small" else 1 - small
        rows.append(Logged(kind, action, propensity, float(rng.random() < WORTH[kind, action])))
    return rows


def by_kind(context: str) -> Mapping[str, float]:
    """A policy that was never shown: the large model for what is hard."""
    return {"large": 1.0} if context == "hard" else {"small": 1.0}


def truth(context: str, action: str) -> float:
    return WORTH[context, action]


def wrong(_: str, action: str) -> float:
    return 0.9 if action == "small" else 0.1


VALUE = 0.75


def test_the_value_of_a_policy_never_shown_is_told_from_what_another_recorded() -> None:
    told = estimate(logged(5000, 0.7, 1), by_kind, truth)
    assert told.low < VALUE < told.high
    assert told.mean == pytest.approx(VALUE, abs=0.03)
    assert told.high - told.low < 0.08
    assert told.why == ""


@pytest.mark.parametrize("model", [None, truth, wrong])
def test_intervals_hold_even_where_the_model_is_wrong(model: Model | None) -> None:
    told = [estimate(logged(800, 0.8, seed), by_kind, model) for seed in range(120)]
    held = sum(one.low <= VALUE <= one.high for one in told)
    assert held >= 108
    assert np.mean([one.mean for one in told]) == pytest.approx(VALUE, abs=0.01)


def test_a_good_model_makes_the_interval_narrower() -> None:
    rows = logged(3000, 0.8, 3)
    without, within = (estimate(rows, by_kind, model) for model in (wrong, truth))
    assert within.high - within.low < without.high - without.low


def test_without_a_model_the_estimate_is_the_weighted_mean() -> None:
    rows = logged(500, 0.6, 4)
    weights = [by_kind(one.context).get(one.action, 0.0) / one.propensity for one in rows]
    mean = sum(w * one.reward for w, one in zip(weights, rows, strict=True)) / sum(weights)
    assert estimate(rows, by_kind).mean == pytest.approx(mean)


def test_of_what_was_hardly_ever_chosen_nothing_is_said() -> None:
    rows = [Logged("hard", "small", 1.0, 0.0)] * 500 + [Logged("hard", "large", 0.01, 1.0)] * 3
    told = estimate(rows, lambda _: {"large": 1.0}, truth)
    assert (told.low, told.high) == (0.0, 1.0)
    assert "only 3 recorded choices" in told.why


def test_choices_that_the_record_does_not_hold_widen_the_interval() -> None:
    # The log never shows the large model, the policy wants it for half of what is asked.
    rows = [Logged(KINDS[n % 2], "small", 1.0, float(n % 4 < 2)) for n in range(2000)]
    told = estimate(rows, by_kind, truth)
    assert told.high - told.low > 0.4
    assert "not in the record" in told.why


def test_the_difference_of_two_policies_is_told_more_closely_than_either() -> None:
    rng = np.random.default_rng(5)
    count = 4000
    large = rng.random(count) < 0.3
    luck = rng.random(count)
    rewards = (luck < np.where(large, 0.7, 0.6)).astype(np.float64)
    propensities = np.where(large, 0.3, 0.7)
    moved = rng.random(count) < 0.2  # the new policy asks the large one for a fifth
    new = np.where(moved, large, ~large).astype(np.float64)
    old = (~large).astype(np.float64)
    expected = np.where(large, 0.7, 0.6)
    gains = np.where(moved, 0.1, 0.0)
    told = doubly_robust(
        rewards=rewards,
        propensities=propensities,
        target=new - old,
        expected=expected,
        expected_target=gains,
        difference=True,
    )
    whole = doubly_robust(
        rewards=rewards,
        propensities=propensities,
        target=new,
        expected=expected,
        expected_target=np.where(moved, 0.7, 0.6),
    )
    assert told.low < 0.02 < told.high
    assert told.high - told.low < whole.high - whole.low


def test_a_difference_without_any_exploration_is_never_told() -> None:
    count = 1000
    moved = np.arange(count) % 5 == 0
    told = doubly_robust(
        rewards=np.full(count, 0.5),
        propensities=np.ones(count),
        target=np.where(moved, -1.0, 0.0),  # the old choice is in the record, the new one never
        expected=np.full(count, 0.5),
        expected_target=np.where(moved, 0.5, 0.0),  # and the model praises it
        difference=True,
    )
    assert told.mean > 0.05
    assert told.low <= 0.0


def test_a_difference_may_be_a_loss_though_no_row_of_the_record_says_so() -> None:
    count = 1000
    nothing = np.zeros(count)
    told = doubly_robust(
        rewards=np.full(count, 0.5),
        propensities=np.ones(count),
        target=np.where(np.arange(count) < 20, 1e-3, 0.0),
        expected=np.full(count, 0.5),
        expected_target=nothing - 0.2,
        difference=True,
    )
    assert told.mean == pytest.approx(-0.2)
    assert told.low < -0.19


def test_a_few_rows_of_enormous_weight_do_not_decide() -> None:
    rng = np.random.default_rng(6)
    count = 2000
    propensities = np.full(count, 0.5)
    propensities[:3] = 1e-6
    rewards = (rng.random(count) < 0.5).astype(np.float64)
    rewards[:3] = 1.0
    half = np.full(count, 0.5)
    told = doubly_robust(
        rewards=rewards,
        propensities=propensities,
        target=half,
        expected=half,
        expected_target=half,
    )
    assert told.clipped_share == pytest.approx(3 / count)
    assert 0.3 < told.mean < 0.7
    assert self_normalised(rewards=rewards, propensities=propensities, target=half).high <= 1.0


def test_a_row_may_count_less() -> None:
    count = 400
    told = partial(
        doubly_robust,
        rewards=np.where(np.arange(count) < 200, 1.0, 0.0),
        propensities=np.full(count, 0.5),
        target=np.full(count, 0.5),
        expected=np.zeros(count),
        expected_target=np.zeros(count),
    )
    assert told().mean == pytest.approx(0.5)
    weights = np.where(np.arange(count) < 200, 0.25, 1.0)
    assert told(weights=weights).mean == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Logged("easy", "small", 0.0, 1.0), "propensity"),
        (Logged("easy", "small", 1.5, 1.0), "propensity"),
        (Logged("easy", "small", 0.5, float("nan")), "not a number"),
    ],
)
def test_a_record_that_cannot_be_is_refused(row: Logged, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        estimate([*logged(20, 0.5, 1), row], by_kind, truth)


def test_nothing_is_estimated_from_nothing() -> None:
    with pytest.raises(ValueError, match="no row"):
        estimate([], by_kind, truth)
