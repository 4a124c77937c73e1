"""Whether the conversions between units that an answer states are right."""

# ruff: noqa: RUF001 -- the signs of mathematics

from __future__ import annotations

import asyncio
import re
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from collegium.types import Verdict
from collegium.verification.plain_numbers import PLAIN, number, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.types import Query

LONGEST = 20_000
MOST = 50
TOLD = 3

# The words and signs that mean one unit and nothing else. Gallons, ounces and pounds of more than
# one kind, and words such as "second" that mean other things, are left out.
UNITS = {
    unit: name
    for name, words in {
        "kilometer": "km kilometer kilometers kilometre kilometres",
        "meter": "m meter meters metre metres",
        "centimeter": "cm centimeter centimeters centimetre centimetres",
        "millimeter": "mm millimeter millimeters millimetre millimetres",
        "mile": "mi mile miles",
        "yard": "yd yard yards",
        "foot": "ft foot feet",
        "inch": "inch inches",
        "kilogram": "kg kilogram kilograms kilo kilos",
        "gram": "g gram grams",
        "milligram": "mg milligram milligrams",
        "pound": "lb lbs pound pounds",
        "liter": "l L liter liters litre litres",
        "milliliter": "ml mL milliliter milliliters millilitre millilitres",
        "hour": "h hr hrs hour hours",
        "minute": "min mins minute minutes",
        "second": "s sec secs seconds",
        "day": "day days",
        "week": "week weeks",
        "degree_Celsius": "°C degC Celsius",
        "degree_Fahrenheit": "°F degF Fahrenheit",
        "kilometer / hour": "km/h kph kmh",
        "mile / hour": "mph mi/h",
        "meter / second": "m/s",
        "square_meter": "m² m^2",
        "square_foot": "ft² ft^2",
    }.items()
    for unit in words.split()
}
UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
CONVERSION = re.compile(
    rf"(?<![.,+*/×÷^=$€£-] )(?<![\w.,+*/×÷^=$€£-])((?:{PLAIN}))\s?({UNIT})\s?(=|≈|is about|is)\s?"
    rf"(?:(?:about|approximately|roughly|exactly)\s)?((?:{PLAIN}))\s?({UNIT})(?!\w|\s?[*/×÷^²³+-]|\sand\b|,?\s\d)"
)


class _Conversion(NamedTuple):
    written: str
    right: bool
    value: str


class UnitsCheck:
    """Converts again what the answer says is so much in another unit."""

    name = "units"

    def __init__(self) -> None:
        self._registry: Any = None

    def fits(self, query: Query, text: str) -> bool:
        """Where the answer equates two quantities with units."""
        del query
        return CONVERSION.search(text[:LONGEST]) is not None

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where a conversion is wrong, passed where all are right."""
        del query
        if self._registry is None:
            self._registry = await asyncio.to_thread(_registry)
        found = list(_conversions(self._registry, text[:LONGEST]))
        wrong = [f"{each.written}, but it is {each.value}" for each in found if not each.right]
        if wrong:
            return Verdict("failed", "; ".join(wrong[:TOLD]), self.name)
        if not found:
            return Verdict("unknown", "no conversion to check", self.name)
        return Verdict("passed", f"{len(found)} of {len(found)} conversions are right", self.name)


def _registry() -> Any:
    """Pint's units, over exact fractions; False where pint is not installed."""
    try:
        import pint  # noqa: PLC0415 -- an optional dependency that takes long to load
    except ImportError:
        return False
    return cast("Any", pint).UnitRegistry(non_int_type=Fraction)


def _conversions(registry: Any, text: str) -> Iterator[_Conversion]:
    for found in islice(CONVERSION.finditer(text) if registry else (), MOST):
        amount, unit, sign, claimed, target = found.groups()
        value = _converted(registry, amount, UNITS[unit], UNITS[target])
        if value is None or UNITS[unit] == UNITS[target]:
            continue
        right = _agrees(value, claimed, rough=sign != "=")
        yield _Conversion(found[0], right, f"{_brief(value)} {target}")


def _converted(registry: Any, amount: str, unit: str, target: str) -> Fraction | None:
    """The amount in the other unit; None where it is one of something else."""
    try:
        quantity = registry.Quantity(number(amount), registry.Unit(unit))
        return Fraction(quantity.to(registry.Unit(target)).magnitude)
    except (ValueError, TypeError):  # a DimensionalityError is a TypeError
        return None


def _agrees(value: Fraction, claimed: str, *, rough: bool) -> bool:
    """Whether the claim is the value, cut off or rounded to the digits it shows, or near it."""
    said = number(claimed)
    if said is None:
        return True
    digits = Fraction(1, 10 ** len(claimed.partition(".")[2]))
    near = abs(value) / (20 if rough else 200)
    return abs(value - said) <= max(digits if "." in claimed else digits / 2, near)


def _brief(value: Fraction) -> str:
    return shown(value) if value.denominator <= 1_000 else f"about {float(value):.6g}"
