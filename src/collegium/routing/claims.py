"""Experts that a trained gate learns to know by a few examples, without being trained again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MIN_EXAMPLES = 2
# In tenths of a cosine: steep enough to tell near from far, whatever few examples say.
_SCALE, _RIDGE = 10.0, 0.002


@dataclass(frozen=True, slots=True)
class Claims:
    """For each added expert, the vectors of its examples, and how near a query must come.

    A query's claim is the logistic function of `slope` x its cosine to the nearest example +
    `intercept`; what is claimed is taken from the experts the gate was trained on.
    """

    keys: tuple[str, ...]
    vectors: NDArray[np.float32]
    owner: NDArray[np.int64]
    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def of(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """(added experts,) the probability of each that a query is its own.

        Args:
            vector: the query's, of length 1.
        """
        near = np.full(len(self.keys), -1.0)
        np.maximum.at(near, self.owner, (self.vectors @ vector).astype(np.float64))
        return 1 / (1 + np.exp(-np.clip(self.slope * near + self.intercept, -30, 30)))

    def applied(
        self,
        shares: NDArray[np.float32],
        places: NDArray[np.int64],
        vector: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """The shares and what is claimed, summing to 1; a trained expert's claim adds to its share.

        Args:
            shares: of the experts the gate was trained on, who come first.
            places: where each of the added ones is among all.
            vector: the query's, of length 1.
        """
        claimed = self.of(vector)
        # Odds, so that several who claim a query share it.
        odds = claimed / np.maximum(1 - claimed, 1e-9)
        told = np.zeros(max(len(shares), int(places.max()) + 1))
        told[: len(shares)] = shares
        told[places] += odds
        return (told / (1 + odds.sum())).astype(np.float32)


def fit_claims(examples: Mapping[str, NDArray[np.float32]], others: NDArray[np.float32]) -> Claims:
    """Learn to know experts by their examples.

    For each: the logistic regression that tells its examples, each by its cosine to the nearest of
    the rest, from the gate's exemplars and everybody else's examples; both sides weigh the same.

    Args:
        examples: (n, width) vectors of length 1 for each expert, by key; n is 2 or more.
        others: (m, width) vectors of length 1 of queries that are none of theirs.

    Raises:
        ValueError: an expert has fewer than two examples, or ones that are no nearer to
            each other than to other queries.
    """
    keys = tuple(examples)
    for key in keys:
        if len(examples[key]) < MIN_EXAMPLES:
            raise ValueError(
                f"{key!r} has {len(examples[key])} examples; it takes {MIN_EXAMPLES} or more"
            )
    slopes, intercepts = np.zeros(len(keys)), np.zeros(len(keys))
    for place, key in enumerate(keys):
        own = examples[key]
        among = own @ own.T
        np.fill_diagonal(among, -1.0)
        foreign = np.concatenate([others, *(examples[one] for one in keys if one != key)])
        far = (foreign @ own.T).max(1) if len(foreign) else np.zeros(1, np.float32)
        slopes[place], intercepts[place] = _logistic(among.max(1), far)
        if slopes[place] <= 0:
            raise ValueError(
                f"the examples of {key!r} are no nearer to each other than to other queries; give "
                "more of them, or some that are more alike"
            )
    return Claims(
        keys,
        np.concatenate([examples[key] for key in keys]).astype(np.float32),
        np.concatenate([np.full(len(examples[key]), place) for place, key in enumerate(keys)]),
        slopes,
        intercepts,
    )


def _logistic(near: NDArray[np.float32], far: NDArray[np.float32]) -> tuple[float, float]:
    """(slope, intercept) that tell near cosines from far ones, by Newton's method."""
    value = np.concatenate((near, far)).astype(np.float64) * _SCALE
    truth = np.concatenate((np.ones(len(near)), np.zeros(len(far))))
    weight = np.concatenate(
        (np.full(len(near), 0.5 / len(near)), np.full(len(far), 0.5 / len(far)))
    )
    padded = np.stack((value, np.ones(len(value))), axis=1)
    ridge = np.diag((_RIDGE, 1e-6))
    at = np.array((1.0, -float(value.mean())))
    for _ in range(100):
        share = 1 / (1 + np.exp(-np.clip(padded @ at, -30, 30)))
        slope = padded.T @ (weight * (share - truth)) + ridge @ at
        bend = (padded * (weight * share * (1 - share))[:, None]).T @ padded + ridge
        step = np.linalg.solve(bend, slope)
        at -= step * min(1.0, 5.0 / max(1e-9, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-9:
            break
    return float(at[0] * _SCALE), float(at[1])
