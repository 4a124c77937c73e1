"""Whether a teaching looks better than what serves now, by outcomes it has not learned from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from collegium.learning.offpolicy import doubly_robust
from collegium.learning.online.material import counts_of, marks_in, rewards_of
from collegium.routing.taught import LEAST_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from collegium.learning.offpolicy import Estimate
    from collegium.learning.online.lessons import JudgedShares, Lesson
    from collegium.learning.online.schooling import School
    from collegium.routing.taught import Teaching

    Floats = NDArray[np.float64]

# The share of all experts that are not among the few that were kept.
OTHERS = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """The difference in reward that a teaching makes, and the share of queries it moves."""

    estimate: Estimate
    changed: float


def judged(
    lessons: Sequence[Lesson],
    shares: Sequence[Mapping[str, float]],
    school: School,
    gate_weight: float,
    shares_judged: JudgedShares,
) -> Judged:
    """What the school's teaching would have changed, by the doubly robust estimate.

    Args:
        lessons: outcomes that the school has not learned from.
        shares: for each, the untaught shares.
        school: what was learned.
        gate_weight: what the gate's share weighs in a score.
        shares_judged: the shares of answers that are judged; failures all are.
    """
    teaching, marks = school.teaching(), marks_in(lessons, school.projection)
    moved: list[bool] = []
    target: list[float] = []
    gains: list[float] = []
    expected: list[float] = []
    for lesson, row, its_marks in zip(lessons, shares, marks, strict=True):
        new, old = first_by(lesson, row, teaching, its_marks, gate_weight), first_as_it_was(lesson)
        worth = {
            key: school.expected(key, row[key], its_marks) for key in {new, old, lesson.expert}
        }
        moved.append(new != old)
        target.append(float(new == lesson.expert) - float(old == lesson.expert))
        gains.append(worth[new] - worth[old])
        expected.append(worth[lesson.expert])
    estimate = doubly_robust(
        rewards=rewards_of(lessons),
        propensities=np.array([one.propensity for one in lessons]),
        target=np.array(target),
        expected=np.array(expected),
        expected_target=np.array(gains),
        weights=counts_of(lessons, shares_judged),
        difference=True,
    )
    return Judged(estimate, float(np.mean(moved)))


def first_by(
    lesson: Lesson,
    shares: Mapping[str, float],
    teaching: Teaching,
    marks: Floats,
    gate_weight: float,
) -> str:
    """Who would come first by a teaching: the router's scores, with the gate's part exchanged."""
    rest = max(1 - math.fsum(shares.values()), LEAST_SHARE)
    told = teaching.applied({**shares, OTHERS: rest}, marks)
    scores = {
        key: score + gate_weight * (told[key] - lesson.shares.get(key, shares[key]))
        for key, score in _scores(lesson).items()
    }
    return max(scores, key=lambda key: scores[key], default=lesson.expert)


def first_as_it_was(lesson: Lesson) -> str:
    """Who came first by the scores; the one who was asked may have been tried out."""
    scores = _scores(lesson)
    return max(scores, key=lambda key: scores[key], default=lesson.expert)


def _scores(lesson: Lesson) -> Mapping[str, float]:
    return lesson.scores or lesson.shares
