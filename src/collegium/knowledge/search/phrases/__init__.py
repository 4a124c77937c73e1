"""How people ask a graph question, as data: words that mean the same, and orders of them.

A phrase is a sequence of kinds of words. `X` is the name that is asked about, however it is
written; `N` is one that is quoted or could only be code, `P` one that is the path of a file. `M` is
a thing that is a kind of symbol. `[...]` may be absent, and `a|b` is one of several. A sentence is
a graph question only when all of it is such a phrase. Those of English are so many that their words
stand apart, in `english_words`.
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
    from collections.abc import Iterator, Mapping

    from collegium.knowledge.facts import SymbolKind

__all__ = ["Intent", "Lexicon", "lexicons"]

LANGUAGES: Final = (ENGLISH, GERMAN, FRENCH, SPANISH)


class Lexicon(NamedTuple):
    """A language made ready: the kind of each word, and the phrases; see `Language`."""

    kinds: dict[str, str]
    openers: frozenset[str]
    articles: frozenset[str]
    things: frozenset[str]
    one: frozenset[str]
    several: frozenset[str]
    phrases: dict[tuple[str, ...], Intent]
    pairs: dict[tuple[str, ...], Intent]
    definitions: dict[str, frozenset[SymbolKind]]
    capital_nouns: bool


@cache
def lexicons() -> tuple[Lexicon, ...]:
    """The languages made ready, the likeliest first."""
    return tuple(_made_ready(language) for language in LANGUAGES)


def _made_ready(language: Language) -> Lexicon:
    words = {
        kind: members.split()
        for kind, members in re.findall(r"(\S+): ([^:]+?)(?=\s+\S+:|\s*\Z)", language.words)
    }
    openers, articles, things, one, several = (
        frozenset(words.pop(row, ())) for row in ("opener", "article", "things", "one", "several")
    )
    kinds = {word: kind for kind, members in words.items() for word in members}
    kinds |= dict.fromkeys(articles, "noise") | dict.fromkeys(things, "thing")
    return Lexicon(
        *(kinds, openers, articles, things, one, several),
        phrases=_by_kinds(language.phrases),
        pairs=_by_kinds(language.pairs),
        definitions=_by_words(language.definitions),
        capital_nouns=language.capital_nouns,
    )


def _by_kinds(phrases: Mapping[Intent, str]) -> dict[tuple[str, ...], Intent]:
    return {
        kinds: intent
        for intent, lines in phrases.items()
        for line in lines.strip().splitlines()
        for kinds in _spelled_out(line)
    }


def _by_words(definitions: Mapping[SymbolKind, str]) -> dict[str, frozenset[SymbolKind]]:
    words = {word for said in definitions.values() for word in said.split()}
    return {
        word: frozenset(kind for kind, said in definitions.items() if word in said.split())
        for word in words
    }


def _spelled_out(phrase: str) -> Iterator[tuple[str, ...]]:
    """Every sequence that a phrase stands for."""
    choices = [
        [choice.split() for choice in part.strip("[]").split("|")]
        + ([[]] if part.startswith("[") else [])
        for part in re.findall(r"\[[^\]]*\]|\S+", phrase)
    ]
    for chosen in product(*choices):
        yield tuple(kind for part in chosen for kind in part)
