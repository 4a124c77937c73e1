"""Whether there is memory for one more process of a model; whoever starts one asks here first."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal, Protocol

from collegium.backends.memory import available_mb
from collegium.errors import NoRoom

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# How long one waits for the process whose place it takes to end: a replaced lineup is closed some
# ten seconds after its last query.
PATIENCE_S = 20.0
LOOK_S = 0.1


class Tenant(Protocol):
    """A process of a model, or what is to become one."""

    @property
    def place(self) -> tuple[str, int]:
        """The model, and which of its processes it is, from 1 on."""
        ...

    @property
    def state(self) -> Literal["asleep", "starting", "running"]:
        """Whether it runs."""
        ...

    @property
    def taken_mb(self) -> float | None:
        """The most memory that it has taken so far; None where nobody knows."""
        ...


class Room:
    """The memory that processes of models have, and may have: one for all that a college starts.

    `reserve_mb` of what there is stay free. A process that is being started counts with what it is
    expected to take until it has taken it.

    Args:
        memory: gives the megabytes that there are; None where nobody knows, and then nothing is
            refused.
        patience_s: how long one waits for the process whose place it takes to end.
    """

    def __init__(
        self,
        memory: Callable[[], float | None] = available_mb,
        *,
        reserve_mb: float = 0.0,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.reserve_mb = reserve_mb
        self._memory, self._patience_s = memory, patience_s
        self._tenants: dict[Tenant, float] = {}
        self._warned = False

    async def enter(self, one: Tenant, expected_mb: float) -> None:
        """Have room for one from now on, until it leaves.

        Where there is none, but a process of another configuration is in its very place, that one
        is about to end and is waited for. Where no process runs at all, one is let in whatever the
        estimate says: it may be wrong, and without it nothing would ever be answered.

        Raises:
            NoRoom: there is not enough memory beside the processes that run.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        refusal = self._refusal(one, expected_mb)
        while refusal and self._follows(one) and loop.time() < until:
            await asyncio.sleep(LOOK_S)
            refusal = self._refusal(one, expected_mb)
        if refusal and self._tenants:
            raise NoRoom(refusal)
        if refusal:
            logger.warning("%s; it is started all the same, since nothing else runs", refusal)
        self._tenants[one] = expected_mb

    def stay(self, one: Tenant, expected_mb: float) -> None:
        """Have room for one that was here and crashed: what it had is free."""
        self._tenants[one] = expected_mb

    def leave(self, one: Tenant) -> None:
        """Have the room of one that has ended for others."""
        self._tenants.pop(one, None)

    def _refusal(self, one: Tenant, expected_mb: float) -> str:
        """Why there is no room; nothing where there is."""
        there_mb = self._memory()
        if there_mb is None:
            self._warn()
            return ""
        needs_mb = self._needs_mb(one, expected_mb)
        promised_mb = self._promised_mb()
        if there_mb - promised_mb - self.reserve_mb >= needs_mb:
            return ""
        others = f", {promised_mb:.0f} MB go to what is being started" if promised_mb else ""
        return (
            f"another instance of {one.place[0]} takes about {needs_mb:.0f} MB; there are "
            f"{there_mb:.0f} MB, of which {self.reserve_mb:.0f} MB are to stay free{others}"
        )

    def _needs_mb(self, one: Tenant, expected_mb: float) -> float:
        """What one will take: as much as its like has taken, where there is one that runs."""
        taken = [
            other.taken_mb
            for other, expected in self._tenants.items()
            if other.place[0] == one.place[0]
            and expected == expected_mb
            and other.state == "running"
        ]
        return max((mb for mb in taken if mb is not None), default=expected_mb)

    def _promised_mb(self) -> float:
        """What those that are being started have yet to take."""
        return sum(
            max(0.0, expected_mb - (other.taken_mb or 0.0))
            for other, expected_mb in self._tenants.items()
            if other.state == "starting"
        )

    def _follows(self, one: Tenant) -> bool:
        return any(other.place == one.place and other is not one for other in self._tenants)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("nobody knows how much memory is left, so models are started anyway")
