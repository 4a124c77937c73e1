"""Dates and times of day: weekdays, differences, sums, leap years, ages, by the calendar of today.

A date has its year, and one reading: 03/04/2024 has two and is refused, as is everything that
depends on today, on holidays or on a time zone.
"""

from collegium.experts.computing.dates.computer import Dates

__all__ = ["Dates"]
