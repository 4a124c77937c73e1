"""The quick model: hashed n-grams and structure to a logit per expert, within a millisecond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from collegium.routing.features import structure_of
from collegium.routing.ngrams import hashed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class QuickModel:
    """`table` of (2 ** bits, experts) for n-grams, `linear` of (structure + 1, experts)."""

    table: NDArray[np.float16]
    linear: NDArray[np.float32]

    def logits(self, text: str, structure: NDArray[np.float32]) -> NDArray[np.float32]:
        """(experts,) logits of one text."""
        places, strengths = hashed(text)
        told = strengths @ self.table[places].astype(np.float32)
        return told + structure @ self.linear[:-1] + self.linear[-1]

    def all_logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, experts) logits."""
        return np.stack([self.logits(text, structure_of(text)) for text in texts])
