"""How a text is worded: the part that asks, the rest, and the signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from collegium.lexicon.signs import signs
from collegium.lexicon.words import cut, grams, openers

if TYPE_CHECKING:
    from collegium.types import Query

HEAD_CHARS, TAIL_CHARS = 6000, 2000
HEAD_WORDS, TAIL_WORDS = 55, 35
SHORT_WORDS, SENTENCE_WORDS = 35, 40

BREAK = "\n"  # between sentences, so that no phrase runs across
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(
    r'"[^"]{40,}"|“[^“”]{40,}”|«[^«»]{40,}»|„[^„“]{40,}“|「[^「」]{15,}」'
    r"|(?<!\w)'[^'\n]{40,}'(?!\w)"
)
_INTRODUCED = re.compile(r":[ \t]*\n")
_TITLED = re.compile(r"[^\n]{8,110}\n\s*\n(?=[^\n]{100})")
_SENTENCE_END = re.compile(r"(?<=[.!?。？！])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Wording:
    """How a text is worded.

    `grams` are the words, phrases, stems and openers of the part that asks, `body` those of a text
    that is supplied with it, `signs` the shapes found in either; `words` counts all of them.
    """

    grams: frozenset[str]
    body: frozenset[str]
    signs: frozenset[str]
    words: int


def read(text: str) -> Wording:
    """How a text is worded. Of a long one, the first 6,000 and the last 2,000 characters count."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    return _read(text)


@lru_cache(maxsize=32)
def _read(text: str) -> Wording:
    # The memo is of a pure function: ten experts and the gate read the same query, one after the
    # other, so that a few are enough.
    asked, supplied = zones(text)
    request, body = cut(asked), cut(supplied)
    count, given = len(request) + len(body), len(body)
    if len(request) > SHORT_WORDS:
        request, told = _requests(asked)
        body += told
    if len(request) > HEAD_WORDS + TAIL_WORDS:
        body += request[HEAD_WORDS:-TAIL_WORDS]
        request = [*request[:HEAD_WORDS], BREAK, *request[-TAIL_WORDS:]]
    if not request:
        request, body = body[:HEAD_WORDS], body[HEAD_WORDS:]
    last = cut(_SENTENCE_END.split(asked.rstrip())[-1][:200])
    phrases = grams(request)
    return Wording(
        frozenset(phrases | openers(request) | openers(last)),
        frozenset(grams(body)),
        signs(text, request, phrases, words=count, supplied=given),
        count,
    )


def zones(text: str) -> tuple[str, str]:
    """A text's two parts: what asks, and what is supplied (fenced, quoted, or after a colon)."""
    supplied: list[str] = []

    def take(match: re.Match[str]) -> str:
        supplied.append(match.group())
        return " \n "

    asked = _QUOTED.sub(take, _FENCE.sub(take, text))
    introduced = _INTRODUCED.search(asked) or _TITLED.match(asked)
    if introduced and introduced.start() <= 400 and len(asked) - introduced.end() >= 40:
        asked_until = introduced.end() if introduced.start() == 0 else introduced.start()
        paragraphs = [one for one in asked[introduced.end() :].split("\n\n") if one.strip()]
        closing = paragraphs.pop() if len(paragraphs) > 1 and len(paragraphs[-1]) <= 200 else ""
        supplied.extend(paragraphs)
        asked = f"{asked[:asked_until]}\n{closing}"
    return asked, "\n".join(supplied)


def _requests(asked: str) -> tuple[list[str], list[str]]:
    """The words of the sentences that ask: the first, the last and the questions; and the rest."""
    sentences = [one for one in _SENTENCE_END.split(asked) if one.strip()]
    request: list[str] = []
    told: list[str] = []
    for place, sentence in enumerate(sentences):
        words = cut(sentence)
        if place in (0, len(sentences) - 1) or "?" in sentence or "？" in sentence:
            request += [*words[:SENTENCE_WORDS], BREAK]
            words = words[SENTENCE_WORDS:]
        told += [*words, BREAK]
    return request, told


def reading_text(query: Query) -> str:
    """The text to know a query by: what is asked now, and the question before a short reply."""
    said = [message.text for message in query.messages if message.role == "user"]
    if not said:
        return query.text
    if len(said) > 1 and len(said[-1]) <= 40 and len(cut(said[-1])) < 5:
        return f"{said[-2]}\n{said[-1]}"
    return said[-1]
