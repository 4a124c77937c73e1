"""The few numbers of a trained gate beside its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT_WORDS = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """What was fitted on held-out queries.

    Shares are the softmax of (head's logits + `quick_weight` x quick model's) / `temperature`. The
    quick model decides alone where its own likeliest share, at `quick_temperature`, is
    `quick_threshold` or more; above 1 it never does. A query is in scope when its likeliest share
    times its similarity to the nearest exemplar is `scope` or more; 0 asks nothing. Of a
    conversation, each earlier turn's shares count to the power of `carry`, or of `carry_short` for
    a turn of few words.
    """

    temperature: float = 1.0
    quick_weight: float = 0.0
    quick_temperature: float = 1.0
    quick_threshold: float = 2.0
    scope: float = 0.0
    # Fitted on half of the own conversations by benchmarks/routing/conversations.py.
    carry: float = 0.0
    carry_short: float = 0.8
    # Of the features: "tuned" is an encoder and head trained together, "frozen" any encoder.
    features: str = "frozen"

    def carry_over(self, text: str) -> float:
        """How much the turns before count for a turn: more where it says little itself."""
        return self.carry_short if len(text.split()) <= SHORT_WORDS else self.carry


def carried(
    shares: NDArray[np.float32], before: NDArray[np.float32], weight: float
) -> NDArray[np.float32]:
    """A turn's shares times those of a turn before it to the power of `weight`, summing to 1."""
    if not weight:
        return shares
    raised = shares * np.maximum(before, 1e-3) ** np.float32(weight)
    return raised / raised.sum()
