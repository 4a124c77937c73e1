"""What spoke for a unit, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from collegium.knowledge.search.terms import parts, stem
from collegium.knowledge.search.units import Field

if TYPE_CHECKING:
    from collegium.knowledge.search.evidence import Asked

# Where a word stands, in the order in which it is told; a word is told where it says most.
_PLACES: Final = (
    (Field.NAME, "name"),
    (Field.SIGNATURE, "signature"),
    (Field.WHERE, "what it is in"),
    (Field.FILE, "path"),
    (Field.DOC, "documentation"),
    (Field.COMMENT, "comments"),
    (Field.STRING, "strings"),
    (Field.BODY, "code"),
    (Field.MEMBERS, "members"),
)
_WORDS_TOLD: Final = 4


def reason(number: int, asked: Asked) -> str:
    """Which words of a question a unit has, and where; "name: parse, url (of safe_url)"."""
    matches = asked.matches
    rows = np.flatnonzero(matches.units == number)
    held: dict[int, set[int]] = {}
    for term, field in zip(
        matches.terms[rows].tolist(), matches.fields[rows].tolist(), strict=True
    ):
        held.setdefault(field, set()).add(term)
    said = [_part(term, word) for term, word in asked.words.items()]
    rarity = matches.rarity
    told: set[tuple[str, str]] = set()
    places: list[str] = []
    for field, place in _PLACES:
        terms = sorted(held.get(field, ()), key=lambda term: (-rarity[term], term))
        fresh = [one for one in dict.fromkeys([said[term] for term in terms]) if one not in told]
        whole = {word for word, part in fresh if not part}
        words: dict[str, list[str]] = {}
        for word, part in fresh:
            told.add((word, part))
            words.setdefault(word, []).append(part)
        if words:
            shown = [
                word if word in whole else f"{', '.join(each)} (of {word})"
                for word, each in list(words.items())[:_WORDS_TOLD]
            ]
            places.append(f"{place}: {', '.join(shown)}")
    return "; ".join(places) or "similar in meaning"


def _part(term: str, word: str) -> tuple[str, str]:
    """A word of the question, and which part of it a term stands for; '' where for all of it."""
    several = parts(word)
    if len(several) < 2 or term.startswith("="):
        return word, ""
    return word, next((part for part in several if stem(part) == term), "")
