"""The text that a question gives, and what of it is counted in one way only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from collegium.experts.computing.courtesies import heard, without_inner_courtesies
from collegium.experts.computing.texts.forms import NOUN
from collegium.experts.computing.wishes import NO_WISHES, Wishes, without_last_wish

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_FRAME_CHARS = 300
VOWELS = frozenset("aeiou")

_QUOTED = re.compile(
    r"\"([^\"]*)\"|\u201c([^\u201c\u201d]*)\u201d|`([^`]*)`"
    r"|(?<![^\W_])['\u2018]([^'\u2018\u2019]*)['\u2019](?![^\W_])"
)
_MARK = re.compile(r"§([0-9])§")
_AFTER_COLON = re.compile(r"(?P<asked>[^:\n]{1,100}):\s+(?P<given>\S.*)", re.DOTALL)
_ON_A_LINE = re.compile(
    r"(?P<asked>[^\n]{0,200}\b(?:following|below|this|these)\b[^\n]{0,80}[:?.!])\s*\n\s*(?P<given>[^\n]+)"
)
# Words that stand for another text, or for a language with an alphabet of its own.
_NOT_GIVEN = re.compile(
    r"it|this|that|these|those|them|there|here|english|word|words|string|text|sentence|total|all"
    r"|each|name|names|alphabet|[a-z]+(?:ish|ese|ian)|french|german|greek|arabic|hindi|latin"
    r"|hebrew|cyrillic|dutch|czech|thai|korean|tamil|urdu|braille|scrabble|wordle",
    re.IGNORECASE,
)
# Behind a second sentence or a "please" it is not known where the given text ends.
_GOES_ON = re.compile(
    r"[.!?][\"')]*\s|\n|\b(?:please|thanks|thank you|thx|cheers)\b", re.IGNORECASE
)
_THANKS = re.compile(r"\b(?:please|thanks|thank you|thx|cheers)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Framed:
    """A question with a mark for each text it gives, those texts, and how it is to be answered."""

    question: str
    given: tuple[str, ...] = ()
    wishes: Wishes = NO_WISHES


def framed(text: str) -> Framed:
    """Take the texts that a question gives out of it: the quoted ones, or one behind a colon."""
    if "§" in text:
        return Framed("")
    given = list[str]()

    def mark(match: re.Match[str]) -> str:
        given.append(next(part for part in match.groups() if part is not None))
        return f"§{len(given) - 1}§"

    frame = _QUOTED.sub(mark, text)
    if not given:
        return _set_apart(text)
    said = heard(without_inner_courtesies(frame))
    question = " ".join(said.text.replace("\u2019", "'").split())
    named = _introduced().fullmatch(question) if len(question) <= MAX_FRAME_CHARS else None
    if named and len(given) == 1:
        question = f"{named['question']} {named['in']} §0§{named['end'] or ''}"
    return Framed(question, tuple(given[:9]), said.wishes)


def _set_apart(text: str) -> Framed:
    """A question whose text stands behind a colon or on a line of its own, else as it is."""
    rest, wishes = without_last_wish(text)
    if wishes and text[len(rest)] in ".?!\n":
        text = rest
    else:
        wishes = NO_WISHES
    match = _AFTER_COLON.fullmatch(text)
    if match is None or _GOES_ON.search(match["given"]):
        match = _ON_A_LINE.fullmatch(text)
        if match is None or _THANKS.search(match["given"]):
            said = heard(text)
            return Framed(" ".join(said.text.replace("\u2019", "'").split()), (), said.wishes)
    said = heard(without_inner_courtesies(match["asked"]))
    asked = " ".join(said.text.replace("\u2019", "'").split()).rstrip(" :")
    return Framed(f"{asked}: §0§ after colon", (match["given"].strip(),), said.wishes | wishes)


@cache
def _introduced() -> re.Pattern[str]:
    """A text that is given first, and a question about "it"."""
    return re.compile(
        rf"(?:(?:here's|here is|given|consider|take|look at|i have|for|with|in|this is|my)"
        rf"(?: (?:a|an|the|this|my|following|is))* ?)?(?:{NOUN}(?: is)?)?[:,]? ?§0§[.,:;!]* "
        rf"(?:so |and )?(?P<question>.+?) (?P<in>in|of|does) "
        rf"(?:it|that|this|(?:this|that|the) {NOUN})(?P<end> (?:have|contain))?",
        re.IGNORECASE,
    )


def resolved(name: str, part: str | None, given: Sequence[str]) -> str:
    """Return what a part of the question stands for.

    Raises:
        ValueError: It stands for nothing that is given, or for a text whose letters are not plain.
    """
    mark = _MARK.fullmatch(part or "")
    text = given[int(mark[1])] if mark else part or ""
    if mark is None and name in {"given", "other"} and _NOT_GIVEN.fullmatch(text):
        raise ValueError(f"{text!r} is not the text that is meant")
    if name in {"given", "other"} and (not text or not all(map(_is_plain, text))):
        raise ValueError("joined signs are counted in several ways")
    return text


def _is_plain(sign: str) -> bool:
    """Whether a sign is one character however it is counted: no accents apart, no emoji."""
    return (
        sign in "\n\t"
        or (sign.isprintable() and sign < "\u0300")
        or sign in "\u2019\u2018\u201c\u201d\u2026\u20ac"
    )


def words_of(text: str) -> list[str]:
    """Return the words of `text`.

    Raises:
        ValueError: They are counted in several ways: hyphens, dashes, signs that stand alone.
    """
    words = text.split()
    if any(re.search(r"\w[-/&@_\u2013\u2014]\w|\w[.,;:!?]+\w|^\W+$", word) for word in words):
        raise ValueError(
            "hyphens, dashes and lone signs make words that are counted in several ways"
        )
    return words


def shown(text: str) -> str:
    """Return a text in quotation marks, or mention it where it is long."""
    return f'"{text}"' if len(text) <= 80 else "the text"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
