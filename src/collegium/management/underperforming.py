"""Which experts do their work so badly, for certain, that they are better taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from collegium.management.intervals import wilson
from collegium.observe.casebook import JUDGEMENTS, is_challenger
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from collegium.management.performance import Course, Performance
    from collegium.observe.casebook import Case

# Somebody can stand in where the gate gives him such a share of the query, at least.
ACCEPTABLE = 0.05
# And for another expert, where that is so for such a share of what that one is asked first.
MOSTLY = 0.9
# Where such a share is below what is wanted, that is nobody's fault alone.
TOO_MANY = 1 / 3
# The latest so many cases tell what is asked; more would only take time.
CASES = 2000


@dataclass(frozen=True, slots=True)
class Underperformer:
    """An expert who does worse than is wanted, and the figures that say so."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `total` went well; both are parts of one where they count by weight."""

    well: float = 0.0
    total: float = 0.0

    def __add__(self, other: Share) -> Share:
        """Both together."""
        return Share(self.well + other.well, self.total + other.total)

    def cut_to(self, total: float) -> Share:
        """As many as `total` of it, none of nothing."""
        return Share(self.well * total / self.total, total) if self.total else self

    def below(self, other: Share) -> bool:
        """Whether it is worse beyond chance: the intervals of both, for one look, are apart."""
        return wilson(self.well, self.total).high < wilson(other.well, other.total).low


# For an expert, its own checks, and those of the others in the same kinds of tasks.
Checks: TypeAlias = Mapping[str, tuple[Share, Share]]


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
    performances: Sequence[Performance],
    threshold: float,
    capable: Mapping[str, AbstractSet[str]],
    checks: Checks = EMPTY,
) -> tuple[Underperformer, ...]:
    """Who is to be taken off, one at most: who is `below`, through no fault of everybody's.

    It must do worse than the others as well: answer less within the same time, or pass fewer checks
    of the same kinds of tasks. And somebody must be left who can do the work. Where several are
    below, and these are a third of all or more, what they have in common is to blame.

    Args:
        performances: of the experts on duty.
        threshold: the share of good answers that is wanted, from 0 to 1.
        capable: for each expert who else can do its work, see `stand_ins`.
        checks: how each one's checks went, and others', see `checks_of`.
    """
    found = below(performances, threshold)
    if len(found) > 1 and len(found) >= TOO_MANY * len(performances):
        return ()
    named = {one.name: one for one in performances}
    for one in found:
        others = [other for other in performances if other.name != one.name]
        worse = _answers_less(named[one.name], others, threshold) or _passes_less(
            named[one.name], checks, threshold
        )
        if worse and capable.get(one.name, frozenset()) - {one.name}:
            return (one,)
    return ()


def checks_of(cases: Iterable[Case]) -> Checks:
    """How the checks of each expert went, and those of the others in the same kinds of tasks.

    By kind as many of the one as of the others count: whoever is given the hardest work fails most,
    and is not the worst for that.
    """
    by_kind: dict[str, dict[str, Share]] = {}
    for case in islice(cases, CASES):
        if case.verdict in JUDGEMENTS and not (case.shadow or is_challenger(case.variant)):
            kind = by_kind.setdefault(case.task_kind, {})
            found = Share(JUDGEMENTS[case.verdict], 1.0)
            kind[case.expert] = kind.get(case.expert, Share()) + found
    names = {name for kind in by_kind.values() for name in kind}
    return {name: _beside(name, by_kind.values()) for name in names}


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


def _beside(name: str, kinds: Iterable[Mapping[str, Share]]) -> tuple[Share, Share]:
    """One's own checks, and others' by as many; of the kinds that both have."""
    own, others = Share(), Share()
    for kind in kinds:
        mine = kind.get(name, Share())
        theirs = sum((share for other, share in kind.items() if other != name), Share())
        count = min(mine.total, theirs.total)
        own += mine.cut_to(count)
        others += theirs.cut_to(count)
    return own, others


def _answers_less(
    performance: Performance, others: Iterable[Performance], threshold: float
) -> bool:
    """Whether it is its answers, and others have answered more within the same time."""
    if not _bad(performance.answering, threshold):
        return False
    return _answers(performance).below(sum(map(_answers, others), Share()))


def _passes_less(performance: Performance, checks: Checks, threshold: float) -> bool:
    """Whether it is its checks, and others have passed more of the same kinds."""
    own, others = checks.get(performance.name, (Share(), Share()))
    return _bad(performance.checking, threshold) and own.below(others)


def _answers(performance: Performance) -> Share:
    now = performance.now or performance
    return Share(now.queries - now.failures, now.queries)


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
