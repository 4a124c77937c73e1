"""One line of the record: what happened, when, to which query, and who did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal[
    "decision",  # a query was routed
    "answer",  # one expert answered, or failed to
    "outcome",  # the college answered, or nobody did
    "verdict",  # an answer was checked
    "rating",  # somebody said how good an answer was
    "roster",  # an expert joined or left
    "resize",  # a pool was given another number of instances, or an instance was quarantined
    "experiment",  # an experiment began or ended
    "drift",  # the traffic or an expert is not as it was
    "config",  # the configuration was swapped
    "request",  # an HTTP request ended
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Record:
    """What happened, as it is kept: nothing of what was asked or answered unless that is wanted.

    `at` is when, in seconds since 1970; `query` the id of the query it is about, `expert` the name
    of the expert, `model` the model's, `variant` the variant of an experiment as in `Decision`;
    each empty where there is none. `data` is whatever the kind has, as JSON (see `recorder`).
    """

    kind: Kind
    at: float
    query: str = ""
    expert: str = ""
    model: str = ""
    variant: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in its place: `number` goes up with every record of a store, `origin` wrote it."""

    number: int
    record: Record
    origin: str = ""


# Whoever takes records as they come: quick, without blocking, and without raising.
Taker: TypeAlias = Callable[[Record], None]
