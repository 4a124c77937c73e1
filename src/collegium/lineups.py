"""Which lineup answers: the one in force, those tried beside it, and those that are leaving."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from collegium.answering import aggregator_of
from collegium.assembly import Staff, policy_of
from collegium.backends.directory import Directory
from collegium.config import LlamaCppBackendConfig
from collegium.config.differences import differences
from collegium.errors import ConfigError
from collegium.events import EventBus, Reconfigured
from collegium.experts.roster import Roster
from collegium.gating import bare_gate_of, check_gate, gate_of
from collegium.lineup import Lineup
from collegium.routing.router import MoERouter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from collegium.aggregation.learned import CascadePolicy
    from collegium.backends.directory import Surroundings
    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.routing.gate import Gate
    from collegium.types import Decision, Query

logger = logging.getLogger(__name__)

# So long a lineup that was replaced is still known, beside the time that a query may take.
GRACE_S = 10.0
LOOK_S = 0.2
# And so long at most, whatever it has not ended by then.
LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes lineups of configurations; what each of them has in common is given here.

    `model` is the one model that every expert answers with, None: each its own. `cascade` takes the
    place of the policy that a configuration names.
    """

    surroundings: Surroundings
    model: str | None = None
    cascade: CascadePolicy | None = None

    def first(self, config: Config, guests: Sequence[Expert] = ()) -> Lineup:
        """The lineup of a configuration, with experts made in Python, who stand in for others.

        Raises:
            ConfigError, PluginError, GateError, DataError: it cannot be made.
        """
        staff = Staff(config, self.surroundings, model=self.model, cascade=self.cascade)
        for guest in guests:
            staff.stand_in(guest)
        bare = _bare(config)
        gate = gate_of(config, bare=bare)
        _check(config, gate, staff.experts())
        roster = Roster(staff.experts())
        return _joined(config, staff, roster, gate, bare, number=1)

    async def fetch(self, config: Config) -> None:
        """Fetch the files of the embedded models that a configuration names, where missing.

        Raises:
            CollegiumError: one could not be had.
        """
        embedded = [
            name
            for name, backend in config.backends.items()
            if isinstance(backend, LlamaCppBackendConfig)
        ]
        models = {
            config.models.get(model, model)
            for entry in config.moe.experts
            for model in entry.models
        }
        directory = Directory(config, self.surroundings)
        try:
            for model in models:
                if model.partition("/")[0] in embedded:
                    await directory.find(model)
            await directory.fetch()
        finally:
            await directory.aclose()

    async def another(
        self, config: Config, former: Lineup, *, number: int, variant: str = ""
    ) -> tuple[Lineup, tuple[Expert, ...]]:
        """A lineup beside `former`, and its experts; what is the same in both is shared.

        Experts who joined the former one in Python are in it too, and those who left it are not.
        With a `variant` it has a roster of its own, else the former's, whose experts are to be
        swapped when it takes over.

        Raises:
            ConfigError, PluginError, GateError, DataError: it cannot be made.
        """
        bare, gate = await asyncio.to_thread(_gates, config, former)
        staff = Staff(
            config,
            self.surroundings,
            model=self.model,
            cascade=self.cascade,
            inherit=former.staff,
            beside=bool(variant),
        )
        for guest in _guests(former):
            staff.stand_in(guest)
        gone = _gone(former)
        experts = tuple(one for one in staff.experts() if one.key not in gone)
        roster = Roster(experts) if variant else former.router.roster
        _check(config, gate, experts)
        made = _joined(
            config, staff, roster, gate, bare, number=number, variant=variant, former=former
        )
        return made, experts


