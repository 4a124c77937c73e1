"""How many instances a model should have: quick to grow, slow to shrink, and never to and fro."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.config import ScalingConfig
from collegium.management.scaling import Course, Demand, Size, instances_for, plan

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = ScalingConfig(
    target=0.7, every_s=2.0, grow_after_s=4.0, shrink_after_s=60.0, idle_s=300.0
)


def planned(now: float = 1000.0, rules: ScalingConfig = SETTINGS, **fields: Any) -> Size | None:
    demand = Demand(**{"name": "m", "instances": 1, "capacity": 4, "most": 5, **fields})
    sizes = plan([demand], rules, now)
    return sizes[0] if sizes else None


def simulated(
    load: Callable[[float], float],
    *,
    seconds: int,
    capacity: int = 4,
    most: int = 10,
    rules: ScalingConfig = SETTINGS,
    sleeps: bool = False,
    start_s: float = 4.0,
) -> list[tuple[float, int]]:
    """How many instances there are at each look; one that is started is there after `start_s`."""
    course, instances, changed_at, coming = Course(rules.shrink_after_s), 1, 0.0, (math.inf, 0)
    sizes: list[tuple[float, int]] = []
    for step in range(int(seconds / rules.every_s)):
        now = step * rules.every_s
        if now >= coming[0]:
            course.changed(instances, coming[1], now)
            instances, coming, changed_at = coming[1], (math.inf, 0), now
        busy = max(0.0, load(now))
        course.take(busy, now, start_s)
        if coming[1] == 0:
            demand = Demand(
                "m",
                instances=instances,
                capacity=capacity,
                in_flight=round(busy),
                expected=course.expected,
                peak=course.peak,
                most=most,
                idle_s=course.idle_s(now) if sleeps and instances else None,
                changed_at=changed_at,
                patience=course.patience,
            )
            for size in plan([demand], rules, now):
                if size.after > size.before:
                    coming = (now + start_s, size.after)
                else:
                    course.changed(instances, size.after, now)
                    instances, changed_at = size.after, now
        sizes.append((now, instances))
    return sizes


def changes(sizes: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """When the number changed, and to what."""
    return [later for earlier, later in pairwise(sizes) if earlier[1] != later[1]]


def test_utilisation_stays_at_what_is_aimed_at_or_below() -> None:
    assert instances_for(0, 4, 0.7) == 1
    assert instances_for(2.8, 4, 0.7) == 1
    assert instances_for(2.81, 4, 0.7) == 2
    assert instances_for(28, 4, 0.7) == 10


def test_more_are_wanted_where_the_demand_will_be_more_than_they_take() -> None:
    size = planned(in_flight=4, waiting=3, expected=7.0, peak=7.0)
    assert size is not None
    assert (size.before, size.after) == (1, 3)
    assert size.why == "4 in flight and 3 waiting, 7.0 expected, where each takes 4"


def test_there_are_never_more_than_there_may_be() -> None:
    size = planned(expected=1000.0, in_flight=20, waiting=50)
    assert size is not None
    assert size.after == 5
    fewer = planned(instances=8, in_flight=20, expected=20.0, peak=20.0)
    assert fewer is not None
    assert (fewer.after, fewer.why) == (5, "there may be 5")


def test_after_a_change_it_rests() -> None:
    busy: dict[str, Any] = {"in_flight": 4, "expected": 8.0, "peak": 8.0}
    assert planned(now=100.0, changed_at=97.0, **busy) is None
    assert planned(now=100.0, changed_at=96.0, **busy) is not None
    calm: dict[str, Any] = {"instances": 3, "in_flight": 1, "expected": 1.0, "peak": 1.0}
    assert planned(now=100.0, changed_at=41.0, **calm) is None
    size = planned(now=100.0, changed_at=40.0, **calm)
    assert size is not None
    assert size.after == 1


def test_fewer_must_have_room_to_spare() -> None:
    # Two instances of four places take 5.6 at 70 %; only well below that one may go.
    assert planned(instances=2, in_flight=2, expected=2.2, peak=2.2) is None
    assert planned(instances=2, in_flight=2, expected=2.0, peak=2.0) is not None


def test_one_that_shrank_too_soon_waits_twice_as_long_the_next_time() -> None:
    course = Course(60.0)
    for cycle, patience in enumerate([2.0, 4.0, 8.0, 16.0, 16.0]):
        course.changed(3, 2, cycle * 200.0)
        course.changed(2, 3, cycle * 200.0 + 100.0)
        assert course.patience == patience
    calm: dict[str, Any] = {"instances": 3, "expected": 1.0, "peak": 1.0, "patience": 2.0}
    assert planned(now=1000.0, changed_at=881.0, **calm) is None
    assert planned(now=1000.0, changed_at=880.0, **calm) is not None
    course.changed(3, 2, 2000.0)
    course.changed(2, 3, 20_000.0)
    assert course.patience == 8.0


def test_what_somebody_wants_goes_before_what_demand_says() -> None:
    size = planned(now=100.0, changed_at=99.9, wanted=4, in_flight=0)
    assert size == Size("m", 1, 4, "asked for by hand")
    assert planned(instances=4, wanted=4, in_flight=9, expected=90.0) is None


def test_the_last_one_sleeps_when_nobody_asked_for_long() -> None:
    assert planned(idle_s=299.0) is None
    assert planned(idle_s=300.0, in_flight=1, expected=1.0) is None
    assert planned(idle_s=301.0) == Size("m", 1, 0, "nobody asked for 301 s")
    assert planned(idle_s=None) is None
    assert planned(rules=ScalingConfig(), idle_s=1e9) is None


def test_one_that_sleeps_stays_so_until_somebody_asks() -> None:
    assert planned(instances=0, idle_s=None) is None
    woken = planned(now=100.0, instances=0, waiting=6, expected=6.0, changed_at=99.0)
    assert woken is not None
    assert woken.after == 3


def test_a_step_of_demand_is_followed_within_seconds_and_once() -> None:
    sizes = simulated(lambda now: 2 if now < 100 else 11, seconds=400)
    grown = changes(sizes)
    assert instances_for(11, 4, 0.7) == 4
    assert sizes[-1][1] in (4, 5)
    assert all(number in (2, 3, 4, 5) for _, number in grown)
    assert min(at for at, number in sizes if number >= 4) - 100 <= 20


def test_a_ramp_is_met_before_it_is_too_much() -> None:
    sizes = simulated(lambda now: now / 10, seconds=300, most=20)
    late = [now for now, number in sizes if now > 20 and now / 10 > number * 4]
    assert late == []


@pytest.mark.parametrize("mean", [1.5, 2.6, 5.0, 8.4, 12.0])
def test_noise_around_one_demand_changes_nothing_once_it_is_known(mean: float) -> None:
    for seed in range(10):
        rng = random.Random(seed)
        noisy = simulated(lambda _: rng.gauss(mean, mean**0.5 / 2), seconds=1800)  # noqa: B023
        assert [change for change in changes(noisy) if change[0] > 1200] == []


class Crowd:
    """Requests that come by chance and take about so long, `mean` of them at once on average.

    A call tells how many there were since the last one, as `Condition.worked` does.
    """

    def __init__(self, seed: int, mean: float, answer_s: float) -> None:
        self.rng, self.mean, self.answer_s = random.Random(seed), mean, answer_s
        self.looked = self.next = 0.0
        self.ends: list[float] = []

    def __call__(self, now: float) -> float:
        spans = [(self.looked, end) for end in self.ends]
        while self.next < now:
            spans.append((self.next, self.next + self.rng.expovariate(1 / self.answer_s)))
            self.next += self.rng.expovariate(self.mean / self.answer_s)
        worked_s = sum(min(end, now) - began for began, end in spans)
        self.ends = [end for _, end in spans if end > now]
        passed_s, self.looked = now - self.looked, now
        return worked_s / passed_s if passed_s else 0.0


@pytest.mark.parametrize("mean", [1.5, 2.6, 5.0, 8.4, 12.0])
def test_requests_that_come_by_chance_at_one_rate_change_nothing(mean: float) -> None:
    for seed in range(10):
        sizes = simulated(Crowd(seed, mean, answer_s=0.2), seconds=1800)
        assert [change for change in changes(sizes) if change[0] > 1200] == []


@pytest.mark.parametrize("mean", [1.5, 2.6, 5.0, 8.4, 12.0])
def test_even_demand_as_noisy_as_chance_makes_it_is_followed_less_and_less(mean: float) -> None:
    late = 0
    for seed in range(10):
        rng = random.Random(seed)
        noisy = simulated(lambda _: rng.gauss(mean, mean**0.5), seconds=3600)  # noqa: B023
        late += sum(change[0] > 1800 for change in changes(noisy))
    assert late / 10 <= 4  # in half an hour


def test_a_burst_is_answered_and_forgotten_after_a_minute() -> None:
    sizes = simulated(lambda now: 20 if 100 <= now < 130 else 1, seconds=400)
    assert max(number for _, number in sizes) >= 5
    assert all(number >= 5 for now, number in sizes if 130 <= now < 170)
    assert sizes[-1][1] == 1


def test_a_model_that_nobody_asks_sleeps_and_wakes() -> None:
    sizes = simulated(lambda now: 0 if 50 <= now < 600 else 2, seconds=700, sleeps=True)
    asleep = [now for now, number in sizes if number == 0]
    assert asleep[0] == pytest.approx(350, abs=4)
    assert asleep[-1] < 610
    assert sizes[-1][1] == 1


@pytest.mark.parametrize("jump", [-5000.0, 5000.0])
def test_a_clock_that_jumps_makes_no_demand(jump: float) -> None:
    course = Course(60.0)
    for step in range(30):
        course.take(3.0, step * 2.0, 10.0)
    course.take(3.0, 60.0 + jump, 10.0)
    course.take(3.0, 62.0 + jump, 10.0)
    assert course.expected == pytest.approx(3.0, rel=0.01)
    assert course.peak == pytest.approx(3.0, rel=0.01)
    assert course.idle_s(62.0 + jump) == 0.0


@settings(max_examples=200, deadline=None)
@given(
    demands=st.lists(st.floats(0, 1000), min_size=1, max_size=60),
    pauses=st.lists(st.floats(0, 100), min_size=1, max_size=10),
    ahead_s=st.floats(0, 600),
)
def test_a_forecast_is_never_absurd(
    demands: list[float], pauses: list[float], ahead_s: float
) -> None:
    course, now, most = Course(60.0), 0.0, 0.0
    for place, demand in enumerate(demands):
        now += pauses[place % len(pauses)]
        course.take(demand, now, ahead_s)
        most = max(most, demand)
        assert 0 <= course.expected <= min(course.peak, 10 * most)
        assert course.peak >= 0
        assert 0 <= course.idle_s(now) <= now


@settings(max_examples=300, deadline=None)
@given(
    instances=st.integers(0, 12),
    capacity=st.integers(1, 16),
    in_flight=st.integers(0, 100),
    waiting=st.integers(0, 100),
    expected=st.floats(0, 500),
    peak=st.floats(0, 500),
    most=st.integers(1, 10),
    idle_s=st.none() | st.floats(0, 1000),
    since_s=st.floats(0, 200),
)
def test_a_plan_keeps_to_its_bounds(  # noqa: PLR0917 -- hypothesis gives them by name
    instances: int,
    capacity: int,
    in_flight: int,
    waiting: int,
    expected: float,
    peak: float,
    most: int,
    idle_s: float | None,
    since_s: float,
) -> None:
    demand = Demand(
        "m",
        instances,
        capacity,
        in_flight,
        waiting,
        expected,
        peak,
        most=most,
        idle_s=idle_s,
        changed_at=1000.0 - since_s,
    )
    for size in plan([demand], SETTINGS, 1000.0):
        assert size.before == instances != size.after
        assert 0 <= size.after <= most
        if size.after == 0:
            assert in_flight == waiting == 0
            assert idle_s is not None
            assert idle_s >= 300
        if 0 < size.after < size.before <= most:
            assert since_s >= 60
            assert peak <= size.after * capacity * 0.7
        if size.after > size.before > 0:
            assert since_s >= 4
