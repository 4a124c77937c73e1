"""Which experts do their work so badly, for certain, that they are better taken off."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from collegium.management.performance import Course, Performance
    from collegium.observe.casebook import Case

# Somebody can stand in where the gate gives him such a share of the query, at least.
ACCEPTABLE = 0.05
# And for another expert, where that is so for such a share of what that one is asked first.
MOSTLY = 0.9
# The latest so many cases tell what is asked; more would only take time.
CASES = 2000


@dataclass(frozen=True, slots=True)
class Underperformer:
    """An expert who does worse than is wanted, and the figures that say so."""

    name: str
    why: str


def below(performances: Iterable[Performance], threshold: float) -> tuple[Underperformer, ...]:
    """Who does worse than the share `threshold`, 0 to 1, for certain; the worst first.

    For certain is: the upper end of an interval that may be looked at all the time is below it, of
    the answers or of the checks, and the latest of them are no better. Over all the times that
    somebody as good as wanted is looked at, he is among them with a probability of 5 % at most.
    """
    worst = sorted(performances, key=lambda one: min(_ceilings(one)))
    found = ((one.name, _why(one, threshold)) for one in worst)
    return tuple(Underperformer(name, why) for name, why in found if why)


def underperforming(
    performances: Iterable[Performance],
    threshold: float,
    capable: Mapping[str, AbstractSet[str]],
) -> tuple[Underperformer, ...]:
    """Who is to be taken off: who is `below`, and leaves somebody who can do the work.

    Args:
        performances: of the experts on duty.
        threshold: the share of good answers that is wanted, from 0 to 1.
        capable: for each expert who else can do its work, see `stand_ins`; those who go before it
            no longer can.
    """
    going: dict[str, Underperformer] = {}
    for one in below(performances, threshold):
        if capable.get(one.name, frozenset()) - going.keys() - {one.name}:
            going[one.name] = one
    return tuple(going.values())


def stand_ins(
    cases: Iterable[Case], ready: Mapping[str, str], fallback: str | None = None
) -> dict[str, frozenset[str]]:
    """For each expert who else can do its work: the fallback, and who mostly has a fair share.

    Args:
        cases: what was asked, the latest first.
        ready: the names, by key, of the experts on duty who are ready.
        fallback: the name of the one who takes what nobody else does, if it is ready.
    """
    asked: Counter[str] = Counter()
    fair: Counter[tuple[str, str]] = Counter()
    for case in islice(cases, CASES):
        first = case.chosen[0] if case.chosen else ""
        asked[first] += 1
        for key, share in case.shares.items():
            if share >= ACCEPTABLE and key in ready:
                fair[first, ready[key]] += 1
    always = {fallback} if fallback else set[str]()
    return {
        name: frozenset(
            always
            | {
                other
                for other in ready.values()
                if asked[name] and fair[name, other] >= MOSTLY * asked[name]
            }
        )
        - {name}
        for name in {*ready.values(), *asked} - {""}
    }


def _ceilings(performance: Performance) -> tuple[float, float]:
    return performance.answering.ceiling, performance.checking.ceiling


def _why(performance: Performance, threshold: float) -> str:
    """What shows that it is worse than is wanted; empty where nothing does."""
    if _bad(performance.answering, threshold):
        return _said("answers", "of its queries", performance.answering, threshold)
    if _bad(performance.checking, threshold):
        return _said("passes", "of its checks", performance.checking, threshold)
    return ""


def _bad(course: Course, threshold: float) -> bool:
    return max(course.ceiling, course.lately.mean) < threshold


def _said(does: str, what: str, course: Course, threshold: float) -> str:
    return (
        f"{does} {course.lately.mean:.0%} {what} lately, {course.ceiling:.0%} at most by "
        f"{course.count:.0f} of them, and {threshold:.0%} are wanted"
    )
