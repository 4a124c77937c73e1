"""The gate: a reading in, a share of belief per expert out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from collegium.lexicon import Concordance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.lexicon import Vocabulary
    from collegium.routing.classifier import Reading

# What the likelihood of the project's own prompts asks for lies between 2 and 3.
TEMPERATURE = 2.5
# What the mere shape of any text comes to: a question, something short, something long.
NOTHING_SAID = 1.5


@runtime_checkable
class Gate(Protocol):
    """Knows readings and keys of experts, and nothing else of the house.

    The shares are finite, none below 0, and sum to 1. Asking never teaches. A gate that nothing
    else teaches either says so by a true `settled`: what it believed of a query is remembered.
    """

    def scores(self, reading: Reading) -> Mapping[str, float]:
        """The share of belief for each expert it knows, by key."""
        ...


@runtime_checkable
class LearnsByExample(Protocol):
    """A gate that can be told of further experts by a few queries they should have."""

    def with_examples(self, examples: Mapping[str, Sequence[str]]) -> Gate:
        """The same gate knowing these experts too: queries for each, by key.

        Raises:
            ValueError: an expert has too few.
        """
        ...


class KeywordGate:
    """Compares how much of each expert's vocabulary a query speaks (a softmax of the evidence).

    A `concordance` of these vocabularies, and maybe of more, is read where somebody has one.
    """

    settled = True

    def __init__(
        self,
        vocabularies: Mapping[str, Vocabulary],
        *,
        temperature: float = TEMPERATURE,
        concordance: Concordance | None = None,
    ) -> None:
        self._keys = tuple(vocabularies)
        self._concordance = concordance or Concordance(vocabularies)
        self._temperature = temperature

    def scores(self, reading: Reading) -> Mapping[str, float]:
        """The shares; all the same where no word is known."""
        told = self._concordance.evidence(reading.wording)
        evidence = {key: told.get(key, 0.0) for key in self._keys}
        most = max(evidence.values(), default=0.0)
        if most <= NOTHING_SAID and not self._concordance.speaks(reading.wording, self._keys):
            return dict.fromkeys(evidence, 1 / max(1, len(evidence)))
        raised = {
            key: math.exp((value - most) / self._temperature) for key, value in evidence.items()
        }
        total = sum(raised.values())
        return {key: value / total for key, value in raised.items()}
