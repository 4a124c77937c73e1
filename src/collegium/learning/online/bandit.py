"""Which arm goes first: mostly the one expected to be best, and how often each of the others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from collegium.learning.online.arms import Arms, Expected

EXPLORE = 0.02
# What of the exploring is shared out evenly, so that no arm is ever without any.
EVENLY = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """Arms in the order in which to take them, and the probability of the first one being first."""

    order: tuple[str, ...]
    propensity: float


def chances(gains: Sequence[float], doubts: Sequence[float], explore: float) -> list[float]:
    """The probability for each arm of going first; at least `explore` / 2 / (arms - 1) each.

    An arm's chance goes with the square of twice the probability that it is better than the best
    one, both taken for normal: 1 beside an equal, near 0 once the doubt is gone. All but the best
    get `explore` together, or more while it is in doubt which is best. So the chances are known
    exactly, which is what makes what was tried usable as evidence (Dudik, Langford & Li, 2011);
    drawing from the beliefs (Thompson, 1933) tells them only by simulation.

    Args:
        gains: what each is expected to give; of equals the first counts as the best.
        doubts: the standard deviation of each of these.
        explore: above 0 and up to 1/2.
    """
    if len(gains) == 1:
        return [1.0]
    best = max(range(len(gains)), key=lambda place: gains[place])
    weights = [
        0.0 if place == best else _rivalry(gain - gains[best], math.hypot(doubt, doubts[best]))
        for place, (gain, doubt) in enumerate(zip(gains, doubts, strict=True))
    ]
    rivals = math.fsum(weights)
    evenly = EVENLY * explore / (len(gains) - 1)
    tried = max(explore, rivals / (1 + rivals)) - EVENLY * explore
    shares = [
        0.0
        if place == best
        else evenly + tried * (weight / rivals if rivals > 0 else 1 / (len(gains) - 1))
        for place, weight in enumerate(weights)
    ]
    shares[best] = 1 - math.fsum(shares)
    return shares


def _rivalry(behind: float, doubt: float) -> float:
    better = 0.5 * math.erfc(-behind / (math.sqrt(2) * max(doubt, 1e-9)))
    return 2 * min(better, 0.5) ** 2


def drawn(shares: Sequence[float], rng: random.Random) -> int:
    """A place, each as probable as its share says."""
    return rng.choices(range(len(shares)), weights=shares)[0]


class Bandit:
    """Chooses among arms by what their rewards in a kind of task have told, and goes on trying all.

    No state that `arms` was given, however wrong, keeps any arm from being tried: each goes first
    with a probability of at least `explore` / 2 / (arms - 1).
    """

    def __init__(self, arms: Arms, rng: random.Random, *, explore: float = EXPLORE) -> None:
        self.arms = arms
        self._rng = rng
        self._explore = explore

    def shares(self, names: Sequence[str], kind: str) -> list[float]:
        """The probability of going first, of each of `names`."""
        return self._chances(self.arms.expected(names, kind))

    def choose(self, names: Sequence[str], kind: str) -> Choice:
        """All of `names` in an order: one that was drawn, then the others by what is expected."""
        known = self.arms.expected(names, kind)
        shares = self._chances(known)
        first = drawn(shares, self._rng)
        others = sorted(
            (place for place in range(len(names)) if place != first),
            key=lambda place: -known[place].mean,
        )
        return Choice(tuple(names[place] for place in (first, *others)), shares[first])

    def _chances(self, known: Sequence[Expected]) -> list[float]:
        return chances([one.mean for one in known], [one.doubt for one in known], self._explore)
