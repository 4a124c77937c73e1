"""Times of day as people tell them."""

from __future__ import annotations

import re
from dataclasses import dataclass

MINUTES_A_DAY = 24 * 60

_TIME = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap])\.?m\.?|([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day in minutes, and whether it is told with am and pm."""

    minutes: int
    halves: bool


def time_of(text: str, *, of_24_hours: bool = False) -> Time:
    """Return the time of day that `text` is.

    Raises:
        ValueError: It is none, or it may be in the morning or in the evening.
    """
    text = {"noon": "12 pm", "midnight": "12 am"}.get(text.strip(), text.strip())
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time")
    hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
    told_by_24 = of_24_hours or _is_of_24_hours(text)
    if minute > 59 or not (1 <= hour <= 12 if match[3] else told_by_24 and hour < 24):
        raise ValueError(f"{text!r} may be in the morning or in the evening")
    if match[3]:
        hour = hour % 12 + 12 * (match[3] == "p")
    return Time(hour * 60 + minute, bool(match[3]))


def times_of(first: str, last: str) -> tuple[Time, Time]:
    """Return two times of day; one told by 24 hours tells how the other is meant.

    Raises:
        ValueError: One is none, or may be in the morning or in the evening.
    """
    is_of_24_hours = _is_of_24_hours(first) or _is_of_24_hours(last)
    return (
        time_of(first, of_24_hours=is_of_24_hours),
        time_of(last, of_24_hours=is_of_24_hours),
    )


def _is_of_24_hours(text: str) -> bool:
    """Whether a time is plainly told by 24 hours: 14:30, 08:15."""
    return re.fullmatch(r"(?:0[0-9]?|1[3-9]|2[0-3]):[0-9]{2}", text.strip()) is not None


def clock_time(minutes: int, *, halves: bool) -> str:
    """Return so many minutes of a day as a clock shows them, by 12 hours or by 24."""
    hour, minute = divmod(minutes % MINUTES_A_DAY, 60)
    if halves:
        return f"{(hour - 1) % 12 + 1}:{minute:02} {'PM' if hour >= 12 else 'AM'}"
    return f"{hour:02}:{minute:02}"


def duration(minutes: int) -> str:
    """Return a length in minutes as hours and minutes."""
    counts = ((minutes // 60, "hour"), (minutes % 60, "minute"))
    return " ".join(f"{n} {unit}{'s' * (n != 1)}" for n, unit in counts if n) or "0 minutes"
