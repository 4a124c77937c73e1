"""What variants are compared by: each a number from 0 to 1 per unit, and words for a difference."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.management.experiments.pairs import Pairs

MetricName: TypeAlias = Literal["success", "rating", "latency", "cost"]
METRICS: tuple[str, ...] = get_args(MetricName)
RELATIVE = ("latency", "cost")  # differences are shares of the control's, and less is better

FIRST = (
    40  # values but 0, of all variants alike, that fix the range of a metric; not used otherwise
)
LATENCY_SPAN = 8.0  # latencies count as at most so many times the median of the first, or a part
COST_SPAN = 5.0  # costs count as at most so many times the mean of the first


@dataclass(frozen=True, slots=True)
class Compared:
    """How a challenger stands beside the control by a metric.

    `gain` is how much better it is: of successes and ratings the difference, from -1 to 1, of
    latency and cost what is saved as a share of the control's; `low` and `high` are the bounds that
    it is within at any time. `pairs` is how many pairs of values that rests on.
    """

    metric: str
    gain: float
    low: float
    high: float
    pairs: int


@dataclass(slots=True)
class Scale:
    """Brings values of a metric to 0 to 1: latencies (ms) and costs (USD) by the first that come.

    Successes and ratings are so already. Latencies are taken by their logarithm, so that what is
    compared is their geometric mean; costs in proportion, so that it is their mean. Both are cut
    off where the range ends, which makes bounds on a mean possible at all: of rare values that are
    a hundred times as large it is told how often they come, not how large they are.
    """

    metric: str
    first: list[float] = field(default_factory=list[float])
    lowest: float = 0.0
    width: float = 0.0

    def place(self, value: float) -> float | None:
        """Where a value is in the range, from 0 to 1; None as long as there is no range."""
        if self.metric not in RELATIVE:
            return value
        at = math.log(max(value, 1e-3)) if self.metric == "latency" else value
        if self.width:
            return min(max((at - self.lowest) / self.width, 0.0), 1.0)
        if value > 0:
            self.first.append(at)
        if len(self.first) >= FIRST:
            self._settle()
        return None

    @property
    def free(self) -> bool:
        """Whether it is a cost, and nothing has cost anything so far."""
        return self.metric == "cost" and not self.width and not self.first

    def original(self, place: float) -> float:
        """The value that is at a place of the range."""
        if self.metric not in RELATIVE:
            return place
        at = self.lowest + place * self.width
        return math.exp(at) if self.metric == "latency" else at

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Scale:
        """What `as_data` gave."""
        return cls(**data)

    def _settle(self) -> None:
        if self.metric == "latency":
            middle = sorted(self.first)[len(self.first) // 2]
            self.lowest = middle - math.log(LATENCY_SPAN)
            self.width = 2 * math.log(LATENCY_SPAN)
        else:
            self.width = COST_SPAN * sum(self.first) / len(self.first)
        self.first = []


def gains_more(pairs: Pairs, scale: Scale, than: float, risk: float) -> bool:
    """Whether the challenger's gain, as in `Compared`, is more than `than`, but for `risk`."""
    if not pairs.count:
        return False
    if scale.metric in RELATIVE:
        return pairs.below(*_as_paired(scale, than), risk)
    return pairs.above(1.0, than, risk)


def gains_less(pairs: Pairs, scale: Scale, than: float, risk: float) -> bool:
    """Whether the challenger's gain, as in `Compared`, is less than `than`, but for `risk`."""
    if not pairs.count:
        return False
    if scale.metric in RELATIVE:
        return pairs.above(*_as_paired(scale, than), risk)
    return pairs.below(1.0, than, risk)


def gain(pairs: Pairs, scale: Scale) -> float:
    """The challenger's gain, as in `Compared`, as it looks so far; 0.0 without a pair."""
    if scale.metric == "cost":
        return 1 - pairs.challenger / pairs.control if pairs.control else -pairs.challenger
    difference = (pairs.challenger - pairs.control) / max(pairs.count, 1)
    return 1 - math.exp(difference * scale.width) if scale.metric == "latency" else difference


def compare(pairs: Pairs, scale: Scale, risk: float) -> Compared:
    """How the challenger stands, within bounds that hold at any time but for `risk`."""
    middle = gain(pairs, scale)
    if not pairs.count:
        return Compared(scale.metric, 0.0, -math.inf, math.inf, 0)
    if scale.metric == "cost":
        low, high = pairs.ratio(risk)
    else:
        low, high = pairs.difference(risk)
    if scale.metric == "latency":
        low, high = math.exp(low * scale.width), math.exp(high * scale.width)
    if scale.metric in RELATIVE:
        low, high = 1 - high, 1 - low
    return Compared(scale.metric, middle, low, high, pairs.count)


def _as_paired(scale: Scale, gain: float) -> tuple[float, float]:
    """The ratio and the shift that a relative gain is, between pairs on the metric's scale."""
    if scale.metric == "cost":
        return 1 - gain, 0.0
    return 1.0, math.log(1 - gain) / scale.width
