"""Questions about times of day: what it will be, how long it was, by 12 and by 24 hours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.base import answer
from collegium.experts.computing.dates.times import (
    MINUTES_A_DAY,
    clock_time,
    duration,
    time_of,
    times_of,
)

if TYPE_CHECKING:
    from collegium.experts.computing.base import Plan


def clock(time: str, way: str, hours: str | None = None, minutes: str | None = None) -> Plan | None:
    """Plan to tell the time so long after or before another."""
    start, length = time_of(time), int(hours or 0) * 60 + int(minutes or 0)
    if length == 0 or length > 100 * MINUTES_A_DAY:
        return None
    back = way in {"before", "minus", "subtract", "-"}
    end = start.minutes - length if back else start.minutes + length
    value = clock_time(end, halves=start.halves)
    days = end // MINUTES_A_DAY
    when = {0: "", 1: " the next day", -1: " the day before"}.get(days, f" {abs(days)} days away")
    told, way = clock_time(start.minutes, halves=start.halves), "before" if back else "after"
    return partial(answer, value, f"{duration(length)} {way} {told} it is {value}{when}.")


def ending(time: str, hours: str | None = None, minutes: str | None = None) -> Plan | None:
    """Plan to tell when what begins at a time and lasts so long is over."""
    return clock(time, "after", hours, minutes)


def in_24_hours(time: str) -> Plan | None:
    """Plan to tell a time given with am or pm by 24 hours."""
    given = time_of(time)
    if not given.halves:
        return None
    value = clock_time(given.minutes, halves=False)
    return partial(answer, value, f"{clock_time(given.minutes, halves=True)} is {value}.")


def in_12_hours(time: str) -> Plan | None:
    """Plan to tell a time given by 24 hours with AM or PM."""
    given = time_of(time, of_24_hours=True)
    if given.halves:
        return None
    value = clock_time(given.minutes, halves=True)
    return partial(answer, value, f"{clock_time(given.minutes, halves=False)} is {value}.")


def between_times(first: str, last: str, unit: str | None = None) -> Plan | None:
    """Plan to tell how long it is between two times of a day or night."""
    start, end = times_of(first, last)
    minutes = (end.minutes - start.minutes) % MINUTES_A_DAY
    if start.halves != end.halves or minutes == 0:
        return None
    if not end.halves and end.minutes < start.minutes < 13 * 60:
        return None  # from 09:00 to 05:00 may be a day's work
    value = duration(minutes)
    if unit:
        value = str(minutes) if unit == "minutes" else f"{minutes / 60:.10g}"
    if unit == "hours" and minutes % 15:
        return None  # 3.1666667 hours is not what a person would say
    told = [clock_time(time.minutes, halves=time.halves) for time in (start, end)]
    return partial(answer, value, f"From {told[0]} to {told[1]} it is {duration(minutes)}.")
