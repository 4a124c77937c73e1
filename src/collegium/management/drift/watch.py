"""What is looked at together, and raises one alarm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.management.drift.stream import Stream

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping


@dataclass(slots=True)
class Watch:
    """Streams watched from `since` on, by what they are called.

    `level` is the most probable that an alarm, ever, may be where nothing changes; the streams
    share it equally (Bonferroni), for nobody knows how they hang together.
    """

    streams: dict[str, Stream]
    level: float
    since: float

    @property
    def limit(self) -> float:
        """The wealth at which a stream raises the alarm."""
        return len(self.streams) / self.level

    @property
    def count(self) -> int:
        """How many numbers the busiest stream has had."""
        return max(stream.count for stream in self.streams.values())

    @property
    def evidence(self) -> float:
        """How far on the way to an alarm the furthest stream is: 0 not at all, 1 there."""
        wealth = max(stream.wealth for stream in self.streams.values())
        return min(1.0, max(0.0, math.log(max(wealth, 1.0)) / math.log(self.limit)))

    def see(self, name: str, number: float, rng: random.Random) -> str:
        """Take a number of one stream; what has changed, in words, if that raises the alarm."""
        stream = self.streams[name]
        return stream.change() if stream.see(number, rng) >= self.limit else ""

    def standing(self) -> dict[str, Any]:
        """How far it is, as JSON."""
        return {"evidence": self.evidence, "since": self.since, "count": self.count}

    def as_data(self) -> dict[str, Any]:
        """All of it, as JSON."""
        streams = {name: stream.as_data() for name, stream in self.streams.items()}
        return {"streams": streams, "level": self.level, "since": self.since}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Watch:
        """The one that `as_data` told of; raises ValueError where that is not one."""
        streams = {name: Stream.of(stream) for name, stream in data["streams"].items()}
        return cls(streams, float(data["level"]), float(data["since"]))


@dataclass(slots=True)
class Allowance:
    """A probability spent on one watch after the other, never more than there is in all.

    The k-th gets `total` / (k (k + 1)); these sum to `total`.
    """

    total: float
    spent: int = 0

    def next(self) -> float:
        """What the next watch may use."""
        self.spent += 1
        return self.total / (self.spent * (self.spent + 1))
