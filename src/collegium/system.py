"""The college: its parts joined, and one query's way through them."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Self

from collegium import config as configuration
from collegium.aggregation.aggregator import ResponseAggregator, response_of
from collegium.aggregation.panel import Panel
from collegium.answering import aggregator_of
from collegium.assembly import Staff, check_gate, gate_of, policy_of
from collegium.backends.directory import Directory, Surroundings
from collegium.errors import CollegiumError, ConfigError, DeadlineExceeded, OverBudget, QueryError
from collegium.events import Completed, EventBus, Routed
from collegium.experts.model_expert import ModelExpert
from collegium.experts.roster import Roster
from collegium.management.manager import ExpertManager
from collegium.routing.admission import check
from collegium.routing.router import MoERouter
from collegium.routing.selector import OBJECTIVES
from collegium.types import Chunk, Query

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from collegium.aggregation.learned import CascadePolicy
    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.types import Candidate, Decision, Response

DEADLINE_S = 120.0
# How many experts are asked in place of those who failed, one after the other.
SUCCESSORS = 2


class Collegium:
    """A team of experts behind one question.

    Use it as an async context manager: entering finds the models and fetches what is missing,
    leaving ends every connection and process. Experts join and leave through `manager`; what
    happens is told through `events`.
    """

    def __init__(
        self,
        router: MoERouter,
        aggregator: ResponseAggregator | None = None,
        *,
        staff: Staff | None = None,
        events: EventBus | None = None,
        deadline_s: float = DEADLINE_S,
        objective: str = "balanced",
        budget_usd: float | None = None,
    ) -> None:
        self.router = router
        self.aggregator = aggregator or ResponseAggregator()
        self.events = events or EventBus()
        self.manager = ExpertManager(router.roster, self.events)
        self.staff = staff
        self.deadline_s = deadline_s
        self.objective, self.budget_usd = objective, budget_usd
        self._opening = asyncio.Lock()
        self._opened = False

    @classmethod
    def from_config(
        cls,
        path: Path | str | None = None,
        *,
        experts: Iterable[Expert] = (),
        model: str | None = None,
        surroundings: Surroundings | None = None,
    ) -> Collegium:
        """The college that a YAML file describes; without a file, the built-in one.

        Args:
            path: the file; None looks for one where `collegium` itself would.
            experts: experts made in Python, who join those of the file; one with the key of a
                configured expert takes its place.
            model: the one model that every expert answers with; None means each its own.
            surroundings: what to use of the machine; None means the user's own cache and variables.

        Raises:
            ConfigError: the file is wrong; all its mistakes are in the message.
        """
        config = configuration.load(configuration.find(path))
        return cls.of(config, experts=experts, model=model, surroundings=surroundings)

    @classmethod
    def of(
        cls,
        config: Config,
        *,
        experts: Iterable[Expert] = (),
        model: str | None = None,
        surroundings: Surroundings | None = None,
        cascade: CascadePolicy | None = None,
    ) -> Collegium:
        """The college that a configuration describes; see `from_config`.

        `cascade` takes the place of the policy that the configuration names.
        """
        staff = Staff(config, surroundings or this_machine(), model=model, cascade=cascade)
        for expert in experts:
            staff.stand_in(expert)
        gate = gate_of(config)
        if config.moe.router.model != "builtin":
            check_gate(gate, staff.experts())
        router = MoERouter(Roster(staff.experts()), gate=gate, policy=policy_of(config))
        return cls(
            router,
            aggregator_of(config, staff.cascade, staff.synthesiser),
            staff=staff,
            deadline_s=config.moe.aggregation.deadline_s,
            objective=config.moe.objective,
            budget_usd=config.moe.budget_usd,
        )

    @property
    def directory(self) -> Directory:
        """Where the college's models are found.

        Raises:
            ConfigError: the college was not made from a configuration.
        """
        if self.staff is None:
            raise ConfigError("this college was made of parts, and has no models of its own")
        return self.staff.directory

    @property
    def aliases(self) -> Mapping[str, str]:
        """Short names of the configuration, and what they stand for."""
        return {} if self.staff is None else self.staff.directory.aliases

    async def decide(
        self,
        query: Query | str,
        *,
        top_k: int | None = None,
        experts: Collection[str] = (),
        without: Collection[str] = (),
        assume_ready: bool = False,
    ) -> Decision:
        """Who would be asked, and why; no model is called. See `MoERouter.decide`."""
        if self.staff is not None:
            await self.staff.settle_names()
        only = self._eligible(experts, without)
        return await self.router.decide(
            as_query(query), top_k, only=only, assume_ready=assume_ready
        )

    async def ask(
        self,
        query: Query | str,
        *,
        strategy: str | None = None,
        top_k: int | None = None,
        experts: Collection[str] = (),
        without: Collection[str] = (),
    ) -> Response:
        """The college's answer.

        Args:
            query: what is asked.
            strategy: how several answers become one; None means the configured way.
            top_k: how many experts to ask; None leaves it to the configuration.
            experts: names or keys of the only experts who may be asked; empty means all.
            without: names or keys of experts who may not be asked.

        Raises:
            CollegiumError: the query cannot be answered; the subclass says why.
        """
        return await response_of(
            self.stream(query, strategy=strategy, top_k=top_k, experts=experts, without=without)
        )

    async def stream(
        self,
        query: Query | str,
        *,
        strategy: str | None = None,
        top_k: int | None = None,
        experts: Collection[str] = (),
        without: Collection[str] = (),
    ) -> AsyncGenerator[Chunk]:
        """The same as it grows: first a chunk with the `decision`, last one with the `response`."""
        query = as_query(query)
        decision = await self.routed(
            query, strategy=strategy, top_k=top_k, experts=experts, without=without
        )
        yield Chunk(decision=decision)
        async with aclosing(self.answered(query, decision, strategy=strategy)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def routed(
        self,
        query: Query,
        *,
        strategy: str | None = None,
        top_k: int | None = None,
        experts: Collection[str] = (),
        without: Collection[str] = (),
    ) -> Decision:
        """Who will answer a query that is about to be answered; the first half of `stream`.

        Raises:
            CollegiumError: it cannot be answered; the subclass says why.
        """
        self._refuse_early(query, strategy, (*experts, *without))
        await self.open()
        only = self._eligible(experts, without)
        decision = await self.router.decide(query, top_k, only=only)
        self.events.publish(Routed(query, decision))
        return decision

    async def answered(
        self,
        query: Query,
        decision: Decision,
        *,
        strategy: str | None = None,
        pinned: str | None = None,
    ) -> AsyncGenerator[Chunk]:
        """The answer of those who were chosen; the second half of `stream`.

        Where they all fail before anything was said, and not by the query's own fault, the next
        expert of the ranking is asked in their place. A chosen expert who has the model `pinned`
        answers with that one.
        """
        started = time.perf_counter()
        seats = [
            (_pinned(self.router.roster[one.key], pinned), one.score) for one in decision.chosen
        ]
        notes: tuple[str, ...] = ()
        successors = iter(self.successors(decision))
        while True:
            left_s = (query.deadline_s or self.deadline_s) - (time.perf_counter() - started)
            panel = self._convene(query, decision, seats, left_s, notes)
            spoke = False
            try:
                async with aclosing(self.aggregator.stream(panel, strategy)) as chunks:
                    async for chunk in chunks:
                        spoke = spoke or bool(chunk.text or chunk.tool_calls or chunk.response)
                        if chunk.response is not None:
                            self.events.publish(Completed(query, chunk.response))
                        yield chunk
            except CollegiumError as error:
                successor = None if spoke or not passing(error) else next(successors, None)
                if successor is None:
                    raise
                seats = [(self.router.roster[successor.key], successor.score)]
                notes = (*notes, f"{successor.expert} was asked instead, since {error}")
            else:
                return

    def successors(self, decision: Decision) -> tuple[Candidate, ...]:
        """Who would be asked next, where all the chosen fail: the best of the others, if ready."""
        roster = self.router.roster
        ready = (
            one
            for one in decision.passed_over
            if one.key in roster and not roster[one.key].not_ready
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

    def _refuse_early(self, query: Query, strategy: str | None, experts: Collection[str]) -> None:
        """Raise what would be raised anyway, before a model is fetched for nothing."""
        check(query, max_chars=self.router.policy.max_query_chars)
        if query.objective is not None and query.objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise QueryError(f"no objective called {query.objective!r}; there are: {known}")
        self.aggregator.strategy(strategy)
        for name in experts:
            self.router.roster[name]

    def _convene(
        self,
        query: Query,
        decision: Decision,
        seats: Sequence[tuple[Expert, float]],
        deadline_s: float,
        notes: Iterable[str],
    ) -> Panel:
        task, objective = query.task or decision.task, query.objective or self.objective
        budget_usd = self.budget_usd if query.budget_usd is None else query.budget_usd
        panel = Panel(
            replace(query, task=task, objective=objective, budget_usd=budget_usd),
            seats,
            events=self.events,
            deadline_s=deadline_s,
            decision=decision,
            verifier=self.staff.workbench.verifier if self.staff else None,
            records=self.staff.records if self.staff else None,
        )
        for note in notes:
            panel.note(note)
        return panel

    async def open(self) -> None:
        """Find the experts' models, and fetch the embedded ones that are missing; once.

        Raises:
            ModelFileError: a model is missing and could not be had.
        """
        async with self._opening:
            if self._opened or self.staff is None:
                return
            await self.staff.settle()
            await self.staff.directory.fetch()
            self._opened = True

    async def aclose(self) -> None:
        """End every connection and process of the college."""
        if self.staff is not None:
            await self.staff.directory.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def as_query(query: Query | str) -> Query:
    """A query, of its text where it is only that."""
    return Query.of(query) if isinstance(query, str) else query


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


def this_machine() -> Surroundings:
    """The user's own cache, variables and cores."""
    return Surroundings(
        models_dir=configuration.cache_dir() / "models",
        hub_url=configuration.hub_url(),
        cores=os.cpu_count() or 1,
        secret=configuration.secret,
    )
