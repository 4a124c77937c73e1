"""A question cut into words: what has a meaning of its own as it is written stays as it is.

The words come in lower case, one spelling and separated by spaces, `,` and `.` among them. A quoted
text, a piece of code, a formula, a name with capitals inside: each stands as one character of
Unicode's private use, so that no rule about words touches it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.gateway.caching.synonyms import COMMON_NAMES, NUMBER_WORDS
from collegium.gateway.caching.wording import (
    AUXILIARIES,
    FUNCTION_WORDS,
    MENTIONING,
    QUESTION_WORDS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# A longer text holds more particulars than can be compared with confidence.
MAX_CHARS = 300
_FIRST_KEPT, _LAST_KEPT = 0xE000, 0xF8FF

_QUOTED = re.compile(
    r"`[^`]+`|\"[^\"]+\"|\u00ab[^\u00bb]+\u00bb|\u201e[^\u201c\u201d]+[\u201c\u201d]"
    r"|\u300c[^\u300d]+\u300d|(?<![\w])'[^']+'(?!\w)"
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]*)?(?:-[^\W\d_]+(?:'[^\W\d_]*)?)*")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_MEASURE = re.compile(rf"({_NUMBER.pattern})(%|[^\W\d_]+|-[a-z]+)?")
_INITIALS = re.compile(r"(?:[A-Za-z]\.){1,5}[A-Za-z]")
_BYTES = re.compile(r"[kKMGTP]i?[bB](?:ps|/s)?")
_CAPITAL_INSIDE = re.compile(r"[^\W\d_]*[a-z][A-Z]\w*|[A-Z]{2,}[a-z]\w+")
_ENDS = ",;:!?.\u2026\u3002\uff1f\uff0c\uff01\u00bf\u00a1"
_ONE_SPELLING = {
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0x3001: ", ",
    0xFF0C: ", ",
    0xFF1A: ": ",
}
_SUMS = "+-*/=<>\u00d7\u00f7"
_SIGNS = re.compile(r"[=+*/^<>|\\]|\d")
_SAYS_NOTHING = re.compile(
    r"(?:(?:hi|hello|hey|ok|so|please|quick|a|one|my|question|answer|this|tell|me|help)[ ,!]*){1,5}"
)
_SHORT = tuple(
    (re.compile(short), long)
    for short, long in (
        (r"\bcan't\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"\bshan't\b", "shall not"),
        (r"(?<=\w)n't\b", " not"),
        (r"\b(what|who|where|how|why|when|it|that|there|here|he|she)'s\b", r"\1 is"),
        (r"\b(what|who|where|how|why)s\b", r"\1 is"),
        (r"(?<=\w)'re\b", " are"),
        (r"\bi'm\b", "i am"),
        (r"(?<=\w)'ll\b", " will"),
        (r"(?<=\w)'ve\b", " have"),
        (r"\b(i|you|he|she|we|they)'d\b", r"\1 would"),
    )
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text's words between two spaces, and what its private characters stand for, in order."""

    line: str
    kept: tuple[str, ...]

    def meant(self, word: str) -> str:
        """The word, or what it stands for, which then is like no other word."""
        return f"'{self.kept[ord(word) - _FIRST_KEPT]}'" if _is_private(word[0]) else word


def cut(text: str) -> Cut | None:
    """The words of a question; None where it is too long or of several lines."""
    text = unicodedata.normalize("NFC", text).strip().translate(_ONE_SPELLING)
    if len(text) > MAX_CHARS or "\n" in text or any(map(_is_private, text)):
        return None
    kept: list[str] = []

    def keep(what: str) -> str:
        kept.append(what)
        return chr(_FIRST_KEPT + len(kept) - 1)

    text = _QUOTED.sub(lambda found: f" {keep(found[0][1:-1])} ", text)
    head, colon, payload = text.partition(": ")
    if colon and _is_payload(head, payload):
        about_text = _mentions(head)
        payload = payload if about_text else payload.rstrip(" .?!")
        text = f"{head} , {keep(_whole(payload, kept))}"
    line = " ".join(word or keep(piece) for piece, word in _spelt(text))
    for short, long in _SHORT:
        line = short.sub(long, line)
    return Cut(f" {line} ", tuple(kept))


def _is_private(char: str) -> bool:
    return _FIRST_KEPT <= ord(char) <= _LAST_KEPT


def _is_payload(head: str, payload: str) -> bool:
    """Whether what follows a colon is what is worked on, rather than the question itself."""
    first = payload.lower().partition(" ")[0].removesuffix("'s")
    asks = first in QUESTION_WORDS or first in AUXILIARIES or _SAYS_NOTHING.fullmatch(head.lower())
    return not asks or _mentions(head)


def _mentions(head: str) -> bool:
    return not MENTIONING.isdisjoint(head.lower().split())


def _whole(payload: str, kept: list[str]) -> str:
    """The payload as it was written, what was quoted in it put back."""
    return "".join(
        f'"{kept[ord(char) - _FIRST_KEPT]}"' if _is_private(char) else char for char in payload
    )


def _spelt(text: str) -> Iterator[tuple[str, str | None]]:
    """The pieces of a text, each with how it is spelt; None where it stays as it is."""
    shouted = not any(char.islower() for char in text)
    formula = _SIGNS.search(text) is not None
    start = True
    for chunk in text.split():
        for piece in _pieces(chunk, formula=formula):
            if not shouted and _means_by_capitals(piece, start=start):
                yield piece, None
            else:
                yield piece, _plain(piece)
            start = piece == "."


def _pieces(chunk: str, *, formula: bool) -> Iterator[str]:
    """A chunk of text without the punctuation about it, and that punctuation as `,` or `.`."""
    core = chunk.strip(_ENDS)
    if not core:
        yield "," if set(chunk) <= set(",;:") else "."
        return
    ending = chunk[chunk.find(core) + len(core) :]
    bare = core.strip("()'")
    yield bare if core != bare and not formula and _WORD.fullmatch(bare) else core
    if set(ending) & set(".?!\u2026\u3002\uff1f\uff01"):
        yield "."
    elif ending:
        yield ","


def _plain(piece: str) -> str | None:
    """A piece as plain words in one spelling; None where it is none."""
    if piece in ",." or piece in _SUMS or (len(piece) == 1 and _is_private(piece)):
        return piece
    if piece.lower() in COMMON_NAMES or _INITIALS.fullmatch(piece):
        return piece.replace(".", "").lower()
    measure = _MEASURE.fullmatch(piece)
    if measure and not _BYTES.fullmatch(measure[2] or ""):
        return _measured(measure[1].replace(",", ""), measure[2] or "")
    if not _WORD.fullmatch(piece) or _BYTES.fullmatch(piece):
        return None
    return " ".join(NUMBER_WORDS.get(word, word) for word in piece.lower().split("-"))


def _measured(number: str, unit: str) -> str:
    """5km is 5 km, and 5% is 5 percent; but 2x is one thing."""
    if len(unit) == 1 and unit != "%":
        return f"{number}{unit.lower()}"
    return f"{number} {'percent' if unit == '%' else unit.lower().lstrip('-')}".strip()


def _means_by_capitals(word: str, *, start: bool) -> bool:
    """US is not us, A not a, useState not usestate."""
    if not _WORD.fullmatch(word) or word.lower() in COMMON_NAMES:
        return False
    if _CAPITAL_INSIDE.fullmatch(word):
        return True
    if not word.isupper() or word == "I":
        return False
    return (len(word) == 1 and not start) or (len(word) > 1 and word.lower() in FUNCTION_WORDS)
