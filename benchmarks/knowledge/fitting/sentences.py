"""Sentences that somebody might ask with: of documentation, and of documents."""

from __future__ import annotations

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


def as_written(doc: str) -> str:
    """The first sentence of documentation, as it stands there."""
    return END.split(doc.strip(), maxsplit=1)[0]


def first_sentence(symbol: Symbol) -> str:
    """What documentation says first, without marks and without the name it may begin with."""
    said = _MARKUP.sub("", as_written(symbol.doc))
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


def without_names(text: str) -> str:
    """A text without what stands in it in the form of code."""
    for name in reversed(names_in(text)):
        text = text[: name.start] + text[name.end :]
    return _MARKUP.sub("", text)
