"""Lessons as numbers: what a query was like, what the gate would have said, what it came to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.routing.marks import DIRECTIONS, MARKS, OF_TASKS, Projection, marks_of_task
from collegium.routing.taught import LEAST_SHARE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from collegium.learning.online.lessons import JudgedShares, Lesson
    from collegium.routing.taught import Teaching

    Floats = NDArray[np.float64]

# What was tried out stands for what was not, but for no more than so many: more costs more in
# chance than it takes away in bias.
MOST_STOOD_FOR = 3.0
HALF_LIFE = 5000.0
# Shares are taken to be so far from 0 and 1 at least.
LEAST_KEPT = 0.001
VECTORS = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Lessons, for each its expert, the query's marks, the odds of the share, the reward."""

    experts: NDArray[np.str_]
    marks: Floats
    odds: Floats
    rewards: Floats
    weights: Floats
    projection: Projection | None


def material_of(
    lessons: Sequence[Lesson],
    shares: Sequence[Mapping[str, float]],
    judged: JudgedShares,
    *,
    half_life: float = HALF_LIFE,
) -> Material:
    """Lessons as something to learn from; the latest last.

    A lesson counts by the inverse of how probable it was (Horvitz & Thompson, 1952), so that what
    is seldom tried is not drowned out; a failure, which is always known, as much less as answers of
    that expert in that kind of task are seldom judged; and an older one less.

    Args:
        lessons: what is to be learned from.
        shares: for each, the untaught shares of everybody it names.
        judged: the shares of answers that are judged.
        half_life: in lessons.
    """
    experts = np.array([one.expert for one in lessons], np.str_)
    projection = fitted_projection(lessons)
    own = [row[one.expert] for one, row in zip(lessons, shares, strict=True)]
    ages = np.arange(len(lessons))[::-1]
    counts = counts_of(lessons, judged)
    return Material(
        experts,
        marks_in(lessons, projection),
        odds_of(np.array(own)),
        rewards_of(lessons),
        counts * _stood_for(lessons, experts) * 0.5 ** (ages / half_life),
        projection,
    )


def rewards_of(lessons: Sequence[Lesson]) -> Floats:
    """What each came to, 0 to 1."""
    return np.array([one.reward for one in lessons], np.float64)


def counts_of(lessons: Sequence[Lesson], judged: JudgedShares) -> Floats:
    """What each counts, since of answers only a share is judged, and of failures all are known."""
    counts = [
        one.weight * (judged.of(one.expert, one.task.kind) if one.failed else 1.0)
        for one in lessons
    ]
    return np.array(counts, np.float64)


def odds_of(shares: Floats) -> Floats:
    """Shares as the logarithm of their odds, which is what a correction adds to."""
    kept = np.clip(shares, LEAST_KEPT, 1 - LEAST_KEPT)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _stood_for(lessons: Sequence[Lesson], experts: NDArray[np.str_]) -> Floats:
    """How much each lesson counts beside the others of its expert, for what was not tried.

    Of each expert they count together as many as they are worth (Kish, 1965), and not more.
    """
    inverse = np.array([min(1 / max(one.propensity, 1e-9), MOST_STOOD_FOR) for one in lessons])
    for key in set(experts.tolist()):
        own = experts == key
        inverse[own] *= inverse[own].sum() / (inverse[own] ** 2).sum()
    return inverse


def untaught(
    lessons: Sequence[Lesson], teachings: Sequence[Teaching | None], known: Collection[str]
) -> list[dict[str, float]]:
    """The shares of everybody that each lesson names, as they were without what it was under.

    Args:
        lessons: of their shares only the largest were kept.
        teachings: for each, what the gate was taught then.
        known: the experts that the gate itself knows; empty: all. Others begin with an even share.
    """
    distinct = {id(one): one for one in teachings if one is not None}
    marks = {name: marks_in(lessons, one.projection) for name, one in distinct.items()}
    rows: list[dict[str, float]] = []
    for place, (lesson, teaching) in enumerate(zip(lessons, teachings, strict=True)):
        moves = {} if teaching is None else teaching.moves(marks[id(teaching)][place])
        rows.append(_without(lesson, moves, known))
    return rows


def _without(
    lesson: Lesson, moves: Mapping[str, float], known: Collection[str]
) -> dict[str, float]:
    rest = max(1 - math.fsum(lesson.shares.values()), 0.0)
    raised = {key: share * math.exp(-moves.get(key, 0.0)) for key, share in lesson.shares.items()}
    total = max(math.fsum(raised.values()) + rest, LEAST_SHARE)
    shares = {key: share / total for key, share in raised.items()}
    small = max(min(1 / (len(shares) + 1), rest / total), LEAST_SHARE)
    for key in (*lesson.scores, lesson.expert):
        if known and key not in known:
            shares[key] = 1 / (len(known) + 1)
        else:
            shares.setdefault(key, small)
    return shares


def marks_in(lessons: Sequence[Lesson], projection: Projection | None) -> Floats:
    """(lessons, marks): what `routing.marks.marks_of` gives for each."""
    marks = np.zeros((len(lessons), len(MARKS)))
    marks[:, : len(OF_TASKS)] = [marks_of_task(one.task) for one in lessons]
    if projection is not None:
        places, vectors = _vectors(lessons, projection.width)
        end = len(OF_TASKS) + len(projection.directions)
        marks[places, len(OF_TASKS) : end] = projection.along(vectors)
    return marks


def fitted_projection(lessons: Sequence[Lesson]) -> Projection | None:
    """The directions in which vectors differ most (principal components); None of too few."""
    latest = lessons[-VECTORS:]
    width = max((len(one.vector) for one in latest), default=0) // 2
    _, vectors = _vectors(latest, width)
    if len(vectors) < 2 * DIRECTIONS or width < DIRECTIONS:
        return None
    whole = vectors / np.maximum(np.sqrt((vectors**2).sum(axis=1, keepdims=True)), 1e-9)
    middle: Floats = whole.mean(axis=0)
    spreads, directions = np.linalg.eigh(np.cov(whole.T))
    best = np.argsort(-spreads)[:DIRECTIONS]
    deviations = np.sqrt(np.maximum(spreads[best], 1e-9))
    return Projection(middle, directions[:, best].T / deviations[:, None])


def _vectors(lessons: Sequence[Lesson], width: int) -> tuple[list[int], Floats]:
    """The places of the lessons that have a vector of that width, and these vectors."""
    places = [place for place, one in enumerate(lessons) if width and len(one.vector) == 2 * width]
    data: NDArray[Any] = np.frombuffer(b"".join(lessons[place].vector for place in places), "<f2")
    vectors = data.astype(np.float64).reshape(len(places), width)
    sound = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    return [places[row] for row in sound.tolist()], vectors[sound]
