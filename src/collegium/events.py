"""What happened, told once; whoever cares listens, and a listener cannot hurt."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collegium.types import Answer, Decision, Query, Response

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Routed:
    """A query was routed."""

    query: Query
    decision: Decision


@dataclass(frozen=True, slots=True)
class Answered:
    """One expert answered."""

    query: Query
    answer: Answer


@dataclass(frozen=True, slots=True)
class Failed:
    """One expert did not answer; `abandoned` when nobody waited for it any more."""

    query: Query
    expert: str
    error: BaseException
    latency_ms: float
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Completed:
    """The college answered."""

    query: Query
    response: Response


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The college did not answer: everybody who was asked failed.

    Not told where nobody waited for the answer any more.
    """

    query: Query
    error: BaseException
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Verified:
    """An answer was checked after it had been given: 'passed', 'failed' or 'unknown'."""

    query_id: str
    expert: str
    model: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Rated:
    """Somebody said how good an answer was, from 0 to 1.

    `rater` is the id of the key that said it. `weight`, 0 to 1, is how much it counts: one rater
    among many counts fully, one who rates without end less and less.
    """

    query_id: str
    rating: float
    expert: str | None = None
    rater: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Joined:
    """An expert came on duty; `why` in a few words."""

    expert: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """An expert went off duty; `why` in a few words."""

    expert: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Resized:
    """An expert's pool was given another number of instances."""

    expert: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An instance failed every look at it, and is asked no more."""

    instance: str
    why: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """The traffic or an expert is not as it was.

    `what` is 'input', 'success' or 'calibration'; `expert` whose, empty for the traffic as a whole;
    `detail` says in words what has changed, from what to what.
    """

    what: str
    expert: str
    detail: str


@dataclass(frozen=True, slots=True)
class Concluded:
    """An experiment began, or came to an end.

    `what` is 'started', 'promoted', 'rolled back' or 'stopped'; `verdict` says why, in plain words.
    """

    experiment: str
    what: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Reconfigured:
    """The configuration that the college goes by was swapped for another, whole.

    `generation` counts them from 1; `changed` names the parts that differ.
    """

    generation: int
    changed: tuple[str, ...]


Event: TypeAlias = (
    Routed
    | Answered
    | Failed
    | Completed
    | Unanswered
    | Verified
    | Rated
    | Joined
    | Left
    | Resized
    | Quarantined
    | Drifted
    | Concluded
    | Reconfigured
)
Listener: TypeAlias = Callable[[Event], None]


class EventBus:
    """Hands every event to every listener, in the order they subscribed."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; the returned function ends that.

        A listener must be quick and must not block: it runs where the event happened.
        """
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell every listener. What a listener raises is logged and goes no further."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # other people's code; serving must go on
                logger.exception("a listener failed on %s", type(event).__name__)
