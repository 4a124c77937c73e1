"""Amounts turned into other units, exactly or rounded to six figures."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from collegium.experts.computing.arithmetic import Wanted, in_form, read_number, same, written
from collegium.experts.computing.base import Uncomputable, answer
from collegium.experts.computing.units.measures import Unit, unit_named

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed

Part: TypeAlias = tuple[Fraction, Unit]  # how many of which

MAX_EXACT_DIGITS, FIGURES = 12, 6

_NUMBER = r"[-\u2212]?(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
_PART = re.compile(
    rf"(?P<number>{_NUMBER}|half an?|an?|one) ?(?P<unit>[^0-9]+?[23²³]?)(?:,? and|,)?"
)


def parts_of(amount: str) -> list[Part]:
    """Return the numbers and units of "5 feet 10 inches", or nothing where one is not known."""
    parts = list[Part]()
    pieces = re.split(r"(?<=[a-z])(?:,? and|,)? (?=[0-9])", amount)
    for piece in pieces:
        match = _PART.fullmatch(piece)
        unit = unit_named(match["unit"]) if match else None
        number = _amount(match["number"]) if match else None
        if unit is None or number is None or (number < 0 and unit.dimension != "temperature"):
            return []
        parts.append((number, unit))
    return parts


def _amount(text: str) -> Fraction | None:
    if text.startswith("half"):
        return Fraction(1, 2)
    return Fraction(1) if text in {"a", "an", "one"} else read_number(text)


def convert(amount: str, parts: list[Part], target: Unit, wanted: Wanted) -> Computed:
    """Return an amount in another unit, rounded to six figures where it has no short exact form."""
    base = sum((number * unit.factor + unit.zero for number, unit in parts), Fraction(0))
    if target.dimension == "temperature" and base < 0:
        raise Uncomputable(f"{amount} is below absolute zero")
    if target.dimension == "temperature":
        amount = f"{written(parts[0][0])} {parts[0][1].label}"  # as it is written, not "72 f"
    number = (base - target.zero) / target.factor
    said = _said(number, wanted)
    exactly = same(said, number)
    value = _labelled(said, target)
    sentence = f"{amount} = {value}" if exactly else f"{amount} is about {value} (rounded)"
    return answer(value, sentence, sentence)


def convert_split(amount: str, parts: list[Part], targets: list[Unit], wanted: Wanted) -> Computed:
    """Return an amount in several units at once, whole numbers of all but the last."""
    rest = sum((number * unit.factor for number, unit in parts), Fraction(0))
    *larger, last = targets
    counts = list[str]()
    for unit in larger:
        count, rest = divmod(rest, unit.factor)
        counts.append(_labelled(str(count), unit))
    said = _said(rest / last.factor, wanted)
    if Fraction(said) * last.factor >= larger[-1].factor:
        raise Uncomputable(f"{said} {last.label} is rounded to one {larger[-1].label} more")
    value = " ".join((*counts, _labelled(said, last)))
    about = "=" if same(said, rest / last.factor) else "is about"
    return answer(value, f"{amount} {about} {value}")


def _labelled(said: str, unit: Unit) -> str:
    return f"{said} {unit.label.removesuffix('s') if said == '1' else unit.label}"


def _said(number: Fraction, wanted: Wanted) -> str:
    if wanted.form in {"places", "figures"}:
        return in_form(number, wanted)
    exactly = written(number)
    digits = exactly.replace(".", "").replace("-", "").lstrip("0")
    if "/" not in exactly and (len(digits) <= MAX_EXACT_DIGITS or "." not in exactly):
        return exactly
    return in_form(number, Wanted("figures", FIGURES))
