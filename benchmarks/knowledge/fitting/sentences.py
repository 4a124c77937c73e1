"""Sentences that somebody might ask with: of documentation, and of documents."""

from __future__ import annotations

import random
import re

from collegium.knowledge.facts import Symbol
from collegium.knowledge.search.names import names_in
from collegium.knowledge.search.terms import STOP_WORDS

FEWEST_WORDS, MOST_WORDS = 4, 40
END = re.compile(r"(?<=[a-z0-9)`'\"])[.!?](?=\s|$)|:\s*$|\n\s*\n|\n\s*[-*@:]")
_MARKUP = re.compile(r":\w+:(?=`)|\{@\w+\s+|</?\w+/?>|[`{}*]|\[(?=[\w`]+\])|(?<=\w)\](?!\w)")
WORD = re.compile(r"\w+")
_IDLE = re.compile(
    r"^(?:see\b|deprecated|todo|copyright|@|\.\.|license|note\b|example|initiali[sz]e self|"
    r"constructor|\{|nolint|eslint|ts-|go:|getter|setter|inherit)",
    re.IGNORECASE,
)


def first_sentence(symbol: Symbol) -> str:
    """What documentation says first, without marks and without the name it may begin with."""
    said = _MARKUP.sub("", END.split(symbol.doc.strip(), maxsplit=1)[0])
    said = " ".join(said.split())
    return re.sub(
        rf"^(?:{re.escape(symbol.name)}|{re.escape(symbol.path)})\b(?:\(\))?[\s:,-]*", "", said
    )


def is_asked(text: str) -> bool:
    """Whether a sentence says enough of what it documents, in English."""
    words = WORD.findall(text)
    spoken = [word for word in words if word.lower() not in STOP_WORDS]
    return (
        FEWEST_WORDS <= len(words) <= MOST_WORDS
        and len(spoken) >= FEWEST_WORDS - 1
        and text.isascii()
        and _IDLE.match(text) is None
    )


def halved(text: str, chance: random.Random) -> str:
    """A random half of the words, in their order, and of those that say something at least 3."""
    words = text.split()
    spoken = [at for at, word in enumerate(words) if word.lower() not in STOP_WORDS]
    chosen = set(chance.sample(spoken, min(len(spoken), max(3, len(spoken) // 2))))
    idle = {at for at in range(len(words)) if at not in spoken and chance.random() < 0.5}
    return " ".join(word for at, word in enumerate(words) if at in chosen | idle)


def without_names(text: str) -> str:
    """A text without what stands in it in the form of code."""
    for name in reversed(names_in(text)):
        text = text[: name.start] + text[name.end :]
    return _MARKUP.sub("", text)
