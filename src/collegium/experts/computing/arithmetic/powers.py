"""Exact powers, roots and remainders, and how large a number may become."""

from __future__ import annotations

from fractions import Fraction

from collegium.experts.computing.base import Uncomputable

MAX_BITS = 13_280  # about 4,000 decimal digits
MAX_DEGREE = 64


class Irrational(Exception):
    """What is asked for has no exact rational value, as far as is known."""


def bounded(number: Fraction) -> Fraction:
    """Return `number` as it is.

    Raises:
        Uncomputable: It has more digits than are computed with.
    """
    if _bits(number) > MAX_BITS:
        raise Uncomputable("the number has more than 4,000 digits")
    return number


def whole(number: Fraction, most: int) -> int:
    """Return a whole number from 0 to `most`.

    Raises:
        Uncomputable: It is another number.
    """
    if number.denominator != 1 or not 0 <= number <= most:
        raise Uncomputable(f"{number} is not a whole number from 0 to {most}")
    return number.numerator


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Return the exact power.

    Raises:
        Irrational: It is a root that is not known to be rational.
        Uncomputable: It does not exist, or has too many digits.
    """
    if exponent.denominator != 1:
        if base < 0:
            raise Uncomputable(
                f"{base} to a broken power is a real number to some and a complex one to others"
            )
        return power(root(base, exponent.denominator), Fraction(exponent.numerator))
    if base == 0 and exponent <= 0:
        raise Uncomputable("0 to a power that is not positive")
    if abs(base) in {0, 1}:
        return base ** (2 - exponent.numerator % 2)
    if (_bits(base) - 1) * abs(exponent) > MAX_BITS:
        raise Uncomputable("the power has more than 4,000 digits")
    return base**exponent.numerator


def root(number: Fraction, degree: int) -> Fraction:
    """Return the exact root.

    Raises:
        Irrational: It is not known to be rational.
        Uncomputable: It is not real.
    """
    if number < 0 and degree % 2 == 0:
        raise Uncomputable(f"{number} has no real root of degree {degree}")
    if degree > MAX_DEGREE:
        raise Irrational
    sign = -1 if number < 0 else 1
    numerator = _whole_root(abs(number.numerator), degree)
    return sign * Fraction(numerator, _whole_root(number.denominator, degree))


def remainder(left: Fraction, right: Fraction) -> Fraction:
    """Return what is left of `left` when it is divided by `right`, both whole and not negative.

    Raises:
        Uncomputable: They are other numbers, of whose remainders there are two readings.
    """
    if left < 0 or right <= 0 or left.denominator != 1 or right.denominator != 1:
        raise Uncomputable("remainders of other than whole positive numbers have two readings")
    return left % right


def _bits(number: Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _whole_root(number: int, degree: int) -> int:
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
    if low**degree != number:
        raise Irrational
    return low
