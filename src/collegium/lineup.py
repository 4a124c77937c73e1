"""One lineup: everything that answers queries by one configuration, and how it does."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from collegium.aggregation.panel import Panel
from collegium.errors import CollegiumError, DeadlineExceeded, OverBudget, QueryError
from collegium.events import Completed, Unanswered
from collegium.experts.model_expert import ModelExpert
from collegium.routing.admission import check
from collegium.routing.selector import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Sequence

    from collegium.aggregation.aggregator import ResponseAggregator
    from collegium.assembly import Staff
    from collegium.config import Config
    from collegium.events import EventBus
    from collegium.experts.base import Expert
    from collegium.routing.gate import Gate
    from collegium.routing.router import MoERouter
    from collegium.types import Candidate, Chunk, Decision, Query

DEADLINE_S = 120.0
# How many experts are asked in place of those who failed, one after the other.
SUCCESSORS = 2


@dataclass(eq=False)
class Lineup:
    """Router, experts and aggregator that belong together; its decisions bear the router's number.

    What was made of parts has neither `config` nor `staff`. `gate` is the gate as it was trained.
    """

    router: MoERouter
    aggregator: ResponseAggregator
    config: Config | None = None
    staff: Staff | None = None
    gate: Gate | None = None
    deadline_s: float = DEADLINE_S
    objective: str = "balanced"
    budget_usd: float | None = None

    @property
    def number(self) -> int:
        """Its number; 0 for one made of parts."""
        return self.router.lineup

    @property
    def variant(self) -> str:
        """The experiment and the variant that it is, as EXPERIMENT:VARIANT; else nothing."""
        return self.router.variant

    def refuse_early(
        self, query: Query, strategy: str | None = None, experts: Iterable[str] = ()
    ) -> None:
        """Raise what would be raised anyway, before anything is done for nothing.

        Raises:
            QueryError: the query cannot be answered as it stands.
            UnknownStrategy: there is no such strategy.
            UnknownExpert: one of the experts is not on duty.
        """
        check(query, max_chars=self.router.policy.max_query_chars)
        if query.objective is not None and query.objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise QueryError(f"no objective called {query.objective!r}; there are: {known}")
        self.aggregator.strategy(strategy)
        for name in experts:
            self.router.roster[name]

    async def decide(
        self,
        query: Query,
        *,
        top_k: int | None = None,
        experts: Collection[str] = (),
        without: Collection[str] = (),
        assume_ready: bool = False,
    ) -> Decision:
        """Who should answer; see `MoERouter.decide`. Those `without` are left out."""
        only = self._eligible(experts, without)
        return await self.router.decide(query, top_k, only=only, assume_ready=assume_ready)

    async def answered(
        self,
        query: Query,
        decision: Decision,
        events: EventBus,
        *,
        strategy: str | None = None,
        pinned: str | None = None,
    ) -> AsyncGenerator[Chunk]:
        """The answer of those who were chosen; see `Collegium.answered`."""
        started = time.perf_counter()
        roster = self.router.roster
        seats = [(_pinned(roster.chosen(one.key), pinned), one.score) for one in decision.chosen]
        notes: tuple[str, ...] = ()
        successors = iter(self.successors(decision))
        while True:
            left_s = (query.deadline_s or self.deadline_s) - (time.perf_counter() - started)
            panel = self._convene(query, decision, seats, left_s, events, notes=notes)
            spoke = False
            try:
                async with aclosing(self.aggregator.stream(panel, strategy)) as chunks:
                    async for chunk in chunks:
                        spoke = spoke or bool(chunk.text or chunk.tool_calls or chunk.response)
                        if chunk.response is not None:
                            events.publish(Completed(query, chunk.response))
                        yield chunk
            except CollegiumError as error:
                successor = None if spoke or not passing(error) else next(successors, None)
                if successor is None:
                    latency_ms = (time.perf_counter() - started) * 1000
                    events.publish(Unanswered(query, error, latency_ms))
                    raise
                seats = [(roster.chosen(successor.key), successor.score)]
                notes = (*notes, f"{successor.expert} was asked instead, since {error}")
            else:
                return

    def successors(self, decision: Decision) -> tuple[Candidate, ...]:
        """Who would be asked next, where all the chosen fail: the best of the others, if ready."""
        roster = self.router.roster
        ready = (
            one for one in decision.passed_over if one.key in roster and not roster[one.key].lacks
        )
        return tuple(islice(ready, SUCCESSORS))

    def _eligible(self, experts: Collection[str], without: Collection[str]) -> tuple[str, ...]:
        """The keys of those who may be asked; empty means everybody."""
        roster = self.router.roster
        barred = {roster[name].key for name in without}
        if not barred:
            return tuple(experts)
        among = [roster[name] for name in experts] or roster.snapshot()
        left = tuple(one.key for one in among if one.key not in barred)
        if not left:
            raise QueryError("every expert who may be asked is also one who may not be")
        return left

    def _convene(
        self,
        query: Query,
        decision: Decision,
        seats: Sequence[tuple[Expert, float]],
        deadline_s: float,
        events: EventBus,
        *,
        notes: Iterable[str],
    ) -> Panel:
        task, objective = query.task or decision.task, query.objective or self.objective
        budget_usd = self.budget_usd if query.budget_usd is None else query.budget_usd
        panel = Panel(
            replace(query, task=task, objective=objective, budget_usd=budget_usd),
            seats,
            events=events,
            deadline_s=deadline_s,
            decision=decision,
            verifier=self.staff.workbench.verifier if self.staff else None,
            records=self.staff.records if self.staff else None,
        )
        for note in notes:
            panel.note(note)
        return panel


def _pinned(expert: Expert, model: str | None) -> Expert:
    if model is None or not isinstance(expert, ModelExpert):
        return expert
    has = expert.pool is not None and model in expert.pool.names
    return expert.pinned_to(model) if has else expert


def passing(error: CollegiumError) -> bool:
    """Whether somebody else may well succeed where this was raised."""
    if isinstance(error, OverBudget):
        return True  # another may be cheaper
    return (error.status == 429 or error.status >= 500) and not isinstance(error, DeadlineExceeded)
