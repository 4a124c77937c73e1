"""Dates and times of day: weekdays, differences, sums, leap years, ages, by the calendar of today.

A date has its year, and one reading: 03/04/2024 has two and is refused, as is everything that
depends on today, on holidays or on a time zone.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic import in_digits
from collegium.experts.computing.base import Uncomputable, answer, asked, carried_out

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder, Computed, Plan
    from collegium.types import Query

MAX_CHARS = 250
FIRST_YEAR = 1753  # before, London and Rome did not agree on the date
MINUTES_A_DAY = 24 * 60


class Dates:
    """Computes with dates and times of day."""

    name = "dates"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question that is about given dates and nothing else, else None."""
        text = asked(query, limit=MAX_CHARS)
        return read(text) if text else None

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan of `reads`; None where a date does not exist."""
        return carried_out(plan)


def read(text: str) -> Plan | None:
    """Return the plan of `text`, a question without courtesies, if all of it is about dates."""
    body = in_digits(" ".join(text.lower().replace("\u2019", "'").split()))
    for form, build in _FORMS:
        match = form.fullmatch(body)
        if match is None:
            continue
        try:
            return build(**match.groupdict())
        except ValueError:  # no date, or one with two readings
            continue
    return None


# --- dates -----------------------------------------------------------------------------------

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTH_BY_NAME = MappingProxyType(
    {name: number for number, name in enumerate(_MONTHS, 1)}
    | {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
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
        month = _MONTH_BY_NAME.get(match["month"] or match["month2"], 0)
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


def _spoken(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1].title()} {day.year}"


def _moved(day: date, count: int, unit: str) -> date:
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


def _weekday(day: str) -> Plan:
    found = date_of(day)
    name = _WEEKDAYS[found.weekday()]
    return partial(answer, name, f"{found} is a {name}.")


def _difference(first: str, last: str, unit: str = "day", both: str | None = None) -> Plan | None:
    start, end = date_of(first), date_of(last)
    days = abs((end - start).days) + bool(both)
    counted = "both days counted" if both else "the last day not counted"
    value, said = str(days), f"From {start} to {end} there are {days} days, {counted}."
    if unit.startswith("week"):
        if both or days % 7:
            return None
        value, said = str(days // 7), f"From {start} to {end} there are {days // 7} weeks."
    return partial(answer, value, said)


def _shift(count: str, unit: str, way: str, day: str, weekday: str | None = None) -> Plan:
    start, back = date_of(day), way in {"before", "minus", "-", "subtract", "prior to"}
    number = -int(count) if back else int(count)
    return partial(_shifted, start, number, unit, bool(weekday))


def _shifted(start: date, count: int, unit: str, wants_weekday: bool) -> Computed:
    end = _moved(start, count, unit)
    if end.year < FIRST_YEAR:
        raise Uncomputable(f"{end} is of another calendar")
    value = _WEEKDAYS[end.weekday()] if wants_weekday else str(end)
    amount = f"{abs(count)} {unit}{'s' * (abs(count) != 1)}"
    way = "before" if count < 0 else "after"
    return answer(value, f"{amount} {way} {start} is {_spoken(end)} ({end}).")


def _leap(year: str) -> Plan | None:
    if int(year) < FIRST_YEAR:
        return None
    yes = "yes" if isleap(int(year)) else "no"
    verb = "is" if yes == "yes" else "is not"
    return partial(answer, yes, f"{yes.capitalize()}, {year} {verb} a leap year.")


def _day_of_year(day: str) -> Plan:
    found = date_of(day)
    value = str(found.timetuple().tm_yday)
    return partial(answer, value, f"{found} is day {value} of {found.year}.")


def _nth_day(count: str, year: str) -> Plan | None:
    number = int(count)
    if not 1 <= number <= 365 + isleap(int(year)) or int(year) < FIRST_YEAR:
        return None
    found = date(int(year), 1, 1) + timedelta(days=number - 1)
    return partial(answer, str(found), f"Day {number} of {year} is {_spoken(found)} ({found}).")


def _days_in_month(month: str, year: str | None = None) -> Plan | None:
    number = _MONTH_BY_NAME.get(month, 0)
    if number == 0 or (number == 2 and year is None) or int(year or FIRST_YEAR) < FIRST_YEAR:
        return None
    value = str(monthrange(int(year or 2001), number)[1])
    name = " ".join(filter(None, (_MONTHS[number - 1].title(), year)))
    return partial(answer, value, f"{name} has {value} days.")


def _last_day(month: str, year: str) -> Plan | None:
    number = _MONTH_BY_NAME.get(month, 0)
    if number == 0 or int(year) < FIRST_YEAR:
        return None
    found = date(int(year), number, monthrange(int(year), number)[1])
    return partial(answer, str(found), f"The last day of it is {_spoken(found)} ({found}).")


def _days_in_year(year: str | None = None) -> Plan | None:
    if year and int(year) < FIRST_YEAR:
        return None
    value = "366" if year is None or isleap(int(year)) else "365"
    return partial(answer, value, f"{year or 'A leap year'} has {value} days.")


def _age(born: str, day: str) -> Plan | None:
    birth, then = date_of(born), date_of(day)
    if then < birth or ((birth.month, birth.day) == (2, 29) and not isleap(then.year)):
        return None
    years = then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))
    return partial(answer, str(years), f"Born on {birth}, one is {years} years old on {then}.")


# --- times of day ----------------------------------------------------------------------------

_TIME = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap])\.?m\.?|([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of day in minutes, and whether it is told with am and pm."""

    minutes: int
    halves: bool


