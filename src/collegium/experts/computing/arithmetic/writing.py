"""Numbers written down: as decimals where they have them, else as fractions."""

from __future__ import annotations

import math
from fractions import Fraction

from collegium.experts.computing.base import Uncomputable

EXACT_PLACES, SHOWN_PLACES = 30, 6
SHOWN_FROM = 1000  # what is shown of a number begins with four digits at least, if it has them


def written(number: Fraction) -> str:
    """Return `number` exactly as a person would write it: "391", "3.5", "1/3"."""
    return decimal(number) or str(number)


def rounded(number: Fraction, places: int) -> str:
    """Return `number` with `places` decimal places, halves rounded up.

    With fewer than none it is rounded before the point: to tens, to hundreds.

    Raises:
        Uncomputable: A negative number lies half way, where conventions differ.
    """
    scaled = number * Fraction(10) ** places
    if number < 0 and scaled.denominator == 2:
        raise Uncomputable(f"{number} lies half way between two numbers of {places} places")
    units = math.floor(scaled + Fraction(1, 2))
    if places <= 0:
        return str(units * 10**-places)
    digits = str(abs(units)).rjust(places + 1, "0")
    return f"{'-' * (units < 0)}{digits[:-places]}.{digits[-places:]}"


def decimal(number: Fraction) -> str:
    """Return the exact decimal of `number`, or "" if it has none, or none that is short."""
    rest, places = number.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0 and power <= EXACT_PLACES:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    return rounded(number, places) if rest == 1 and places <= EXACT_PLACES else ""


def approximately(number: Fraction) -> str:
    """Return `number` rounded to six decimal places, or more where it is small."""
    places = SHOWN_PLACES
    while number and abs(number) * 10**places < SHOWN_FROM and places < EXACT_PLACES:
        places += 1
    return rounded(number, places)


def explained(number: Fraction) -> str:
    """Return `number` as written, with its decimals beside it where it is a fraction."""
    value = written(number)
    return f"{value} (about {approximately(number)})" if "/" in value else value
