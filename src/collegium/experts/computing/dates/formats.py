"""The format that a date is wanted in: "as YYYY-MM-DD", "in the format DD/MM/YYYY"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING

from collegium.experts.computing.base import Uncomputable
from collegium.experts.computing.dates.days import MONTHS

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed, Plan

_NAMES = r"yyyy[-/.]mm[-/.]dd|(?:dd[-/.]mm|mm[-/.]dd)[-/.]yyyy|month dd?,? yyyy|dd? month yyyy"
_FORMAT = (
    r"(?:(?:please )?(?:give|write|answer|use|format|express|state|return|provide|respond|reply|put"
    r"|show|your answer should be)(?: me)?(?: only| just)?(?: with)?"
    r"(?: (?:it|that|(?:the|your) (?:answer|result|date|resulting date)))?(?: only| just)? ?)?"
    r"(?:(?:formatted )?(?:as|in|using|with)(?: an?)? ?)?"
    r"(?:(?:the )?(?:date )?format:? ?)?"
    rf"[\"'`]?(?P<format>iso(?: 8601)?|{_NAMES})[\"'`]?(?: date)?(?: format)?(?: please)?"
)


def wanted_format(body: str) -> tuple[str, str]:
    """Split a question in lower case into what it asks and the format it wants, '' for any."""
    match = _last().fullmatch(body)
    return (body, "") if match is None else (match["rest"], match["format"])


def formatted(plan: Plan | None, form: str) -> Plan | None:
    """Return `plan` with the date that it tells in that format."""
    return plan if plan is None or not form else partial(_formatted, plan, form)


def _formatted(plan: Plan, form: str) -> Computed:
    computed = plan()
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", computed.value):
        raise Uncomputable(f"{computed.value} is no date to be formatted")
    told = _told(date.fromisoformat(computed.value), form)
    text = f"{computed.text.rsplit('Answer: ', 1)[0]}Answer: {told}"
    return replace(computed, value=told, text=text)


def _told(day: date, form: str) -> str:
    """Return a date in a format: "iso", "dd/mm/yyyy", "month d, yyyy"."""
    if form.startswith("iso"):
        return str(day)
    parts = {"yyyy": f"{day.year}", "mm": f"{day.month:02}", "month": MONTHS[day.month - 1].title()}
    days = f"{day.day}" if "month" in form else f"{day.day:02}"
    return re.sub("yyyy|month|mm|dd?", lambda found: parts.get(found[0], days), form)


@cache
def _last() -> re.Pattern[str]:
    return re.compile(rf"(?P<rest>.+?)[\s,.;:?(-]+{_FORMAT}\)?")
