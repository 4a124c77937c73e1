"""Counting the letters and words of a text, and finding one by its number."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.base import answer
from collegium.experts.computing.texts.forms import NOUN, ORDINALS
from collegium.experts.computing.texts.given import VOWELS, plural, shown, words_of

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder, Plan


def _count_letter(letter: str, given: str) -> Plan:
    if len(letter) != 1 or not letter.isalpha():
        raise ValueError(f"{letter!r} is not a letter")
    count = given.lower().count(letter.lower())
    times = "once" if count == 1 else f"{count} times"
    said = f'The letter "{letter.lower()}" is in {shown(given)} {times}.'
    return partial(answer, str(count), said)


def _count(what: str, given: str, spaces: str | None = None, apart: str | None = None) -> Plan:
    what = what.lower().removesuffix("s")
    counted, note = _counted(what, given, apart=bool(apart))
    if spaces and what == "character" and re.match("without|exclud|not|no", spaces.lower()):
        counted, note = [c for c in counted if not c.isspace()], "spaces not counted"
    said = f"{shown(given)} has {plural(len(counted), ('different ' if apart else '') + what)}"
    return partial(answer, str(len(counted)), f"{said}{f', {note}' if note else ''}.")


def _length(given: str, what: str | None = None) -> Plan:
    return _count(what or "characters", given)


def _word_length(given: str) -> Plan | None:
    return _count("letters", given) if given.isalpha() else None


def _counted(what: str, given: str, *, apart: bool) -> tuple[list[str], str]:
    if what == "word":
        if apart:
            raise ValueError("different words are told apart in several ways")
        return words_of(given), ""
    if what == "character":
        if apart:
            raise ValueError("different characters are told apart in several ways")
        return list(given), "spaces included" if " " in given else ""
    letters = [sign.lower() for sign in given if sign.isalpha()]
    if what == "letter":
        return list(dict.fromkeys(letters)) if apart else letters, ""
    if apart or "y" in letters or any(letter > "z" for letter in letters):
        raise ValueError("y is a vowel to some")
    return [x for x in letters if (x in VOWELS) == (what == "vowel")], ""


def _most_frequent(given: str) -> Plan | None:
    counts = Counter(sign.lower() for sign in given if sign.isalpha())
    if not counts:
        return None
    most = max(counts.values())
    letters = sorted(letter for letter, count in counts.items() if count == most)
    value = ", ".join(letters)
    tie = "" if len(letters) == 1 else ", each of them"
    return partial(
        answer, value, f"The most frequent in {shown(given)}: {value}, {most} times{tie}."
    )


def _nth(ordinal: str, what: str, given: str) -> Plan | None:
    what, ordinal = what.lower(), ordinal.lower()
    number = ORDINALS[ordinal] if ordinal in ORDINALS else int(ordinal[:-2])
    if what == "word":
        pieces = [word.strip(".,;:!?\"'()") for word in words_of(given)]
    else:
        pieces = list(given)
    if what == "letter" and not given.isalpha():
        return None
    if not -1 <= number - 1 < len(pieces) or (number == 0 and ordinal != "last"):
        return None
    value = pieces[number - 1]
    return partial(answer, value, f"The {ordinal} {what} of {shown(given)} is {value}.")


COUNTING: tuple[tuple[str, Builder], ...] = (
    ("<how many> <plural letter> <are in> <text>(?: have| contain)?", _count_letter),
    ("<how many> <letter> <are in> <sure>(?: have| contain)?", _count_letter),
    ("<how many> <letter> <are in> <second>(?: have| contain)?", _count_letter),
    ("(?:in|for) <sure>[,:] <how many> <plural letter> <are there>", _count_letter),
    ("(?:in|for) <sure>[,:] <how many> <apart><counted> <are there>", _count),
    ("(?:in|for) <sure>[,:] <how many> (?P<what>words) <are there>", _count),
    ("count the (?P<what>words) in <sure>", _count),
    ("count the (?P<what>words): (?P<given>§0§) after colon", _count),
    ("how many times does <letter> (?:appear|occur|show up) in <text>", _count_letter),
    ("how many times does <letter> (?:appear|occur|show up) in <second>", _count_letter),
    (
        "how (?:many times|often) <letter> (?:appears|occurs|shows up|comes up) in <text>",
        _count_letter,
    ),
    (
        "how (?:many times|often) <letter> (?:appears|occurs|shows up|comes up) in <second>",
        _count_letter,
    ),
    ("(?P<letter>[a-z])'s in <text>", _count_letter),
    ("(?P<what>letters|words|characters) in (?P<given>§0§)", _count),
    ("(?P<what>vowels|consonants) in <text>", _count),
    ("how often does <letter> (?:appear|occur) in <text>", _count_letter),
    ("<how many> <apart><counted> <are in> <text>(?: have| contain)?", _count),
    ("<how many> <characters><spaces> <are in> <sure>(?: have| contain)?", _count),
    ("<how many> <characters> <are in> <sure>(?: have| contain)?<spaces>", _count),
    ("<how many> (?P<what>words) <are in> <sure>(?: have| contain)?", _count),
    ("<how many> (?P<what>words) <are in> <colon>", _count),
    ("<how many> <counted> <are in> <colon>", _count),
    ("<how many> <plural letter> <are in> <colon>", _count_letter),
    ("how many times does <letter> (?:appear|occur|show up) in <colon>", _count_letter),
    (
        "how many (?P<what>words|letters|vowels|consonants) "
        f"(?:(?:the|this|my|following) )*{NOUN}:? (?:has|have|contains):? (?P<given>§0§)",
        _count,
    ),
    (
        "<what is>length of (?P<given>§0§)(?: in (?P<what>characters|letters))?",
        _length,
    ),
    (
        "how long is (?:the |this )?(?:following )?string:? (?P<given>§0§)",
        partial(_count, "characters"),
    ),
    ("how long is <sure>", _word_length),
    ("<what is>(?P<what>word|letter|character) count (?:of|for|in) <sure>", _count),
    ("(?P<given>§0§):? <how many> (?P<what>words|letters|characters)", _count),
    ("(?P<given>§0§):? (?P<what>word|letter|character) count", _count),
    ("<what is>most (?:frequent|common) letter (?:in|of) <sure>", _most_frequent),
    (
        "(?:which|what) letter (?:appears|occurs|shows up|is used|comes up) (?:the )?most"
        "(?: often| frequently)? in <sure>",
        _most_frequent,
    ),
    ("<what is><ordinal> (?P<what>letter|word|character) (?:of|in) <sure>", _nth),
)
