"""What spoke for a unit, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

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
    """Which words of a question a unit has, and where; "name: parse, url; code: scheme"."""
    matches = asked.matches
    rows = np.flatnonzero(matches.units == number)
    held: dict[int, set[int]] = {}
    for term, field in zip(
        matches.terms[rows].tolist(), matches.fields[rows].tolist(), strict=True
    ):
        held.setdefault(field, set()).add(term)
    words = list(asked.words.values())
    rarity = matches.rarity
    told: set[str] = set()
    parts: list[str] = []
    for field, place in _PLACES:
        terms = sorted(held.get(field, ()), key=lambda term: (-rarity[term], term))
        fresh = [
            word for word in dict.fromkeys([words[term] for term in terms]) if word not in told
        ]
        told.update(fresh)
        if fresh:
            parts.append(f"{place}: {', '.join(fresh[:_WORDS_TOLD])}")
    return "; ".join(parts) or "similar in meaning"
