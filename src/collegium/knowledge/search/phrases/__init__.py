"""How people ask a graph question, as data: words that mean the same, and orders of them.

A phrase is a sequence of kinds of words. `X` is the name that is asked about, however it is
written; `N` is one that is quoted or could only be code. `[...]` may be absent, and `a|b` is one of
several. A sentence is a graph question only when all of it is such a phrase.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.search.phrases.english import ENGLISH
from collegium.knowledge.search.phrases.french import FRENCH
from collegium.knowledge.search.phrases.german import GERMAN
from collegium.knowledge.search.phrases.language import Intent, Language
from collegium.knowledge.search.phrases.spanish import SPANISH

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Intent", "Lexicon", "lexicons"]

LANGUAGES: Final = (ENGLISH, GERMAN, FRENCH, SPANISH)


class Lexicon(NamedTuple):
    """A language made ready: the kind of each word, the words that may begin, the phrases."""

    kinds: dict[str, str]
    openers: frozenset[str]
    phrases: dict[tuple[str, ...], Intent]


@cache
def lexicons() -> tuple[Lexicon, ...]:
    """The languages made ready, the likeliest first."""
    return tuple(_made_ready(language) for language in LANGUAGES)


def _made_ready(language: Language) -> Lexicon:
    words = {
        kind: members.split()
        for kind, members in re.findall(r"(\S+): ([^:]+?)(?=\s+\S+:|\s*\Z)", language.words)
    }
    openers = frozenset(words.pop("opener"))
    phrases: dict[tuple[str, ...], Intent] = {}
    for intent, lines in language.phrases.items():
        for line in lines.strip().splitlines():
            phrases.update(dict.fromkeys(_spelled_out(line), intent))
    kinds = {word: kind for kind, members in words.items() for word in members}
    return Lexicon(kinds, openers, phrases)


def _spelled_out(phrase: str) -> Iterator[tuple[str, ...]]:
    """Every sequence that a phrase stands for."""
    choices = [
        [choice.split() for choice in part.strip("[]").split("|")]
        + ([[]] if part.startswith("[") else [])
        for part in re.findall(r"\[[^\]]*\]|\S+", phrase)
    ]
    for chosen in product(*choices):
        yield tuple(kind for part in chosen for kind in part)
