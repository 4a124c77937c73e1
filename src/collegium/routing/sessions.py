"""Which expert has which session."""

from __future__ import annotations

from collections import OrderedDict

CAPACITY = 10_000


class Sessions:
    """Remembers who was chosen for a session last; the longest unused session goes first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._experts: OrderedDict[str, str] = OrderedDict()

    def get(self, session: str) -> str | None:
        """The key of the session's expert, if it has one."""
        return self._experts.get(session)

    def keep(self, session: str, expert: str) -> None:
        """Take down who is chosen for the session now."""
        self._experts[session] = expert
        self._experts.move_to_end(session)
        while len(self._experts) > self._capacity:
            self._experts.popitem(last=False)