def _time_of(text: str, *, of_24_hours: bool = False) -> _Time:
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
    return _Time(hour * 60 + minute, bool(match[3]))


def _times_of(first: str, last: str) -> tuple[_Time, _Time]:
    """Return two times of day; one told by 24 hours tells how the other is meant.

    Raises:
        ValueError: One is none, or may be in the morning or in the evening.
    """
    is_of_24_hours = _is_of_24_hours(first) or _is_of_24_hours(last)
    return (
        _time_of(first, of_24_hours=is_of_24_hours),
        _time_of(last, of_24_hours=is_of_24_hours),
    )


def _is_of_24_hours(text: str) -> bool:
    """Whether a time is plainly told by 24 hours: 14:30, 08:15."""
    return re.fullmatch(r"(?:0[0-9]?|1[3-9]|2[0-3]):[0-9]{2}", text.strip()) is not None


def _told(minutes: int, *, halves: bool) -> str:
    hour, minute = divmod(minutes % MINUTES_A_DAY, 60)
    if halves:
        return f"{(hour - 1) % 12 + 1}:{minute:02} {'PM' if hour >= 12 else 'AM'}"
    return f"{hour:02}:{minute:02}"


def _clock(
    time: str, way: str, hours: str | None = None, minutes: str | None = None
) -> Plan | None:
    start, length = _time_of(time), int(hours or 0) * 60 + int(minutes or 0)
    if length == 0 or length > 100 * MINUTES_A_DAY:
        return None
    back = way in {"before", "minus", "subtract", "-"}
    end = start.minutes - length if back else start.minutes + length
    value = _told(end, halves=start.halves)
    days = end // MINUTES_A_DAY
    when = {0: "", 1: " the next day", -1: " the day before"}.get(days, f" {abs(days)} days away")
    told, way = _told(start.minutes, halves=start.halves), "before" if back else "after"
    return partial(answer, value, f"{_length(length)} {way} {told} it is {value}{when}.")


def _ending(time: str, hours: str | None = None, minutes: str | None = None) -> Plan | None:
    return _clock(time, "after", hours, minutes)


def _in_24_hours(time: str) -> Plan | None:
    given = _time_of(time)
    if not given.halves:
        return None
    value = _told(given.minutes, halves=False)
    return partial(answer, value, f"{_told(given.minutes, halves=True)} is {value}.")


