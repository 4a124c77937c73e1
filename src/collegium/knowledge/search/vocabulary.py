"""The words that a codebase is made of, and how much of a text they are."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING, Final

from collegium.knowledge.search.terms import NAME, STOP_WORDS, parts, stem

if TYPE_CHECKING:
    from collections.abc import Iterable

# Shorter ones are in every text.
_SHORTEST: Final = 4
# A text has to share this many words with the names before it can be wholly about them.
_ENOUGH: Final = 3.0


class Vocabulary:
    """The words of the names of a codebase.

    Args:
        names: the names, each once.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = [{stem(part) for part in parts(name)} for name in names]
        self._counts = Counter(word for words in self._names for word in words)

    def share(self, text: str) -> float:
        """How much of what a text is about are words of the codebase, from 0 to 1.

        Words weigh more the fewer names they are part of; unknown ones weigh as the rarest.
        """
        words = {
            stem(part)
            for name in NAME.findall(text)
            if name.lower() not in STOP_WORDS
            for part in parts(name)
            if len(part) >= _SHORTEST
        }
        weights = {word: self._weight(word) for word in words}
        known = sum(weight for word, weight in weights.items() if word in self._counts)
        if not known:
            return 0.0
        several = min(1.0, sum(word in self._counts for word in words) / _ENOUGH)
        return several * known / sum(weights.values())

    def _weight(self, word: str) -> float:
        return log(1 + (len(self._names) + 1) / (self._counts[word] + 0.5))
