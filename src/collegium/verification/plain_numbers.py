"""Numbers as people and models write them, read exactly."""

# ruff: noqa: RUF001 -- the signs of multiplication

from __future__ import annotations

import re
from fractions import Fraction

# Longer ones are kept as text: nothing here may take long.
DIGITS = 400

# A number without its sign: 1,234.50, .5, 1e3. Digits of every script are digits.
PLAIN = r"(?:\d{1,3}(?:,\d{3}){1,40}(?!\d)|\d{1,400})(?:\.\d{1,400})?|\.\d{1,400}"
NUMBER = re.compile(rf"(?:{PLAIN})(?:[eE][-+]?\d{{1,4}}(?![\d.]))?")

SIMPLE = re.compile(rf"[-+]?(?:{PLAIN})")
SCIENTIFIC = re.compile(
    rf"([-+]?(?:{PLAIN}))(?:[eE]([-+]?\d{{1,4}})"
    r"|\s?(?:\*|x|×|\\times|\\cdot|·)\s?10\s?(?:\^|\*\*)\s?(?:\{([-+]?\d{1,4})\}|([-+]?\d{1,4})))"
)
POWER = re.compile(r"(-?\d{1,9})(?:\^|\*\*)(?:\{(-?\d{1,4})\}|(-?\d{1,4}))")
RATIO = re.compile(rf"([-+]?(?:{PLAIN}))\s?/\s?((?:{PLAIN}))")
MIXED = re.compile(r"([-+]?)(\d{1,15})\s(\d{1,15})/(\d{1,15})")
FRACTION = re.compile(
    r"([-+]?)\\[dt]?frac(?:\{([-+]?[\d,.]{1,60})\}\{([-+]?[\d,.]{1,60})\}|(\d)(\d))"
)


def number(written: str) -> Fraction | None:
    """The number that `written` is and nothing else; None where it is no number, or a huge one.

    Read are signs, thousands separators, decimals, 1e3, 2 x 10^5, 10^3, 1/2, 1 1/2 and fractions
    in LaTeX.
    """
    if SIMPLE.fullmatch(written):
        return _plain(written)
    try:
        return _composed(written)
    except (ValueError, ZeroDivisionError):
        return None


def shown(value: Fraction) -> str:
    """`value` as a decimal where it has a short one, else as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    scale = value * 10**12
    if scale.denominator == 1:
        sign, digits = "-" * (value < 0), f"{abs(scale.numerator):013d}"
        return f"{sign}{digits[:-12]}.{digits[-12:]}".rstrip("0")
    return f"{value.numerator}/{value.denominator}"


def _plain(written: str) -> Fraction:
    whole = written.replace(",", "")
    return Fraction(int(whole)) if "." not in whole else Fraction(whole)


def _composed(written: str) -> Fraction | None:
    if parts := SCIENTIFIC.fullmatch(written):
        return _scaled(_plain(parts[1]), int(parts[2] or parts[3] or parts[4]))
    if parts := POWER.fullmatch(written):
        return _raised(int(parts[1]), int(parts[2] or parts[3]))
    if parts := RATIO.fullmatch(written):
        return _plain(parts[1]) / _plain(parts[2])
    if parts := MIXED.fullmatch(written):
        value = int(parts[2]) + Fraction(int(parts[3]), int(parts[4]))
        return -value if parts[1] == "-" else value
    if parts := FRACTION.fullmatch(written):
        value = _plain(parts[2] or parts[4]) / _plain(parts[3] or parts[5])
        return -value if parts[1] == "-" else value
    return None


def _scaled(value: Fraction, exponent: int) -> Fraction | None:
    return value * Fraction(10) ** exponent if abs(exponent) <= DIGITS else None


def _raised(base: int, exponent: int) -> Fraction | None:
    if abs(exponent) * len(str(base)) > DIGITS:
        return None
    power = Fraction(abs(base)) ** exponent
    return -power if base < 0 else power  # -2^2 is -4, as it is in mathematics