def _in_12_hours(time: str) -> Plan | None:
    given = _time_of(time, of_24_hours=True)
    if given.halves:
        return None
    value = _told(given.minutes, halves=True)
    return partial(answer, value, f"{_told(given.minutes, halves=False)} is {value}.")


def _length(minutes: int) -> str:
    counts = ((minutes // 60, "hour"), (minutes % 60, "minute"))
    return " ".join(f"{n} {unit}{'s' * (n != 1)}" for n, unit in counts if n) or "0 minutes"


def _between_times(first: str, last: str, unit: str | None = None) -> Plan | None:
    start, end = _times_of(first, last)
    minutes = (end.minutes - start.minutes) % MINUTES_A_DAY
    if start.halves != end.halves or minutes == 0:
        return None
    if not end.halves and end.minutes < start.minutes < 13 * 60:
        return None  # from 09:00 to 05:00 may be a day's work
    value = _length(minutes)
    if unit:
        value = str(minutes) if unit == "minutes" else f"{minutes / 60:.10g}"
    if unit == "hours" and minutes % 15:
        return None  # 3.1666667 hours is not what a person would say
    told = [_told(time.minutes, halves=time.halves) for time in (start, end)]
    return partial(answer, value, f"From {told[0]} to {told[1]} it is {_length(minutes)}.")


# --- the forms of questions ------------------------------------------------------------------

_KINDS = MappingProxyType(
    {
        "date": "[a-z0-9,./ -]{8,30}?",
        "n": "[0-9]{1,7}",
        "unit": "day|week|month|year",
        "year": "[0-9]{4}",
        "time": r"[0-9]{1,2}(?:[:.][0-9]{2})? ?[ap]\.?m\.?|[0-9]{1,2}:[0-9]{2}|noon|midnight",
        "length": r"<hours:n> ?(?:hours?|hrs?|h)"
        r"(?:,? ?(?:and )?<minutes:n> ?(?:minutes?|mins?|m))?",
        "minutes only": r"<minutes:n> ?(?:minutes?|mins?)",
        "be": "is|was|will be|does|did|will",
        "weekday": "(?:day of the week|weekday|day of week)(?: is it| was it)?",
        "day asked": "(?:on )?(?:what|which) (?:day(?: of the week)?|weekday)",
        "date asked": "(?:what(?:'s| is| was| will be| would be)? |find |calculate )?(?:the )?"
        "(?:date |day )?"
        "(?:is |was |will be |of |that is |it is )?(?:it )?",
        "weekday asked": "(?:what|which) (?:day of the week|weekday) (?:is|was|will be)(?: it)? ",
        "how many": "(?:how many|(?:what is |what's )?(?:the )?number of) ",
        "passed": " (?:passed|elapsed|are there|pass|lie|is it|was it|apart are|separate)",
        "are there": "(?: are| were| is)?(?: there| it)?(?: are| were)?",
        "converted": "(?:what is|what's|convert|write|express|how do you write) ",
        "clock": "(?: time| format| clock| notation)*(?: \\(?(?:with |using )?am/pm\\)?)?",
        "event": "(?:if )?(?:an?|the|my|our) (?:[a-z]+ )?(?:meeting|movie|film|class|lesson"
        "|lecture|show|concert|game|match|shift|exam|test|play|party|call|appointment|session)",
        "starts": "(?:starts|begins|started|began|kicks off)",
        "lasts": "(?:lasts|runs|lasted|ran|takes|goes on|runs for|lasts for|goes on for)",
        "ends asked": "(?:when|(?:at )?what time) (?:does|did|will|would) "
        "(?:it|the [a-z]+) (?:end|finish|be over)",
        "time asked": "(?:what(?: time)?(?: is| will| would)(?: it)?(?: be)? |what's )?"
        "(?:the time )?",
    }
)
_QUESTIONS: tuple[tuple[str, Builder], ...] = (
    ("<day asked> (?:<be>) (?:it on )?<day:date>(?: (?:be|fall|fall on|land on|be on))?", _weekday),
    ("<day:date>:? (?:is |was )?(?:on )?(?:what |which )?<weekday>", _weekday),
    ("<weekday>:? (?:of |for |on )?<day:date>", _weekday),
    ("<day asked> <day:date> (?:is|was|falls on|fell on|will be|falls|fell)(?: on)?", _weekday),
    (
        "(?:what(?:'s| is| was) )?(?:the )?(?:day of the week|weekday) (?:of|for|on) <day:date>",
        _weekday,
    ),
    (
        "(?:<how many>)<unit:days|weeks>(?:<are there>) between <first:date> and <last:date>",
        _difference,
    ),
    (
        "(?:<how many>)<unit:days|weeks>(?:<are there>) from <first:date>"
        " (?:to|until|till) <last:date>",
        _difference,
    ),
    ("<unit:days|weeks> between <first:date> and <last:date>", _difference),
    ("<unit:days|weeks>:? <first:date> (?:to|until|till|->) <last:date>", _difference),
    ("<unit:days|weeks> from <first:date> (?:to|until|till) <last:date>", _difference),
    (
        "(?:from|between) <first:date> (?:to|until|till|and) <last:date>[,:;]? "
        "(?:<how many>)<unit:days|weeks>(?:<are there>|<passed>)",
        _difference,
    ),
    (
        "(?:<how many>)<unit:days|weeks>(?:<passed>) (?:between|from) <first:date> "
        "(?:and|to|until|till) <last:date>",
        _difference,
    ),
    (
        "(?:<how many>)<unit:days|weeks> (?:after|before|from) <first:date> (?:is|was) <last:date>",
        _difference,
    ),
    (
        "(?:<how many>)<unit:days>(?:<are there>) (?:from|between) <first:date> (?:to|through|and)"
        r" <last:date>,? \(?<both:inclusive|including both (?:days|dates)|counting both days>\)?",
        _difference,
    ),
    (
        "<weekday asked><count:n> <unit:unit>s? <way:after|before|from> <day:date>",
        partial(_shift, weekday="yes"),
    ),
    ("<date asked><count:n> <unit:unit>s? <way:after|before|from|prior to> <day:date>", _shift),
    (
        "(?:what|which) (?:date|day) (?:comes|falls|lies) (?:exactly )?<count:n> <unit:unit>s? "
        "<way:after|before> <day:date>",
        _shift,
    ),
    (r"<date asked><day:date> <way:plus|minus|\+|-> <count:n> <unit:unit>s?", _shift),
    ("<way:add> <count:n> <unit:unit>s? to <day:date>", _shift),
    ("<way:subtract> <count:n> <unit:unit>s? from <day:date>", _shift),
    ("(?:is|was|will) (?:the year )?<year:year> (?:be )?a leap year", _leap),
    ("(?:if|whether) (?:the year )?<year:year> (?:is|was|will be) a leap year", _leap),
    ("(?:is )?leap year:? <year:year>", _leap),
    ("(?:is )?<year:year>:? (?:is )?(?:an? )?leap(?: year)?", _leap),
    (
        "(?:what(?:'s| is| was)? |which )?(?:the )?"
        "(?:day(?: number)? of the year|ordinal day|day number)"
        " (?:is|was|of|for) <day:date>",
        _day_of_year,
    ),
    ("<date asked>(?:the )?<count:n>(?:st|nd|rd|th) day of (?:the year )?<year:year>", _nth_day),
    ("<date asked>day <count:n> of (?:the year )?<year:year>", _nth_day),
    (
        "(?:<how many>)days(?:<are there>) in <month:[a-z]+>(?: (?:of )?<year:year>)?",
        _days_in_month,
    ),
    (
        "(?:what(?:'s| is| was| will be) )?(?:the )?(?:date of the )?last day (?:of|in) "
        "<month:[a-z]+>(?: of)? <year:year>",
        _last_day,
    ),
    ("(?:<how many>)days (?:does|did) <month:[a-z]+>(?: <year:year>)? have", _days_in_month),
    ("(?:<how many>)days(?:<are there>) in (?:the year )?<year:year>", _days_in_year),
    ("(?:<how many>)days (?:does|did) (?:the year )?<year:year> have", _days_in_year),
    ("(?:<how many>)days(?:<are there>) in a leap year", _days_in_year),
    (
        "(?:what is the |the )?age (?:on|at|as of) <day:date> (?:if|when|of (?:someone|a person))"
        "(?: who was)? born (?:on )?<born:date>",
        _age,
    ),
    (
        "how old (?:is|was|will|would) (?:someone|somebody|a person)(?: who (?:is|was))?(?: be)?"
        " born on <born:date>(?: be)?,? on <day:date>",
        _age,
    ),
    (
        "(?:(?:i|he|she|they|someone|somebody|a person|my [a-z]+) (?:was |were )?)?born on"
        " <born:date>[,.;:?]? how old (?:will|was|were|is|are|am|would)"
        " (?:i|he|she|they|that person)"
        "(?: be)?,? on <day:date>",
        _age,
    ),
    (
        "(?:if (?:someone|somebody|a person|i) (?:is|was) )?born on <born:date>,? how old"
        " (?:is|was|am|will|would) (?:someone|somebody|a person|they|i)(?: be)? on <day:date>",
        _age,
    ),
    ("<time asked><length> <way:after|before|from> <time:time>", _clock),
    ("<time asked><minutes only> <way:after|before|from> <time:time>", _clock),
    (
        "(?:<converted>)?<time:time> (?:in|to|into|as|on)(?: an?| the)? (?:24|twenty[ -]four)"
        "[ -]hours?<clock>",
        _in_24_hours,
    ),
    ("(?:<converted>)?<time:time> (?:in|to|into|as)(?: an?)? military time", _in_24_hours),
    (
        "(?:<converted>)?<time:time> (?:in|to|into|as|on)(?: an?| the)? (?:12|twelve)"
        "[ -]hours?<clock>",
        _in_12_hours,
    ),
    ("<event> <starts> at <time:time> and <lasts> <length>[.,;:?]? <ends asked>", _ending),
    ("<event> <starts> at <time:time> and <lasts> <minutes only>[.,;:?]? <ends asked>", _ending),
    (r"<time asked><time:time> <way:plus|minus|\+|-> <length>", _clock),
    (r"<time asked><time:time> <way:plus|minus|\+|-> <minutes only>", _clock),
    ("<way:add> <length> to <time:time>", _clock),
    ("<way:add> <minutes only> to <time:time>", _clock),
    ("<way:subtract> <length> from <time:time>", _clock),
    ("<way:subtract> <minutes only> from <time:time>", _clock),
    (
        "how (?:long|much time) (?:is it |is there |is |passes )?(?:from|between) <first:time>"
        " (?:to|until|till|and) <last:time>",
        _between_times,
    ),
    (
        "<event> <starts> at <first:time> and (?:ends|finishes|ended|finished|is over) at"
        " <last:time>[.,;:?]? how long (?:is|was|does|did) (?:it|the [a-z]+)(?: last)?",
        _between_times,
    ),
    (
        "(?:<how many>)<unit:hours|minutes>(?:<are there>) (?:from|between) <first:time>"
        " (?:to|until|and) <last:time>",
        _between_times,
    ),
)


def _pattern(form: str) -> re.Pattern[str]:
    """Return the pattern that a form of `_QUESTIONS` stands for."""

    def written_out(match: re.Match[str]) -> str:
        name, kind = match[1], match[2]
        pattern = re.sub(r"<([a-z]+:)?([^<>]+)>", written_out, _KINDS.get(kind, kind))
        return f"(?P<{name[:-1]}>{pattern})" if name else f"(?:{pattern})"

    return re.compile(re.sub(r"<([a-z]+:)?([^<>]+)>", written_out, form))


_FORMS = tuple((_pattern(form), build) for form, build in _QUESTIONS)
