"""Intervals hold what they promise, also for those who look all the time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collegium.management.intervals import (
    UNKNOWN,
    ConfidenceSequence,
    RenewedSequence,
    anytime,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS, STEPS = 300, 600


def coin(chance: float) -> Callable[[random.Random], float]:
    return lambda rng: float(rng.random() < chance)


def ever_missed(draw: Callable[[random.Random], float], mean: float, runs: int = RUNS) -> float:
    """The share of runs in which the mean is once outside, looked at after every value."""
    rng = random.Random(7)
    missed = 0
    for _ in range(runs):
        sequence = ConfidenceSequence(0.95)
        for _ in range(STEPS):
            sequence.add(draw(rng))
            if sequence.rules_out(mean):
                missed += 1
                break
    return missed / runs


@pytest.mark.parametrize("chance", [0.05, 0.5, 0.85, 0.99])
def test_a_sequence_watched_at_every_step_misses_in_five_of_a_hundred_runs_at_most(
    chance: float,
) -> None:
    assert ever_missed(coin(chance), chance) <= 0.05


def test_ratings_between_bad_and_good_are_covered_as_well() -> None:
    assert ever_missed(lambda rng: rng.betavariate(8, 2), 0.8, runs=100) <= 0.05
    assert ever_missed(lambda rng: rng.choice((0.0, 0.5, 1.0)), 0.5, runs=100) <= 0.05


def test_an_interval_for_one_look_would_miss_far_more_often_if_watched() -> None:
    rng = random.Random(3)
    missed = 0
    for _ in range(200):
        right = 0
        for total in range(1, STEPS + 1):
            right += rng.random() < 0.5
            interval = wilson(right, total)
            if not interval.low <= 0.5 <= interval.high:
                missed += 1
                break
    assert missed / 200 > 0.2


def test_one_look_at_wilson_misses_as_often_as_its_level_says() -> None:
    rng = random.Random(5)
    missed = 0
    for _ in range(2000):
        interval = wilson(sum(rng.random() < 0.85 for _ in range(100)), 100)
        missed += not interval.low <= 0.85 <= interval.high
    assert 0.03 < missed / 2000 < 0.07


def test_the_price_of_looking_all_the_time_is_less_than_twice_the_width() -> None:
    once, always = wilson(850, 1000), anytime(850, 1000)
    assert (once.high - once.low) < (always.high - always.low) < 2 * (once.high - once.low)


@given(some.integers(1, 5000), some.floats(0, 1))
def test_the_ends_are_around_the_mean_and_never_outside_of_shares(total: int, share: float) -> None:
    for interval in (wilson(share * total, total), anytime(share * total, total)):
        assert 0 <= interval.low <= interval.mean <= interval.high <= 1
        assert interval.mean == pytest.approx(share)
        assert interval.count == total


@given(some.integers(1, 1000), some.integers(0, 1000))
def test_what_is_outside_is_ruled_out_and_what_is_inside_is_not(total: int, right: int) -> None:
    sequence = ConfidenceSequence(0.95, total=min(right, total), count=total)
    interval = sequence.interval
    for mean in (0.001, 0.2, 0.5, 0.8, 0.999):
        assert sequence.rules_out(mean) == (not interval.low <= mean <= interval.high)


def test_nothing_known_is_anything_between_0_and_1() -> None:
    assert wilson(0, 0) == anytime(0, 0) == ConfidenceSequence().interval == UNKNOWN
    assert (UNKNOWN.low, UNKNOWN.high) == (0, 1)


def test_all_right_is_open_upwards_and_all_wrong_downwards() -> None:
    assert anytime(50, 50).high == 1
    assert 0.8 < anytime(50, 50).low < 1
    assert anytime(0, 50).low == 0


def test_a_value_of_half_weight_narrows_half_as_much() -> None:
    whole, halves = ConfidenceSequence(), ConfidenceSequence()
    for value in (1.0, 0.0, 1.0):
        whole.add(value)
        halves.add(value, 0.5)
        halves.add(value, 0.5)
    assert whole.interval == halves.interval


def first_below(
    sequence: RenewedSequence, threshold: float, draw: Callable[[random.Random], float], most: int
) -> int | None:
    rng = random.Random(11)
    for step in range(most):
        sequence.add(draw(rng))
        if sequence.ceiling < threshold:
            return step + 1
    return None


def test_who_was_good_for_long_and_is_bad_now_is_found_out_soon() -> None:
    sequence = RenewedSequence(every=200)
    assert first_below(sequence, 0.85, coin(0.95), 5000) is None
    changed = first_below(sequence, 0.85, coin(0.6), 1000)
    assert changed is not None
    assert changed <= 350


def test_one_sequence_alone_would_take_thousands_to_find_that_out() -> None:
    alone = RenewedSequence(every=1_000_000)
    assert first_below(alone, 0.85, coin(0.95), 5000) is None
    assert first_below(alone, 0.85, coin(0.6), 1000) is None


def test_renewing_for_ever_does_not_make_a_good_one_look_bad() -> None:
    rng = random.Random(13)
    wrong = 0
    for _ in range(60):
        sequence = RenewedSequence(every=50)
        for step in range(2000):
            sequence.add(float(rng.random() < 0.85))
            if step % 20 == 0 and sequence.ceiling < 0.85:
                wrong += 1
                break
    assert wrong <= 3
