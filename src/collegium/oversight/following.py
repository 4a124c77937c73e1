"""The record as it grows: what other processes wrote, and what is judged by all of it."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from collegium.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.storage.records import Record, Stored, Taker
    from collegium.storage.store import Store

logger = logging.getLogger(__name__)

PAGE = 2_000
# So much of the record is taken up again at a start.
TAKEN_UP = 30_000
# So many records are handed on before others have their turn.
TURN = 100
# How often what a judge knows is written down, in seconds.
SAVE_S = 5.0
LEASE_S = 5.0
LEADER = "leader"


class Lasting(Protocol):
    """Somebody who takes records, and can be written down."""

    def take(self, record: Record) -> None:
        """Take in what happened."""
        ...

    def as_data(self) -> Any:
        """All that it knows, as JSON."""
        ...


T = TypeVar("T", bound=Lasting)


class Following:
    """Hands on what other processes write, in its order."""

    def __init__(self, store: Store, takers: Sequence[Taker], *, after: int = 0) -> None:
        self._store, self._takers, self._after = store, tuple(takers), after

    def add(self, taker: Taker) -> None:
        """Hand what is new to that one as well."""
        self._takers = (*self._takers, taker)

    async def step(self) -> None:
        """Hand on all that is new."""
        self._after = await begun_anew(self._store, self._after)
        while rows := await page(self._store, self._after):
            others = [row for row in rows if row.origin != self._store.origin]
            await handed_on(others, self._takers)
            self._after = rows[-1].number


class Judge(Generic[T]):
    """Somebody who judges by every record there is, of whatever process, once and in its order.

    Only the leader of all processes judges; what it knows lies in the store, with how far it has
    read, so that another can go on from there. Without a store it takes records as they come, which
    whoever has them hands to `take`.

    Args:
        name: the document's.
        mind: who judges, as long as nothing was written down.
        recalled: makes one of what was written down.
        store: where that is.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        mind: T,
        recalled: Callable[[Any], T],
        store: Store | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name, self.mind = name, mind
        self._recalled, self._store, self._clock = recalled, store, clock
        self._version: int = 0
        self._after: int = 0
        self._saved_at = clock()
        self.changed = False

    def take(self, record: Record) -> None:
        """Take in what happened, where there is no store to read it from."""
        if self._store is None:
            self.mind.take(record)

    async def recall(self) -> bool:
        """Take over what another process has written down; whether it had."""
        if self._store is None:
            return False
        state = await asyncio.to_thread(self._store.state, self.name)
        if state is None:
            self._version = 0  # the record began anew; what is known is known still
            return False
        if state.version == self._version:
            return False
        try:
            self.mind = self._recalled(state.value["mind"])
        except Exception:  # it may be another version's
            logger.exception(
                "what was written down of %s cannot be used; it begins anew", self.name
            )
        self._version, self._after = state.version, state.value.get("after", 0)
        return True

    async def judge(self) -> None:
        """Take in what is new; only one process may."""
        if self._store is None:
            return
        await self.recall()
        self._after = await begun_anew(self._store, self._after)
        while rows := await page(self._store, self._after):
            await handed_on(rows, (self.mind.take,))
            self._after, self.changed = rows[-1].number, True
        if self.changed and not 0 <= self._clock() - self._saved_at < SAVE_S:
            with suppress(Conflict):  # then the next look goes on from what the other has found
                await self.save()

    async def save(self) -> None:
        """Write down what is known, so that the other processes know it too.

        Raises:
            Conflict: another process has written something down meanwhile; it was taken over.
        """
        if self._store is None:
            return
        value = {"after": self._after, "mind": self.mind.as_data()}
        try:
            self._version = await asyncio.to_thread(
                self._store.put_state, self.name, value, expected=self._version
            )
        except Conflict:
            await self.recall()
            raise
        self._saved_at, self.changed = self._clock(), False

    def skip_to(self, number: int) -> None:
        """Leave out the records up to a number, where nothing was written down yet."""
        if not self._version:
            self._after = max(self._after, number)


class Leadership:
    """Which of the processes that share a store judges: one at a time, for as long as it lives."""

    def __init__(self, store: Store | None, *, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self.mine = store is None

    async def renew(self) -> bool:
        """Take the lead where nobody has it, or keep it; whether this process has it now.

        Raises:
            StorageError: nobody knows; then this process does not have it.
        """
        store, now = self._store, self._clock()
        if store is None:
            return True
        self.mine = False
        state = await asyncio.to_thread(store.state, LEADER)
        held: dict[str, Any] = {} if state is None else state.value
        # One whose lease runs much longer than any lease does had another clock.
        valid = now < held.get("until", 0.0) <= now + 2 * LEASE_S
        if held.get("origin") != store.origin and valid:
            return False
        lease = {"origin": store.origin, "until": now + LEASE_S}
        try:
            await asyncio.to_thread(
                store.put_state, LEADER, lease, expected=state.version if state else 0
            )
        except Conflict:
            return False
        self.mine = True
        return True

    async def resign(self) -> None:
        """Leave the lead to others at once."""
        store = self._store
        if store is None or not self.mine:
            return
        self.mine = False
        await asyncio.to_thread(store.put_state, LEADER, {}, expected=None)


async def page(store: Store, after: int) -> list[Stored]:
    """The next records after a number."""

    def read() -> list[Stored]:
        return list(store.records(after=after, limit=PAGE))

    return await asyncio.to_thread(read)


async def begun_anew(store: Store, after: int) -> int:
    """The number to go on from: `after`, or 0 where the record was deleted and began again."""
    return after if await asyncio.to_thread(store.latest) >= after else 0


async def handed_on(rows: Sequence[Stored], takers: Sequence[Taker]) -> None:
    """Hand records on, and let others have their turn in between."""
    for count, row in enumerate(rows, 1):
        for take in takers:
            given(take, row.record)
        if count % TURN == 0:
            await asyncio.sleep(0)


def replay(store: Store, takers: Sequence[Taker], latest: int) -> None:
    """Hand on the last of what was recorded, up to the number `latest`; blocks."""
    for row in store.records(after=max(0, latest - TAKEN_UP)):
        if row.number > latest:
            return
        for take in takers:
            given(take, row.record)


def given(take: Taker, record: Record) -> None:
    """Hand a record on; what somebody cannot take, another version's perhaps, ends nothing."""
    try:
        take(record)
    except Exception:
        logger.exception("a record of kind %r could not be taken in", record.kind)
