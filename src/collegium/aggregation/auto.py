"""The strategy that chooses the strategy, by what is asked and by who is there."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from collegium.aggregation.ensemble import Ensemble
from collegium.aggregation.strategies import Weighted
from collegium.aggregation.voting import Voting
from collegium.errors import UnknownStrategy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from collegium.aggregation.panel import Panel
    from collegium.aggregation.strategies import Strategy
    from collegium.types import Chunk

# Answers that are the same or not, and what they are called.
DECISIVE = {
    "number": "the answer is a number",
    "choice": "the answer is a choice",
    "json": "the answer is JSON",
    "code": "the answer is code",
}
HARD = 0.6


@runtime_checkable
class Learned(Protocol):
    """A strategy that was fitted, and says whether it was for such a panel."""

    def knows(self, panel: Panel) -> bool:
        """Whether it may be used here."""
        ...


class Auto:
    """Chooses a strategy for each panel, and says in the receipt which and why.

    Args:
        find: gives a strategy of its name; weighted, voting and ensemble are there without it.
    """

    def __init__(self, find: Callable[[str], Strategy] | None = None) -> None:
        self._find = find

    def among(self, find: Callable[[str], Strategy]) -> Auto:
        """The same, choosing among the strategies that `find` gives, unless it has its own."""
        return self if self._find else Auto(find)

    async def settle(self, panel: Panel) -> AsyncGenerator[Chunk]:
        """What the chosen strategy yields."""
        name, why = self.choose(panel)
        panel.method = name
        panel.note(f"auto chose {name}: {why}")
        async with aclosing(self._strategy(name).settle(panel)) as chunks:
            async for chunk in chunks:
                yield chunk

    def choose(self, panel: Panel) -> tuple[str, str]:
        """A strategy's name, and why it is the one."""
        voices = len(panel.voices)
        if panel.query.objective == "fast" or voices == 1:
            return "weighted", "there is one voice" if voices == 1 else "it should be quick"
        if panel.query.objective == "cheap" or len(panel.affordable(panel.voices)) < 2:
            return self._cascade(panel) or "weighted", "it should cost little"
        wanted = _wanted(panel)
        if wanted:
            return self._cascade(panel) or "voting", f"{wanted}, and there are {voices} voices"
        if len(panel.experts) > 1 and self._synthesises():
            return "ensemble", f"{len(panel.experts)} experts answer in free text"
        return "weighted", "the answer is free text, and nobody writes one text of several"

    def _cascade(self, panel: Panel) -> str | None:
        """The fitted cascade, where there is one that knows such panels."""
        try:
            cascade = self._strategy("cascade")
        except UnknownStrategy:
            return None
        return "cascade" if isinstance(cascade, Learned) and cascade.knows(panel) else None

    def _synthesises(self) -> bool:
        ensemble = self._strategy("ensemble")
        return isinstance(ensemble, Ensemble) and ensemble.synthesiser is not None

    def _strategy(self, name: str) -> Strategy:
        try:
            return (self._find or _own)(name)
        except UnknownStrategy:
            return _own(name)


def _wanted(panel: Panel) -> str:
    """What makes comparing answers worth it; empty where nothing does."""
    if panel.task.form in DECISIVE:
        return DECISIVE[panel.task.form]
    if panel.query.tools:
        return "tools may be called"
    return "the task is hard" if panel.task.difficulty >= HARD else ""


def _own(name: str) -> Strategy:
    """A strategy of this house that needs nothing."""
    made: dict[str, Callable[[], Strategy]] = {
        "weighted": Weighted,
        "voting": Voting,
        "ensemble": Ensemble,
    }
    if name not in made:
        raise UnknownStrategy(f"no strategy called {name!r}; there are: {', '.join(sorted(made))}")
    return made[name]()
