"""Ratings: what is taken, what is refused, and how little one rater can do."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collegium.errors import InvalidRequest, RatingRefused, UnknownQuery
from collegium.events import EventBus, Rated
from collegium.management.ratings import FEWEST, MOST, Influence, RatingDesk
from collegium.management.satisfaction import MOST_SHARE, VOTES, Satisfaction, votes_of
from collegium.management.tracker import PerformanceTracker
from collegium.storage.opening import open_store
from collegium.storage.recorder import Recorder
from collegium.storage.records import Kind, Record

if TYPE_CHECKING:
    from pathlib import Path

    from collegium.events import Event

NOON = 1_790_000_000.0
DAY_S = 86_400.0


class Office:
    """A desk, and everybody who hears of its ratings."""

    def __init__(self, store: Any = None, **settings: Any) -> None:
        self.now = NOON
        self.rated: list[Rated] = []
        self.bus = EventBus()
        self.tracker = PerformanceTracker(clock=self.clock)
        self.recorder = Recorder(store, takers=(self.tracker.take,), clock=self.clock)
        self.bus.subscribe(self.recorder)
        self.bus.subscribe(self.hear)
        self.desk = RatingDesk(
            self.tracker.casebook, self.bus.publish, clock=self.clock, store=store, **settings
        )

    def clock(self) -> float:
        return self.now

    def hear(self, event: Event) -> None:
        if isinstance(event, Rated):
            self.rated.append(event)

    def put(self, kind: Kind, query: str, expert: str, **data: Any) -> None:
        self.recorder.put(Record(kind, self.now, query, expert, "m", data=data))

    def answered(self, query: str, *experts: str) -> None:
        """A query that these were asked; the first of them won."""
        experts = experts or ("ace",)
        self.put("decision", query, experts[0], chosen=list(experts), confidence=0.9)
        for expert in experts:
            self.put("answer", query, expert, ok=True, latency_ms=5.0)
        self.put("outcome", query, experts[0], ok=True)

    def satisfaction(self, expert: str = "ace") -> float:
        interval = self.tracker.performance(expert).satisfaction
        assert interval is not None
        return interval.mean


@pytest.fixture
def office() -> Office:
    office = Office()
    office.answered("q", "ace", "bob")
    return office


def test_a_rating_is_of_the_answer_that_was_given(office: Office) -> None:
    assert office.desk.rate("q", 1) == Rated("q", 1.0, "ace", "local", 1.0)
    assert office.rated == [Rated("q", 1.0, "ace", "local", 1.0)]
    assert office.satisfaction() == 1.0


def test_a_rating_may_be_of_another_who_answered(office: Office) -> None:
    assert office.desk.rate("q", 0.2, expert="bob", rater="x").expert == "bob"
    assert office.satisfaction("bob") == pytest.approx(0.2)
    assert office.tracker.performance("ace").satisfaction is None


def test_a_rating_of_somebody_who_was_not_asked_is_refused(office: Office) -> None:
    with pytest.raises(InvalidRequest, match=r"'cyd' was not asked .* asked were: ace, bob"):
        office.desk.rate("q", 1, expert="cyd")


@pytest.mark.parametrize("rating", [-0.1, 1.1, math.nan, math.inf, True, "1", None, [1]])
def test_a_rating_is_a_number_from_0_to_1(office: Office, rating: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"from 0 .* to 1"):
        office.desk.rate("q", rating)
    assert office.rated == []


@pytest.mark.parametrize("query", ["never asked", "", "q~shadow"])
def test_a_query_that_nobody_asked_or_saw_cannot_be_rated(office: Office, query: str) -> None:
    office.answered("q~shadow")
    with pytest.raises(UnknownQuery, match="7 days"):
        office.desk.rate(query, 1)


def test_a_rating_that_came_before_its_query_does_not_make_it_known(office: Office) -> None:
    office.bus.publish(Rated("elsewhere", 1.0, rater="x"))
    with pytest.raises(UnknownQuery):
        office.desk.rate("elsewhere", 1)


def test_a_rating_that_comes_too_late_is_refused(office: Office) -> None:
    office.now += 7 * DAY_S
    office.desk.rate("q", 1)
    office.now += DAY_S
    with pytest.raises(RatingRefused, match=r"8 days old; .* for 7 days"):
        office.desk.rate("q", 0)


def test_a_clock_that_was_set_back_does_not_refuse_anybody(office: Office) -> None:
    office.now -= 3650 * DAY_S
    assert office.desk.rate("q", 1).weight == 1
    assert office.desk.rate("q", 0, expert="bob").weight == 1


def test_the_same_rating_again_is_refused_and_another_value_replaces_it(office: Office) -> None:
    office.desk.rate("q", 1, rater="x")
    with pytest.raises(RatingRefused, match="already"):
        office.desk.rate("q", 1.0, rater="x")
    office.desk.rate("q", 0, rater="x")
    assert office.satisfaction() == 0.0
    case = office.tracker.casebook.find("q")
    assert case is not None
    assert (case.rating, case.rating_weight) == (0.0, 1.0)


def test_changing_ones_mind_without_end_spends_nothing_and_gains_nothing(office: Office) -> None:
    weights = [office.desk.rate("q", step % 2, rater="x").weight for step in range(100)]
    assert weights == [1.0] * 100
    case = office.tracker.casebook.find("q")
    assert case is not None
    assert case.rating_weight == 1.0


def test_raters_are_heard_beside_each_other(office: Office) -> None:
    for rater, rating in (("x", 1.0), ("y", 0.0), ("z", 0.5)):
        office.desk.rate("q", rating, rater=rater)
    case = office.tracker.casebook.find("q")
    assert case is not None
    assert case.rating == pytest.approx(0.5)
    assert case.reward == pytest.approx(0.5)


def honest(office: Office) -> None:
    """Fifty ratings by ten people, most of them good."""
    rng = random.Random(3)
    for number in range(50):
        office.answered(f"honest{number}")
        office.desk.rate(f"honest{number}", float(rng.random() < 0.9), rater=f"h{number % 10}")


def flood(office: Office, count: int = 10_000) -> float:
    """One key that says of everything that it is bad; what that weighs."""
    weight = 0.0
    for number in range(count):
        office.put("decision", f"hostile{number}", "ace", chosen=["ace"])
        weight += office.desk.rate(f"hostile{number}", 0.0, rater="hostile").weight
    return weight


@pytest.mark.parametrize("first", [True, False])
def test_a_flood_of_hostile_ratings_moves_satisfaction_by_a_third_at_most(first: bool) -> None:
    peace, war = Office(), Office()
    honest(peace)
    if first:
        spent = flood(war)
        honest(war)
    else:
        honest(war)
        spent = flood(war)
    assert peace.satisfaction() - war.satisfaction() <= MOST_SHARE * peace.satisfaction() + 1e-9
    assert spent <= MOST
    honest_weight = sum(one.weight for one in war.rated if one.rater != "hostile")
    assert honest_weight > 45


def test_somebody_alone_counts_fully_for_a_while_and_less_and_less_then() -> None:
    influence = Influence(3600.0)
    weights = [influence.spend("ace", "x", NOON) for _ in range(200)]
    assert weights[:10] == [1.0] * 10
    assert sorted(weights, reverse=True) == weights
    assert sum(weights) == pytest.approx(MOST)


def test_beside_others_nobody_has_more_than_half_of_what_they_have() -> None:
    influence = Influence(3600.0)
    for rater in range(6):
        for _ in range(4):
            influence.spend("ace", f"r{rater}", NOON)
    others = sum(influence._by_rater["ace", f"r{rater}"][0] for rater in range(6))
    mine = sum(influence.spend("ace", "x", NOON) for _ in range(1000))
    assert mine <= others / 2 + 1e-9
    assert mine / (mine + others) <= MOST_SHARE + 1e-9


def test_a_newcomer_beside_one_who_rated_a_lot_is_heard() -> None:
    influence = Influence(3600.0)
    for _ in range(1000):
        influence.spend("ace", "x", NOON)
    assert influence.spend("ace", "y", NOON) == 1.0


def test_what_was_spent_comes_back_with_time_and_not_with_a_clock_set_back() -> None:
    influence = Influence(3600.0)
    for _ in range(1000):
        influence.spend("ace", "x", NOON)
    assert influence.spend("ace", "x", NOON - 100 * DAY_S) < 0.01
    assert influence.spend("ace", "x", NOON - 100 * DAY_S + 5 * 3600) == 1.0


def test_what_was_spent_on_one_expert_is_not_spent_on_another() -> None:
    influence = Influence(3600.0)
    for _ in range(1000):
        influence.spend("ace", "x", NOON)
    assert influence.spend("bob", "x", NOON) == 1.0


@given(
    some.lists(
        some.tuples(some.sampled_from("vwxyz"), some.integers(0, 100)), min_size=1, max_size=300
    )
)
def test_whoever_rates_whenever_a_rating_weighs_from_0_to_1_and_all_of_one_rater_20_at_most(
    ratings: list[tuple[str, int]],
) -> None:
    influence = Influence(3600.0)
    total = dict.fromkeys("vwxyz", 0.0)
    for rater, second in ratings:
        weight = influence.spend("ace", rater, NOON + second)
        assert 0 <= weight <= 1
        total[rater] += weight
    assert all(weight <= MOST * math.exp(100 / 3600) for weight in total.values())
    assert FEWEST < MOST


def test_ratings_from_elsewhere_count_as_spent(office: Office) -> None:
    for number in range(100):
        data = {"rating": 0.0, "weight": 1.0, "rater": "x"}
        office.desk.take(Record("rating", NOON, f"q{number}", "ace", data=data))
    assert office.desk.rate("q", 0.0, rater="x").weight == 0.0


@given(some.lists(some.integers(1, 1000), min_size=1, max_size=40))
def test_votes_are_as_many_as_ratings_and_never_more_than_a_third(counts: list[int]) -> None:
    votes = votes_of(counts)
    share = max(MOST_SHARE, 1 / len(counts))
    assert all(0 < vote <= min(count, VOTES) for vote, count in zip(votes, counts, strict=True))
    assert max(votes) <= share * sum(votes) + 1e-9
    even = [min(count, VOTES) for count in counts]
    if max(even) <= share * sum(even):
        assert votes == even


def test_two_raters_have_an_equal_part_however_much_one_of_them_rates() -> None:
    satisfaction = Satisfaction()
    satisfaction.rate("x", "q", 1.0, 0.0)
    for number in range(1000):
        satisfaction.rate("y", f"q{number}", 0.0, 0.0)
    interval = satisfaction.interval()
    assert interval is not None
    assert interval.mean == pytest.approx(0.5)


def test_raters_without_end_do_not_fill_the_memory() -> None:
    satisfaction = Satisfaction()
    for number in range(2000):
        satisfaction.rate(f"r{number}", "q", 1.0, 0.0)
    interval = satisfaction.interval()
    assert interval is not None
    assert interval.count == pytest.approx(500)


async def test_a_query_from_before_the_restart_is_found_in_the_store(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "record.sqlite3"))
    try:
        before = Office(store)
        before.answered("q", "ace", "bob")
        before.desk.rate("q", 1.0, rater="x")
        await store.flush()
        after = Office(store)
        with pytest.raises(UnknownQuery):
            after.desk.rate("q", 1.0)
        case = await after.desk.find("q")
        assert case is not None
        assert (case.expert, case.rating) == ("ace", 1.0)
        assert after.desk.rate("q", 0.0, rater="y").expert == "ace"
        with pytest.raises(RatingRefused, match="already"):
            after.desk.rate("q", 1.0, rater="x")
        assert await after.desk.find("never asked") is None
    finally:
        await store.aclose()


async def test_without_a_store_what_is_not_known_is_not_found(office: Office) -> None:
    assert await office.desk.find("never asked") is None
    case = await office.desk.find("q")
    assert case is not None
    assert case.expert == "ace"
