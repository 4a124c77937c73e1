"""What a policy would have been worth that was never shown, from what another one recorded.

The doubly robust estimate (Dudik, Langford & Li 2011; Dudik, Erhan, Langford & Li 2014): a model of
the reward says what every choice would bring, and what it gets wrong about the choices that were
recorded is added, each weighted by how much more often the policy makes it than it was made. The
mean is right where either the model or the recorded probabilities are. Weights are cut off at the
square root of their number (Ionides 2008), which keeps a few rows from deciding.

Intervals are asymptotic: of the normal distribution, for one look at them. They are widened by the
choices that the record does not hold: weights that do not average what they have to say how many
that are, and of these nothing is known but what the model says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

LEVEL = 0.95
FEWEST = 10.0  # effective rows; of fewer a variance cannot be told

Policy: TypeAlias = Callable[[Any], Mapping[str, float]]
Model: TypeAlias = Callable[[Any, str], float]


@dataclass(frozen=True, slots=True)
class Logged:
    """One choice that was made, with which probability, and its reward, from 0 to 1."""

    context: Any
    action: str
    propensity: float
    reward: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's mean reward, or a difference of two, and the bounds it is within.

    `effective` is how many rows as good as any it rests on, `clipped_share` the share of rows whose
    weight was cut off; `why` says what there is to mistrust, if anything.
    """

    mean: float
    low: float
    high: float
    effective: float
    clipped_share: float
    why: str = ""


def estimate(
    logged: Sequence[Logged], policy: Policy, model: Model | None = None, *, level: float = LEVEL
) -> Estimate:
    """What a policy is worth, by the record of another one.

    Args:
        logged: the record.
        policy: gives the probability of every action in a context; of one it leaves out it is 0.
        model: the expected reward of an action in a context, fitted to other rows than these.
            Without one the estimate is the self-normalised weighted mean of the recorded rewards.
        level: the probability that the bounds hold.

    Raises:
        ValueError: a probability or a reward is not what it may be, or there is no row.
    """
    chances = [policy(one.context) for one in logged]
    rewards = np.array([one.reward for one in logged])
    propensities = np.array([one.propensity for one in logged])
    pairs = list(zip(logged, chances, strict=True))
    target = np.array([chance.get(one.action, 0.0) for one, chance in pairs])
    if model is None:
        return self_normalised(
            rewards=rewards, propensities=propensities, target=target, level=level
        )
    expected = np.array([model(one.context, one.action) for one in logged])
    expected_target = np.array(
        [
            math.fsum(share * model(one.context, action) for action, share in chance.items())
            for one, chance in pairs
        ]
    )
    return doubly_robust(
        rewards=rewards,
        propensities=propensities,
        target=target,
        expected=expected,
        expected_target=expected_target,
        level=level,
    )


def self_normalised(
    *, rewards: Floats, propensities: Floats, target: Floats, level: float = LEVEL
) -> Estimate:
    """The weighted mean of the recorded rewards: the estimate without a model of the reward.

    The arguments are those of `doubly_robust`; `target` are probabilities.
    """
    weights = np.abs(target) / propensities
    total = float(weights.sum())
    # A model that says the same of every choice is what it comes to.
    mean = np.full(len(rewards), float((weights * rewards).sum()) / total if total else 0.5)
    return doubly_robust(
        rewards=rewards,
        propensities=propensities,
        target=target,
        expected=mean,
        expected_target=mean,
        level=level,
    )


def doubly_robust(
    *,
    rewards: Floats,
    propensities: Floats,
    target: Floats,
    expected: Floats,
    expected_target: Floats,
    weights: Floats | None = None,
    difference: bool = False,
    level: float = LEVEL,
) -> Estimate:
    """What a policy is worth, or how much more than another, by rows of numbers.

    Args:
        rewards: what was recorded, from 0 to 1.
        propensities: the probability, above 0 and up to 1, of the recorded choice.
        target: the policy's probability of it; of a difference, less the other policy's.
        expected: the model's reward for the recorded choice.
        expected_target: the model's reward under the policy; of a difference, less the other's.
        weights: what each row counts, from 0 on; without them all count the same.
        difference: whether it is one, from -1 to 1, or what a policy is worth, from 0 to 1.
        level: the probability that the bounds hold.

    Raises:
        ValueError: there is no row, a propensity is out of its range, or a number is none.
    """
    counts = np.ones(len(rewards)) if weights is None else weights
    _check(rewards, propensities, target, expected, expected_target, counts)
    shares = counts / counts.sum()
    most = math.sqrt(len(rewards))
    ratios = target / propensities
    clipped = np.clip(ratios, -most, most)
    values = expected_target + clipped * (rewards - expected)
    mean, error = _mean(values, shares)
    effective = _effective(clipped * shares)
    least = -1.0 if difference else 0.0
    if effective < FEWEST:
        why = f"only {effective:.0f} recorded choices, or as many as weigh that much, are its own"
        return Estimate(min(max(mean, least), 1.0), least, 1.0, effective, 0.0, why)
    deviations = NormalDist().inv_cdf((1 + level) / 2)
    # Over all choices there are weights average 1, and those of a difference 0.
    average, spread = _mean(clipped, shares)
    unseen = max(abs(average - (0.0 if difference else 1.0)) - deviations * spread, 0.0)
    reach = deviations * error + unseen
    why = f"{100 * unseen:.0f} % of its choices are not in the record" if unseen > 0.01 else ""
    return Estimate(
        mean,
        max(mean - reach, least),
        min(mean + reach, 1.0),
        effective,
        float((np.abs(ratios) > most).mean()),
        why,
    )


def _mean(values: Floats, shares: Floats) -> tuple[float, float]:
    """A weighted mean and its standard error."""
    mean = float(values @ shares)
    return mean, float(np.sqrt((shares**2) @ (values - mean) ** 2))


def _effective(weights: Floats) -> float:
    """How many rows of equal weight tell as much (Kish 1965)."""
    squares = float((weights**2).sum())
    return float(np.abs(weights).sum()) ** 2 / squares if squares else 0.0


def _check(rewards: Floats, propensities: Floats, *others: Floats) -> None:
    if not len(rewards):
        raise ValueError("there is no row to estimate from")
    if not ((propensities > 0) & (propensities <= 1)).all():
        raise ValueError("a propensity is above 0 and up to 1; the record has another one")
    if not all(np.isfinite(one).all() for one in (rewards, *others)):
        raise ValueError("a reward, a probability or what a model expects is not a number")
    if not others[-1].sum() > 0 or (others[-1] < 0).any():
        raise ValueError("weights are from 0 on, and not all of them 0")
