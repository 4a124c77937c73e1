"""What a trained gate believes of a query, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.routing.calibration import Calibration
    from collegium.routing.classifier import Reading


@dataclass(frozen=True, slots=True)
class Belief:
    """The gate's shares, and what it knows about them.

    `in_scope` is False where the query is like nothing the gate has learned, None where it cannot
    tell. `stage` names the
    model that decided. `sure` is the smallest set of experts, likeliest first, that contains an
    acceptable one with the probability that was asked for; empty where none was. `vector` is the
    query's embedding at length 1, where the stage that decided made one.
    """

    shares: Mapping[str, float]
    in_scope: bool | None = None
    stage: str = ""
    sure: tuple[str, ...] = ()
    vector: Sequence[float] | None = field(default=None, repr=False, compare=False)


@runtime_checkable
class BelievingGate(Protocol):
    """A gate that also knows how far its shares can be trusted."""

    calibration: Calibration

    def scores(self, reading: Reading) -> Mapping[str, float]:
        """The share of belief for each expert it knows, by key."""
        ...

    def believe(self, reading: Reading, *, risk: float | None = None) -> Belief:
        """The shares with what is known about them.

        Args:
            reading: the query as it was read.
            risk: the share of queries, above 0 and below 1, whose set `sure` may lack an
                acceptable expert; None asks for no set.
        """
        ...


@runtime_checkable
class PonderingGate(BelievingGate, Protocol):
    """A believing gate that takes milliseconds, and lets others get on meanwhile."""

    async def ponder(self, reading: Reading, *, risk: float | None = None) -> Belief:
        """What `believe` returns, found out beside the event loop."""
        ...
