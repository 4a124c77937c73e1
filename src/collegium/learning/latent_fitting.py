"""Fits the latent class model to recorded answers, by expectation maximisation."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.aggregation.latent import LatentClasses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CLASSES, ROUNDS = 6, 60
# So many answers that went as a model's mostly do, and so many queries that were as all are, are
# taken for granted before a class and a kind of task are believed to differ.
ANSWERS_TAKEN_FOR_GRANTED, QUERIES_TAKEN_FOR_GRANTED = 6.0, 5.0
SPREADS: Floats = np.exp(np.linspace(math.log(0.2), math.log(60), 25))
SUREST = 0.996


def fit_latent(
    models: Sequence[str],
    scores: Floats,
    conclusions: Ints,
    kinds: Sequence[str],
    *,
    classes: int = CLASSES,
) -> LatentClasses:
    """The latent class model under which what was recorded is most probable.

    Args:
        models: the models, one for each column.
        scores: how right each answer is, 0 to 1, (queries, models); NaN where none was recorded.
        conclusions: which conclusion each answer came to, numbered within its query, (queries,
            models); below 0 where it came to none that can be compared.
        kinds: the kind of task of each query.
        classes: how many classes there are.
    """
    there = np.isfinite(scores)
    right = np.where(there, scores, 0.0)
    wrong = np.where(there, 1.0 - right, 0.0)
    mean = right.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    mean[~there.any(axis=0)] = right.sum() / max(1, there.sum())  # it is like any other
    names = sorted(set(kinds))
    place = np.array([names.index(kind) for kind in kinds], dtype=np.int64)
    coincidences = coincidence_of(right, conclusions)
    belonging = by_difficulty(right.sum(axis=1) / np.maximum(there.sum(axis=1), 1), classes)
    rights, spread, shares = np.empty(0), np.empty(0), np.empty(0)
    for _ in range(ROUNDS):
        total = belonging.T @ there
        rights = (belonging.T @ right + ANSWERS_TAKEN_FOR_GRANTED * mean) / (
            total + ANSWERS_TAKEN_FOR_GRANTED
        )
        rights = np.clip(rights, 1 - SUREST, SUREST)
        shares = shares_of(belonging, place, len(names))
        best = (belonging.T @ coincidences).argmax(axis=1)
        spread = SPREADS[best]
        likelihood = right @ np.log(rights).T + wrong @ np.log(1 - rights).T
        likelihood += coincidences[:, best] + np.log(shares[place])
        belonging = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        belonging /= belonging.sum(axis=1, keepdims=True)
    everywhere = belonging.mean(axis=0)
    by_kind = {name: shares[number] for number, name in enumerate(names)}
    return LatentClasses(tuple(models), rights.T, spread, everywhere, MappingProxyType(by_kind))


def by_difficulty(shares: Floats, classes: int) -> Floats:
    """A first guess at who belongs to which class: by how many models are right."""
    order = np.argsort(np.argsort(shares, kind="stable"), kind="stable")
    belonging = np.full((len(shares), classes), 0.02)
    belonging[np.arange(len(shares)), order * classes // max(1, len(shares))] += 1
    return np.asarray(belonging / belonging.sum(axis=1, keepdims=True))


def shares_of(belonging: Floats, place: Ints, kinds: int) -> Floats:
    """The share of each class in each kind of task, (kinds, classes), leaning to that in all."""
    everywhere = belonging.mean(axis=0)
    counts = np.zeros((kinds, belonging.shape[1]))
    np.add.at(counts, place, belonging)
    lean = QUERIES_TAKEN_FOR_GRANTED
    shares = (counts + lean * everywhere) / (counts.sum(axis=1, keepdims=True) + lean)
    return np.asarray(np.maximum(shares, 1e-9))


def coincidence_of(right: Floats, conclusions: Ints) -> Floats:
    """How probable each query's wrong answers coincide as they do, (queries, spreads), as logs.

    By Ewens' sampling formula, for every spread of `SPREADS`.
    """
    logs, gammas = np.log(SPREADS), np.array([math.lgamma(one) for one in SPREADS])
    table: dict[int, Floats] = {}
    rows = np.zeros((len(right), len(SPREADS)))
    for query, row in enumerate(conclusions):
        _, sizes = np.unique(row[(right[query] < 0.5) & (row >= 0)], return_counts=True)
        total = int(sizes.sum())
        if not total:
            continue
        if total not in table:
            table[total] = np.array([math.lgamma(one + total) for one in SPREADS]) - gammas
        together = sum(math.lgamma(size) for size in sizes)
        rows[query] = len(sizes) * logs + together - table[total]
    return rows


def evidence_of(
    verdicts: Mapping[str, Sequence[tuple[str, float]]],
) -> Mapping[str, Mapping[str, float]]:
    """What a verdict adds to the log-odds that an answer is right, by kind of task.

    Args:
        verdicts: by kind, the outcome of checking an answer and how right the answer is.
    """
    evidence: dict[str, Mapping[str, float]] = {}
    for kind, seen in verdicts.items():
        right = sum(score for _, score in seen)
        wrong = len(seen) - right
        row: dict[str, float] = {}
        for outcome in {outcome for outcome, _ in seen}:
            scores = [score for one, score in seen if one == outcome]
            # One of each more than was seen, so that nothing is certain.
            among_right = (sum(scores) + 1) / (right + 3)
            among_wrong = (len(scores) - sum(scores) + 1) / (wrong + 3)
            row[outcome] = round(math.log(among_right / among_wrong), 3)
        evidence[kind] = MappingProxyType(row)
    return MappingProxyType(evidence)


def as_counts(values: Sequence[Sequence[Any]]) -> Ints:
    """Conclusions of any kind as numbers within each query, (queries, models); -1 for None."""
    numbered = np.full((len(values), len(values[0]) if values else 0), -1, dtype=np.int64)
    for query, row in enumerate(values):
        places: dict[Any, int] = {}
        for model, value in enumerate(row):
            if value is not None:
                numbered[query, model] = places.setdefault(value, len(places))
    return numbered
