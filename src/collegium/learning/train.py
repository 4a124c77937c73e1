"""Trains a gate for experts of one's own, on an encoder that stays as it is."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.errors import DataError
from collegium.learning.dataset import fingerprint, labels_of
from collegium.learning.fitting import acceptable, fit_calibration, fit_levels, fit_scope
from collegium.learning.measures import Judged, summary
from collegium.lexicon import assess
from collegium.routing.calibration import Calibration, features
from collegium.routing.head import fit_head, softmax
from collegium.routing.network import GatingNetwork, frozen_features, unit
from collegium.routing.policy import RoutingPolicy
from collegium.routing.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from collegium.encoders.base import Encoder
    from collegium.learning.dataset import Example

FOLDS = 5
MAX_EXPERTS = 1000
_EXEMPLARS = 4000
_TEMPERATURES = np.geomspace(0.2, 5, 60)


@dataclass(frozen=True, slots=True)
class Trained:
    """A gate, and what it gave for queries that were held out."""

    gate: GatingNetwork
    report: dict[str, Any]


def train_gate(
    examples: Sequence[Example],
    encoder: Encoder,
    *,
    seed: int = 0,
    advance: Callable[[int], object] = lambda _: None,
) -> Trained:
    """Fit a head, and calibrate it on queries that five folds' heads had not seen.

    With five sources or more, whole sources are held out; else random fifths.

    Args:
        examples: labelled queries.
        encoder: whose vectors to use.
        seed: of the folds.
        advance: told after each of `FOLDS` + 2 parts of the work.

    Raises:
        DataError: fewer than two experts, or an expert with fewer than two examples.
    """
    examples, twins = _without_twins(examples)
    experts = labels_of(examples)
    _check(examples, experts)
    texts = [one.text for one in examples]
    vectors = encoder.encode(texts)[:, : encoder.general]
    advance(1)
    inputs = frozen_features(texts, vectors)
    targets = _targets(examples, experts)
    folds = _folds(examples, seed)
    held = np.zeros_like(targets)
    near = np.zeros(len(texts), np.float32)
    pointed = unit(vectors)
    shown = np.zeros(len(texts), bool)
    shown[np.random.default_rng(seed).permutation(len(texts))[:_EXEMPLARS]] = True
    for fold in range(FOLDS):
        out, kept = folds == fold, folds != fold
        if out.any():
            head = fit_head(inputs[kept], targets[kept], decay=1e-4)
            held[out] = head.logits(inputs[out])
            near[out] = _nearest(pointed[out], pointed[kept & shown])
        advance(1)
    right = acceptable(examples, experts)
    temperature = _temperature(held, right)
    shares = softmax(held / np.float32(temperature))
    hits = right[np.arange(len(right)), shares.argmax(1)]
    ranked = np.array([_features(row) for row in list(shares)])
    gate = GatingNetwork(
        experts,
        encoder,
        fit_head(inputs, targets, decay=1e-4),
        Settings(temperature=temperature, scope=fit_scope(shares, near)),
        exemplars=pointed[shown].astype(np.float16),
        levels=fit_levels(shares, examples, experts),
        calibration=_calibration(ranked, hits),
    )
    advance(1)
    sure = _cross_fitted(ranked, hits, folds)
    rankings: list[list[int]] = np.argsort(-shares, axis=1).tolist()
    judged = [
        Judged(one.labels, tuple(experts[i] for i in ranking), confidence, one.source, one.lang)
        for one, ranking, confidence in zip(examples, rankings, sure, strict=True)
    ]
    by_source = len({one.source for one in examples}) >= FOLDS
    report = {
        "held_out": "whole sources" if by_source else "random fifths",
        "experts": len(experts),
        "examples": len(examples),
        "duplicates_left_out": twins,
        **summary(judged),
    }
    card = {
        "experts": list(experts),
        "encoder": encoder.name,
        "data": {"sha256": fingerprint(examples), "examples": len(examples)},
        "licences": dict(Counter(one.license or "not said" for one in examples)),
        "held_out": report,
    }
    return Trained(replace(gate, card=card), report)


def _check(examples: Sequence[Example], experts: Sequence[str]) -> None:
    counts = Counter(label for one in examples for label in set(one.labels))
    if len(experts) < 2:
        raise DataError(
            f"every example is for {experts[0]!r}; a gate chooses among two experts or more"
        )
    if len(experts) > MAX_EXPERTS:
        raise DataError(f"{len(experts)} experts; a gate takes at most {MAX_EXPERTS}")
    few = sorted(label for label in experts if counts[label] < 2)
    if few:
        named = ", ".join(few[:8]) + (", ..." if len(few) > 8 else "")
        raise DataError(f"only one example each for {named}; every expert needs two or more")


def _targets(examples: Sequence[Example], experts: Sequence[str]) -> NDArray[np.float32]:
    number = {expert: place for place, expert in enumerate(experts)}
    targets = np.zeros((len(examples), len(experts)), np.float32)
    for row, one in enumerate(examples):
        targets[row, [number[label] for label in one.labels]] = 0.35 / len(one.labels)
        targets[row, number[one.labels[0]]] += 0.65
    return targets


def _folds(examples: Sequence[Example], seed: int) -> NDArray[np.int64]:
    """Each example's fold: by source where there are enough, else so that labels are even."""
    rng = random.Random(seed)
    sources = sorted({one.source for one in examples})
    if len(sources) >= FOLDS:
        rng.shuffle(sources)
        fold_of = {source: place % FOLDS for place, source in enumerate(sources)}
        return np.array([fold_of[one.source] for one in examples])
    folds = np.zeros(len(examples), np.int64)
    by_label: dict[str, list[int]] = {}
    for place, one in enumerate(examples):
        by_label.setdefault(one.labels[0], []).append(place)
    start = 0
    for label in sorted(by_label):
        rng.shuffle(by_label[label])
        for offset, place in enumerate(by_label[label]):
            folds[place] = (start + offset) % FOLDS
        start += len(by_label[label])
    return folds


