"""Shares of counts with their uncertainty, and quantiles of what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z = 1.96  # 95 %


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The interval that a share lies in with 95 % confidence (Wilson's); all where none counted."""
    if not count:
        return 0.0, 1.0
    share = hits / count
    middle = share + Z**2 / (2 * count)
    half = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    scale = 1 + Z**2 / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def share(hits: int, count: int) -> dict[str, float | int]:
    """A share in percent with its interval."""
    low, high = wilson(hits, count)
    return {
        "of": count,
        "percent": round(100 * hits / count, 3) if count else 0.0,
        "low": round(100 * low, 3),
        "high": round(100 * high, 3),
    }


def quantiles(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Median, 99th percentile and largest; nothing of nothing."""
    if not values:
        return {}
    ranked = sorted(values)

    def at(quantile: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(quantile * len(ranked)))], digits)

    return {"p50": at(0.5), "p99": at(0.99), "max": round(ranked[-1], digits)}
