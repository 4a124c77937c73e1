"""Puts in force what the file and the administrators want, whole or not at all."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from collegium.config import patched, read_data
from collegium.errors import (
    CollegiumError,
    ConfigError,
    Conflict,
    DataError,
    GateError,
    PluginError,
)
from collegium.experts.catalog import BUILT_IN
from collegium.oversight.watched import Watched
from collegium.oversight.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

    from collegium.config import Config
    from collegium.config.source import Source
    from collegium.lineups import Lineups
    from collegium.oversight.wishes import Board

logger = logging.getLogger(__name__)

TRIES = 10
PAUSE_S = 0.1
# What does not pass by itself.
LASTING = (ConfigError, DataError, GateError, PluginError)

T = TypeVar("T")


class Ruling:
    """What a college goes by: its configuration's file, and what is wanted otherwise.

    `applied` are called after something was put in force. `refused` says why a changed file was
    not.
    """

    def __init__(
        self,
        lineups: Lineups,
        source: Source,
        board: Board,
        applied: Sequence[Callable[[], Awaitable[object]]] = (),
    ) -> None:
        self._lineups, self._source, self._board = lineups, source, board
        self._applied = tuple(applied)
        self._watched = Watched(source.path)
        self._changing = asyncio.Lock()
        self._file = lineups.current.config
        self._fingerprint = source.fingerprint()
        self._version = 0
        # Changes that do not fit the file as it is now, and what is in force in their place.
        self._unfit: Mapping[str, Any] = {}
        self._fitting: Mapping[str, Any] = {}
        self._working: set[asyncio.Future[Any]] = set()
        self.wishes = Wishes()
        self.refused = ""

    async def change(self, make: Callable[[Wishes], Wishes]) -> tuple[str, ...]:
        """Put in force what `make` makes of the wishes there are; what has changed by that.

        Once begun it goes to its end, also where nobody waits for it any more.

        Raises:
            CollegiumError: it cannot be, and nothing was changed.
        """
        return await self._to_its_end(self._change(make))

    async def _change(self, make: Callable[[Wishes], Wishes]) -> tuple[str, ...]:
        with suppress(CollegiumError):  # it is told where it counts
            await self._fetch(make(self.wishes))
        async with self._changing:
            for _ in range(TRIES):
                version, wishes, _ = await self._caught_up()
                wanted = make(wishes)
                if wanted == wishes:
                    return ()
                self._check(wishes, wanted)
                changed = await self._put_in_force(wanted)
                try:
                    self._version = await self._board.write(wanted, version)
                except Conflict:
                    await asyncio.sleep(random.random() * PAUSE_S)  # noqa: S311 -- no secret
                    continue
                return changed
        raise Conflict("others change it all the time; look, and try again")

    def _check(self, wishes: Wishes, wanted: Wishes) -> None:
        """Refuse what cannot be, whatever it is in detail.

        Raises:
            ConfigError: there is no configuration to change.
            Conflict: what was changed before does not fit, so that nothing can be added to it.
        """
        if wanted.patch == wishes.patch:
            return
        if self._file is None:
            raise ConfigError(
                "this college was made of parts, not of a configuration; there is none to change"
            )
        if self._unfit and wishes.patch == self._unfit and wanted.patch not in _before(wishes):
            raise Conflict(
                "what was changed before does not fit the configuration's file, and has to be "
                f"taken back first (rollback): {self.refused}"
            )

    async def follow(self) -> tuple[str, ...]:
        """Put in force what another process wants, if it does; what has changed by that.

        Changes of the configuration that do not fit the file are left out, and said to be.

        Raises:
            CollegiumError: it cannot be just now; what is in force stays, until the next look.
        """
        return await self._to_its_end(self._follow())

    async def _follow(self) -> tuple[str, ...]:
        version, wishes = await self._board.read()
        if version == self._version:
            return ()
        await self._fetch(wishes)
        async with self._changing:
            _, _, changed = await self._caught_up()
            return changed

    async def _caught_up(self) -> tuple[int, Wishes, tuple[str, ...]]:
        """The wishes there are, in force here, and their version; what has changed by that."""
        version, wishes = await self._board.read()
        if version == self._version:
            return version, wishes, ()
        try:
            changed = await self._put_in_force(wishes)
        except LASTING as error:
            # At the beginning none of the changes is in force; later those that were before are.
            self._unfit, self._fitting = wishes.patch, self.wishes.patch
            self.refused = str(error)
            logger.warning("changes that were made do not fit: %s", error)
            changed = await self._put_in_force(wishes)
        self._version = version
        return version, wishes, changed

    async def _fetch(self, wishes: Wishes) -> None:
        """Have the model files that wishes name, before anybody has to wait for them."""
        if self._file is not None and wishes.patch != self.wishes.patch:
            with suppress(CollegiumError):  # it is told where it counts
                await self._lineups.fetch(self._config(wishes, self._file))

    async def aclose(self) -> None:
        """Break off what is under way."""
        for work in tuple(self._working):
            work.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def look(self) -> None:
        """Read the file again where it has changed; one that is wrong changes nothing."""
        if not self._watched.changed():
            return
        try:
            changed = await self.reload()
        except CollegiumError as error:
            self.refused = str(error)
            logger.warning("the changed configuration is refused: %s", error)
        else:
            logger.info("the configuration was read again: %s", ", ".join(changed) or "no change")

    async def reload(self) -> tuple[str, ...]:
        """Read the file again, and put it in force; what has changed by that.

        Raises:
            Conflict: there is no file.
            CollegiumError: it cannot be, and nothing was changed.
        """
        if self._source.path is None:
            raise Conflict("there is no configuration file that could be read again")
        return await self._to_its_end(self._reload())

    async def _reload(self) -> tuple[str, ...]:
        async with self._changing:
            await self._caught_up()  # what was changed elsewhere holds with the new file as well
            former, self._unfit = (self._file, self._fingerprint), {}
            self._fingerprint = self._source.fingerprint()
            wishes = self.wishes
            try:
                self._file = self._source.read()
                # Whoever wants the file read wants it in force, also after having gone back.
                changed = await self._put_in_force(replace(wishes, base=None, instead_of=""))
            except CollegiumError:
                self._file, self._fingerprint = former
                raise
            self.refused = ""
            if wishes.base is not None:
                self.wishes = wishes.then(self.wishes)
                self._version = await self._board.write(self.wishes, self._version)
            if changed and former[0] is not None:
                await self._remember(former[0], former[1])
            return changed

    async def rollback(self) -> tuple[str, ...]:
        """Put in force what was before the last change; what has changed by that.

        Raises:
            Conflict: there was no change.
        """

        def taken_back(wishes: Wishes) -> Wishes:
            before = wishes.taken_back()
            if before is None:
                raise Conflict("nothing was changed since the beginning: there is no way back")
            return before

        return await self.change(taken_back)

    async def _remember(self, former: Config, fingerprint: str) -> None:
        """Take down what the file was, so that there is a way back to it."""
        version, wishes = await self._board.read()
        if any(one["instead_of"] == self._fingerprint for one in wishes.before):
            return  # another process has read the same file
        file = former.model_dump(mode="json", exclude_unset=True)
        self.wishes = wishes.about(file, fingerprint, self._fingerprint)
        try:
            self._version = await self._board.write(self.wishes, version)
        except Conflict:
            logger.info("another process changed something at once; there is no way back to before")

    async def _put_in_force(self, wishes: Wishes) -> tuple[str, ...]:
        changed: tuple[str, ...] = ()
        if self._file is not None:
            changed = await self._lineups.renew(self._config(wishes, self._file))
        changed += moved(self.wishes, wishes)
        self.wishes = wishes
        for apply in self._applied:
            await apply()
        return changed

    def _config(self, wishes: Wishes, file: Config) -> Config:
        """The configuration that the wishes come to, as far as they fit."""
        base = file
        if wishes.base is not None and wishes.instead_of == self._fingerprint:
            base = read_data(wishes.base, source="the configuration before")
        patch = self._fitting if self._unfit and wishes.patch == self._unfit else wishes.patch
        return patched(base, patch, built_in=names())

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work comes to; it is not broken off with whoever waits for it."""
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)


def moved(before: Wishes, after: Wishes) -> tuple[str, ...]:
    """Who rests or has so many instances in one of two, and not in the other."""
    rests = [f"resting.{key}" for key in sorted({*before.resting} ^ {*after.resting})]
    sized = {*before.sizes.items()} ^ {*after.sizes.items()}
    return (*rests, *(f"instances.{name}" for name in sorted({name for name, _ in sized})))


def _before(wishes: Wishes) -> list[Any]:
    """The changes that there is a way back to."""
    return [one["patch"] for one in wishes.before]


def names() -> list[str]:
    """The names of the experts that a configuration without experts means."""
    return [row.name for row in BUILT_IN]
