"""The form that a value is wanted in: "to 2 decimal places", "as a fraction"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from collegium.experts.computing.arithmetic.numerals import in_digits
from collegium.experts.computing.arithmetic.writing import (
    approximately,
    decimal,
    rounded,
    written,
)
from collegium.experts.computing.base import Uncomputable

MAX_FIGURES = 40

_PLACES = (
    r"(?:decimal (?:places?|points?|digits)|decimals?|d\.?p\.?|places"
    r"|digits after the decimal point)"
)
_FIGURES = r"(?:significant (?:figures|digits)|sig\.? ?figs?|s\.?f\.?)"
_NEAREST = MappingProxyType(
    {"whole number": 0, "integer": 0, "whole": 0, "unit": 0, "one": 0, "tenth": 1, "hundredth": 2}
    | {"thousandth": 3, "ten": -1, "hundred": -2, "thousand": -3, "million": -6}
    | {"10": -1, "100": -2, "1000": -3, "1,000": -3, "1": 0, "cent": 2}
)
_NAMES = sorted(_NEAREST, key=len, reverse=True)
_COUNT = r"[0-9]{1,2}|one|two|three|four|five|six"
# A form that is asked for ends in one of these; most questions do not.
ENDINGS = (
    *("place", "places", "point", "points", "digits", "decimal", "decimals", "dp", "dp."),
    *("d.p", "d.p.", "figures", "fig", "figs", "sf", "sf.", "s.f", "s.f.", "fraction", "percent"),
    *("percentage", "form", "terms", "number", "%", "simplified", "reduced", "notation", *_NAMES),
)
_ASKED = (
    r"[,;:.?]*(?: and)?(?: please)?(?: (?:express|write|give|show|state|put|leave)(?: me)?"
    r"(?: it| that| (?:the|your|its) (?:final )?(?:result|answer|value))?)?"
)
_ROUNDED = (
    r"(?:[ (]+(?:rounded|rounding|round(?: it| that| (?:the|your) (?:result|answer))?|correct"
    r"|accurate))?(?: off)?"
)
_TO = r"(?:[ (]*(?:to|with|at) |[ ]*\(|(?<=[,.;:?]) )"
_FORM_NAMES = MappingProxyType(
    {"simplest form": "fraction", "lowest terms": "fraction", "simplest terms": "fraction"}
    | {"percentage": "percent"}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form that a value is wanted in; "" is any.

    The forms are fraction, decimal, percent, scientific, places and figures, the last two with
    their number in `digits`.
    """

    form: str = ""
    digits: int = 0


def wanted_form(body: str) -> tuple[str, Wanted]:
    """Split `body` into what is to be computed and the form that is wanted."""
    may_ask = body.removesuffix(")").endswith(ENDINGS)
    match = _form_asked().fullmatch(body) if may_ask else None
    return (body, Wanted()) if match is None else (match["rest"], _wanted(match))


def _wanted(match: re.Match[str]) -> Wanted:
    if match["form"]:
        return Wanted(_FORM_NAMES.get(match["form"], match["form"]))
    if match["reduced"] is not None:
        return Wanted("fraction")
    if match["percent"]:
        return Wanted("percent")
    if match["scientific"]:
        return Wanted("scientific")
    if match["nearest"]:
        return Wanted("places", _NEAREST[match["nearest"]])
    form = "places" if match["places"] else "figures"
    return Wanted(form, int(in_digits(match["places"] or match["figures"])))


def in_form(value: Fraction, wanted: Wanted) -> str:
    """Return `value` written in the form that is wanted.

    Raises:
        Uncomputable: It has no such form, or conventions differ about it.
    """
    match wanted.form:
        case "places":
            said = rounded(value, wanted.digits)
        case "figures":
            said = _in_figures(value, wanted.digits)
        case "scientific":
            said = _scientific(value)
        case "percent":
            said = f"{decimal(value * 100) or approximately(value * 100)}%"
        case "fraction":
            said = str(value)
        case "decimal":
            said = decimal(value) or approximately(value)
        case _:
            said = written(value)
    return said


def same(said: str, value: Fraction) -> bool:
    """Whether what is said is `value` exactly, not rounded."""
    return re.fullmatch(r"[-0-9./]+", said) is not None and Fraction(said) == value


def with_decimals(value: Fraction, said: str) -> str:
    """Return what is said of `value`, with its decimals beside it where that is a fraction."""
    if "/" not in said:
        return said
    exactly = decimal(value)
    return f"{said} = {exactly}" if exactly else f"{said} (about {approximately(value)})"


def _scientific(value: Fraction) -> str:
    """Return `value` with one digit before the point, times a power of ten."""
    digits = decimal(abs(value)).replace(".", "").strip("0")
    if not digits:
        raise Uncomputable(f"{value} has no exact scientific notation")
    exponent = _magnitude(value) - 1
    mantissa = f"{digits[0]}.{digits[1:]}".rstrip(".")
    return f"{'-' * (value < 0)}{mantissa} \u00d7 10^{exponent}"


def _magnitude(value: Fraction) -> int:
    """Return the power of ten that `value`, which is not zero, is just below."""
    magnitude = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    while abs(value) * Fraction(10) ** -magnitude < Fraction(1, 10):
        magnitude -= 1
    return magnitude


def _in_figures(value: Fraction, figures: int) -> str:
    """Return `value` with so many significant figures, without an exponent."""
    if value == 0 or not 0 < figures <= MAX_FIGURES:
        raise Uncomputable(f"{value} has no {figures} significant figures")
    magnitude = _magnitude(value)
    said = rounded(value, figures - magnitude)
    if len(said.replace("-", "").replace(".", "").lstrip("0")) > max(figures, magnitude):
        said = rounded(value, figures - magnitude - 1)  # 9.99 with two figures is 10
    return said


@cache
def _form_asked() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<rest>.+?){_ASKED}(?:"
        rf"{_ROUNDED}{_TO}(?P<places>{_COUNT}) {_PLACES}"
        rf"|{_ROUNDED}{_TO}(?P<figures>{_COUNT}) {_FIGURES}"
        rf"|{_ROUNDED}(?:[ (]*to the |[ ]*\()nearest (?P<nearest>{'|'.join(_NAMES)})"
        r"|(?:[ (]+(?:as|in|into|to)|(?<=[,.;:?])) (?:an? |its )?"
        r"(?:(?:single|simplified|reduced|exact|equivalent) )?"
        r"(?P<form>fraction|decimal|percent|percentage|simplest form|lowest terms|simplest terms)"
        r"(?: (?:form|number))?(?: in (?:its )?(?:simplest form|lowest terms|simplest terms))?"
        r"|[ (]+(?:as|in|to) (?:an? )?(?P<percent>%)"
        r"|[ ,(]+(?:simplified|reduced)(?P<reduced>)"
        r"|(?P<scientific>[ (]+(?:in|to|into|using) (?:scientific|exponential|standard index) "
        r"(?:notation|form)))\)?"
    )
