"""What became of everybody a panel called."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from collegium.aggregation.quoting import is_blank
from collegium.errors import CollegiumError, DeadlineExceeded, OverBudget, PanelFailed
from collegium.events import Answered, Failed
from collegium.types import Call

if TYPE_CHECKING:
    from collegium.events import EventBus
    from collegium.experts.base import Expert, Telling
    from collegium.types import Answer, Query


class Journal:
    """Every call and failure of a panel, kept and told to the event bus once, and its remarks."""

    def __init__(self, query: Query, events: EventBus) -> None:
        self.calls: list[Call] = []
        self.failures: list[tuple[str, BaseException]] = []
        self.notes: list[str] = []
        self._query, self._events = query, events

    def note(self, words: str) -> None:
        """Keep a remark, once."""
        if words not in self.notes:
            self.notes.append(words)

    def refused(self, name: str, error: CollegiumError) -> None:
        """Keep that somebody was not called, and why."""
        self.failures.append((name, error))

    def answered(self, expert: Expert, answer: Answer, latency_ms: float) -> None:
        """Keep and tell that a call ended with an answer."""
        self.calls.append(Call(expert.name, answer.model, answer.usage, latency_ms, "answered"))
        self._events.publish(Answered(self._query, answer))

    def failed(
        self,
        expert: Expert,
        error: BaseException,
        telling: Telling,
        latency_ms: float,
        *,
        name: str,
    ) -> None:
        """Keep and tell, under `name`, that a call ended without one, after what had been told."""
        said = telling.answer()
        outcome = _outcome(error, empty=telling.answered and is_blank(said.text))
        self.failures.append((name, error))
        model = said.model or expert.model
        self.calls.append(Call(expert.name, model, said.usage, latency_ms, outcome))
        abandoned = outcome == "abandoned"
        self._events.publish(Failed(self._query, expert.name, error, latency_ms, abandoned))

    def failure(self) -> CollegiumError:
        """The error to raise when nobody answered: the only one, or one that names them all.

        Where everybody was late it is `DeadlineExceeded`, where the budget had room for nobody
        `OverBudget`, else `PanelFailed`.
        """
        failed = [(name, one) for name, one in self.failures if isinstance(one, CollegiumError)]
        if len(failed) == 1:
            return failed[0][1]
        told = "; ".join([f"{name}: {error}" for name, error in failed] or self.notes)
        for kind in (DeadlineExceeded, OverBudget):
            if failed and all(isinstance(error, kind) for _, error in failed):
                return kind(told)
        return PanelFailed(f"all {len(failed)} experts failed: {told}" if failed else told)


def _outcome(error: BaseException, *, empty: bool) -> str:
    if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
        return "abandoned"
    if isinstance(error, DeadlineExceeded):
        return "late"
    return "empty" if empty else "failed"
