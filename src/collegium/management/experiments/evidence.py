"""How far a sum of bounded values may stray by chance, however often one looks.

For values x with the mean m, each at most c below a prediction p that was made before it,

    exp(stake * sum(x - m) - psi(stake) * sum((x - p)^2)),   psi(s) = (-log(1 - c s) - c s) / c^2,

is a nonnegative supermartingale for every stake from 0 to 1/c (Fan, Grama & Liu 2015; Howard,
Ramdas, McAuliffe & Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
theorem 4), and so is a mixture over stakes. By Ville's inequality it ever reaches 1/risk with a
probability of at most `risk`. Nothing is assumed of the values but their range and their mean: they
need not be independent, nor distributed alike (m is then the average of their means). What must be
kept is a count and two sums.
"""

from __future__ import annotations

import math

# Stakes for a range of width 1, from bold to timid: the bold tell large effects within tens of
# values, the timid small ones within millions. The bolder a stake, the more of the mixture it is.
STAKES = tuple(0.8 / 2.0**step for step in range(14))
COSTS = tuple(-math.log1p(-stake) - stake for stake in STAKES)
_WEIGHTS = tuple(0.75**step for step in range(len(STAKES)))
LOG_WEIGHTS = tuple(math.log(one / sum(_WEIGHTS)) for one in _WEIGHTS)
NEAR = 1e-9


def exceeds(total: float, variance: float, reach: float, risk: float) -> bool:
    """Whether a sum is further above its mean than chance ever takes it, but for `risk`.

    Args:
        total: the sum of the values, less their supposed mean each.
        variance: the sum of squares of the values less their predictions.
        reach: how far a value may be below its prediction: the width of the range, or less.
        risk: the probability, above 0 and below 1, of ever saying so wrongly.
    """
    needed = -math.log(risk)
    # No stake makes more of a sum than exp(total^2 / (2 variance)); mostly that settles it.
    if total <= 0 or total * total < 2 * variance * needed:
        return False
    log_wealth, _ = _log_wealth(total / reach, variance / (reach * reach))
    return log_wealth >= needed


def boundary(variance: float, reach: float, risk: float) -> float:
    """The least sum that `exceeds`: above 0, and the arguments as there."""
    needed, variance = -math.log(risk), variance / (reach * reach)
    total = min(
        (needed - weight + cost * variance) / stake
        for stake, cost, weight in zip(STAKES, COSTS, LOG_WEIGHTS, strict=True)
    )
    # Newton's method on a convex, rising function comes down to its root from above.
    while True:
        log_wealth, slope = _log_wealth(total, variance)
        step = (log_wealth - needed) / slope
        if step < NEAR * total:
            return total * reach
        total -= step


def _log_wealth(total: float, variance: float) -> tuple[float, float]:
    """The logarithm of the mixture for a range of width 1, and its slope in `total`."""
    logs = [
        weight + stake * total - cost * variance
        for stake, cost, weight in zip(STAKES, COSTS, LOG_WEIGHTS, strict=True)
    ]
    highest = max(logs)
    parts = [math.exp(one - highest) for one in logs]
    whole = sum(parts)
    slope = sum(stake * part for stake, part in zip(STAKES, parts, strict=True)) / whole
    return highest + math.log(whole), slope
