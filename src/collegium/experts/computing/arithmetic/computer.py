"""The computer itself: a question has one of the forms, or is one calculation, or is refused."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic import (
    calculations,
    comparisons,
    equations,
    lists,
    numeral_systems,
    percentages,
    series,
    whole_numbers,
)
from collegium.experts.computing.arithmetic.calculations import read_calculation, without_head
from collegium.experts.computing.arithmetic.forms import compiled
from collegium.experts.computing.arithmetic.numerals import has_numbers, in_digits
from collegium.experts.computing.base import asked, carried_out, wished

if TYPE_CHECKING:
    from collegium.experts.computing.base import Builder, Computed, Plan
    from collegium.types import Query

_ENDLESS = re.compile(r"[0-9]{301}|(?: of .*){6}")
_SUM_IN_WORDS = re.compile(r"(?:hundred|thousand|million) and ")
# "6-pack" and "7-Eleven" have no minus in them.
_JOINED = re.compile(r"[0-9]-[a-z]{2,}|(?<!base)(?<!log)\b[a-z]{2,}-[0-9]")
_DONE = re.compile(
    r"if (?:you|i|we) (?P<done>(?:add|subtract|multiply|divide|square|cube|double|triple|halve"
    r"|increase|decrease|reduce|raise|take) .+?),? (?:then )?what (?:do|would|will|is)"
    r" (?:you|i|we|the) (?:get|have|end up with|left with|result|answer)"
)
_INTO = re.compile(r" ?(?:->|=>|\u2192) ?(?:an? )?(percent|percentage|fraction|decimal|%)$")
_ARROWS = ("->", "=>", "\u2192")
_TURNED = re.compile(
    r"what (the .+?) (?:is|are|was|would be|comes to)( (?:when|if|of|for|between) .+)?"
)


class Arithmetic:
    """Computes expressions, percentages, averages, primes, bases and simple equations."""

    name = "arithmetic"

    def reads(self, query: Query) -> Plan | None:
        """Return the plan of a question that is arithmetic and nothing else, else None."""
        heard = asked(query)
        return wished(read(heard.text), heard.wishes) if heard else None

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan of `reads`, exactly; None where there is no one answer."""
        return carried_out(plan)


def read(text: str) -> Plan | None:
    """Return the plan of `text`, a question without courtesies, if all of it is arithmetic."""
    if not has_numbers(text) or _is_endless(text):
        return None
    body = " ".join(text.lower().replace("\u2019", "'").split()).rstrip(" =")
    if any(arrow in body for arrow in _ARROWS):
        body = _INTO.sub(r" as a \1", body)
    if "-" in body and _JOINED.search(body):
        return None
    if done := _DONE.fullmatch(body):
        body = done["done"]
    if turned := _TURNED.fullmatch(body):
        body = turned[1] + (turned[2] or "")
    try:
        return _read_form(body) or read_calculation(body)
    except (ArithmeticError, ValueError):  # a division by zero inside a literal: 3/0
        return None


def _is_endless(text: str) -> bool:
    may_be = len(text) > 300 or text.count(" of ") > 5
    return may_be and _ENDLESS.search(text) is not None


def _read_form(body: str) -> Plan | None:
    """Return the plan of one of the forms that questions have, else None."""
    if not _SUM_IN_WORDS.search(body):  # "the sum of one hundred and five" is one number or two
        body = in_digits(body)
    for wording in dict.fromkeys((body, without_head(body))):
        for pattern, build in _forms():
            match = pattern.fullmatch(wording)
            if match and (plan := build(**match.groupdict())):
                return plan
    return None


@cache
def _forms() -> tuple[tuple[re.Pattern[str], Builder], ...]:
    return compiled(
        lists.FORMS
        + series.FORMS
        + whole_numbers.FORMS
        + percentages.FORMS
        + comparisons.FORMS
        + numeral_systems.FORMS
        + equations.FORMS
        + calculations.FORMS
    )
