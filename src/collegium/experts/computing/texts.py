"""Counting and rearranging the letters and words of a text that a question gives.

The text is in quotation marks, or one word where the form leaves no doubt, or, for words, all that
follows a colon. Words are what stands between spaces; a text with hyphens, dashes or lone signs,
whose words are counted in several ways, is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.base import answer, asked, carried_out
from collegium.experts.computing.courtesies import without_courtesies

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder, Computed, Plan
    from collegium.types import Query

MAX_CHARS, MAX_FRAME_CHARS, MAX_REPEATED = 20_000, 300, 500
VOWELS = frozenset("aeiou")


class Texts:
    """Counts, reverses and sorts the letters and words of a given text."""

    name = "texts"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question about a given text and nothing else, else None."""
        text = asked(query, limit=MAX_CHARS, ending=False)
        return read(text) if text else None

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan of `reads`; None where there is no one answer."""
        return carried_out(plan)


def read(text: str) -> Plan | None:
    """Return the plan of `text` if all of it is a question about a text that it gives."""
    frame, given = _framed(text)
    if len(frame) > MAX_FRAME_CHARS:
        return None
    for form, build in _FORMS:
        match = form.fullmatch(frame)
        if match is None:
            continue
        try:
            return build(
                **{name: _resolved(name, part, given) for name, part in match.groupdict().items()}
            )
        except ValueError:  # a text that is counted in several ways
            return None
    return None


# --- what is given ---------------------------------------------------------------------------

_QUOTED = re.compile(
    r"\"([^\"]*)\"|\u201c([^\u201c\u201d]*)\u201d|`([^`]*)`"
    r"|(?<![^\W_])['\u2018]([^'\u2018\u2019]*)['\u2019](?![^\W_])"
)
_MARK = re.compile(r"§([0-9])§")
_AFTER_COLON = re.compile(r"([^:\n]{1,100}):\s+(\S.*)", re.DOTALL)
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


def _framed(text: str) -> tuple[str, list[str]]:
    """Return the question with a mark for each quoted text, and those texts."""
    given = list[str]()

    def mark(match: re.Match[str]) -> str:
        given.append(next(part for part in match.groups() if part is not None))
        return f"§{len(given) - 1}§"

    if "§" in text:
        return "", []
    frame = _QUOTED.sub(mark, text)
    if not given and (match := _AFTER_COLON.fullmatch(text)) and not _GOES_ON.search(match[2]):
        frame, given = f"{match[1]}: §0§ after colon", [match[2].strip()]
    return " ".join(without_courtesies(frame).replace("\u2019", "'").split()), given[:9]


def _resolved(name: str, part: str | None, given: list[str]) -> str:
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


def _words(text: str) -> list[str]:
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


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= 80 else "the text"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


# --- counting --------------------------------------------------------------------------------


def _count_letter(letter: str, given: str) -> Plan:
    if len(letter) != 1 or not letter.isalpha():
        raise ValueError(f"{letter!r} is not a letter")
    count = given.lower().count(letter.lower())
    times = "once" if count == 1 else f"{count} times"
    said = f'The letter "{letter.lower()}" is in {_shown(given)} {times}.'
    return partial(answer, str(count), said)


def _count(what: str, given: str, spaces: str | None = None, apart: str | None = None) -> Plan:
    what = what.lower().removesuffix("s")
    counted, note = _counted(what, given, apart=bool(apart))
    if spaces and what == "character" and re.match("without|exclud|not|no", spaces.lower()):
        counted, note = [c for c in counted if not c.isspace()], "spaces not counted"
    said = f"{_shown(given)} has {_plural(len(counted), ('different ' if apart else '') + what)}"
    return partial(answer, str(len(counted)), f"{said}{f', {note}' if note else ''}.")


def _length(given: str, what: str | None = None) -> Plan:
    return _count(what or "characters", given)


def _word_length(given: str) -> Plan | None:
    return _count("letters", given) if given.isalpha() else None


def _counted(what: str, given: str, *, apart: bool) -> tuple[list[str], str]:
    if what == "word":
        if apart:
            raise ValueError("different words are told apart in several ways")
        return _words(given), ""
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
        answer, value, f"The most frequent in {_shown(given)}: {value}, {most} times{tie}."
    )


_ORDINALS = MappingProxyType(
    {
        word: number
        for number, word in enumerate(
            "first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1
        )
    }
    | {"last": 0}
)


def _nth(ordinal: str, what: str, given: str) -> Plan | None:
    what, ordinal = what.lower(), ordinal.lower()
    number = _ORDINALS[ordinal] if ordinal in _ORDINALS else int(ordinal[:-2])
    if what == "word":
        pieces = [word.strip(".,;:!?\"'()") for word in _words(given)]
    else:
        pieces = list(given)
    if what == "letter" and not given.isalpha():
        return None
    if not -1 <= number - 1 < len(pieces) or (number == 0 and ordinal != "last"):
        return None
    value = pieces[number - 1]
    return partial(answer, value, f"The {ordinal} {what} of {_shown(given)} is {value}.")


# --- rearranging -----------------------------------------------------------------------------


def _reverse(given: str) -> Plan:
    return partial(answer, given[::-1], f"{_shown(given)} reversed is {given[::-1]}")


def _reverse_words(given: str) -> Plan:
    if re.search(r"[^\w\s']", given):
        raise ValueError("punctuation stays or moves")
    value = " ".join(reversed(given.split()))
    return partial(answer, value, f"The words in reverse order: {value}")


def _palindrome(given: str) -> Plan:
    signs = [sign.lower() for sign in given if sign.isalnum()]
    holds = bool(signs) and signs == signs[::-1]
    value = "yes" if holds else "no"
    ignored = ", spaces, signs and capitals apart" if len(signs) < len(given) else ""
    said = f"{_shown(given)} {'reads' if holds else 'does not read'} the same backwards{ignored}"
    return partial(answer, value, f"{value.capitalize()}, {said}.")


def _anagram(given: str, other: str) -> Plan:
    first, second = (sorted(c.lower() for c in text if c.isalnum()) for text in (given, other))
    if given.lower() == other.lower():
        raise ValueError("a word is an anagram of itself to some")
    value = "yes" if first == second else "no"
    same = "the same letters" if first == second else "different letters"
    return partial(answer, value, f"{value.capitalize()}, {given} and {other} have {same}.")


def _cased(given: str, case: str) -> Plan | None:
    if not given.isascii():
        return None
    upper = re.match("upper|capital|all caps", case.lower())
    value = given.upper() if upper else given.lower()
    return partial(answer, value, f"In {'upper' if upper else 'lower'} case: {value}")


def _repeated(given: str, times: str) -> Plan | None:
    value = given * int(times)
    if not value or len(value) > MAX_REPEATED:
        return None
    return partial(answer, value, f"{_shown(given)} {times} times is {value}")


def _initials(given: str) -> Plan | None:
    words = given.split()
    if len(words) < 2 or not all(re.fullmatch("[A-Za-z]+", word) for word in words):
        return None
    value = "".join(word[0] for word in words)
    return partial(answer, value, f"The first letters of {_shown(given)}: {value}")


def _replaced(given: str, letter: str, new: str) -> Plan | None:
    if len(letter) != 1 or len(new) != 1 or not given.isascii() or letter.swapcase() in given:
        return None
    value = given.replace(letter, new)
    return partial(answer, value, f'{_shown(given)} with "{new}" for every "{letter}": {value}')


def _removed(given: str, letter: str | None = None) -> Plan | None:
    taken = VOWELS if letter is None else {letter}
    doubtful = "y" in given.lower() if letter is None else letter.swapcase() in given
    if doubtful or not given.isascii():
        return None
    value = "".join(sign for sign in given if sign.lower() not in taken)
    if not value.strip() or "  " in value or value != value.strip():
        return None
    return partial(answer, value, f"What is left of {_shown(given)}: {value}")


def _sort_words(given: str, backwards: str | None = None) -> Plan:
    comma = "," in given
    words = [w.strip() for w in given.split(",")] if comma else given.split()
    words[-1] = words[-1].removeprefix("and ").rstrip(".")
    if len(words) < 2 or not all(re.fullmatch("[A-Za-z]+", word) for word in words):
        raise ValueError("other than plain words are sorted in several ways")
    words.sort(key=str.lower, reverse=bool(backwards))
    value = (", " if comma else " ").join(words)
    return partial(
        answer, value, f"In {'reverse ' if backwards else ''}alphabetical order: {value}"
    )


def _sort_letters(given: str) -> Plan:
    if not re.fullmatch("[a-z]+|[A-Z]+", given):
        raise ValueError("capitals are sorted in several ways")
    value = "".join(sorted(given))
    return partial(answer, value, f"The letters of {_shown(given)} in alphabetical order: {value}")


# --- the forms of questions ------------------------------------------------------------------

_NOUN = "(?:word|string|text|sentence|phrase|name|line|paragraph|quote|title)"
_KINDS = MappingProxyType(
    {
        # In quotation marks, or one bare word.
        "text": f"(?:(?:the |this )?(?:following )?{_NOUN}:? )?(?P<given>§0§|[a-z]{{3,}})",
        "letter": "(?:the )?(?:letters? )?(?P<letter>§0§|[a-z])(?:'?s)?",
        "first word": "(?:the word )?(?P<given>§0§|[a-z]{2,})",
        "second word": "(?:the word )?(?P<other>§1§|[a-z]{2,})",
        "second": f"(?:(?:the |this )?(?:following )?{_NOUN}:? )?(?P<given>§1§|[a-z]{{3,}})",
        "colon": f"(?:(?:the|this|these|following) )*(?:{_NOUN}|words|names)?"
        ": (?P<given>§0§) after colon",
        "how many": "(?:how many|count(?: of)?(?: the)?(?: number of)?"
        "|(?:what is |what's )?(?:the )?number of)",
        "are in": "(?:(?:are|is) )?(?:there )?(?:are )?(?:in|does)",
        "are there": "(?:(?:are|is|do you see)(?: there)?(?: in (?:it|total))?)",
        "counted": "(?P<what>letters?|vowels?|consonants?)",
        "characters": "(?P<what>characters?)",
        "apart": "(?:(?P<apart>different|distinct|unique) )?",
        "spaces": r"(?:,? \(?(?P<spaces>(?:including|counting|with|without|excluding|not counting)"
        r"(?: the)? spaces)\)?)?",
        "what is": "(?:(?:what is|what's|which is|find|get|give) )?(?:the )?",
        "ordinal": f"(?P<ordinal>{'|'.join(_ORDINALS)}|[0-9]{{1,4}}(?:st|nd|rd|th))",
        "times": "(?P<times>[0-9]{1,3})",
        "case": r"(?P<case>(?:upper|lower)[ -]?case|capital letters|capitals|all caps)",
    }
)
_WAYS = MappingProxyType(
    {
        # In quotation marks, or one word that is said to be one.
        "sure": (
            f"(?:(?:the |this )?(?:following )?{_NOUN}:? )?(?P<given>§0§)",
            "the (?:word|string|name):? (?P<given>[a-z]+)",
        ),
        "plural letter": (
            "(?:the )?(?:letters? )?(?P<letter>[a-z])'s",
            "(?:the )?(?P<letter>[b-hj-tv-z])s",
            "(?:the )?letters? (?P<letter>[a-z])",
        ),
    }
)
_QUESTIONS: tuple[tuple[str, Builder], ...] = (
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
    ("(?:reverse|write backwards|(?:what is |what's )?the reverse of) <sure>", _reverse),
    (
        "(?:what is|what's|spell|write) <sure>(?: spelled| written)?"
        " (?:backwards?|reversed|in reverse)",
        _reverse,
    ),
    ("spell (?P<given>[a-z]{3,}) (?:backwards?|in reverse)", _reverse),
    ("(?P<given>§0§)(?: spelled| written)? (?:backwards|in reverse|reversed)", _reverse),
    ("(?:what is |what's )?(?P<given>[a-z]{3,}) spelled (?:backwards|in reverse)", _reverse),
    (
        f"reverse(?: the| this)?(?: following)?(?: letters (?:of|in))?(?: {_NOUN})?"
        "(?: (?:for me|letter by letter))?: (?P<given>§0§)(?: after colon)?",
        _reverse,
    ),
    ("reverse (?:the )?(?:order of )?(?:the )?words in <sure>", _reverse_words),
    (
        rf"(?:is|check if|whether) (?:(?:the |this )?{_NOUN} )?"
        r"(?P<given>§0§|[a-z]{2,}|[0-9]+) (?:is )?a palindrome",
        _palindrome,
    ),
    ("(?:palindrome: )?(?P<given>§0§):?(?: is)?(?: an?)? palindrome", _palindrome),
    ("palindrome: (?P<given>§0§)(?: after colon)?", _palindrome),
    ("are <first word> and <second word> anagrams(?: of each other)?", _anagram),
    ("(?P<given>§0§) and (?P<other>§1§):? (?:are they )?anagrams(?: of each other)?", _anagram),
    ("(?:is|whether) <first word> (?:is )?an anagram of <second word>", _anagram),
    ("(?:convert|change|put|turn|write) <sure> (?:to|into|in) (?:all )?<case>", _cased),
    (r"(?P<case>uppercase|lowercase) <sure>", _cased),
    ("(?P<case>upper|lower):? (?P<given>§0§)", _cased),
    ("make <sure> (?:all )?<case>", _cased),
    ("(?P<case>uppercase|lowercase): (?P<given>§0§) after colon", _cased),
    ("(?:repeat|write) (?P<given>§0§) <times> times", _repeated),
    (
        "(?:<what is>(?:first letters|initials) (?:of|in|from)(?: each word (?:of|in))?"
        "|first letter of (?:each|every) word (?:of|in)) <sure>",
        _initials,
    ),
    ("<sure> (?:to|into|in) (?:all )?<case>", _cased),
    (
        "(?:replace|swap|change) (?:every|each|all|all the) (?:letter |occurrences? of )?"
        "(?P<letter>§0§|[a-z])(?:'?s)? in <second> (?:with|to|by|for) (?:the letter |an? )?"
        "(?P<new>§2§|[a-z])",
        _replaced,
    ),
    (
        "(?:replace|swap|change) (?:every|each|all|all the) (?:letter |occurrences? of )?"
        "(?P<letter>[a-z])(?:'?s)? in <sure> (?:with|to|by|for) (?:the letter |an? )?"
        "(?P<new>§1§|[a-z])",
        _replaced,
    ),
    (
        "(?:remove|delete|drop|strip|take out) (?:all )?(?:the )?vowels (?:from|in|of) <sure>",
        _removed,
    ),
    (
        "(?:remove|delete|drop|strip|take out) (?:every|each|all|all the)(?: letter| the)? "
        "(?P<letter>[a-z])(?:'?s)? (?:from|in|of) <sure>",
        _removed,
    ),
    (
        "(?:sort|order|alphabetize|arrange|put)(?: (?:the|these|this|following|words|list|names|in"
        "|of|for me|please))*(?: (?:alphabetically|(?:in |into )?alphabetical order))?(?: for me)?"
        ": (?P<given>§0§) after colon",
        _sort_words,
    ),
    ("(?:in )?alphabetical order: (?P<given>§0§) after colon", _sort_words),
    (
        "(?:sort|order|alphabetize|arrange) (?:the )?words (?:in|of) (?P<given>§0§)"
        "(?: alphabetically| (?:in|into) alphabetical order)",
        _sort_words,
    ),
    (
        "(?:sort|order|arrange|alphabetize) the letters (?:of|in) <sure>"
        "(?: alphabetically| (?:in|into) alphabetical order)?",
        _sort_letters,
    ),
)


def _patterns(form: str) -> list[re.Pattern[str]]:
    """Return the patterns that a form of `_QUESTIONS` stands for: one for each way of giving."""
    kind = re.search(r"(?<!\?P)<([a-z ]+)>", form)
    if kind is None:
        return [re.compile(form, re.IGNORECASE)]
    ways = _WAYS.get(kind[1]) or (f"(?:{_KINDS[kind[1]]})",)
    return [p for way in ways for p in _patterns(form[: kind.start()] + way + form[kind.end() :])]


_FORMS = tuple((pattern, build) for form, build in _QUESTIONS for pattern in _patterns(form))
