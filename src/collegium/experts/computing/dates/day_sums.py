"""Questions about days: weekdays, differences, sums, leap years, ages."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.base import Uncomputable, answer
from collegium.experts.computing.dates.days import (
    FIRST_YEAR,
    MONTH_BY_NAME,
    MONTHS,
    WEEKDAYS,
    date_of,
    moved,
    spoken,
)

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed, Plan


_BACK = frozenset({"before", "minus", "-", "subtract", "prior", "earlier"})


def weekday(day: str) -> Plan:
    """Plan to tell the weekday of a date."""
    found = date_of(day)
    name = WEEKDAYS[found.weekday()]
    return partial(answer, name, f"{found} is a {name}.")


def difference(first: str, last: str, unit: str = "day", both: str | None = None) -> Plan | None:
    """Plan to count the days or whole weeks between two dates; None where they are not whole."""
    start, end = date_of(first), date_of(last)
    days = abs((end - start).days) + bool(both)
    counted = "both days counted" if both else "the last day not counted"
    value, said = str(days), f"From {start} to {end} there are {days} days, {counted}."
    if unit.startswith("week"):
        if both or days % 7:
            return None
        value, said = str(days // 7), f"From {start} to {end} there are {days // 7} weeks."
    return partial(answer, value, said)


def span(first: str, last: str, unit: str = "day", both: str | None = None) -> Plan | None:
    """Plan to count from one date to a later one; None where it is not later."""
    return None if date_of(last) < date_of(first) else difference(first, last, unit, both)


def shift(count: str, unit: str, way: str, day: str, weekday: str | None = None) -> Plan:
    """Plan to tell the date so many days, weeks, months or years from another."""
    start, back = date_of(day), way.partition(" ")[0] in _BACK
    number = -int(count) if back else int(count)
    return partial(_shifted, start, number, unit, bool(weekday))


def _shifted(start: date, count: int, unit: str, wants_weekday: bool) -> Computed:
    end = moved(start, count, unit)
    if end.year < FIRST_YEAR:
        raise Uncomputable(f"{end} is of another calendar")
    value = WEEKDAYS[end.weekday()] if wants_weekday else str(end)
    amount = f"{abs(count)} {unit}{'s' * (abs(count) != 1)}"
    way = "before" if count < 0 else "after"
    return answer(value, f"{amount} {way} {start} is {spoken(end)} ({end}).")


def leap(year: str) -> Plan | None:
    """Plan to tell whether a year is a leap year."""
    if int(year) < FIRST_YEAR:
        return None
    yes = "yes" if isleap(int(year)) else "no"
    verb = "is" if yes == "yes" else "is not"
    return partial(answer, yes, f"{yes.capitalize()}, {year} {verb} a leap year.")


def day_of_year(day: str) -> Plan:
    """Plan to number a date within its year."""
    found = date_of(day)
    value = str(found.timetuple().tm_yday)
    return partial(answer, value, f"{found} is day {value} of {found.year}.")


def nth_day(count: str, year: str) -> Plan | None:
    """Plan to tell the date of a numbered day of a year."""
    number = int(count)
    if not 1 <= number <= 365 + isleap(int(year)) or int(year) < FIRST_YEAR:
        return None
    found = date(int(year), 1, 1) + timedelta(days=number - 1)
    return partial(answer, str(found), f"Day {number} of {year} is {spoken(found)} ({found}).")


def days_in_month(month: str, year: str | None = None) -> Plan | None:
    """Plan to count the days of a month; None for a February without its year."""
    number = MONTH_BY_NAME.get(month, 0)
    if number == 0 or (number == 2 and year is None) or int(year or FIRST_YEAR) < FIRST_YEAR:
        return None
    value = str(monthrange(int(year or 2001), number)[1])
    name = " ".join(filter(None, (MONTHS[number - 1].title(), year)))
    return partial(answer, value, f"{name} has {value} days.")


def last_day(month: str, year: str) -> Plan | None:
    """Plan to tell the last date of a month."""
    number = MONTH_BY_NAME.get(month, 0)
    if number == 0 or int(year) < FIRST_YEAR:
        return None
    found = date(int(year), number, monthrange(int(year), number)[1])
    return partial(answer, str(found), f"The last day of it is {spoken(found)} ({found}).")


def days_in_year(year: str | None = None) -> Plan | None:
    """Plan to count the days of a year, without one of a leap year."""
    if year and int(year) < FIRST_YEAR:
        return None
    value = "366" if year is None or isleap(int(year)) else "365"
    return partial(answer, value, f"{year or 'A leap year'} has {value} days.")


def age(born: str, day: str) -> Plan | None:
    """Plan to tell how old somebody is on a day; None for who was born on a leap day."""
    birth, then = date_of(born), date_of(day)
    if then < birth or ((birth.month, birth.day) == (2, 29) and not isleap(then.year)):
        return None
    years = then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))
    return partial(answer, str(years), f"Born on {birth}, one is {years} years old on {then}.")