def _temperature(logits: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    # As if one more query in n + 2 went wrong: few queries that all go right promise no certainty.
    doubt = 1 / (len(logits) + 2)

    def loss(temperature: float) -> float:
        together = (softmax(logits / np.float32(temperature)) * right).sum(1)
        wrong = np.log(np.maximum(1 - together, 1e-9)).mean()
        return float(-(1 - doubt) * np.log(np.maximum(together, 1e-9)).mean() - doubt * wrong)

    return float(min(_TEMPERATURES, key=loss))


def _features(shares: NDArray[np.float32]) -> tuple[float, float, float]:
    """What the router's calibration reads of a ranking of experts without vocabularies."""
    policy, unread = RoutingPolicy(), assess(0.0)
    order = np.argsort(-shares)[:2]
    pairs = [(policy.score(float(shares[i]), unread, 0.0), float(shares[i])) for i in order]
    return features(pairs)


def _calibration(ranked: NDArray[np.float64], hits: NDArray[np.bool_]) -> Calibration:
    """The calibration of rankings; where nobody has a share or a score, nobody is right.

    Each ranking counts as right and wrong a little, by the rule of succession (Laplace), so that a
    few right ones promise no certainty.
    """
    doubt = 1 / (len(hits) + 2)
    nobody = np.zeros((1, ranked.shape[1]))
    together = np.concatenate((ranked, nobody))
    softened = np.append(np.where(hits, 1 - doubt, doubt), 0.0)
    weights = np.append(np.ones(len(hits)), max(1.0, len(hits) / 20))
    return fit_calibration(together, softened, weights)


def _cross_fitted(
    ranked: NDArray[np.float64], hits: NDArray[np.bool_], folds: NDArray[np.int64]
) -> list[float]:
    """Each query's confidence by a calibration that was fitted on the other folds."""
    sure = [0.0] * len(hits)
    for fold in range(FOLDS):
        rest = folds != fold
        fitted = _calibration(ranked[rest], hits[rest])
        for place in np.flatnonzero(~rest):
            score, lead, share = map(float, ranked[place])
            sure[place] = fitted.of((score, lead, share))
    return sure


def _nearest(vectors: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) the cosine of each vector to the nearest of the others; 0 where there are none."""
    if not len(others):
        return np.zeros(len(vectors), np.float32)
    parts = [(vectors[at : at + 1000] @ others.T).max(1) for at in range(0, len(vectors), 1000)]
    return np.concatenate(parts)


def _without_twins(examples: Sequence[Example]) -> tuple[list[Example], int]:
    """The examples, of those with the same text only the first; and how many went."""
    first = {" ".join(one.text.split()).lower(): one for one in reversed(examples)}
    kept = [one for one in examples if first[" ".join(one.text.split()).lower()] is one]
    return kept, len(examples) - len(kept)
