"""Listwise logistic regression: weights by which what is meant stands first in its list.

The probability of a candidate is the softmax of its score over its list (Cao et al., 'Learning to
Rank: From Pairwise Approach to Listwise Approach', 2007). The sum of absolute weights is held down,
so that few are not 0 (Tibshirani, 1996), and chosen ones are held at 0 or above. Solved by Newton's
steps, each by coordinate descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_STEPS, _SWEEPS, _ENOUGH = 25, 200, 1e-5


@dataclass(frozen=True)
class Lists:
    """Lists of candidates, one after the other.

    `starts` is where each begins. `groups` numbers what is meant within all lists, -1 for what is
    not: a group is found where any of it is, and the groups of a list count alike.
    """

    columns: NDArray[np.float32]
    fixed: NDArray[np.float32]
    starts: NDArray[np.intp]
    groups: NDArray[np.intp]

    @classmethod
    def of(cls, lists: Sequence[tuple[Any, Any, Any]]) -> Lists:
        """Those of `columns`, `fixed` and groups that are numbered within each list."""
        starts = np.cumsum([0, *(len(fixed) for _, fixed, _ in lists)])[:-1]
        groups, first = [], 0
        for _, _, own in lists:
            groups.append(np.where(own >= 0, own + first, -1))
            first += int(own.max(initial=-1)) + 1
        return cls(
            np.concatenate([columns for columns, _, _ in lists]),
            np.concatenate([fixed for _, fixed, _ in lists]),
            starts.astype(np.intp),
            np.concatenate(groups).astype(np.intp),
        )


def fitted(lists: Lists, held: NDArray[np.bool_], penalty: float) -> Numbers:
    """The weights of the columns.

    Args:
        lists: what they are fitted to.
        held: the columns whose weight is not to be below 0.
        penalty: of the absolute weights, by columns of deviation 1 and for each list.
    """
    scale = lists.columns.std(axis=0).astype(np.float64)
    scale[scale < 1e-6] = np.inf  # says nothing: stays 0
    columns = (lists.columns / scale).astype(np.float32)
    weights = np.zeros(columns.shape[1])
    loss = np.inf
    for _ in range(_STEPS):
        before, value = loss, _loss(columns, lists, weights)
        loss = value + penalty * np.abs(weights).sum()
        if before - loss < _ENOUGH:
            break
        gradient, curvature = _slopes(columns, lists, weights)
        target = _descended(weights, gradient, curvature, held, penalty)
        weights = _stepped(columns, lists, weights, target, penalty, loss)
    return np.asarray(weights / scale)


def _scores(
    columns: NDArray[np.float32], lists: Lists, weights: Numbers
) -> tuple[Numbers, Numbers]:
    """Logarithms of each candidate's probability, and the list that each is in."""
    scores = columns @ weights.astype(np.float32) + lists.fixed
    sizes = np.diff(np.append(lists.starts, len(scores)))
    scores = scores.astype(np.float64)
    scores -= np.repeat(np.maximum.reduceat(scores, lists.starts), sizes)
    totals = np.log(np.add.reduceat(np.exp(scores), lists.starts))
    return scores - np.repeat(totals, sizes), sizes


def _meant(lists: Lists, logs: Numbers, sizes: Numbers) -> tuple[Numbers, Numbers]:
    """How likely each group is, and what share of the wanted mass each candidate should have."""
    meant = np.flatnonzero(lists.groups >= 0)
    groups = lists.groups[meant]
    likely = np.bincount(groups, np.exp(logs[meant])) + 1e-30
    owner = np.repeat(np.arange(len(sizes)), sizes)[meant]
    listed = np.zeros(len(likely), np.intp)
    listed[groups] = owner
    many = np.bincount(listed, minlength=len(sizes))
    weight = 1.0 / many[listed]
    wanted = np.zeros(len(logs))
    wanted[meant] = weight[groups] * np.exp(logs[meant]) / likely[groups]
    return weight * np.log(likely), wanted


def _loss(columns: NDArray[np.float32], lists: Lists, weights: Numbers) -> float:
    logs, sizes = _scores(columns, lists, weights)
    found, _ = _meant(lists, logs, sizes)
    return float(-found.sum() / len(sizes))


def _slopes(
    columns: NDArray[np.float32], lists: Lists, weights: Numbers
) -> tuple[Numbers, Numbers]:
    logs, sizes = _scores(columns, lists, weights)
    chances = np.exp(logs)
    _, wanted = _meant(lists, logs, sizes)
    gradient = columns.T @ (chances - wanted).astype(np.float32) / len(sizes)
    weighed = columns * chances[:, None].astype(np.float32)
    means = np.add.reduceat(weighed, lists.starts, axis=0)
    curvature = (columns.T @ weighed - means.T @ means) / len(sizes)
    return gradient.astype(np.float64), curvature.astype(np.float64)


def _descended(
    weights: Numbers, gradient: Numbers, curvature: Numbers, held: NDArray[np.bool_], penalty: float
) -> Numbers:
    """Where the quadratic that is like the loss here is least."""
    at, slope = weights.copy(), gradient.copy()
    curved = np.diag(curvature) + 1e-6
    for _ in range(_SWEEPS):
        most = 0.0
        for one in range(len(at)):
            free = at[one] - slope[one] / curved[one]
            new = np.sign(free) * max(abs(free) - penalty / curved[one], 0.0)
            if held[one]:
                new = max(new, 0.0)
            step = new - at[one]
            if step:
                at[one] = new
                slope += curvature[:, one] * step
                most = max(most, abs(step))
        if most < 1e-5:
            break
    return at


def _stepped(
    columns: NDArray[np.float32],
    lists: Lists,
    weights: Numbers,
    target: Numbers,
    penalty: float,
    loss: float,
) -> Numbers:
    """As far towards the target as helps."""
    share = 1.0
    while share > 1e-3:
        tried = weights + share * (target - weights)
        if _loss(columns, lists, tried) + penalty * np.abs(tried).sum() < loss:
            return tried
        share /= 2
    return weights
