"""A glance at a text: whether a pattern could be found in it at all, before it is looked for.

Most texts lack what most patterns cannot do without, and looking for a few letters takes a tiny
part of the time of a search. A glance never changes what is found; it only saves looking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGIT = re.compile(r"\d")
# What a pattern that ignores case takes for i, k and s, and `str.lower` does not.
_FOLDED = str.maketrans({"İ": "i", "ı": "i", "K": "k", "ſ": "s"})


@dataclass(frozen=True, slots=True)
class Glance:
    """The letters of a text in lower case, and whether it has digits."""

    letters: str
    digits: bool

    @classmethod
    def at(cls, text: str) -> Glance:
        """Glance at a text."""
        return cls(folded(text), _DIGIT.search(text) is not None)

    def shows(self, needles: Iterable[str]) -> bool:
        """Whether one of them is there, in letters great or small; `needles` are small."""
        letters = self.letters
        return any([needle in letters for needle in needles])  # noqa: C419 -- quicker for so few


def folded(text: str) -> str:
    """A text in lower case, as patterns that ignore case read it."""
    return text.lower() if text.isascii() else text.translate(_FOLDED).lower()
