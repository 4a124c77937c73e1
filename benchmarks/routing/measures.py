"""How well rankings do: plain arithmetic over (ranking, confidence, labels)."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from data import Row

BINS = 10
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a router made of a row: every expert, best first, and how sure it was of the first."""

    row: Row
    ranking: tuple[str, ...]
    confidence: float
    took_ms: float = 0.0

    @property
    def hit(self) -> bool:
        """Whether the first is an acceptable expert."""
        return self.ranking[0] in self.row.labels


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """All the figures of a run."""
    low, high = bootstrap([one.hit for one in outcomes])
    times = sorted(one.took_ms for one in outcomes)
    keys = sorted({label for one in outcomes for label in one.row.labels})
    recalls = {key: recall(outcomes, key) for key in keys}
    return {
        "rows": len(outcomes),
        "accuracy": mean([one.hit for one in outcomes]),
        "accuracy_95": [low, high],
        "accuracy_primary": mean([one.ranking[0] == one.row.labels[0] for one in outcomes]),
        "top_2": mean([bool(set(one.ranking[:2]) & set(one.row.labels)) for one in outcomes]),
        "macro_f1": mean([f1(outcomes, key) for key in keys]),
        "recall": {key: value for key, value in recalls.items() if value is not None},
        "mean_confidence": mean([one.confidence for one in outcomes]),
        "ece": calibration_error(outcomes),
        "confident": confident(outcomes, 0.7),
        "by_source": grouped(outcomes, lambda one: one.row.source),
        "by_language": grouped(outcomes, lambda one: one.row.language),
        "decide_ms": {"p50": quantile(times, 0.5), "p99": quantile(times, 0.99)},
    }


def mean(values: Sequence[float]) -> float:
    """The mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the values are."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bootstrap(hits: Sequence[bool], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the mean, by drawing the rows again and again."""
    chance = random.Random(seed)
    means = sorted(mean(chance.choices(hits, k=len(hits))) for _ in range(RESAMPLES))
    return quantile(means, 0.025), quantile(means, 0.975)


def recall(outcomes: Sequence[Outcome], key: str) -> float | None:
    """How many rows of one primary expert got an acceptable one; None of no rows."""
    own = [one.hit for one in outcomes if one.row.labels[0] == key]
    return mean(own) if own else None


def f1(outcomes: Sequence[Outcome], key: str) -> float:
    """The F1 of one expert; a row's truth is what was picked if acceptable, else the primary."""
    effective = [
        (one.ranking[0] if one.hit else one.row.labels[0], one.ranking[0]) for one in outcomes
    ]
    right = sum(truth == picked == key for truth, picked in effective)
    either = sum((truth == key) + (picked == key) for truth, picked in effective)
    return 2 * right / either if either else 0.0


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Expected calibration error over ten equal bins of confidence."""
    bins: dict[int, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        bins[min(BINS - 1, int(one.confidence * BINS))].append(one)
    return sum(
        len(inside)
        / len(outcomes)
        * abs(mean([one.hit for one in inside]) - mean([one.confidence for one in inside]))
        for inside in bins.values()
    )


def confident(outcomes: Sequence[Outcome], least: float) -> dict[str, float]:
    """How many rows reach a confidence, and how often they are right."""
    sure = [one.hit for one in outcomes if one.confidence >= least]
    return {"least": least, "share": len(sure) / len(outcomes), "accuracy": mean(sure)}


def grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], str]) -> dict[str, Any]:
    """Rows and accuracy of each group, the largest first."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for one in outcomes:
        groups[key(one)].append(one.hit)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return {name: {"rows": len(hits), "accuracy": mean(hits)} for name, hits in ordered}
