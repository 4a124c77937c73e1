"""The form that a value is wanted in: "to 2 decimal places", "as a fraction"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from collegium.experts.computing.arithmetic.writing import (
    approximately,
    decimal,
    rounded,
    written,
)
from collegium.experts.computing.base import Uncomputable

MAX_FIGURES = 40

_PLACES = (
    r"(?:decimal places?|decimals?|decimal digits|d\.?p\.?|places|digits after the decimal point)"
)
_FIGURES = r"(?:significant (?:figures|digits)|sig\.? ?figs?|s\.?f\.?)"
_NEAREST = MappingProxyType(
    {"whole number": 0, "integer": 0, "whole": 0, "unit": 0, "one": 0, "tenth": 1, "hundredth": 2}
    | {"thousandth": 3, "ten": -1, "hundred": -2, "thousand": -3, "million": -6}
    | {"10": -1, "100": -2, "1000": -3, "1,000": -3, "1": 0, "cent": 2}
)
_ROUNDED = "(?: (?:rounded|round it|correct|accurate))?(?: off)?"
_WANTED = re.compile(
    r"(?P<rest>.+?),?(?: and)?(?: (?:express|write|give|show)(?: it| the (?:result|answer))?)?(?:"
    rf"{_ROUNDED} to (?P<places>[0-9]{{1,2}}) {_PLACES}"
    rf"|{_ROUNDED} to (?P<figures>[0-9]{{1,2}}) {_FIGURES}"
    r"|(?: rounded)?(?: off)? to the nearest "
    rf"(?P<nearest>{'|'.join(sorted(_NEAREST, key=len, reverse=True))})"
    r"| (?:as|in|into|to) (?:an? |its )?(?:(?:single|simplified|reduced|exact|equivalent) )?"
    r"(?P<form>fraction|decimal|percent|percentage|simplest form|lowest terms|simplest terms)"
    r"(?: (?:form|number))?(?: in (?:its )?(?:simplest form|lowest terms|simplest terms))?)"
)
_FORM_NAMES = MappingProxyType(
    {"simplest form": "fraction", "lowest terms": "fraction", "simplest terms": "fraction"}
    | {"percentage": "percent"}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form that a value is wanted in: fraction, decimal, percent, places or figures; "" any."""

    form: str = ""
    digits: int = 0


def wanted_form(body: str) -> tuple[str, Wanted]:
    """Split `body` into what is to be computed and the form that is wanted."""
    match = _WANTED.fullmatch(body)
    if match is None:
        return body, Wanted()
    if match["form"]:
        return match["rest"], Wanted(_FORM_NAMES.get(match["form"], match["form"]))
    if match["nearest"]:
        return match["rest"], Wanted("places", _NEAREST[match["nearest"]])
    form = "places" if match["places"] else "figures"
    return match["rest"], Wanted(form, int(match["places"] or match["figures"]))


def in_form(value: Fraction, wanted: Wanted) -> str:
    """Return `value` written in the form that is wanted.

    Raises:
        Uncomputable: It has no such form, or conventions differ about it.
    """
    if wanted.form == "places":
        return rounded(value, wanted.digits)
    if wanted.form == "figures":
        return _in_figures(value, wanted.digits)
    if wanted.form == "percent":
        return f"{decimal(value * 100) or approximately(value * 100)}%"
    if wanted.form == "fraction":
        return str(value)
    if wanted.form == "decimal":
        return decimal(value) or approximately(value)
    return written(value)


def same(said: str, value: Fraction) -> bool:
    """Whether what is said is `value` exactly, not rounded."""
    return not said.endswith("%") and Fraction(said) == value


def with_decimals(value: Fraction, said: str) -> str:
    """Return what is said of `value`, with its decimals beside it where that is a fraction."""
    if "/" not in said:
        return said
    exactly = decimal(value)
    return f"{said} = {exactly}" if exactly else f"{said} (about {approximately(value)})"


def _in_figures(value: Fraction, figures: int) -> str:
    """Return `value` with so many significant figures, without an exponent."""
    if value == 0 or not 0 < figures <= MAX_FIGURES:
        raise Uncomputable(f"{value} has no {figures} significant figures")
    magnitude = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    while abs(value) * Fraction(10) ** -magnitude < Fraction(1, 10):
        magnitude -= 1
    said = rounded(value, figures - magnitude)
    if len(said.replace("-", "").replace(".", "").lstrip("0")) > max(figures, magnitude):
        said = rounded(value, figures - magnitude - 1)  # 9.99 with two figures is 10
    return said
