"""Betting against 'nothing changes': the wealth of whoever bets is the evidence of a change.

A conformal test martingale (Vovk, Gammerman & Shafer, "Algorithmic Learning in a Random World", 2nd
ed. 2022, chapter 8; Volkhonskiy et al., "Inductive conformal martingales for change-point
detection", COPA 2017). It multiplies by what fixed bets win on p-values that are independent and
uniform as long as nothing changes. A bettor who begins at once has lost everything by the time
something changes; hence the wealth is split over when to begin, a countable mixture as in the
e-detectors of Shin, Ramdas & Rinaldo (2024), but with weights that sum to 1. So it stays a
martingale that begins at 1, and by Ville's inequality the probability that it *ever* reaches 1/a is
at most a.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# What is bet on: that the odds of a p-value below a cut are so many times what they should be.
_CUTS = (0.05, 0.15, 0.4, 0.6, 0.85, 0.95)
_ODDS = (0.3, 0.6, 1.7, 3.5)


def _gain(cut: float, odds: float, *, below: bool) -> float:
    """What one bet multiplies by, for a p-value below the cut or above it: a density."""
    share = odds * cut / (1 - cut + odds * cut)
    return share / cut if below else (1 - share) / (1 - cut)


# For a p-value between two cuts (or beyond the last), what each of the bets multiplies by.
_GAINS = tuple(
    tuple(
        _gain(cut, odds, below=cell <= place) for place, cut in enumerate(_CUTS) for odds in _ODDS
    )
    for cell in range(len(_CUTS) + 1)
)
_BETS = len(_CUTS) * len(_ODDS)


def _asleep(count: int) -> float:
    """The share of the wealth that has not begun to bet after `count` p-values.

    It falls as slowly as a logarithm: a change after n costs about log n, whatever n is.
    """
    return 1 / math.log2(count + 2)


class Martingale:
    """Wealth that begins at 1, is expected to stay as it is, and grows once something changes."""

    __slots__ = ("_awake", "count", "wealth")

    def __init__(self) -> None:
        self.count = 0
        self.wealth = 1.0
        self._awake = [0.0] * _BETS

    def bet(self, p_value: float) -> float:
        """The wealth after one more p-value, from 0 to 1."""
        asleep = _asleep(self.count + 1)
        waking = (_asleep(self.count) - asleep) / _BETS
        self.count += 1
        gains = _GAINS[bisect_right(_CUTS, p_value)]
        self._awake = [
            (wealth + waking) * gain for wealth, gain in zip(self._awake, gains, strict=True)
        ]
        self.wealth = asleep + sum(self._awake)
        return self.wealth

    def as_data(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {"count": self.count, "wealth": self.wealth, "awake": self._awake}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Martingale:
        """The one that `as_data` told of; raises ValueError where that is not one."""
        martingale = cls()
        martingale.count, martingale.wealth = int(data["count"]), float(data["wealth"])
        martingale._awake = [float(wealth) for wealth in data["awake"]]
        if len(martingale._awake) != _BETS:
            raise ValueError(f"{len(martingale._awake)} bets; there are {_BETS}")
        return martingale
