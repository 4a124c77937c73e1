"""Puts in force what the file and the administrators want, whole or not at all."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from collegium.config import patched, read_data
from collegium.errors import CollegiumError, ConfigError, Conflict
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

TRIES = 5

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
        # Changes that were made before, and do not fit the file as it is now.
        self._unfit: Mapping[str, Any] = {}
        self.wishes = Wishes()
        self.refused = ""

    async def change(self, make: Callable[[Wishes], Wishes]) -> tuple[str, ...]:
        """Put in force what `make` makes of the wishes there are; what has changed by that.

        Once begun it goes to its end, also where nobody waits for it any more.

        Raises:
            CollegiumError: it cannot be, and nothing was changed.
        """
        return await _to_its_end(self._change(make))

    async def _change(self, make: Callable[[Wishes], Wishes]) -> tuple[str, ...]:
        async with self._changing:
            for _ in range(TRIES):
                version, wishes, _ = await self._caught_up()
                wanted = make(wishes)
                if wanted == wishes:
                    return ()
                if self._file is None and wanted.patch != wishes.patch:
                    raise ConfigError(
                        "this college was made of parts, not of a configuration; there is none to "
                        "change"
                    )
                changed = await self._put_in_force(wanted)
                try:
                    self._version = await self._board.write(wanted, version)
                except Conflict:
                    continue
                return changed
        raise Conflict("others change it all the time; look, and try again")

    async def follow(self) -> tuple[str, ...]:
        """Put in force what another process wants, if it does; what has changed by that.

        Changes of the configuration that do not fit the file are left out, and said to be.
        """
        return await _to_its_end(self._follow())

    async def _follow(self) -> tuple[str, ...]:
        async with self._changing:
            _, _, changed = await self._caught_up()
            return changed

    async def _caught_up(self) -> tuple[int, Wishes, tuple[str, ...]]:
        """The wishes there are, in force here, and their version; what has changed by that."""
        version, wishes = await self._board.read()
        if version == self._version:
            return version, wishes, ()
        self._version = version
        try:
            return version, wishes, await self._put_in_force(wishes)
        except CollegiumError as error:
            self._unfit, self.refused = wishes.patch, str(error)
            logger.warning("changes that were made before do not fit: %s", error)
        return version, wishes, await self._put_in_force(wishes)

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
        return await _to_its_end(self._reload())

    async def _reload(self) -> tuple[str, ...]:
        async with self._changing:
            former, self._unfit = (self._file, self._fingerprint), {}
            self._fingerprint = self._source.fingerprint()
            try:
                self._file = self._source.read()
                changed = await self._put_in_force(self.wishes)
            except CollegiumError:
                self._file, self._fingerprint = former
                raise
            self.refused = ""
            if changed and former[0] is not None:
                await self._remember(former[0])
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

    async def _remember(self, former: Config) -> None:
        """Take down what the file was, so that there is a way back to it."""
        version, wishes = await self._board.read()
        if wishes.before and wishes.before[-1]["instead_of"] == self._fingerprint:
            return  # another process has read the same file
        base = former.model_dump(mode="json", exclude_unset=True)
        back = replace(wishes, base=base, instead_of=self._fingerprint)
        self.wishes = back.then(replace(wishes, base=None, instead_of=""))
        try:
            self._version = await self._board.write(self.wishes, version)
        except Conflict:
            logger.info("another process changed something at once; there is no way back to before")

    async def _put_in_force(self, wishes: Wishes) -> tuple[str, ...]:
        changed: tuple[str, ...] = ()
        if self._file is not None:
            patch = {} if wishes.patch == self._unfit else wishes.patch
            config = patched(self._base(wishes, self._file), patch, built_in=names())
            changed = await self._lineups.renew(config)
        self.wishes = wishes
        for apply in self._applied:
            await apply()
        return changed

    def _base(self, wishes: Wishes, file: Config) -> Config:
        """The configuration that the wishes are about."""
        if wishes.base is None or wishes.instead_of != self._fingerprint:
            return file
        return read_data(wishes.base, source="the configuration before")


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; it is not broken off with whoever waits for it."""
    return await asyncio.shield(asyncio.ensure_future(work))


def names() -> list[str]:
    """The names of the experts that a configuration without experts means."""
    return [row.name for row in BUILT_IN]
