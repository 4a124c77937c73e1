"""What an experiment found, in plain words."""

from __future__ import annotations

import math

from collegium.management.experiments.metrics import RELATIVE, Compared

_WORDS = {  # by metric: what there is where the challenger is better, and where it is worse
    "success": ("answers {} more queries successfully", "answers {} fewer queries successfully"),
    "rating": ("is rated {} higher", "is rated {} lower"),
    "latency": ("takes {} less time", "takes {} more time"),
    "cost": ("costs {} less", "costs {} more"),
}


def difference_in_words(variant: str, compared: Compared, alpha: float) -> str:
    """A difference with its interval: '... (95 % interval 0.4 to 5.8 points, at any time)'."""
    metric = compared.metric
    if not compared.pairs:
        return f"of {variant}'s {metric} nothing is known yet"
    better = compared.gain >= 0
    sign, words = (1, _WORDS[metric][0]) if better else (-1, _WORDS[metric][1])
    size = size_in_words(metric, abs(compared.gain))
    span = _span(metric, *sorted((sign * compared.low, sign * compared.high)))
    level = f"{100 * (1 - alpha):g} %"
    return f"{variant} {words.format(size)} ({level} interval {span}, at any time)"


def size_in_words(metric: str, size: float) -> str:
    """A difference without its sign: points of a hundred, or per cent of the control's."""
    return f"{_number(size)} {_unit(metric)}"


def _span(metric: str, low: float, high: float) -> str:
    unit = _unit(metric)
    if math.isinf(low):
        return f"up to {_number(high)} {unit}"
    if math.isinf(high):
        return f"{_number(low)} {unit} or more"
    return f"{_number(low)} to {_number(high)} {unit}"


def _unit(metric: str) -> str:
    return "%" if metric in RELATIVE else "points"


def _number(share: float) -> str:
    return f"{100 * share:.1f}" if abs(share) < 1 else f"{100 * share:.0f}"
