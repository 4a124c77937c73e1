"""Expressions in the words, signs and shares that people write them with."""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType

from collegium.experts.computing.arithmetic.nodes import Applied, Node, Number, applies
from collegium.experts.computing.arithmetic.numerals import (
    LITERAL,
    NUMBER_WORDS,
    in_digits,
    number_of,
)
from collegium.experts.computing.arithmetic.parser import parsed
from collegium.experts.computing.arithmetic.slashes import kept_whole
from collegium.experts.computing.base import Uncomputable

_PARTS = MappingProxyType(
    {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6}
    | {"seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "hundredth": 100}
)
_ORDINALS = MappingProxyType(
    {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
    | {"ninth": 9, "tenth": 10}
)
_SHARE = re.compile(
    rf"(?:(?P<percent>{LITERAL}) ?(?:%|percent|per cent)|(?P<fraction>[0-9]+ ?/ ?[0-9]+)"
    rf"|(?:(?P<count>[0-9]+|an?|the) )?(?P<part>{'|'.join(_PARTS)})s?) of (?P<whole>.+)"
)
_PART = re.compile(rf"(?<![0-9./])\b(?:an?|([0-9]+))[ -]({'|'.join(_PARTS)})s?\b(?! of)")
_ORDINAL_POWER = re.compile(rf" ?\b(?:raised )?to the ({'|'.join(_ORDINALS)}) power\b")
_CROSS = r"(?<=[0-9)!]) ?x ?(?=[0-9(])"  # 17x23
_REWORDED = tuple(
    (re.compile(pattern), symbol)
    for pattern, symbol in (
        (r"\\frac ?\{([0-9]+)\} ?\{([0-9]+)\}", r"(\1/\2)"),
        (r"\\sqrt ?\{([0-9]+)\}", r"sqrt(\1)"),
        (r"\b(?:multiplied by|times)\b|[\u00d7·⋅∙]|\\times\b|\\cdot\b", "*"),
        (_CROSS, "*"),
        (r"\b(?:divided by|over)\b|÷|\\div\b", "/"),
        (r"\b(?:plus|added to)\b", "+"),
        (r"\bnegative (?=[0-9(])", "-"),
        (r"\bminus\b|[\u2212\u2013]", "-"),
        (r"\b(?:raised )?to the power(?: of)?\b|\braised to\b|\*\*", "^"),
        (r"\b(?:raised )?to the ([0-9]+)(?:st|nd|rd|th)(?: power)?\b", r"^\1"),
        (r" ?\bsquared\b|²", "^2"),
        (r" ?\bcubed\b|³", "^3"),
        (r" ?\b(?:percent|per cent)\b", "%"),
        (r"\b(?:modulo|modulus)\b", "mod"),
        (r"(?<=[0-9]) ?factorial\b", "!"),
        (r"\b(?:the )?(?:square root|sqrt)(?: of)?\b|√", " sqrt "),
        (r"\b(?:the )?(?:cube root|cbrt)(?: of)?\b|∛", " cbrt "),
        (r"\b(?:the )?(?:natural log(?:arithm)?|ln)(?: of)?\b", " ln "),
        (r"\b(?:the )?log(?:arithm)?[ _]?(?:base[ _]?)?(2|10)(?: of)?(?![0-9.])", r" log\1 "),
        (r"\b(?:the )?(sine?|cos(?:ine)?|tan(?:gent)?)(?: of)?\b", r" \1 "),
        (r"\b(?:the )?(?:absolute value of|abs\b)", " abs "),
        (r"\b(?:the )?factorial of\b", " factorial "),
        (r" ?(?:\bdegrees?\b|°)", "°"),
        (r"π", " pi "),
    )
)
# The words of two letters and more that an expression can have; one more, and it is none.
WORDS = frozenset(
    """
    of the an and per cent percent half halves frac sqrt multiplied times cdot divided by over div
    plus added to negative minus raised power squared cubed modulo modulus mod factorial square root
    cbrt cube natural log logarithm logbase logarithmbase base ln sine sin cos cosine tan tangent
    absolute value abs degree degrees pi exp
    """.split()
) | {word for name in (*_PARTS, *_ORDINALS, *NUMBER_WORDS) for word in (name, f"{name}s")}
_WORD = re.compile("(?<![0-9a-z])[a-z]{2,}")
_REWORDED_IN_EQUATIONS = tuple(rule for rule in _REWORDED if rule[0].pattern != _CROSS)


def expression(text: str, unknown: str = "") -> Node | None:
    """Return the expression that all of `text` is, or None.

    `unknown` is the letter of an equation's unknown, which may be multiplied without a sign.
    """
    if not unknown and any(word[0] not in WORDS for word in _WORD.finditer(text)):
        return None
    try:
        return _share(text) or parsed(_reworded(text, unknown), unknown)
    except Uncomputable:
        return None


def _reworded(text: str, unknown: str) -> str:
    """Return `text` with signs in place of words."""
    text = text if unknown else kept_whole(text)
    text = _ORDINAL_POWER.sub(lambda match: f"^{_ORDINALS[match[1]]}", text)
    text = _PART.sub(lambda match: f"({match[1] or 1}/{_PARTS[match[2]]})", in_digits(text))
    for pattern, symbol in _REWORDED_IN_EQUATIONS if unknown else _REWORDED:
        text = pattern.sub(symbol, text)
    return text


def _share(text: str) -> Node | None:
    """Return "15% of 240", "half of 90" and "3/4 of (20 + 4)" as a product, else None."""
    match = _SHARE.fullmatch(in_digits(text))
    if match is None:
        return None
    whole = expression(match["whole"])
    if whole is None or (isinstance(whole, Applied) and not applies(whole, "()")):
        raise Uncomputable(f"{text!r} is a share of something that has two readings")
    product = Applied("*", (Number(_share_of(match)), whole))
    return Applied("()", (product,))  # a share of a share has one reading


def _share_of(match: re.Match[str]) -> Fraction:
    if match["percent"]:
        return number_of(match["percent"]) / 100
    if match["fraction"]:
        count, part = match["fraction"].split("/")
        if int(part) == 0:
            raise Uncomputable(f"{match['fraction']} divides by zero")
        return Fraction(int(count), int(part))
    count = match["count"] or "1"
    return Fraction(int(count) if count.isdigit() else 1, _PARTS[match["part"]])
