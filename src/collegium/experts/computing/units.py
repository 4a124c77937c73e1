"""Conversions between units that have one meaning each, computed exactly.

What has several is not converted: gallons and cups (of which country?) to litres, tons, calories,
horsepower, kilobytes (1000 or 1024?), days of a month or a year, money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic import (
    Wanted,
    in_digits,
    in_form,
    read_number,
    same,
    wanted_form,
    written,
)
from collegium.experts.computing.base import Uncomputable, answer, asked, carried_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.experts.computing.base import Computed, Plan
    from collegium.types import Query

MAX_CHARS, MAX_EXACT_DIGITS, FIGURES = 200, 12, 6


class Units:
    """Converts lengths, weights, times, temperatures, speeds, areas and volumes."""

    name = "units"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question that is a conversion and nothing else, else None."""
        text = asked(query, limit=MAX_CHARS)
        return read(text) if text else None

    async def compute(self, plan: object) -> Computed | None:
        """Convert as a plan of `reads` says; None where there is no one answer."""
        return carried_out(plan)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` of them times the unit of its dimension, counted from `zero`."""

    label: str
    dimension: str
    factor: Fraction
    zero: Fraction = Fraction(0)


# label | how many of the first unit of the dimension | names (each may have an s)
_TABLE = """
length
m|1|m, meter, metre
µm|1/1000000|micrometer, micrometre, micron
nm|1/1000000000|nanometer, nanometre
fathoms|1.8288|fathom
furlongs|201.168|furlong
mm|1/1000|mm, millimeter, millimetre
cm|1/100|cm, centimeter, centimetre
km|1000|km, kilometer, kilometre
in|0.0254|in, inch, inches
ft|0.3048|ft, foot, feet
yd|0.9144|yd, yard
mi|1609.344|mi, mile
nautical miles|1852|nautical mile
mass
kg|1|kg, kilo, kilogram, kilogramme
g|1/1000|g, gram, gramme
mg|1/1000000|mg, milligram
µg|1/1000000000|microgram, mcg
short tons|907.18474|short ton, us ton
long tons|1016.0469088|long ton, imperial ton
carats|0.0002|carat
t|1000|tonne, metric ton
lb|0.45359237|lb, pound
oz|0.028349523125|oz, ounce
st|6.35029318|stone
time
seconds|1|s, sec, second
milliseconds|1/1000|ms, millisecond, msec
minutes|60|min, minute
hours|3600|h, hr, hour
days|86400|day
weeks|604800|week, wk
fortnights|1209600|fortnight
calendar
years|1|year, yr
months|1/12|month
decades|10|decade
centuries|100|century, centuries
millennia|1000|millennium, millennia
speed
m/s|1|m/s, meters per second, metres per second, meter per second, mps
km/s|1000|km/s, kilometers per second, kilometres per second
km/h|5/18|km/h, kmh, kph, kilometers per hour, kilometres per hour
mph|0.44704|mph, mi/h, miles per hour
ft/s|0.3048|ft/s, feet per second
knots|463/900|knot, kn
area
m²|1|m², m^2, sq m, square meter, square metre
km²|1000000|km², km^2, sq km, square kilometer, square kilometre
cm²|1/10000|cm², cm^2, sq cm, square centimeter, square centimetre
ha|10000|ha, hectare
acres|4046.8564224|acre
sq ft|0.09290304|ft², ft^2, sq ft, square foot, square feet
sq in|0.00064516|in², in^2, sq in, square inch, square inches
sq yd|0.83612736|sq yd, square yard
sq mi|2589988.110336|sq mi, square mile
volume
L|1|l, liter, litre
mL|1/1000|ml, milliliter, millilitre
US cups|0.2365882365|us cup
US tbsp|0.01478676478125|us tablespoon, us tbsp
US tsp|0.00492892159375|us teaspoon, us tsp
imperial qt|1.1365225|imperial quart, uk quart
imperial fl oz|0.0284130625|imperial fluid ounce, uk fluid ounce, imperial fl oz, uk fl oz
cu in|0.016387064|cubic inch, cubic inches, in³, in^3, cu in
cu ft|28.316846592|cubic foot, cubic feet, ft³, ft^3, cu ft
cu yd|764.554857984|cubic yard, cu yd
cm³|1/1000|cm³, cm^3, cc, cubic centimeter, cubic centimetre
m³|1000|m³, m^3, cubic meter, cubic metre
US gal|3.785411784|us gallon
US qt|0.946352946|us quart
US pt|0.473176473|us pint
US fl oz|0.0295735295625|us fl oz, us fluid ounce
imperial gal|4.54609|imperial gallon, uk gallon
imperial pt|0.56826125|imperial pint, uk pint
kitchen
cups|1|cup
pints|2|pint
quarts|4|quart
gallons|16|gallon
spoons
tsp|1|tsp, teaspoon
tbsp|3|tbsp, tablespoon
data
bytes|1|byte
bits|1/8|bit
KiB|1024|kib, kibibyte
MiB|1048576|mib, mebibyte
GiB|1073741824|gib, gibibyte
TiB|1099511627776|tib, tebibyte
pressure
Pa|1|pa, pascal
kPa|1000|kpa, kilopascal
hPa|100|hpa, hectopascal
mbar|100|mbar, millibar
psi|44482216152605/6451600000|psi, pounds per square inch
bar|100000|bar
atm|101325|atm, atmosphere
energy
J|1|j, joule
kJ|1000|kj, kilojoule
MJ|1000000|megajoule
Wh|3600|wh, watt hour, watt-hour
kWh|3600000|kwh, kilowatt hour, kilowatt-hour
power
W|1|watt
mW|1/1000|milliwatt
MW|1000000|megawatt
GW|1000000000|gigawatt
kW|1000|kw, kilowatt
"""
_DEGREE = r"(?:°|degrees? |deg )?"
_TEMPERATURES = (
    (
        rf"{_DEGREE}(?:c|celsius|centigrade)",
        Unit("°C", "temperature", Fraction(1), Fraction("273.15")),
    ),
    (
        rf"{_DEGREE}(?:f|fahrenheit|farenheit)",
        Unit("°F", "temperature", Fraction(5, 9), Fraction("273.15") - 32 * Fraction(5, 9)),
    ),
    (r"(?:k|kelvins?)", Unit("K", "temperature", Fraction(1))),
)
# In lower case these would be taken for others: megametres, megagrams, millions, kibibits.
_CASE_MATTERS = re.compile(r"(?<![A-Za-z])(?:Mm|Mg|M|Ms|ML|Ml|[kKmMgGtT]ib|PA|pA|mW)(?![A-Za-z])")


@cache
def _units() -> Mapping[str, Unit]:
    """Return every unit by each of its names."""
    units, dimension = dict[str, Unit](), ""
    for line in _TABLE.strip().splitlines():
        if "|" not in line:
            dimension = line
            continue
        label, factor, names = line.split("|")
        for name in names.split(", "):
            unit = Unit(label, dimension, Fraction(factor))
            units |= {name: unit} if len(name) == 1 else {name: unit, f"{name}s": unit}
    return units


def unit_named(name: str) -> Unit | None:
    """Return the unit that has this name, in lower case, else None."""
    name = name.strip().removesuffix(".").replace("u.s. ", "us ")
    for pattern, unit in _TEMPERATURES:
        if re.fullmatch(pattern, name):
            return unit
    return _units().get(name)


_NUMBER = r"[-\u2212]?(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
_QUANTITY = rf"(?:{_NUMBER}|half an?|an?|one) ?[^0-9,;:?!=+()]+?"
_AMOUNT = rf"(?P<amount>{_QUANTITY}(?:(?:,? and |,? )?{_NUMBER} ?[a-z]+)?)"
_STORY = r"(?P<story>[a-z',]+(?: [a-z',]+){1,9}) "
_TAIL = r"(?: (?:long|tall|high|wide|away|today|yesterday|deep))?[.,;:!?]* (?:so )?"
_NEAREST_UNIT = re.compile(
    r"(?P<rest>.+?),? \(?(?:rounded )?(?:to the )?nearest (?:whole )?(?P<unit>[a-z ]+?)\)?"
)
_CHANGES_AMOUNT = frozenset(
    """
    half twice double triple third thirds quarter quarters of times plus minus less more fewer than
    extra another other per every each between from by not over under up down on square cubic
    """.split()
)
_HAS = frozenset("is says reads shows at to was it's about said".split())
_UNIT = r"(?P<unit>[^0-9,;:?!=+()]+?[23²³]?|[a-z]+, [a-z]+,? and [a-z]+)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_AMOUNT} = (?:\?|how many|what in) {_UNIT}",
        rf"{_STORY}{_AMOUNT}{_TAIL}(?:what(?:'s| is| would)|how much is|convert) (?:that|this|it)"
        rf"(?: be)? (?:in|to|into) {_UNIT}",
        rf"{_STORY}{_AMOUNT}{_TAIL}how many {_UNIT} (?:is|are|was|does) (?:that|this|it)(?: make)?",
        rf"(?:(?:convert|change|turn|express|what is|what's|what are|how much is|how much are"
        rf"|how (?:long|tall|heavy|far|fast|hot|cold|big|high) is) )?(?:the )?{_AMOUNT} "
        rf"(?:to|in|into|as|converted to|expressed in) {_UNIT}",
        rf"how many {_UNIT} (?:(?:are|is) )?(?:there )?(?:are )?"
        rf"(?:in|per|make(?: up)?|equals?|to|is|are) {_AMOUNT}",
        rf"(?:the )?number of {_UNIT} in {_AMOUNT}",
        rf"(?:what is |what's )?{_AMOUNT} (?:is|equals|=|are|in) how many {_UNIT}",
        rf"how many {_UNIT} (?:does|do) {_AMOUNT} (?:equal|have|contain|make)",
    )
)
_PART = re.compile(
    rf"(?P<number>{_NUMBER}|half an?|an?|one) ?(?P<unit>[^0-9]+?[23²³]?)(?:,? and|,)?"
)


def read(text: str) -> Plan | None:
    """Return the plan of `text`, a question without courtesies, if all of it is a conversion."""
    if _CASE_MATTERS.search(text):
        return None
    body = in_digits(" ".join(text.lower().replace("\u2019", "'").split()))
    body = re.sub(r" ?(?:->|=>|\u2192) ?", " to ", body).removeprefix("convert: ")
    body = re.sub(r"([0-9])'([0-9]{1,2})(?:\"|'')", r"\1 feet \2 inches", body)
    body, wanted = wanted_form(body)
    nearest = _NEAREST_UNIT.fullmatch(body)
    if nearest and not wanted.form:
        body, wanted = nearest["rest"], Wanted("places")
    for form in _FORMS:
        match = form.fullmatch(body)
        if match is None or not _is_plain_story(match.groupdict().get("story"), match["amount"]):
            continue
        plan = _read_conversion(match["amount"], match["unit"], wanted)
        if plan and not (nearest and unit_named(nearest["unit"]) != unit_named(match["unit"])):
            return plan
    return None


def _is_plain_story(story: str | None, amount: str) -> bool:
    """Whether what is told before an amount takes nothing from it: "I ran", not "I ran half of".

    A temperature must be one that something has, not by how much it changed.
    """
    words = (story or "").split()
    if not words or _CHANGES_AMOUNT & set(words):
        return not words
    parts = _parts(amount)
    return parts[0][1].dimension != "temperature" or words[-1] in _HAS if parts else False


def _read_conversion(amount: str, name: str, wanted: Wanted) -> Plan | None:
    target, parts = unit_named(name), _parts(amount)
    if not parts or wanted.form in {"percent", "fraction", "scientific"}:
        return None
    if target is None:
        return _read_split(amount, parts, name, wanted)
    units = [unit for _, unit in parts]
    if any(unit.dimension != target.dimension for unit in units) or target.label == units[0].label:
        return None
    if len(parts) > 1 and not (units[0].factor > units[1].factor and not units[0].zero):
        return None
    return partial(_convert, amount, parts, target, wanted)


def _read_split(
    amount: str, parts: list[tuple[Fraction, Unit]], name: str, wanted: Wanted
) -> Plan | None:
    """Read a conversion into several units at once: "feet and inches"."""
    named = [unit_named(each) for each in re.split(r",? and |, ", name)]
    targets = [unit for unit in named if unit is not None and not unit.zero]
    units = [unit for _, unit in parts] + targets
    is_ordered = all(large.factor > small.factor for large, small in pairwise(targets))
    if len(targets) < max(2, len(named)) or len({unit.dimension for unit in units}) > 1:
        return None
    return partial(_convert_split, amount, parts, targets, wanted) if is_ordered else None


def _parts(amount: str) -> list[tuple[Fraction, Unit]]:
    """Return the numbers and units of "5 feet 10 inches", or nothing where one is not known."""
    parts = list[tuple[Fraction, Unit]]()
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


def _convert(
    amount: str, parts: list[tuple[Fraction, Unit]], target: Unit, wanted: Wanted
) -> Computed:
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


def _convert_split(
    amount: str, parts: list[tuple[Fraction, Unit]], targets: list[Unit], wanted: Wanted
) -> Computed:
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
