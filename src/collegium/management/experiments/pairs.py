"""What two variants came to, pair by pair: a control's value and a challenger's that came with it.

Pairs, not the means of all there was: values that came at the same time saw the same traffic, so
that neither the hour of the day nor a share that was raised meanwhile looks like a difference.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from collegium.management.experiments.evidence import boundary, exceeds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CONTROL_SIDE, CHALLENGER_SIDE = 0, 1
LONGEST_BLOCK = 20  # more values on one side of a pair make it hardly better
# Blocks of one side; older values saw other traffic than what comes now. So few that all of them
# together, were they of another world, decide nothing at an alpha of 0.05.
MOST_WAITING = 20
HIGHEST_RATIO = 1e3
STEP = 0.97
HALVINGS = 40


@dataclass(slots=True)
class Pairs:
    """Values from 0 to 1 of a control and a challenger, matched as they come.

    `seen` and `sums` are counts and sums of all values by side; the other numbers are of the pairs:
    how many, the sums of their values, and of their squares and products. `waiting` are the values
    that have no counterpart yet.
    """

    count: int = 0
    control: float = 0.0
    challenger: float = 0.0
    squares: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    seen: list[int] = field(default_factory=lambda: [0, 0])
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0])
    waiting: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    def add(self, side: int, value: float, block: Sequence[int] = (1, 1)) -> None:
        """Take a value; `block` is how many values of either side are averaged for a pair.

        Of a side that is far ahead of the other the oldest values are left out.
        """
        self.seen[side] += 1
        self.sums[side] += value
        waiting = self.waiting
        waiting[side].append(value)
        if len(waiting[side]) > MOST_WAITING * block[side]:
            del waiting[side][0]
        while len(waiting[0]) >= block[0] and len(waiting[1]) >= block[1]:
            self.match(_taken(waiting[0], block[0]), _taken(waiting[1], block[1]))

    def match(self, control: float, challenger: float) -> None:
        """Take a pair."""
        self.count += 1
        self.control += control
        self.challenger += challenger
        squares = self.squares
        squares[0] += control * control
        squares[1] += control * challenger
        squares[2] += challenger * challenger

    def meet(self, control: float, challenger: float) -> None:
        """Take a pair of values that belong together, as those of one query answered twice do."""
        self.seen[0] += 1
        self.seen[1] += 1
        self.sums[0] += control
        self.sums[1] += challenger
        self.match(control, challenger)

    def above(self, ratio: float, shift: float, risk: float) -> bool:
        """Whether challenger - ratio * control is more than `shift` on average, but for `risk`."""
        total = self.challenger - ratio * self.control - shift * self.count
        return exceeds(total, self._variance(ratio), ratio, risk)

    def below(self, ratio: float, shift: float, risk: float) -> bool:
        """Whether challenger - ratio * control is less than `shift` on average, but for `risk`."""
        total = ratio * self.control + shift * self.count - self.challenger
        return exceeds(total, self._variance(ratio), 1.0, risk)

    def mean(self, side: int) -> float | None:
        """The mean of all values of a side; None without one."""
        return self.sums[side] / self.seen[side] if self.seen[side] else None

    def difference(self, risk: float) -> tuple[float, float]:
        """What challenger - control is between on average, at any time, but for `risk`.

        Of at least one pair; from -1 to 1.
        """
        middle = (self.challenger - self.control) / self.count
        margin = boundary(self._variance(1.0), 1.0, risk / 2) / self.count
        return max(middle - margin, -1.0), min(middle + margin, 1.0)

    def ratio(self, risk: float) -> tuple[float, float]:
        """What challenger / control is between on average, at any time, but for `risk`.

        Of at least one pair; from 0 to infinity.
        """
        if not self.control:
            return 0.0, math.inf
        middle = self.challenger / self.control
        low = _edge(lambda ratio: self.above(ratio, 0.0, risk / 2), middle, STEP)
        high = _edge(lambda ratio: self.below(ratio, 0.0, risk / 2), middle, 1 / STEP)
        return low, high

    def _variance(self, ratio: float) -> float:
        """The sum of squares of challenger - ratio * control; what is predicted of each is 0."""
        own, product, other = self.squares
        return max(other - 2 * ratio * product + ratio * ratio * own, 0.0)

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Pairs:
        """What `as_data` gave."""
        fields: dict[str, Any] = dict(data)
        fields["waiting"] = tuple(data["waiting"])
        return cls(**fields)


def _taken(values: list[float], count: int) -> float:
    """The mean of the first so many values, which are taken away."""
    mean = values[0] if count == 1 else sum(values[:count]) / count
    del values[:count]
    return mean


def _edge(excluded: Callable[[float], bool], inside: float, step: float) -> float:
    """The ratio next to `inside`, going by factors of `step`, from which on others are excluded.

    Whoever costs more than 1.2 times as much costs more than 1.1 times as much: what is excluded
    excludes all beyond it, be there evidence enough against that by itself or not.
    """
    outside = (inside or 1 / HIGHEST_RATIO) * step
    while not excluded(outside):
        if not 1 / HIGHEST_RATIO < outside < HIGHEST_RATIO:
            return 0.0 if step < 1 else math.inf
        inside, outside = outside, outside * step
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if excluded(middle) else (middle, outside)
    return inside
