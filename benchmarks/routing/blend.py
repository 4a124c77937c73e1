"""The experts' own bids beside the gate's shares, and what the router makes of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from material import EXPERTS

from collegium.experts.catalog import BUILT_IN
from collegium.learning.dataset import Example
from collegium.learning.fitting import acceptable
from collegium.lexicon import assess, read
from collegium.routing.calibration import features
from collegium.routing.head import softmax
from collegium.routing.policy import RoutingPolicy
from collegium.routing.stack import LEAST, LEAST_SHARE, MOST


@dataclass(frozen=True)
class Bids:
    """(queries, experts) own assessments, in the order of `EXPERTS`."""

    values: np.ndarray

    @classmethod
    async def of(cls, texts: Sequence[str]) -> Bids:
        """What each built-in expert would bid for each text."""
        words = {row.key: row.vocabulary for row in BUILT_IN}
        wordings = [read(text) for text in texts]
        return cls(
            np.array([[assess(words[key].evidence(one)) for key in EXPERTS] for one in wordings])
        )


def blended(shares: np.ndarray, bids: Bids, weight: float | None = None) -> np.ndarray:
    """The router's scores: `weight` x gate + (1 - `weight`) x own assessment."""
    weight = RoutingPolicy().gate_weight if weight is None else weight
    return weight * shares + (1 - weight) * bids.values


def stacked(shares: np.ndarray, bids: Bids, weight: float) -> np.ndarray:
    """The learned stack's scores, as `collegium.routing.stack` has them."""
    own = np.clip(bids.values, LEAST, MOST)
    return softmax(np.log(np.maximum(shares, LEAST_SHARE)) + weight * np.log(own / (1 - own)))


def stack_weight(shares: np.ndarray, bids: Bids, right: np.ndarray, counts: np.ndarray) -> float:
    """The weight under which the acceptable experts are likeliest."""

    def loss(weight: float) -> float:
        together = (stacked(shares, bids, weight) * right).sum(1)
        return float(-(counts * np.log(np.maximum(together, 1e-9))).sum())

    return float(min(np.linspace(0, 0.6, 25), key=loss))


def router_features(
    shares: np.ndarray, bids: Bids, examples: Sequence[Example]
) -> tuple[np.ndarray, np.ndarray]:
    """What the calibration reads of each ranking, and whether its first expert was right."""
    return ranking_features(blended(shares, bids), shares, examples)


def ranking_features(
    scores: np.ndarray, shares: np.ndarray, examples: Sequence[Example]
) -> tuple[np.ndarray, np.ndarray]:
    """The same for any scores."""
    order = np.argsort(-scores, axis=1)
    rows = np.arange(len(scores))
    told = np.array(
        [features([(float(scores[i, j]), float(shares[i, j])) for j in order[i, :2]]) for i in rows]
    )
    return told, acceptable(examples, EXPERTS)[rows, order[:, 0]]
