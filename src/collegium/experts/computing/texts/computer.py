"""The computer itself: a question has one of the forms, or is refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from collegium.experts.computing.base import asked, carried_out, wished
from collegium.experts.computing.texts.counting import COUNTING
from collegium.experts.computing.texts.forms import patterns_of
from collegium.experts.computing.texts.given import MAX_FRAME_CHARS, framed, resolved
from collegium.experts.computing.texts.rearranging import REARRANGING

if TYPE_CHECKING:
    import re

    from collegium.experts.computing.base import Builder, Computed, Plan
    from collegium.types import Query

MAX_CHARS = 20_000


class Texts:
    """Counts, reverses and sorts the letters and words of a given text."""

    name = "texts"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question about a given text and nothing else, else None."""
        heard = asked(query, limit=MAX_CHARS, ending=False)
        return wished(read(heard.text), heard.wishes) if heard else None

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan of `reads`; None where there is no one answer."""
        return carried_out(plan)


def read(text: str) -> Plan | None:
    """Return the plan of `text` if all of it is a question about a text that it gives."""
    frame = framed(text)
    if len(frame.question) > MAX_FRAME_CHARS:
        return None
    for form, build in _forms():
        match = form.fullmatch(frame.question)
        if match is None:
            continue
        parts = match.groupdict()
        try:
            plan = build(**{name: resolved(name, parts[name], frame.given) for name in parts})
        except ValueError:  # a text that is counted in several ways
            return None
        return wished(plan, frame.wishes)
    return None


@cache
def _forms() -> tuple[tuple[re.Pattern[str], Builder], ...]:
    return tuple(
        (pattern, build) for form, build in COUNTING + REARRANGING for pattern in patterns_of(form)
    )
