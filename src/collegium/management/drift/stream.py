"""One number after the other, and the evidence that they are no longer what they were."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from collegium.management.drift.martingale import Martingale

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

_RECENT = 50


class Stream:
    """Numbers of one kind, `label` in words, told apart by which of the `edges` they lie between.

    Each is ranked among all that came before it. Where all orders of the numbers are equally
    probable, such a rank, ties broken by chance, is a p-value independent of all earlier ones
    (Vovk, Nouretdinov & Gammerman, "Testing exchangeability on-line", ICML 2003). Counting by cells
    keeps that exact for ever in the same little memory.

    Args:
        label: what the numbers are.
        edges: in rising order.
    """

    def __init__(self, label: str, edges: Sequence[float]) -> None:
        self.label = label
        self._edges = tuple(edges)
        self._counts = [0] * (len(self._edges) + 1)
        self._martingale = Martingale()
        self._sum = 0.0
        self._recent: deque[float] = deque(maxlen=_RECENT)

    @property
    def count(self) -> int:
        """How many numbers there were."""
        return self._martingale.count

    @property
    def wealth(self) -> float:
        """The evidence of a change; it reaches 1/a with probability a at most, if there is none."""
        return self._martingale.wealth

    def see(self, number: float, rng: random.Random) -> float:
        """Take a number, and tell the wealth."""
        cell = bisect_right(self._edges, number)
        below = sum(self._counts[:cell])
        ties = self._counts[cell] + 1
        p_value = (below + rng.random() * ties) / (self.count + 1)
        self._counts[cell] += 1
        self._sum += number
        self._recent.append(number)
        return self._martingale.bet(p_value)

    def change(self) -> str:
        """In words, what the numbers were like and what the last of them are like."""
        last = max(1, min(_RECENT, self.count // 2))
        recent = sum(islice(reversed(self._recent), last))
        before = (self._sum - recent) / max(1, self.count - last)
        now = recent / last
        went = "rose" if now > before else "fell"
        return (
            f"{self.label} {went} from {before:.2f} to {now:.2f} (the last {last} of {self.count})"
        )

    def as_data(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {
            "label": self.label,
            "edges": list(self._edges),
            "counts": self._counts,
            "martingale": self._martingale.as_data(),
            "sum": self._sum,
            "recent": list(self._recent),
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Stream:
        """The one that `as_data` told of; raises ValueError where that is not one."""
        stream = cls(str(data["label"]), [float(edge) for edge in data["edges"]])
        stream._counts = [int(count) for count in data["counts"]]
        stream._martingale = Martingale.of(data["martingale"])
        if len(stream._counts) != len(stream._edges) + 1 or sum(stream._counts) != stream.count:
            raise ValueError(f"the counts of {stream.label!r} do not add up")
        stream._sum = float(data["sum"])
        stream._recent.extend(float(number) for number in data["recent"])
        return stream
