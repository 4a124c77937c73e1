"""Ranks say how sure they are, and nobody is taken off by chance or as the last of his kind."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from collegium.config import RankingConfig
from collegium.management.intervals import wilson
from collegium.management.performance import Course, Performance
from collegium.management.ranking import rank
from collegium.management.tracker import PerformanceTracker
from collegium.management.underperforming import below, checks_of, stand_ins, underperforming
from collegium.observe.casebook import Case
from collegium.storage.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

WEIGHTS = RankingConfig()


def performing(
    name: str, right: int = 90, total: int = 100, p50_ms: float | None = 100.0
) -> Performance:
    return Performance(
        name,
        queries=total,
        answering=Course(count=total, lately=wilson(right, total)),
        p50_ms=p50_ms,
        p50_low_ms=p50_ms and p50_ms * 0.9,
        p50_high_ms=p50_ms and p50_ms * 1.1,
    )


def test_the_score_is_half_success_and_the_rest_what_is_free_and_how_quick_it_is() -> None:
    (slow, quick) = sorted(
        rank(
            (performing("slow", 90, 100, 200.0), performing("quick", 60, 100, 100.0)),
            {"slow": 0.25, "quick": 0.5},
            WEIGHTS,
        ),
        key=lambda one: -len(one.name),
    )[::-1]
    assert (slow.name, quick.name) == ("slow", "quick")
    assert slow.score == pytest.approx(0.5 * 0.9 + 0.3 * 0.75 + 0.2 * 0.5)
    assert quick.score == pytest.approx(0.5 * 0.6 + 0.3 * 0.5 + 0.2 * 1.0)


def test_weights_count_in_proportion_to_their_sum() -> None:
    single = (performing("ace", 80, 100),)
    by_success = RankingConfig(success=7, free=0, speed=0)
    assert rank(single, {}, by_success)[0].score == pytest.approx(0.8)
    nothing = RankingConfig(success=0, free=0, speed=0)
    assert rank(single, {}, nothing)[0].score == 0.5


def test_the_best_comes_first_and_every_score_is_between_its_ends() -> None:
    rng = random.Random(1)
    performances = [
        performing(f"e{number}", rng.randint(0, 50), 50, rng.uniform(1, 1000))
        for number in range(30)
    ]
    ranks = rank(performances, {"e1": 7.0, "e2": -1.0}, WEIGHTS)
    assert [one.score for one in ranks] == sorted((one.score for one in ranks), reverse=True)
    assert all(0 <= one.low <= one.score <= one.high <= 1 for one in ranks)


def test_more_outcomes_make_a_rank_surer() -> None:
    few = rank((performing("ace", 27, 30),), {}, WEIGHTS)[0]
    many = rank((performing("ace", 2700, 3000),), {}, WEIGHTS)[0]
    assert many.high - many.low < (few.high - few.low) / 2


def test_too_few_outcomes_are_said() -> None:
    ranks = rank((performing("new", 3, 3), performing("old", 90, 100)), {}, WEIGHTS)
    new = next(one for one in ranks if one.name == "new")
    assert not new.enough
    assert new.why == "too few outcomes to rank: 3 of 20"


def test_nothing_known_is_neither_good_nor_bad_and_of_any_score() -> None:
    newcomer = rank((Performance("new"), performing("old")), {}, WEIGHTS)[-1]
    assert newcomer.name == "new"
    assert newcomer.score == pytest.approx(0.5 * 0.5 + 0.3 + 0.2 * 0.5)
    assert newcomer.high - newcomer.low > 0.5


def test_who_cannot_be_told_apart_is_named() -> None:
    performances = (
        performing("ace", 900, 1000),
        performing("bob", 895, 1000),
        performing("cyd", 300, 1000),
    )
    why = {one.name: one.why for one in rank(performances, {}, WEIGHTS)}
    assert why == {
        "ace": "not told apart from bob",
        "bob": "not told apart from ace",
        "cyd": "by 1000 outcomes",
    }


def test_of_many_who_are_alike_a_few_are_named_and_the_others_counted() -> None:
    ranks = rank([performing(f"e{number}") for number in range(6)], {}, WEIGHTS)
    assert ranks[0].why == "not told apart from e1, e2, e3 and 2 more"


def test_the_only_one_is_as_quick_as_can_be() -> None:
    assert rank((performing("ace", 100, 100, 9999.0),), {}, WEIGHTS)[0].score > 0.99


def test_speed_is_that_of_the_window_where_there_is_any() -> None:
    late = replace(performing("late", p50_ms=100.0), now=performing("late", p50_ms=400.0))
    idle = replace(performing("idle", p50_ms=100.0), now=Performance("idle"))
    by_speed = RankingConfig(success=0, free=0, speed=1)
    scores = {one.name: one.score for one in rank((late, idle), {}, by_speed)}
    assert scores == {"late": pytest.approx(0.25), "idle": pytest.approx(1.0)}


# Who is taken off


def answers(oks: Iterable[bool], expert: str = "ace") -> PerformanceTracker:
    tracker = PerformanceTracker()
    for number, ok in enumerate(oks):
        data: dict[str, Any] = {"ok": ok, "latency_ms": 1.0}
        tracker.take(Record("answer", 1e9 + number, f"q{number}", expert, data=data))
    return tracker


def outcomes_until_below(chance: float, most: int, seed: int, every: int = 1) -> int | None:
    """After how many outcomes an expert that succeeds with that chance is taken for bad."""
    rng, tracker = random.Random(seed), PerformanceTracker()
    for number in range(1, most + 1):
        data: dict[str, Any] = {"ok": rng.random() < chance, "latency_ms": 1.0}
        tracker.take(Record("answer", 1e9 + number, f"q{number}", "ace", data=data))
        if number % every == 0 and below([tracker.performance("ace")], 0.85):
            return number
    return None


def test_an_expert_good_enough_is_hardly_ever_taken_for_bad_however_long_it_is_watched() -> None:
    found = [outcomes_until_below(0.85, 10_000, seed, every=250) for seed in range(5)]
    assert sum(one is not None for one in found) <= 1


def test_a_bad_one_is_found_out_soon() -> None:
    found = [outcomes_until_below(0.6, 1000, seed, every=5) for seed in range(8)]
    assert all(one is not None and one <= 150 for one in found)


def test_one_who_has_become_bad_is_found_out_and_one_who_has_become_good_is_left_alone() -> None:
    rng = random.Random(9)
    good, bad = ([rng.random() < chance for _ in range(600)] for chance in (0.97, 0.5))
    assert below([answers([*good, *bad]).performance("ace")], 0.85)
    assert below([answers([*bad, *good]).performance("ace")], 0.85) == ()


def test_a_mean_below_the_threshold_is_not_enough() -> None:
    performance = answers([True] * 7 + [False] * 3).performance("ace")
    assert performance.success.mean == 0.7
    assert below([performance], 0.85) == ()


def test_answers_that_fail_their_checks_are_bad_answers() -> None:
    tracker = answers([True] * 200)
    for number in range(200):
        outcome = "failed" if number % 2 else "passed"
        tracker.take(Record("verdict", 1e9, f"q{number}", "ace", data={"outcome": outcome}))
    (ace,) = below([tracker.performance("ace")], 0.85)
    assert ace.why.startswith("passes 5")
    assert ace.why.endswith("by 200 of them, and 85% are wanted")


def going(*ceilings: float) -> list[Performance]:
    """Experts a, b, c ... with these upper ends."""
    return [
        Performance(
            name,
            queries=100,
            failures=round(100 - 90 * ceiling),
            answering=Course(100, wilson(ceiling * 90, 100), ceiling),
        )
        for name, ceiling in zip("abcdefghij", ceilings, strict=False)
    ]


def names(performances: list[Performance], capable: dict[str, frozenset[str]]) -> list[str]:
    return [one.name for one in underperforming(performances, 0.85, capable)]


def test_who_is_below_goes_if_somebody_else_can_do_the_work() -> None:
    assert names(going(0.6, 1.0), {"a": frozenset("b")}) == ["a"]


def test_the_last_who_can_do_the_work_stays_however_bad() -> None:
    assert names(going(0.1, 0.9), {"a": frozenset()}) == []
    assert names(going(0.1, 0.9), {}) == []
    assert names(going(0.1), {"a": frozenset("a")}) == []


def test_of_several_only_the_worst_goes_before_one_looks_again() -> None:
    everybody = dict.fromkeys("abcdefgh", frozenset("abcdefgh"))
    assert names(going(0.6, 0.4, 1, 1, 1, 1, 1, 1), everybody) == ["b"]


def test_where_a_third_is_below_what_is_wanted_nobody_goes() -> None:
    everybody = dict.fromkeys("abcdef", frozenset("abcdef"))
    assert names(going(0.6, 0.4, 1, 1, 1, 1), everybody) == []
    assert names(going(0.5, 0.4, 0.3, 0.2, 0.1, 0.05), everybody) == []


def test_who_does_no_worse_than_the_others_stays() -> None:
    everybody = dict.fromkeys("abc", frozenset("abc"))
    bad, good, unknown = going(0.6, 1.0)[0], going(0.6, 1.0)[1], Performance("c")
    alike = Performance("b", queries=100, failures=45)
    assert names([bad, alike], everybody) == []
    assert names([bad, unknown], everybody) == []
    assert names([bad, good], everybody) == ["a"]


def test_a_failure_that_all_share_takes_nobody_off() -> None:
    staff = [f"e{place}" for place in range(10)]
    rng, clock = random.Random(2), [1e9]
    tracker = PerformanceTracker(clock=lambda: clock[0])

    def ask(reliability: dict[str, float]) -> None:
        clock[0] += 0.3
        expert = rng.choice(staff)
        data = {"ok": rng.random() < reliability.get(expert, 0.99), "latency_ms": 50.0}
        tracker.take(Record("answer", clock[0], str(clock[0]), expert, data=data))

    def off() -> list[str]:
        performances = [tracker.performance(name) for name in staff]
        everybody = dict.fromkeys(staff, frozenset(staff))
        return [one.name for one in underperforming(performances, 0.85, everybody)]

    for _ in range(5000):
        ask({})
    for place in range(1200):
        ask(dict.fromkeys(staff, 0.0))
        assert place % 100 or off() == []
    assert len(below([tracker.performance(name) for name in staff], 0.85)) > 5
    for _ in range(6000):
        ask({"e3": 0.4})
    assert off() == ["e3"]


def checked(expert: str, kind: str, right: int, wrong: int, variant: str = "") -> list[Case]:
    return [
        Case("q", 0.0, expert=expert, task={"kind": kind}, verdict=verdict, variant=variant)
        for verdict, count in (("passed", right), ("failed", wrong))
        for _ in range(count)
    ]


def test_who_has_the_hardest_work_is_compared_with_others_at_that_work() -> None:
    failing = Course(200, wilson(140, 200), 0.78)
    performances = [Performance("sql", checking=failing), Performance("chat")]
    capable = {"sql": frozenset({"chat"})}

    def off(*cases: list[Case]) -> list[str]:
        all_of_them = [one for several in cases for one in several]
        found = underperforming(performances, 0.85, capable, checks_of(all_of_them))
        return [one.name for one in found]

    own = checked("sql", "sql", 140, 60)
    assert off(own, checked("chat", "text", 200, 0)) == []
    assert off(own, checked("chat", "sql", 14, 6)) == []
    assert off(own, checked("chat", "sql", 60, 0, "new:challenger")) == []
    assert off(own, checked("chat", "sql", 60, 0)) == ["sql"]


def case(first: str, **shares: float) -> Case:
    return Case("q", 0.0, chosen=(first,), shares=shares)


def test_who_mostly_had_a_fair_share_can_stand_in() -> None:
    cases = [case("Ace", ace=0.8, bob=0.2, cyd=0.01)] * 9 + [case("Ace", ace=0.99, bob=0.01)]
    ready = {"ace": "Ace", "bob": "Bob", "cyd": "Cyd"}
    assert stand_ins(cases, ready)["Ace"] == {"Bob"}
    more = [*cases, case("Ace", ace=1.0)]
    assert stand_ins(more, ready)["Ace"] == set()


def test_who_is_not_ready_cannot_stand_in_and_the_fallback_always_can() -> None:
    cases = [case("Ace", ace=0.8, bob=0.2)]
    found = stand_ins(cases, {"ace": "Ace", "any": "Any"}, fallback="Any")
    assert found == {"Ace": {"Any"}, "Any": frozenset()}


def test_nobody_is_known_to_be_able_to_do_what_was_never_asked() -> None:
    assert stand_ins((), {"ace": "Ace", "bob": "Bob"}) == {"Ace": frozenset(), "Bob": frozenset()}
