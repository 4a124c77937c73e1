"""How good experts are beside each other, and how far that can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.management.intervals import UNKNOWN, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.config import RankingConfig
    from collegium.management.performance import Performance

# So many names of those who are as good are said, and how many more there are.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Rank:
    """How good an expert is, 0 to 1, and between which ends; `why` says what it rests on.

    `enough` is False where there are too few outcomes to rank by.
    """

    name: str
    score: float
    low: float
    high: float
    enough: bool
    why: str


def rank(
    performances: Iterable[Performance], loads: Mapping[str, float], weights: RankingConfig
) -> tuple[Rank, ...]:
    """The experts by score, the best first.

    The score is the weighted mean of three shares: of the latest queries that were answered; of
    what is free, by the loads, which are in flight over capacity; and of speed, which is the least
    median latency of all over its own. What is not known is 0.5, give or take all. The ends are
    those of the parts, squared and added (Zou and Donner 2008, "Construction of confidence limits
    about effect measures").
    """
    performances = tuple(performances)
    speeds = _speeds(performances)
    scored = [
        (
            one,
            _mixed(
                (weights.success, one.lately),
                (weights.free, _free(loads.get(one.name, 0.0))),
                (weights.speed, speeds[one.name]),
            ),
        )
        for one in performances
    ]
    scored.sort(key=lambda pair: -pair[1].mean)
    return tuple(
        Rank(
            name=one.name,
            score=score.mean,
            low=score.low,
            high=score.high,
            enough=one.queries >= weights.fewest,
            why=_why(one, score, scored, weights.fewest),
        )
        for one, score in scored
    )


def _speeds(performances: Sequence[Performance]) -> dict[str, Interval]:
    """How quick each is beside the quickest; within the window, or ever if nothing is inside."""
    medians = {one.name: _median(one) for one in performances}
    quickest = min((median[0] for median in medians.values() if median), default=0.0)
    return {
        name: Interval(
            mean=quickest / median[0],
            low=min(1.0, quickest / median[2]),
            high=min(1.0, quickest / median[1]),
        )
        if median
        else UNKNOWN
        for name, median in medians.items()
    }


def _median(performance: Performance) -> tuple[float, float, float] | None:
    """The median latency and the ends around it; None without an answer."""
    for one in (performance.now, performance):
        if one and one.p50_ms and one.p50_low_ms and one.p50_high_ms:
            return one.p50_ms, one.p50_low_ms, one.p50_high_ms
    return None


def _free(load: float) -> Interval:
    free = 1 - min(1.0, max(0.0, load))
    return Interval(free, free, free)


def _mixed(*parts: tuple[float, Interval]) -> Interval:
    """The weighted mean of shares, with its ends; `UNKNOWN` where nothing has any weight."""
    total = sum(weight for weight, _ in parts)
    if not total:
        return UNKNOWN
    mean = sum(weight * one.mean for weight, one in parts) / total
    below = math.hypot(*(weight * (one.mean - one.low) for weight, one in parts)) / total
    above = math.hypot(*(weight * (one.high - one.mean) for weight, one in parts)) / total
    return Interval(mean, max(0.0, mean - below), min(1.0, mean + above))


def _why(
    performance: Performance,
    score: Interval,
    scored: Sequence[tuple[Performance, Interval]],
    fewest: int,
) -> str:
    if performance.queries < fewest:
        return f"too few outcomes to rank: {performance.queries} of {fewest}"
    alike = [
        other.name
        for other, its in scored
        if other is not performance and other.queries >= fewest and not _apart(score, its)
    ]
    if not alike:
        return f"by {performance.queries} outcomes"
    more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
    return f"not told apart from {', '.join(alike[:NAMED])}{more}"


def _apart(one: Interval, other: Interval) -> bool:
    """Whether the ends around the difference of two scores leave out 0."""
    better, worse = (one, other) if one.mean >= other.mean else (other, one)
    reach = math.hypot(better.mean - better.low, worse.high - worse.mean)
    return better.mean - worse.mean > reach
