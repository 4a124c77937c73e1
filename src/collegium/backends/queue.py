"""Where callers wait for a place at an instance, in the order they came."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from collegium.errors import DeadlineExceeded, ExpertBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.backends.condition import Condition
    from collegium.backends.instance import Instance

# What an answer is taken to last before there was one, and the longest that a caller is sent away.
ANSWER_S = 1.0
LONGEST_S = 60.0


class Queue:
    """Hands out places at instances; at most `most` callers wait for one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.waiting = 0

    async def take(
        self,
        left: Callable[[], Sequence[Instance]],
        wanted: Callable[[], Sequence[Instance]],
        *,
        deadline: float | None = None,
    ) -> Instance:
        """A place, counted as taken: at the first of those wanted that has room, else waited for.

        Args:
            left: tells who may be asked now; where too many wait, any of them with room is taken.
            wanted: tells which of them are worth asking now, the best first.
            deadline: the loop's time until which one waits.

        Raises:
            ExpertBusy: as many wait as may.
            DeadlineExceeded: the deadline passed while waiting.
        """
        while True:
            best = wanted()
            instance = _with_room(best)
            if instance is None and self.waiting < self._most:
                instance = await self._wait(best, deadline)
                if instance is None:
                    continue
                return instance
            instance = instance or _with_room(left())
            if instance is None:
                raise self._busy(left())
            instance.condition.take()
            return instance

    async def _wait(self, wanted: Sequence[Instance], deadline: float | None) -> Instance | None:
        """The instance that has a place for us; None where one has to look again."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Condition | None] = loop.create_future()
        conditions = {one.condition: one for one in wanted}
        for condition in conditions:
            condition.waiters.append(future)
        timer = None if deadline is None else loop.call_at(deadline, _give_up, future, wanted)
        self.waiting += 1
        try:
            given = await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and not future.exception():
                taken = future.result()
                if taken is not None:
                    taken.give_back()  # handed over just as its taker left
            raise
        finally:
            self.waiting -= 1
            if timer is not None:
                timer.cancel()
            for condition in conditions:
                if future in condition.waiters:
                    condition.waiters.remove(future)
        return None if given is None else conditions[given]

    def _busy(self, left: Sequence[Instance]) -> ExpertBusy:
        in_flight = sum(one.condition.in_flight for one in left)
        names = ", ".join(dict.fromkeys(one.name for one in left))
        return ExpertBusy(
            f"{names}: {in_flight} requests are being answered and {self.waiting} wait; try again "
            "shortly",
            self._room_after_s(left),
        )

    def _room_after_s(self, left: Sequence[Instance]) -> float:
        """When those who wait now will have been served, if answers take what they took of late."""
        known = [one.condition.recent.latency_ms for one in left]
        late = [one / 1000 for one in known if one is not None]
        answer_s = sum(late) / len(late) if late else ANSWER_S
        at_once = sum(one.capacity for one in left)
        return min(LONGEST_S, answer_s * (self.waiting + 1) / at_once)


def _with_room(instances: Sequence[Instance]) -> Instance | None:
    return next((one for one in instances if one.condition.in_flight < one.capacity), None)


def _give_up(future: asyncio.Future[Condition | None], wanted: Sequence[Instance]) -> None:
    if not future.done():
        names = ", ".join(dict.fromkeys(one.name for one in wanted))
        future.set_exception(
            DeadlineExceeded(f"the deadline passed before {names} had a place to answer it")
        )
