"""The college: its parts joined, and one query's way through them."""

from __future__ import annotations

import os
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from collegium import config as configuration
from collegium.aggregation.aggregator import ResponseAggregator, response_of
from collegium.backends.directory import Directory, Surroundings
from collegium.config.source import Source
from collegium.errors import ConfigError
from collegium.events import EventBus, Routed
from collegium.lineup import DEADLINE_S, Lineup, passing
from collegium.lineups import Lineups, Maker
from collegium.types import Chunk, Query

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
    from pathlib import Path

    from collegium.aggregation.learned import CascadePolicy
    from collegium.assembly import Staff
    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.management.manager import ExpertManager
    from collegium.oversight import Oversight
    from collegium.routing.router import MoERouter
    from collegium.storage.store import Store
    from collegium.types import Candidate, Decision, Response

__all__ = ["Collegium", "as_query", "passing", "this_machine"]


class Collegium:
    """A team of experts behind one question.

    Use it as an async context manager: entering finds the models and fetches what is missing,
    leaving ends every connection and process. Experts join and leave through `manager`; what
    happens is told through `events`. What it goes by is its lineup in force, among `lineups`; who
    watches it, and changes that, is its `oversight`, there once it has been entered.
    """

    def __init__(
        self,
        router: MoERouter,
        aggregator: ResponseAggregator | None = None,
        *,
        events: EventBus | None = None,
        deadline_s: float = DEADLINE_S,
        objective: str = "balanced",
        budget_usd: float | None = None,
    ) -> None:
        lineup = Lineup(
            router,
            aggregator or ResponseAggregator(),
            deadline_s=deadline_s,
            objective=objective,
            budget_usd=budget_usd,
        )
        self.events = events or EventBus()
        self.oversight: Oversight | None = None
        self.source: Source | None = None
        self.lineups = Lineups(lineup, self.events)

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
        source = Source(configuration.find(path))
        made = cls.of(source.read(), experts=experts, model=model, surroundings=surroundings)
        made.source = source
        return made

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
        maker = Maker(surroundings or this_machine(), model, cascade)
        first = maker.first(config, tuple(experts))
        made = cls(first.router)
        made.lineups = Lineups(first, made.events, maker)
        return made

    @cached_property
    def manager(self) -> ExpertManager:
        """Who puts experts on duty and takes them off; made, with its tracker, when first used."""
        from collegium.management.manager import ExpertManager  # noqa: PLC0415 -- many need none

        return ExpertManager(self.lineup.router.roster, self.events)

    @property
    def lineup(self) -> Lineup:
        """What it goes by now."""
        return self.lineups.current

    @property
    def router(self) -> MoERouter:
        """Who chooses the experts."""
        return self.lineup.router

    @property
    def aggregator(self) -> ResponseAggregator:
        """Who makes one answer of several."""
        return self.lineup.aggregator

    @property
    def staff(self) -> Staff | None:
        """The experts of its configuration; None where it was made of parts."""
        return self.lineup.staff

    @property
    def deadline_s(self) -> float:
        """Seconds for the whole answer, where a query does not say."""
        return self.lineup.deadline_s

    @property
    def objective(self) -> str:
        """By which models are chosen, where a query does not say."""
        return self.lineup.objective

    @property
    def budget_usd(self) -> float | None:
        """The most that a query may cost, where it does not say itself."""
        return self.lineup.budget_usd

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
        return await self.lineup.decide(
            as_query(query),
            top_k=top_k,
            experts=experts,
            without=without,
            assume_ready=assume_ready,
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
        self.lineup.refuse_early(query, strategy, (*experts, *without))
        await self.open()
        # Who names experts means those in force.
        named = experts or without
        lineup, variant = (self.lineup, "") if named else self.lineups.choose(query)
        decision = await lineup.decide(query, top_k=top_k, experts=experts, without=without)
        if variant:
            decision = replace(decision, variant=variant)
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
        lineup = self.lineups.of(decision)
        answering = lineup.answered(query, decision, self.events, strategy=strategy, pinned=pinned)
        async with aclosing(answering) as chunks:
            async for chunk in chunks:
                yield chunk

    def successors(self, decision: Decision) -> tuple[Candidate, ...]:
        """Who would be asked next, where all the chosen fail: the best of the others, if ready."""
        return self.lineups.of(decision).successors(decision)

    async def open(self) -> None:
        """Find the experts' models, and fetch the embedded ones that are missing; once.

        Raises:
            ModelFileError: a model is missing and could not be had.
        """
        if not self.lineups.opened:
            await self.lineups.open()

    async def aclose(self) -> None:
        """End every connection and process of the college."""
        await self.lineups.aclose()

    def watch(
        self,
        *,
        source: Source | None = None,
        store: Store | None = None,
        folder: Path | None = None,
    ) -> Oversight:
        """Have the college watched, and return who does; that has to be started, and closed.

        Args:
            source: where its configuration came from, to be read again when it has changed.
            store: the record of what happens; closed with the oversight.
            folder: where is written what the gate was taught.
        """
        from collegium.oversight import Oversight  # noqa: PLC0415 -- who only decides needs none

        self.oversight = Oversight(
            self.lineups,
            self.manager,
            self.events,
            source=source or self.source,
            store=store,
            folder=folder,
        )
        return self.oversight

    async def __aenter__(self) -> Self:
        await self.open()
        config = self.lineup.config
        if self.oversight is None and config is not None:
            from collegium.storage.opening import store_of  # noqa: PLC0415 -- like the oversight

            await self.watch(store=store_of(config.storage, None)).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        oversight, self.oversight = self.oversight, None
        if oversight is not None:
            await oversight.aclose()
        await self.aclose()


def as_query(query: Query | str) -> Query:
    """A query, of its text where it is only that."""
    return Query.of(query) if isinstance(query, str) else query


def this_machine() -> Surroundings:
    """The user's own cache, variables and cores."""
    return Surroundings(
        models_dir=configuration.cache_dir() / "models",
        hub_url=configuration.hub_url(),
        cores=os.cpu_count() or 1,
        secret=configuration.secret,
        cache_dir=configuration.cache_dir(),
    )
