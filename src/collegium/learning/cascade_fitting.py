"""Fits a cascade to recorded answers: who is right when, whom to consider, what a dollar is worth.

What a price of a dollar leads to is told by playing the cascade on queries that its latent class
model was not fitted on. Nothing here sees a query that it will be judged by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from collegium.aggregation.learned import CascadePolicy
from collegium.aggregation.planner import Planner
from collegium.experts.records import Records, Tally
from collegium.learning.latent_fitting import evidence_of, fit_latent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from collegium.aggregation.latent import LatentClasses, State

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLDS = 3
# Prices to try: how much probability of being right the best single model's mean cost is worth.
WORTHS: tuple[float, ...] = tuple(np.geomspace(0.004, 1.2, 15))
CONSIDERED = 10
COMPARABLE_SHARE = 0.5
# What is spent has to stay within this share of what the best single model costs: on other queries
# it will be a little more or less.
WITHIN = 0.95


@dataclass(frozen=True, slots=True)
class Training:
    """Recorded answers to fit to.

    `scores` and `costs_usd` are (queries, models), NaN where nothing was recorded; `conclusions`
    numbers within each query what its answers came to, below 0 where nothing comparable. `exact`
    marks the queries, (queries,), that are computed without a model. `verdicts` tells by kind what
    checks of some answers found, and how right those are.
    """

    models: tuple[str, ...]
    kinds: tuple[str, ...]
    scores: Floats
    costs_usd: Floats
    conclusions: Ints
    exact: NDArray[np.bool_]
    forms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    verdicts: Mapping[str, Sequence[tuple[str, float]]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def part(self, rows: NDArray[np.bool_]) -> Training:
        """The same of the queries marked in `rows`."""
        return Training(
            self.models,
            tuple(kind for kind, there in zip(self.kinds, rows, strict=True) if there),
            self.scores[rows],
            self.costs_usd[rows],
            self.conclusions[rows],
            self.exact[rows],
            self.forms,
            self.verdicts,
        )

    @property
    def ranked(self) -> tuple[int, ...]:
        """The columns of the models, those that are right most often first, of equals the cheapest.

        One that has no answers comes last.
        """
        means = np.nan_to_num(_nanmean(self.scores), nan=-1.0)
        costs = np.nan_to_num(_nanmean(self.costs_usd), nan=math.inf)
        return tuple(map(int, np.lexsort((costs, -means))))

    @property
    def best_single(self) -> int:
        """The column of the model that is right most often, of equals the cheapest."""
        return self.ranked[0]


class Means:
    """What scores and costs of queries, arrays of (queries,), come to."""

    __slots__ = ()
    scores: Floats
    costs_usd: Floats

    @property
    def accuracy(self) -> float:
        """The mean of how right the answers were."""
        return float(self.scores.mean())

    @property
    def cost_usd(self) -> float:
        """What a query cost on average."""
        return float(self.costs_usd.mean())


@dataclass(frozen=True, slots=True)
class Outcome(Means):
    """What a price led to on queries held out: arrays of (queries,).

    `scores` is how right the answers were, `costs_usd` what they cost and `probabilities` how
    probable the model thought them.
    """

    worth: float
    scores: Floats
    costs_usd: Floats
    probabilities: Floats


def fit_cascade(
    training: Training, rng: np.random.Generator, *, folds: int = FOLDS
) -> CascadePolicy:
    """The cascade that recorded answers teach."""
    latent = fit_part(training)
    best = training.best_single
    scale = float(np.nanmean(training.costs_usd[:, best])) or 1e-9
    outcomes = held_out(training, rng, scale, folds)
    singles = np.nan_to_num(training.scores[:, best])
    costs = np.nan_to_num(training.costs_usd[:, best])
    single = Outcome(math.inf, singles, costs, singles)
    chosen = {
        "quality": most_accurate(outcomes, single),
        "parity": cheapest_as_good(outcomes, single),
    }
    middle = min(outcomes, key=lambda one: abs(one.costs_usd.mean() - costs.mean() / 2))
    return CascadePolicy(
        latent,
        records_of(training),
        MappingProxyType(
            {name: one.worth / scale for name, one in chosen.items() if one is not single}
        ),
        comparable_kinds(training),
        training.forms,
        platt(middle.probabilities[~training.exact], middle.scores[~training.exact]),
        shortlists_of(training),
        MappingProxyType(
            {name: training.models[best] for name, one in chosen.items() if one is single}
        ),
    )


def most_accurate(outcomes: Sequence[Outcome], single: Outcome) -> Outcome:
    """The most accurate outcome that costs no more than the best single model; else that alone.

    Accuracy grows with what is spent, but for chance: of those that are as accurate as the most
    accurate one, within half a standard error, it is the one that spends most.
    """
    within = [one for one in outcomes if one.cost_usd <= WITHIN * single.cost_usd]
    best = max((*within, single), key=lambda one: one.accuracy)
    if best is single:
        return single
    return max((one for one in within if gain(one, best) >= -0.5), key=lambda one: one.cost_usd)


def cheapest_as_good(outcomes: Sequence[Outcome], single: Outcome) -> Outcome:
    """The cheapest outcome that is not worse than the best single model; else that alone.

    So that it is not so by luck alone, its advantage has to be half a standard error at least.
    """
    good = [one for one in outcomes if gain(one, single) >= 0.5 and one.cost_usd < single.cost_usd]
    return min(good, key=lambda one: one.cost_usd, default=single)


def gain(one: Outcome, other: Outcome) -> float:
    """How much more accurate one outcome is than another, in standard errors of the difference."""
    difference = one.scores - other.scores
    error = float(difference.std()) / math.sqrt(len(difference))
    return float(difference.mean()) / error if error else 0.0


def held_out(
    training: Training, rng: np.random.Generator, scale: float, folds: int
) -> list[Outcome]:
    """What each of `WORTHS` leads to, every query played by a model that was not fitted on it."""
    count = len(training.kinds)
    fold = rng.permutation(count) % folds
    shape = (len(WORTHS), count)
    scores, costs, probabilities = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for number in range(folds):
        learn, play = training.part(fold != number), training.part(fold == number)
        latent = fit_part(learn)
        for place, worth in enumerate(WORTHS):
            hands = Hands(learn, latent, worth / scale)
            rows = np.flatnonzero(fold == number)
            for row, query in enumerate(rows):
                played = hands.play(play, row)
                scores[place, query], costs[place, query], probabilities[place, query] = played
    return [
        Outcome(worth, scores[place], costs[place], probabilities[place])
        for place, worth in enumerate(WORTHS)
    ]


class Hands:
    """Plays recorded queries by a latent class model at one price of a dollar."""

    def __init__(self, learned: Training, latent: LatentClasses, price: float) -> None:
        self._latent = latent
        self._comparable = comparable_kinds(learned)
        self._shortlists = {
            kind: [learned.models.index(name) for name in names]
            for kind, names in shortlists_of(learned).items()
        }
        self._planners = {
            kind: Planner(
                latent,
                [learned.models[column] for column in columns],
                _mean_costs(learned, kind)[columns].tolist(),
                price,
            )
            for kind, columns in self._shortlists.items()
        }
        self._moves: dict[tuple[object, ...], int | None] = {}

    def play(self, recorded: Training, row: int) -> tuple[float, float, float]:
        """How right the answer to one query is, what it cost, and how probable it was thought."""
        if recorded.exact[row]:
            return 1.0, 0.0, 1.0
        kind = recorded.kinds[row]
        kind = kind if kind in self._shortlists else ""
        columns = self._shortlists[kind]
        free = np.array([np.isfinite(recorded.scores[row, column]) for column in columns])
        state, groups, first, cost = self._latent.start(kind), dict[int, int](), list[int](), 0.0
        while (move := self._move(kind, state, free)) is not None:
            column, free[move] = columns[move], False
            cost += float(recorded.costs_usd[row, column])
            conclusion = int(recorded.conclusions[row, column])
            if kind and kind not in self._comparable:
                return float(recorded.scores[row, column]), cost, 0.5
            group = None if conclusion < 0 else groups.setdefault(conclusion, len(groups))
            if group == len(first):
                first.append(column)
            state = self._latent.after(state, recorded.models[column], group)
        if not first:
            return 0.0, cost, 0.0
        winner = int(state.right.argmax())
        return float(recorded.scores[row, first[winner]]), cost, float(state.right[winner])

    def _move(self, kind: str, state: State, free: NDArray[np.bool_]) -> int | None:
        key = (kind, state.seen, free.tobytes())
        if key not in self._moves:
            self._moves[key] = self._planners[kind].move(state, free).ask
        return self._moves[key]


def fit_part(training: Training) -> LatentClasses:
    """The latent class model of recorded answers, with what checks tell."""
    latent = fit_latent(training.models, training.scores, training.conclusions, training.kinds)
    return replace(latent, evidence=evidence_of(training.verdicts))


def records_of(training: Training) -> Records:
    """The tallies of every model by kind of task."""
    kinds = np.array(training.kinds)
    models: dict[str, Mapping[str, Tally]] = {}
    for column, model in enumerate(training.models):
        tallies: dict[str, Tally] = {}
        for kind in sorted(set(training.kinds)):
            scores = training.scores[kinds == kind, column]
            there = np.isfinite(scores)
            if there.any():
                costs = training.costs_usd[kinds == kind, column][there]
                tallies[kind] = Tally(
                    float(scores[there].sum()), float(there.sum()), float(costs.sum())
                )
        models[model] = MappingProxyType(tallies)
    return Records(MappingProxyType(models))


def comparable_kinds(training: Training) -> frozenset[str]:
    """The kinds of task of whose answers at least half came to something comparable."""
    kinds, there = np.array(training.kinds), np.isfinite(training.scores)
    comparable = (training.conclusions >= 0) & there
    return frozenset(
        kind
        for kind in set(training.kinds)
        if comparable[kinds == kind].sum() >= COMPARABLE_SHARE * there[kinds == kind].sum()
    )


def shortlists_of(training: Training) -> Mapping[str, tuple[str, ...]]:
    """The models worth considering, by kind of task, and '' for all kinds together.

    Those that are among the three best at some price of a dollar, the dearest quality first.
    """
    kinds = np.array(training.kinds)
    rows = {kind: np.asarray(kinds == kind) for kind in sorted(set(training.kinds))}
    everything = np.ones(len(kinds), dtype=np.bool_)
    lists: dict[str, tuple[str, ...]] = {}
    for kind, mask in (*rows.items(), ("", everything)):
        there = np.asarray(np.isfinite(training.scores[mask]).any(axis=0))
        scores = np.where(there, _nanmean(training.scores[mask]), -math.inf)
        costs = np.where(there, _nanmean(training.costs_usd[mask]), 0.0)
        dearest = float(costs[int(scores.argmax())]) or 1e-9
        listed: dict[int, None] = {}
        for worth in (0.0, *np.geomspace(0.002, 20, 25)):
            utility = scores - worth * costs / dearest
            listed.update(dict.fromkeys(map(int, np.argsort(-utility, kind="stable")[:3])))
        columns = [column for column in listed if there[column]][:CONSIDERED]
        lists[kind] = tuple(training.models[column] for column in columns)
    return MappingProxyType(lists)


def platt(probabilities: Floats, scores: Floats) -> tuple[float, float]:
    """Slope and offset that turn log-odds into those seen (Platt 1999), by Newton's method."""
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    odds = np.log(clipped / (1 - clipped))
    if len(odds) < 20:
        return 1.0, 0.0
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(25):
        told = 1 / (1 + np.exp(-design @ found))
        # A little of the prior that nothing need be changed keeps it from running away.
        gradient = design.T @ (scores - told) - (found - np.array([1.0, 0.0]))
        curvature = (design * (told * (1 - told))[:, None]).T @ design + np.eye(2)
        found = found + np.linalg.solve(curvature, gradient)
    return max(0.05, float(found[0])), float(found[1])


def _mean_costs(training: Training, kind: str) -> Floats:
    rows = np.array([not kind or one == kind for one in training.kinds])
    return np.nan_to_num(_nanmean(training.costs_usd[rows]))


def _nanmean(values: Floats) -> Floats:
    """The mean of each column over what is there; NaN where nothing is."""
    there = np.isfinite(values)
    counts = there.sum(axis=0)
    sums = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))
