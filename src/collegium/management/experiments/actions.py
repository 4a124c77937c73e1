"""What an experiment wants done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collegium.management.experiments.plan import Variant


@dataclass(frozen=True, slots=True)
class Promote:
    """Make the variant's changes the configuration of all."""

    experiment: str
    variant: Variant
    verdict: str


@dataclass(frozen=True, slots=True)
class RollBack:
    """Show the variant to nobody any more."""

    experiment: str
    variant: Variant
    verdict: str


@dataclass(frozen=True, slots=True)
class End:
    """It is over, and everybody keeps what the control has."""

    experiment: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Ramp:
    """The variant now gets this share of sessions."""

    experiment: str
    variant: Variant
    share: float


Action: TypeAlias = Promote | RollBack | End | Ramp
