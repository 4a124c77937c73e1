"""Conversions between units that have one meaning each, computed exactly.

What has several is not converted: gallons and cups (of which country?) to litres, tons, calories,
horsepower, kilobytes (1000 or 1024?), days of a month or a year, money.
"""

from collegium.experts.computing.units.computer import Units
from collegium.experts.computing.units.measures import unit_named

__all__ = ["Units", "unit_named"]
