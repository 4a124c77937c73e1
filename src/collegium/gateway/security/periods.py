"""The days and months that budgets are for, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collegium.gateway.security.keys import Period

DAY_S = 86_400

# The names of the day, of the month, and of all time.
Periods: TypeAlias = tuple[str, str, str]


def at(now: float) -> Periods:
    """The periods that `now` is in, in seconds since 1970."""
    return _of_day(int(now // DAY_S))


@lru_cache(maxsize=4)
def _of_day(day: int) -> Periods:
    today = datetime.fromtimestamp(day * DAY_S, UTC)
    month = f"{today.year:04}-{today.month:02}"
    return f"{month}-{today.day:02}", month, "total"


def named(period: Period, periods: Periods) -> str:
    """Which of the periods a budget is for."""
    return periods[("day", "month", "total").index(period)]


def until_next(period: Period, now: float) -> float | None:
    """Seconds until the next such period begins; None for `total`, after which nothing comes."""
    if period == "total":
        return None
    moment = datetime.fromtimestamp(now, UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        begins = midnight + timedelta(days=1)
    else:
        begins = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (begins - moment).total_seconds()
