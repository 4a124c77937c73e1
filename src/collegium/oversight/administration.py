"""What administrators change of a college while it answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collegium.config import in_place_of
from collegium.errors import ConfigError, Conflict, NotFound, UnknownModel
from collegium.events import Joined, Left
from collegium.management.manager import DRAINING, RESTORED
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.events import EventBus
    from collegium.experts.roster import Roster
    from collegium.lineups import Lineups
    from collegium.management.fleet import Fleet
    from collegium.management.manager import ExpertManager
    from collegium.oversight.ruling import Ruling
    from collegium.oversight.wishes import Wishes


class Administration:
    """Changes what a college goes by, whole or not at all.

    What is changed holds beside the configuration's file, for every process that shares the store,
    and beyond this one's end. Experts made in Python belong to this process alone.
    """

    def __init__(
        self,
        lineups: Lineups,
        manager: ExpertManager,
        events: EventBus,
        *,
        ruling: Ruling,
        fleet: Fleet,
    ) -> None:
        self.manager, self.fleet = manager, fleet
        self._lineups, self._ruling, self._events = lineups, ruling, events

    @property
    def roster(self) -> Roster:
        """Who is on duty."""
        return self._lineups.current.router.roster

    @property
    def generation(self) -> int:
        """Which lineup is in force: a number that goes up with every change."""
        return self._lineups.current.number

    @property
    def wishes(self) -> Wishes:
        """What is wanted otherwise than the file has it."""
        return self._ruling.wishes

    @property
    def refused(self) -> str:
        """Why the file, as it is now, was not put in force; nothing where it was."""
        return self._ruling.refused

    @property
    def removed(self) -> tuple[str, ...]:
        """The experts of the file that were taken away."""
        experts = self.wishes.patch.get("moe", {}).get("experts", {})
        return tuple(name for name, entry in experts.items() if entry is None)

    async def add_expert(self, entry: Mapping[str, Any], *, replace: bool = False) -> None:
        """Put an expert on duty, by an entry as under `moe.experts`.

        Raises:
            ConfigError: the entry is wrong.
            Conflict: an expert of that name is there, and is not to be replaced; or the mixture is
                switched off.
            CollegiumError: what it needs cannot be had.
        """
        name = str(entry.get("name", ""))

        def added(wishes: Wishes) -> Wishes:
            if not self._lineups.config.moe.enabled:
                raise Conflict("moe.enabled is false: there is one expert, and nobody to choose")
            there = name in self.roster
            if there and not replace:
                raise Conflict(f"there is an expert {name!r}: replace it, or take another name")
            change = in_place_of(self._entry(name), dict(entry)) if there else dict(entry)
            rested = wishes if there else wishes.awake(key_of(name))
            return wishes.then(rested.overlaid({"moe": {"experts": {name: change}}}))

        await self._ruling.change(added)
        self._events.publish(Joined(name, "it was added"))

    async def remove_expert(self, name: str, *, force: bool = False) -> None:
        """Take an expert off duty; it finishes what it has begun.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
            LastExpert: nobody else could answer, and it is not `force`d; or nobody else is there.
        """
        expert = self.roster[name]
        staff = self._lineups.current.staff
        entry = None if staff is None else staff.entry_of(expert)
        if entry is None:
            self._check_spare(name, force=force)
            self.manager.remove_expert(name)
            return
        change = {"moe": {"experts": {entry.name: None}}}

        def removed(wishes: Wishes) -> Wishes:
            self._check_spare(name, force=force)
            return wishes.then(wishes.awake(expert.key).overlaid(change))

        await self._ruling.change(removed)
        self._events.publish(Left(expert.name, "it was removed"))

    def _check_spare(self, name: str, *, force: bool) -> None:
        if not force or len(self.roster) == 1:
            self.manager.check_replaceable(name)

    async def drain_expert(self, name: str, *, why: str = DRAINING) -> None:
        """Give an expert no more queries; it finishes those it has.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
            LastExpert: nobody else is ready.
        """
        expert = self.roster[name]

        def resting(wishes: Wishes) -> Wishes:
            self.manager.check_replaceable(name)
            return wishes.then(replace(wishes, resting={**wishes.resting, expert.key: why}))

        await self._ruling.change(resting)
        self._events.publish(Left(expert.name, why))

    async def restore_expert(self, name: str) -> None:
        """Give an expert queries again who was drained, or removed.

        Raises:
            UnknownExpert: nobody has or had that name or key.
            Conflict: it gets queries.
        """
        key = self.roster[name].key if name in self.roster else ""
        by_hand = key and self.roster[name].resting and key not in self.wishes.resting
        if by_hand or not (key or any(key_of(one) == key_of(name) for one in self.removed)):
            self.manager.restore_expert(name)
            return

        def restored(wishes: Wishes) -> Wishes:
            if not key:
                return wishes.then(replace(wishes, patch=_brought_back(wishes, name)))
            if key not in wishes.resting:
                raise Conflict(f"{name} gets queries: there is nothing to restore")
            return wishes.then(wishes.awake(key))

        await self._ruling.change(restored)
        expert = self.roster[name].name if name in self.roster else name
        self._events.publish(Joined(expert, RESTORED))

    async def scale_expert(self, name: str, instances: int | None) -> None:
        """Give an expert's model so many instances; None: as many as it takes again.

        Raises:
            UnknownExpert: nobody on duty has that name or key.
            InvalidRequest: so many cannot be had.
            NoRoom: there is no memory for them.
        """
        expert = self.roster[name]
        await self.fleet.scale(expert.name, instances)

        def sized(wishes: Wishes) -> Wishes:
            sizes = {one: size for one, size in wishes.sizes.items() if one != expert.name}
            if instances is not None:
                sizes[expert.name] = instances
            return wishes.then(replace(wishes, sizes=sizes))

        await self._ruling.change(sized)

    async def put_backend(self, name: str, entry: Mapping[str, Any]) -> None:
        """Have a backend, or another one of that name.

        Raises:
            ConfigError: the entry is wrong, or names recorded answers that cannot be read.
        """
        await asyncio.to_thread(_check_recorded, entry)

        def put(wishes: Wishes) -> Wishes:
            former = self.document()["backends"].get(name, {})
            return wishes.patched({"backends": {name: in_place_of(former, dict(entry))}})

        await self._ruling.change(put)

    async def remove_backend(self, name: str) -> None:
        """Have a backend no more.

        Raises:
            NotFound: there is none of that name.
            ConfigError: something names a model of it.
        """
        if name not in self.document()["backends"]:
            raise NotFound(f"there is no backend called {name!r}")
        await self.apply({"backends": {name: None}})

    async def put_model(self, name: str, means: str) -> None:
        """Have a short name for a model.

        Raises:
            ConfigError: it does not mean a model.
        """
        await self.apply({"models": {name: means}})

    async def remove_model(self, name: str) -> None:
        """Have a short name no more.

        Raises:
            UnknownModel: there is none.
            ConfigError: an expert names it.
        """
        if name not in self.document()["models"]:
            raise UnknownModel(f"there is no short name {name!r} for a model")
        users = [one.name for one in self._lineups.config.moe.experts if name in one.models]
        if users:
            raise ConfigError(f"{name!r} is what {' and '.join(users)} answers with")
        await self.apply({"models": {name: None}})

    async def reload(self) -> tuple[str, ...]:
        """Read the configuration's file again; what has changed by that.

        Raises:
            CollegiumError: it is wrong, or cannot be put in force; nothing was changed.
        """
        return await self._ruling.reload()

    async def rollback(self) -> tuple[str, ...]:
        """Go back to what was in force before the last change; what has changed by that.

        Raises:
            Conflict: nothing was changed.
        """
        return await self._ruling.rollback()

    def document(self) -> dict[str, Any]:
        """The configuration in force as JSON, defaults and all; secrets are never in it."""
        return self._lineups.config.model_dump(mode="json")

    async def apply(self, changes: Mapping[str, Any]) -> tuple[str, ...]:
        """Put changes of the configuration in force (see `config.patched`); what differs then.

        Raises:
            CollegiumError: they are wrong, or cannot be; nothing was changed.
        """
        return await self._ruling.change(lambda wishes: wishes.patched(changes))

    def _entry(self, name: str) -> Mapping[str, Any]:
        """What the configuration in force says of an expert."""
        for entry in self.document()["moe"]["experts"]:
            if key_of(entry["name"]) == key_of(name):
                return dict(entry)
        return {}


def _check_recorded(entry: Mapping[str, Any]) -> None:
    """See that recorded answers can be read; else the first query would be the first to try."""
    path = entry.get("path")
    if entry.get("kind") != "recorded" or not isinstance(path, str):
        return
    from collegium.backends.recorded import read  # noqa: PLC0415 -- there are hardly ever any

    # Not everything that can be read comes to an end.
    if not Path(path).is_file():
        raise ConfigError(f"there is no file {path!r} with recorded answers")
    read(Path(path))


def _brought_back(wishes: Wishes, name: str) -> dict[str, Any]:
    """The patch as it was about an expert before it took that one away."""
    moe = wishes.patch["moe"]
    experts: dict[str, Any] = {
        one: entry
        for one, entry in moe["experts"].items()
        if not (entry is None and key_of(one) == key_of(name))
    }
    for former in reversed(wishes.before):
        said = former["patch"].get("moe", {}).get("experts", {})
        entries = {one: entry for one, entry in said.items() if key_of(one) == key_of(name)}
        if any(entry is not None for entry in entries.values()):
            return {**wishes.patch, "moe": {**moe, "experts": {**experts, **entries}}}
    return {**wishes.patch, "moe": {**moe, "experts": experts}}
