"""The most that answering one query may cost, and how much of that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.errors import OverBudget
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.experts.base import Expert, Telling
    from collegium.types import Query

# Sums of costs may be off by this much and still be within the budget.
ROUNDING = 1 + 1e-9


class Budget:
    """What answering a query may cost: what is spent counts, and what those at work should cost.

    Args:
        limit_usd: the most that it may cost; None means that there is no limit.
        query: what voices are expected to cost is told for it.
    """

    def __init__(self, limit_usd: float | None, query: Query) -> None:
        self.limit_usd = limit_usd
        self.spent = Usage()
        self._query = query
        self._committed: dict[Telling, float] = {}

    def affords(self, voice: Expert) -> bool:
        """Whether there is room for what a voice is expected to cost beside those at work."""
        return bool(self.affordable([voice]))

    def affordable(self, voices: Iterable[Expert]) -> tuple[Expert, ...]:
        """Those of the voices, in their order, that there is room for together."""
        if self.limit_usd is None:
            return tuple(voices)
        chosen: list[Expert] = []
        total = self._spoken_for()
        for voice in voices:
            cost_usd = self._expected_cost_usd(voice)
            if total + cost_usd <= self.limit_usd * ROUNDING:
                chosen.append(voice)
                total += cost_usd
        return tuple(chosen)

    def commit(self, voice: Expert, telling: Telling, *, name: str) -> None:
        """Count what a voice is expected to cost as spoken for, until its telling is released.

        Raises:
            OverBudget: there is no room for it; it is called by `name`.
        """
        if not self.affords(voice):
            raise OverBudget(
                f"{name} would cost ${self._expected_cost_usd(voice):.2g}, and "
                f"${self._spoken_for():.2g} of ${self.limit_usd:.2g} are spoken for"
            )
        self._committed[telling] = self._expected_cost_usd(voice)

    def release(self, telling: Telling) -> None:
        """A voice is no longer at work: what it was expected to cost counts no more."""
        self._committed.pop(telling, None)

    def spend(self, usage: Usage) -> None:
        """Count what a call has consumed."""
        self.spent += usage

    def _spoken_for(self) -> float:
        """What has been spent, and what those at work are expected to cost."""
        return self.spent.cost_usd + sum(self._committed.values())

    def _expected_cost_usd(self, voice: Expert) -> float:
        """What a voice is expected to cost; nothing where it has no price."""
        return 0.0 if self.limit_usd is None else voice.expected_cost_usd(self._query) or 0.0
