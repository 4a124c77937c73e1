"""A request to a pool on its way: what is asked, one attempt at it, and a reply that has begun."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from collegium.backends.breaker import CLOSED
from collegium.errors import BackendError, BackendTimeout
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from collegium.backends.base import Prompt
    from collegium.backends.instance import Instance


class Opened(Protocol):
    """What an instance answers with, once it has begun to, and how long that took."""

    ttft_ms: float

    @property
    def usage(self) -> Usage | None:
        """What it consumed, as far as that is known."""
        ...

    @property
    def complete(self) -> bool:
        """Whether it came to its end."""
        ...

    async def aclose(self) -> None:
        """End it, wherever it is."""
        ...


T = TypeVar("T", bound=Opened)


@dataclass(slots=True, eq=False)
class Ask(Generic[T]):
    """What is asked of a pool.

    `open` asks an instance, within so many seconds if they are limited, and returns when the reply
    has begun. `members` gives the instances that may be asked now; `deadline` is the loop's time by
    which the reply has to begin.
    """

    prompt: Prompt
    open: Callable[[Instance, float | None], Awaitable[T]]
    members: Callable[[], tuple[Instance, ...]]
    streamed: bool
    pinned: bool = False
    deadline: float | None = None

    @property
    def among(self) -> tuple[Instance, ...]:
        """The instances that may be asked now."""
        return self.members()

    def without(self, failed: Collection[Instance]) -> tuple[Instance, ...]:
        """Those of them that are not among the `failed`."""
        among = self.members()
        return tuple(one for one in among if one not in failed) if failed else among

    def left_s(self) -> float | None:
        """The seconds until the deadline; None where there is none."""
        if self.deadline is None:
            return None
        return self.deadline - asyncio.get_running_loop().time()


class CalledOff(Exception):
    """An attempt was ended by us, before anything had come, since there is somewhere better."""


class Ejected(CalledOff):
    """The instance takes requests and answers nothing at all."""


class RivalSpoke(CalledOff):
    """Another instance, asked as well, was the first to answer."""


class Attempt:
    """One request at one instance that has got nothing yet, and can be called off."""

    __slots__ = ("_cancelling", "_ending", "_task", "ask", "instance", "over", "rival", "why")

    def __init__(self, instance: Instance, ask: Ask[Any]) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- there is always one where something is awaited
        self._task, self._cancelling = task, task.cancelling()
        self.instance, self.ask = instance, ask
        self.why: Exception | None = None
        self.rival: asyncio.Task[Begun[Any]] | None = None
        self._ending: asyncio.Future[None] | None = None
        self.over = False

    def call_off(self, why: Exception) -> bool:
        """End the attempt, for that reason; False where it is over already."""
        if self.over or self.why is not None:
            return False
        self.why = why
        self._task.cancel()
        return True

    def send_rival_away(self) -> None:
        """End the request that another instance got as well, if there is one; its reply too."""
        if self.rival is not None:
            self.rival.cancel()
            self.rival.add_done_callback(self._end_unheard)

    def _end_unheard(self, task: asyncio.Task[Begun[Any]]) -> None:
        """End a reply that came just as nobody waited for it any more."""
        if not task.cancelled() and task.exception() is None:
            self._ending = asyncio.ensure_future(task.result().end())

    def called_off(self, error: BaseException) -> Exception | None:
        """Why it was cancelled, if that is how it ended, by our doing and nobody else's."""
        if self.why is None:
            return None
        ours = self._task.uncancel() <= self._cancelling
        return self.why if ours and isinstance(error, asyncio.CancelledError) else None


class Begun(Generic[T]):
    """A reply that has begun, and the place it takes until it is left."""

    __slots__ = ("_clock", "_ended", "_started", "_streamed", "instance", "reply")

    def __init__(
        self,
        instance: Instance,
        reply: T,
        *,
        streamed: bool,
        started: float,
        clock: Callable[[], float],
    ) -> None:
        self.instance, self.reply = instance, reply
        self._started, self._clock = started, clock
        self._ended, self._streamed = False, streamed

    async def end(self, error: BaseException | None = None) -> None:
        """Give the place back and end the reply, once; `error` is what went wrong since then."""
        if self._ended:
            return
        self._ended = True
        condition, reply = self.instance.condition, self.reply
        took_ms = (self._clock() - self._started) * 1000
        condition.give_back()
        ok = not isinstance(error, BackendError)
        if isinstance(error, BackendError):
            condition.failed(error)
        condition.events.ended(condition.label, took_ms, ok=ok)
        if reply.complete:
            if self._streamed and condition.breaker.state == CLOSED:
                condition.breaker.succeeded()
            condition.recent.ended(took_ms, reply.usage or Usage())
        elif ok or isinstance(error, BackendTimeout):
            condition.recent.given_up(took_ms)
        await reply.aclose()
