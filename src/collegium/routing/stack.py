"""The learned stack: a gate's shares and the experts' own assessments as one, by their odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.routing.calibration import Calibration

# So that no word and no share decides alone.
LEAST, MOST = 0.01, 0.99
LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Stack:
    """A share times the odds of the expert's own assessment to the power of `weight`.

    What comes out sums to 1. `calibration` turns a ranking by it into a probability. Both were
    fitted on queries of sources that the gate had not seen.
    """

    weight: float
    calibration: Calibration

    def scores(self, shares: Mapping[str, float], own: Mapping[str, float]) -> dict[str, float]:
        """Each expert's score, from 0 to 1; one that the gate does not know has its own word.

        Args:
            shares: the gate's, by key.
            own: every expert's own assessment, by key.
        """
        raised = {
            key: max(shares[key], LEAST_SHARE) * odds(word) ** self.weight
            for key, word in own.items()
            if key in shares
        }
        total = sum(raised.values())
        return {key: raised[key] / total if key in raised else word for key, word in own.items()}


def odds(assessment: float) -> float:
    """The odds of an assessment, kept away from nought and infinity."""
    kept = min(MOST, max(LEAST, assessment))
    return kept / (1 - kept)


@runtime_checkable
class StackingGate(Protocol):
    """A gate that a stack may have been fitted for."""

    stack: Stack | None


def stack_of(gate: object) -> Stack | None:
    """The stack that was fitted for a gate, if any was."""
    return gate.stack if isinstance(gate, StackingGate) else None
