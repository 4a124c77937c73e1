"""Days of the calendar as people write them, and what lies so many days or months from one."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from types import MappingProxyType

from collegium.experts.computing.base import Uncomputable

FIRST_YEAR = 1753  # before, London and Rome did not agree on the date

MONTHS = (
    "january february march april may june july august september october november december".split()
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTH_BY_NAME = MappingProxyType(
    {name: number for number, name in enumerate(MONTHS, 1)}
    | {name[:3]: number for number, name in enumerate(MONTHS, 1)}
    | {"sept": 9}
)
_NAMED = re.compile(
    r"(?:(?P<month>[a-z]+)\.? (?P<day>[0-9]{1,2})"
    r"|(?P<day2>[0-9]{1,2}) (?:of )?(?P<month2>[a-z]+)\.?),? (?P<year>[0-9]{4})"
)
_NUMBERED = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")


def date_of(text: str) -> date:
    """Return the date that `text` is: "2024-03-01", "March 1, 2024", "1st of March 2024".

    Raises:
        ValueError: It is no date, lacks the year, or has two readings.
    """
    text = re.sub(r"(?<=[0-9])(?:st|nd|rd|th)\b", "", text.strip().removeprefix("the "))
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        found = date.fromisoformat(text)
    elif match := _NAMED.fullmatch(text):
        month = MONTH_BY_NAME.get(match["month"] or match["month2"], 0)
        found = date(int(match["year"]), month, int(match["day"] or match["day2"]))
    elif match := _NUMBERED.fullmatch(text):
        found = _numbered(*(int(part) for part in match.groups()))
    else:
        raise ValueError(f"{text!r} is not a date with its year")
    if found.year < FIRST_YEAR:
        raise ValueError(f"{text!r} is of another calendar; the first year is {FIRST_YEAR}")
    return found


def _numbered(first: int, second: int, year: int) -> date:
    if first <= 12 and second <= 12 and first != second:
        raise ValueError(f"{first}/{second}/{year} may be a day of {first} or of {second}")
    return date(year, min(first, second), max(first, second))


def spoken(day: date) -> str:
    """Return a date with its weekday and the name of its month."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1].title()} {day.year}"


def moved(day: date, count: int, unit: str) -> date:
    """Return the date so many days, weeks, months or years later.

    Raises:
        Uncomputable: That month does not have that day.
    """
    if abs(count) > 4_000_000:
        raise Uncomputable(f"{count} {unit} is too far")
    if unit in {"day", "week"}:
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    year, month = months // 12, months % 12 + 1
    if not FIRST_YEAR <= year <= 9999 or day.day > monthrange(year, month)[1]:
        raise Uncomputable(f"{year}-{month:02} has no day {day.day}")
    return date(year, month, day.day)
