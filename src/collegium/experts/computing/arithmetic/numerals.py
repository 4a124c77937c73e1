"""Numbers as people write them, in digits and in English words."""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType

from collegium.experts.computing.arithmetic.writing import written
from collegium.lexicon.glances import folded

_SMALL = MappingProxyType(
    {
        word: value
        for value, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen".split()
        )
    }
    | {
        word: 10 * value
        for value, word in enumerate(
            "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
        )
    }
)
_SCALES = MappingProxyType(
    {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
)
_SCALE = "|".join(_SCALES)
NUMBER_WORDS = (*_SMALL, "hundred", *_SCALES)
_NUMBER_WORD = "|".join(NUMBER_WORDS)

INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
DIGITS = rf"{INTEGER}(?:\.[0-9]+)?|\.[0-9]+"
LITERAL = rf"(?:[-\u2212]?(?:{DIGITS}))"
ATOM = rf"{LITERAL}(?:/[0-9]{{1,9}})?"

_SPELLED = re.compile(
    rf"\b(?:an?(?= (?:hundred|{_SCALE})\b)|{_NUMBER_WORD})"
    rf"(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and |(?<=million) and )(?:{_NUMBER_WORD}))*\b"
)
_SCALED = re.compile(rf"({DIGITS}) ({_SCALE})\b")
_DIGIT, _WORD = re.compile("[0-9]"), re.compile(r"\w+")
_NUMERIC = frozenset((*NUMBER_WORDS, "half", "third", "quarter", "pi", "e"))
_NUMERALS = ("π", "roman", "arabic", "hex")


def has_numbers(text: str) -> bool:
    """Whether anything in `text` may be a number."""
    if _DIGIT.search(text):
        return True
    lowered = folded(text)
    if any(numeral in lowered for numeral in _NUMERALS):
        return True
    return not _NUMERIC.isdisjoint(_WORD.findall(lowered))


def spelled_number(words: str) -> int | None:
    """Return the number that English words spell, such as "two hundred and five", else None."""
    total, group, last = 0, 0, 10**18
    for word in re.split(r"[ -]+", words.replace(" and ", " ")):
        if word in {"a", "an"}:
            continue
        if word in _SMALL:
            if last < 20 or (20 <= last < 100 and not 0 < _SMALL[word] < 10):
                return None
            group, last = group + _SMALL[word], _SMALL[word]
        elif word == "hundred" and group < 100:
            group, last = 100 * (group or 1), 100
        elif word in _SCALES and (total == 0 or total % (1000 * _SCALES[word]) == 0):
            total, group, last = total + (group or 1) * _SCALES[word], 0, 1000
        else:
            return None
    return total + group


def in_digits(text: str) -> str:
    """Return `text` with the numbers that it spells in words written in digits."""

    def digits(match: re.Match[str]) -> str:
        number = spelled_number(match[0])
        return match[0] if number is None else str(number)

    def scaled(match: re.Match[str]) -> str:
        return written(number_of(match[1]) * _SCALES[match[2]])

    return _SPELLED.sub(digits, _SCALED.sub(scaled, text))


def number_of(literal: str) -> Fraction:
    """Return the number that digits write: "1,234.5", "-3", ".5", "1/2".

    Raises:
        ValueError: It is not a number, or a longer one than is taken.
        ZeroDivisionError: It is a fraction of zeroth parts.
    """
    return Fraction(literal.replace(",", "").replace("\u2212", "-"))


def whole_number_of(literal: str) -> int:
    """Return the whole number that digits write: "1,234".

    Raises:
        ValueError: It is not a number, or a longer one than is taken.
    """
    return int(number_of(literal))


def read_number(text: str) -> Fraction | None:
    """Return the number that `text` is, in digits, in words or as a fraction, else None."""
    text = in_digits(text.strip().lower())
    match = re.fullmatch(rf"({LITERAL})(?:/([0-9]{{1,9}}))?", text)
    if match is None or int(match[2] or 1) == 0:
        return None
    return number_of(match[1]) / int(match[2] or 1)