class Lineups:
    """The lineup in force, swapped whole; and variants of it, beside it.

    `trial` says of a query as which variant it counts, as EXPERIMENT:VARIANT; nothing: as none. The
    one in force answers where there is no lineup of that name.
    """

    def __init__(self, first: Lineup, events: EventBus, maker: Maker | None = None) -> None:
        self.current = first
        self.trial: Callable[[Query], str] | None = None
        self._maker, self._events = maker, events
        self._numbers = count(first.number + 1)
        self._known = {first.number: first}
        self._variants: dict[str, Lineup] = {}
        self._opened = False
        self._opening, self._changing = asyncio.Lock(), asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Lineup]:
        """The one in force, then its variants."""
        return iter((self.current, *self._variants.values()))

    @property
    def config(self) -> Config:
        """The configuration in force.

        Raises:
            ConfigError: this college was made of parts.
        """
        _, lineup = self._able()
        assert lineup.config is not None  # noqa: S101 -- `_able` has looked
        return lineup.config

    def of(self, decision: Decision) -> Lineup:
        """The lineup that made a decision; the one in force where it is long gone."""
        return self._known.get(decision.lineup, self.current)

    def choose(self, query: Query) -> tuple[Lineup, str]:
        """The lineup that is to answer a query, and the variant as which that counts."""
        variant = "" if self.trial is None else self.trial(query)
        return self._variants.get(variant, self.current), variant

    def variant(self, name: str) -> Lineup | None:
        """The variant of that name, where it is there."""
        return self._variants.get(name)

    async def open(self) -> None:
        """Find the models of the lineup in force, and fetch the embedded ones that are missing.

        Meanwhile another lineup may take over; then its models are found as well.

        Raises:
            ModelFileError: a model is missing and could not be had.
        """
        async with self._opening:
            while not self._opened:
                there = tuple(self)
                for lineup in there:
                    await _opened(lineup)
                self._opened = there == tuple(self)

    async def fetch(self, config: Config) -> None:
        """Have the embedded models' files that a configuration names, once models are wanted.

        Raises:
            CollegiumError: one could not be had.
        """
        if self._opened and self._maker is not None:
            await self._maker.fetch(config)

    @property
    def opened(self) -> bool:
        """Whether the models have been found."""
        return self._opened

    async def renew(self, config: Config) -> tuple[str, ...]:
        """Put another configuration in force, whole; what has changed.

        Queries that were routed before are answered as they were going to be.

        Raises:
            ConfigError: this college was made of parts; or the configuration does not fit.
            CollegiumError: what it names cannot be had. Nothing was changed.
        """
        async with self._changing:
            maker, old = self._able()
            changed = differences(old.config, config) if old.config else ()
            if not changed:
                return ()
            made, experts = await maker.another(config, old, number=next(self._numbers))
            if self._opened:
                await _opened(made)
            made.router.roster.swap(experts)
            self.current = self._known[made.number] = made
        self._retire(old)
        self._events.publish(Reconfigured(made.number, changed))
        return changed

    async def add_variant(self, name: str, config: Config) -> None:
        """Have a variant beside the lineup in force; no query comes to it but by `trial`.

        Raises:
            CollegiumError: it cannot be made; the variants are as they were.
        """
        async with self._changing:
            maker, old = self._able()
            if not differences(self.config, config):
                raise ConfigError(f"{name} changes nothing: its configuration is the one in force")
            made, _ = await maker.another(config, old, number=next(self._numbers), variant=name)
            if self._opened:
                await _opened(made)
            self._variants[name] = self._known[made.number] = made

    def drop_variant(self, name: str) -> None:
        """Have a variant no more; what it has begun it finishes."""
        gone = self._variants.pop(name, None)
        if gone is not None:
            self._retire(gone)

    async def aclose(self) -> None:
        """End every connection and process."""
        for task in tuple(self._leaving):
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        staffs = [one.staff for one in self._known.values() if one.staff]
        for staff in staffs:
            await staff.aclose()
        directories = {staff.directory for staff in staffs}
        for directory in directories:
            await directory.aclose()

    def _able(self) -> tuple[Maker, Lineup]:
        if self._maker is None or self.current.config is None:
            raise ConfigError(
                "this college was made of parts, not of a configuration; there is none to change"
            )
        return self._maker, self.current

    def _retire(self, lineup: Lineup) -> None:
        task = asyncio.create_task(self._leave(lineup))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave(self, lineup: Lineup) -> None:
        """Know a lineup no more once its queries are answered, and close what only it has used."""
        await asyncio.sleep(GRACE_S)
        loop = asyncio.get_running_loop()
        until = loop.time() + max(LONGEST_S, lineup.deadline_s)
        staff = lineup.staff
        while staff is not None and loop.time() < until:
            if not any(one.in_flight for one in staff.directory.states()):
                break
            await asyncio.sleep(LOOK_S)
        self._known.pop(lineup.number, None)
        others = [one.staff for one in self._known.values() if one.staff]
        if staff is None:
            return
        await staff.aclose(keeping=others)
        left = [other.directory for other in others]
        if staff.directory not in left:
            await staff.directory.aclose(keeping=left)


async def _opened(lineup: Lineup) -> None:
    if lineup.staff is not None:
        await lineup.staff.settle()
        await lineup.staff.fetch()
        await lineup.staff.open()


def _joined(
    config: Config,
    staff: Staff,
    roster: Roster,
    gate: Gate | None,
    bare: Gate | None,
    *,
    number: int,
    variant: str = "",
    former: Lineup | None = None,
) -> Lineup:
    router = MoERouter(
        roster,
        gate=gate,
        policy=policy_of(config),
        sessions=former.router.sessions if former else None,
        lineup=number,
        variant=variant,
    )
    return Lineup(
        router,
        aggregator_of(config, staff.cascade, staff.synthesiser),
        config,
        staff,
        bare,
        deadline_s=config.moe.aggregation.deadline_s,
        objective=config.moe.objective,
        budget_usd=config.moe.budget_usd,
    )


def _bare(config: Config) -> Gate | None:
    router = config.moe.router
    return bare_gate_of(config) if config.moe.enabled and router.type != "heuristic" else None


def _gates(config: Config, former: Lineup) -> tuple[Gate | None, Gate | None]:
    """The gate as it was trained and the gate as it decides; the former ones where they would do.

    It may take a second, in a thread.
    """
    if former.config is None or not config.moe.enabled:
        return None, gate_of(config)
    router, before = config.moe.router, former.config.moe.router
    same = (router.type, router.model) == (before.type, before.model)
    bare = former.gate if same and former.gate is not None else _bare(config)
    return bare, gate_of(config, bare=bare)


def _check(config: Config, gate: Gate | None, experts: Sequence[Expert]) -> None:
    if config.moe.router.model != "builtin":
        check_gate(gate, experts)


def _guests(lineup: Lineup) -> tuple[Expert, ...]:
    """Who is on duty without being in the configuration."""
    own = lineup.staff.configured() if lineup.staff else ()
    return tuple(one for one in lineup.router.roster if one not in own)


def _gone(lineup: Lineup) -> set[str]:
    """The keys of those in the configuration who are not on duty any more."""
    own = lineup.staff.configured() if lineup.staff else ()
    return {one.key for one in own if one.key not in lineup.router.roster}
