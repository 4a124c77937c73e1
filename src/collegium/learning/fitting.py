"""Fits a gate's few numbers on held-out queries: mixture, temperatures, threshold, levels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.routing.calibration import Calibration
from collegium.routing.conformal import levels_of, needed
from collegium.routing.head import softmax
from collegium.routing.network import unit
from collegium.routing.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from collegium.learning.dataset import Example
    from collegium.learning.held_out import Told

_WEIGHTS = np.linspace(0, 1.5, 16)
_TEMPERATURES = np.geomspace(0.4, 4, 60)
_SOURCE_CAP = 150
# Of the queries in scope, the share that may be taken for out of scope.
_OUT_OF_SCOPE = 0.005


def fit_settings(told: Told, examples: Sequence[Example], experts: Sequence[str]) -> Settings:
    """The settings under which the held-out queries' acceptable experts are likeliest.

    The quick model's weight and the temperature minimise the negative log of the acceptable
    experts' shares together; the quick model decides alone from the lowest threshold at which no
    accuracy is lost.
    """
    right = acceptable(examples, experts)
    weights = source_weights(examples)
    best = (np.inf, 0.0, 1.0)
    for weight in _WEIGHTS:
        logits = told.logits + np.float32(weight) * told.quick
        loss, temperature = _temperature(logits, right, weights)
        best = min(best, (loss, float(weight), temperature))
    _, weight, temperature = best
    _, quick_temperature = _temperature(told.quick, right, weights)
    settings = Settings(
        temperature=temperature,
        quick_weight=weight,
        quick_temperature=quick_temperature,
        features="tuned",
    )
    whole = shares_of(told, settings)
    threshold = _threshold(
        softmax(told.quick / np.float32(quick_temperature)), whole, right, weights
    )
    return replace(settings, quick_threshold=threshold)


def shares_of(told: Told, settings: Settings) -> NDArray[np.float32]:
    """(queries, experts) shares by the whole gate, without the quick model's short cut."""
    logits = told.logits + np.float32(settings.quick_weight) * told.quick
    return softmax(logits / np.float32(settings.temperature))


def staged(told: Told, settings: Settings) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The shares as the gate gives them, and which queries the quick model decided alone."""
    quick = softmax(told.quick / np.float32(settings.quick_temperature))
    alone = quick.max(1) >= settings.quick_threshold
    return np.where(alone[:, None], quick, shares_of(told, settings)), alone


def fit_levels(
    shares: NDArray[np.float32], examples: Sequence[Example], experts: Sequence[str]
) -> NDArray[np.float32]:
    """What conformal sets are read from."""
    right = acceptable(examples, experts)
    return levels_of(needed(shares, [set(np.flatnonzero(row).tolist()) for row in right]))


def fit_scope(shares: NDArray[np.float32], nearest: NDArray[np.float32]) -> float:
    """The likeliest share times similarity that all but five in a thousand reach."""
    return float(np.quantile(shares.max(1) * nearest, _OUT_OF_SCOPE))


def fit_calibration(
    features: NDArray[np.float64], hits: NDArray[np.bool_], weights: NDArray[np.float64]
) -> Calibration:
    """The logistic regression of whether the first expert was right (Platt, 1999), by Newton.

    Args:
        features: (queries, 3) as `routing.calibration.features` gives them.
        hits: whether the first expert was acceptable.
        weights: what each query counts.
    """
    padded = np.concatenate((np.ones((len(features), 1)), features), axis=1)
    at = np.zeros(4)
    for _ in range(50):
        shares = 1 / (1 + np.exp(-np.clip(padded @ at, -30, 30)))
        slope = padded.T @ (weights * (shares - hits)) + 1e-2 * at
        bend = (padded * (weights * shares * (1 - shares))[:, None]).T @ padded + 1e-2 * np.eye(4)
        step = np.linalg.solve(bend, slope)
        at -= step
        if np.abs(step).max() < 1e-8:
            break
    return Calibration(*map(float, at))


def exemplars_of(vectors: NDArray[np.float32], count: int, *, seed: int) -> NDArray[np.float16]:
    """(count, width) vectors of length 1 that stand for many (spherical k-means)."""
    rng = np.random.default_rng(seed)
    pointed = unit(vectors)
    centres = pointed[rng.choice(len(pointed), min(count, len(pointed)), replace=False)]
    for _ in range(12):
        nearest = (pointed @ centres.T).argmax(1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, pointed)
        filled = np.bincount(nearest, minlength=len(centres)) > 0
        centres = np.where(filled[:, None], unit(sums), centres)
    return centres.astype(np.float16)


def acceptable(examples: Sequence[Example], experts: Sequence[str]) -> NDArray[np.bool_]:
    """(examples, experts) whether each may answer."""
    return np.array([[expert in one.labels for expert in experts] for one in examples])


def source_weights(examples: Sequence[Example]) -> NDArray[np.float64]:
    """What each example counts, so that no source counts for more than 150."""
    sizes = Counter(one.source for one in examples)
    return np.array([min(1.0, _SOURCE_CAP / sizes[one.source]) for one in examples])


def _temperature(
    logits: NDArray[Any], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """The least loss, and the temperature that gives it."""
    return min(
        (_loss(softmax(logits / np.float32(temperature)), right, weights), float(temperature))
        for temperature in _TEMPERATURES
    )


def _loss(
    shares: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> float:
    together = (shares * right).sum(1)
    return float(-(weights * np.log(np.maximum(together, 1e-9))).sum() / weights.sum())


def _threshold(
    quick: NDArray[np.float32],
    whole: NDArray[np.float32],
    right: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> float:
    """The lowest threshold from which the quick model is right as often as the whole gate."""
    rows = np.arange(len(quick))
    gain = right[rows, quick.argmax(1)].astype(float) - right[rows, whole.argmax(1)]
    order = np.argsort(-quick.max(1))
    balance = np.cumsum((gain * weights)[order])
    harmless = np.flatnonzero(balance >= 0)
    return float(quick.max(1)[order][harmless[-1]]) if len(harmless) else 2.0
