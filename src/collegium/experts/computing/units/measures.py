"""The units that have one meaning each, and what they are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
