"""The sums of whole numbers in a row: "the first 100 odd numbers", "all integers from 1 to 50"."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.numerals import whole_number_of
from collegium.experts.computing.arithmetic.writing import written
from collegium.experts.computing.base import answer

if TYPE_CHECKING:
    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.base import Plan

MAX_LAST = 10**9


def _read_first(count: str, kind: str) -> Plan | None:
    n = whole_number_of(count)
    if not 1 <= n <= MAX_LAST:
        return None
    if kind.startswith("odd"):
        total, called = n * n, "odd numbers"
    elif "even" in kind:
        total, called = n * (n + 1), "positive even numbers"
    else:
        total, called = n * (n + 1) // 2, kind
    return partial(answer, str(total), f"The sum of the first {n} {called} is {total}.")


def _read_span(kind: str, low: str, high: str) -> Plan | None:
    first, last = whole_number_of(low), whole_number_of(high)
    if first > last or last > MAX_LAST:
        return None
    step = 2 if kind.startswith(("even", "odd")) else 1
    if step == 2:
        parity = int(kind.startswith("odd"))
        first, last = first + (first + parity) % 2, last - (last + parity) % 2
    value = written(Fraction((first + last) * ((last - first) // step + 1), 2))
    return partial(answer, value, f"The sum of the {kind} from {low} to {high} is {value}.")


FORMS: Forms = (
    ("<sum of>first <count:whole> <kind:series>", _read_first),
    (
        "<sum of><kind:span> from <low:whole> (?:to|through) <high:whole>(?:,? inclusive)?",
        _read_span,
    ),
    (r"<sum of><kind:span> between <low:whole> and <high:whole>,? \(?inclusive\)?", _read_span),
)
