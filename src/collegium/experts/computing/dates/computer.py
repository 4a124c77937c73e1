"""The computer itself: a question has one of the forms, or is refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic import in_digits
from collegium.experts.computing.base import asked, carried_out, wished
from collegium.experts.computing.dates.day_questions import DAY_QUESTIONS
from collegium.experts.computing.dates.formats import formatted, wanted_format
from collegium.experts.computing.dates.forms import pattern_of
from collegium.experts.computing.dates.time_questions import TIME_QUESTIONS

if TYPE_CHECKING:
    import re

    from collegium.experts.computing.base import Builder, Computed, Plan
    from collegium.types import Query

MAX_CHARS = 300


class Dates:
    """Computes with dates and times of day."""

    name = "dates"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question that is about given dates and nothing else, else None."""
        heard = asked(query, limit=MAX_CHARS)
        return wished(read(heard.text), heard.wishes) if heard else None

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan of `reads`; None where a date does not exist."""
        return carried_out(plan)


def read(text: str) -> Plan | None:
    """Return the plan of `text`, a question without courtesies, if all of it is about dates."""
    body = in_digits(" ".join(text.lower().replace("\u2019", "'").split()))
    body, wanted = wanted_format(body)
    for form, build in _forms():
        match = form.fullmatch(body)
        if match is None:
            continue
        try:
            return formatted(build(**match.groupdict()), wanted)
        except ValueError:  # no date, or one with two readings
            continue
    return None


@cache
def _forms() -> tuple[tuple[re.Pattern[str], Builder], ...]:
    return tuple((pattern_of(form), build) for form, build in DAY_QUESTIONS + TIME_QUESTIONS)
