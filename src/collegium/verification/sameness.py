"""Whether the two sides of an equation agree, and whether a difference is a mistake."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from collegium.verification.sides import OPERATORS

if TYPE_CHECKING:
    from collegium.verification.formula import Token
    from collegium.verification.sides import Side

UNIT = re.compile(r"\s?(?:[^\W\d_]|¢|°)")
# What turns one unit into another: 0.75 * 2 = 150 cents is no mistake.
FACTORS = frozenset(
    factor for n in (7, 12, 16, 24, 30, 36, 52, 60, 100, 365, 1000, 1440, 3600)
    for factor in (Fraction(n), Fraction(1, n))
)  # fmt: skip

# A decimal that is likely to be rounded itself: 0.3333, 0.67.
SHORTENED = re.compile(r"[\d,]*\.(?:\d{3,}|33|66|67|17|83)")

# How far off a result may be that is said to be about right.
CLOSE = Fraction(1, 20)


def agree(left: Side, right: Side, *, rounded: bool) -> bool:
    """Whether they are equal, as far as the digits tell that are shown."""
    difference = abs(left.value - right.value)
    if not difference or difference <= _precision(left, right):
        return True
    if "%" in right.text + left.text and abs(left.value - right.value * 100) <= Fraction(1, 2):
        return True
    return rounded and difference <= CLOSE * abs(left.value)


def _precision(left: Side, right: Side) -> Fraction:
    """How far a result may be off for the digits it shows."""
    numbers = [word.text for word in right.words if word.kind == "number"]
    decimals = len(numbers[0].partition(".")[2])
    unit = Fraction(1, 10**decimals) / (100 if "%" in right.text else 1)
    if right.computes:
        inexact = any("." in word.text for word in (*left.words, *right.words))
        return abs(right.value) / 100 if inexact else Fraction(0)
    rounded = [w.text for w in left.words if SHORTENED.fullmatch(w.text)]
    for written in rounded:
        unit = max(unit, _looseness(written) * abs(left.value))
    cut_off = decimals >= 2 and abs(left.value) > abs(right.value)  # 0.66 for 2/3
    return unit if cut_off else unit / 2


def _number(word: Token) -> Fraction | None:
    return Fraction(word.text.replace(",", "")) if word.kind == "number" else None


def _looseness(written: str) -> Fraction:
    """How far off a rounded number is, as a share of itself."""
    value = Fraction(written.replace(",", ""))
    return Fraction(1, 10 ** len(written.partition(".")[2])) / value if value else Fraction(1)


def _is_quotient(left: Side, right: Side) -> bool:
    """Whether it is a division of whole numbers that leaves out the rest: 42 / 5 = 8."""
    divides = [word.text for word in left.words if word.text in OPERATORS] == ["/"]
    return divides and len(left.words) == 3 and left.value // 1 == right.value


def may_mean_otherwise(left: Side, right: Side, line: str) -> bool:
    """Whether sides that differ may still be right: a range, another unit, a rest left out."""
    if right.computes:  # 10 - 3 = 7 - 2 is one thought after the other
        rest_left_out = left.value.denominator > 1 == right.value.denominator
        return rest_left_out or _number(right.words[0]) in {left.value, None}
    if _is_quotient(left, right):
        return True
    if left.value < 0 <= right.value and " - " not in left.text:
        return True  # pages 10-15 are a range
    if "%" in left.text and "%" not in right.text and ("+" in left.text or "-" in left.text):
        return True  # 50 + 20% = 60
    has_unit = "$" in right.text or UNIT.match(line, right.words[-1].end) or "%" in right.text
    return bool(has_unit and right.value and left.value / right.value in FACTORS)
