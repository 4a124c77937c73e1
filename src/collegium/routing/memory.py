"""What has been judged before, so that the same query is not read twice."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from collegium.routing.belief import Belief

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from collegium.experts.base import Expert
    from collegium.routing.bench import Bench
    from collegium.routing.bids import Bid
    from collegium.routing.circumstances import Circumstances
    from collegium.routing.classifier import Reading
    from collegium.routing.policy import Choice
    from collegium.types import Task

Grounds: TypeAlias = tuple[object | None, ...]

CAPACITY = 2048


@dataclass(slots=True)
class Latest:
    """The choice that was made last, and how things stood then."""

    circumstances: Circumstances | None = None
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the query alone decides, whoever is busy, out of order, or unreliable just now.

    `exact` is the first expert with grounds who computes the answer; where there is one, nobody
    else was looked at. `bids` has the word of everybody on the `bench`, as it is with a spotless
    record, and None for those without grounds, who are asked every time. `recognised` is filled as
    reasons are asked for: by an expert's key, what it knew the query by. The `reading` is there
    only for the first decision.
    """

    bench: Bench
    task: Task
    exact: Expert | None = None
    belief: Belief = field(default_factory=lambda: Belief({}))
    bids: Sequence[Bid | None] = ()
    latest: Latest = field(default_factory=Latest)
    recognised: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    reading: Reading | None = None


class Memory:
    """The judgements of the queries met last; the longest unused goes first.

    Queries are known by fingerprints: none of their text stays in it.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._judgements: OrderedDict[Hashable, Judgement] = OrderedDict()

    def __len__(self) -> int:
        return len(self._judgements)

    def recall(self, key: Hashable, grounds: Grounds) -> Judgement | None:
        """What was judged, if it was on the same grounds."""
        known = self._judgements.get(key)
        if known is None or known.bench.grounds != grounds:
            return None
        self._judgements.move_to_end(key)
        return known

    def keep(self, key: Hashable, judgement: Judgement) -> None:
        """Take down what has been judged."""
        self._judgements[key] = judgement
        self._judgements.move_to_end(key)
        while len(self._judgements) > self._capacity:
            self._judgements.popitem(last=False)
