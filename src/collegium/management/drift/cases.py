"""What must be remembered of a query until it is known how good its answers were."""

from __future__ import annotations

from dataclasses import dataclass, field

_SESSIONS = 200


@dataclass(slots=True)
class Case:
    """A query: who was asked first, and with what confidence that it is the right expert.

    `counts` is whether it counts at all. `answered` and `judged` are the experts of whom it is
    known already whether they answered and whether that was good.
    """

    counts: bool = True
    first: str = ""
    confidence: float | None = None
    winner: str = ""
    answered: set[str] = field(default_factory=set[str])
    judged: set[str] = field(default_factory=set[str])


class Cases:
    """The last `capacity` queries; of an older one, nothing is known."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._cases: dict[str, Case] = {}

    def open(self, query: str, case: Case) -> None:
        """Remember a query."""
        self._cases[query] = case
        if len(self._cases) > self._capacity:
            del self._cases[next(iter(self._cases))]

    def find(self, query: str) -> Case | None:
        """A query that is remembered."""
        return self._cases.get(query)


class Sessions:
    """Lets one query of a session count, and then none before many others have come.

    What one session asks hangs together: not all orders of such queries are equally probable, as
    the watch must assume.
    """

    def __init__(self, distance: int = _SESSIONS) -> None:
        self._distance = distance
        self._number = 0
        self._counted: dict[str, int] = {}

    def counts(self, session: str) -> bool:
        """Whether the next query, of this session if it has one, counts."""
        self._number += 1
        if not session:
            return True
        last = self._counted.get(session)
        if last is not None and self._number - last < self._distance:
            return False
        self._counted.pop(session, None)
        self._counted[session] = self._number
        self._forget()
        return True

    def _forget(self) -> None:
        oldest = next(iter(self._counted))
        if self._number - self._counted[oldest] >= self._distance:
            del self._counted[oldest]
