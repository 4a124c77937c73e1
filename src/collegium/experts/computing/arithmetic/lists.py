"""What lists of numbers come to: averages, sums, extremes, common divisors; and their order."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.numerals import ATOM, read_number
from collegium.experts.computing.arithmetic.powers import bounded
from collegium.experts.computing.arithmetic.wanted import (
    Wanted,
    in_form,
    same,
    wanted_form,
    with_decimals,
)
from collegium.experts.computing.arithmetic.writing import written
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.base import Computed, Plan

_LABEL = re.compile(
    r"^(?:the |these |this |following |numbers?|values?|integers|set|list|of|data|:| )*"
)
# 911 and 112, 404 and 403, 802.11 and 802.3, 2.0 and 3.0: these are more than numbers.
_MAY_BE_NAME = re.compile(r"[0-9]{3,}(?:\.[0-9]+)?|[0-9]\.0")
_BRACKETS = frozenset({("[", "]"), ("(", ")"), ("{", "}")})
_BETWEEN = re.compile(r",\s+and\s+|,\s+|;\s*|\s+and\s+|\s*&\s*")


def numbers_of(text: str) -> list[Fraction] | None:
    """Return the numbers of a list such as "3, 5 and 10"; None where its commas have two readings.

    "1,200 and 300" may be two numbers or three; "100,200,300" can only be three.
    """
    text = _LABEL.sub("", text).strip(" ")
    if (text[:1], text[-1:]) in _BRACKETS:
        text = text[1:-1].strip()
    items = _BETWEEN.split(text)
    if len(items) == 1:
        items = re.split(r"\s*,\s*" if "," in text else r" +", text)
    elif re.search(r",\S", text) and not re.search(r",\s", text):
        return None
    if len(items) < 2 or not all(re.fullmatch(ATOM, item) for item in items):
        return None
    numbers = [number for item in items if (number := read_number(item)) is not None]
    return numbers if len(numbers) == len(items) else None


def _sum(numbers: Sequence[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0))


def _product(numbers: Sequence[Fraction]) -> Fraction:
    return bounded(math.prod(numbers, start=Fraction(1)))


def _mean(numbers: Sequence[Fraction]) -> Fraction:
    return _sum(numbers) / len(numbers)


def _median(numbers: Sequence[Fraction]) -> Fraction:
    ordered, half = sorted(numbers), len(numbers) // 2
    return ordered[half] if len(numbers) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _mode(numbers: Sequence[Fraction]) -> Fraction:
    counts = sorted(((numbers.count(number), number) for number in set(numbers)), reverse=True)
    if counts[0][0] == 1 or (len(counts) > 1 and counts[1][0] == counts[0][0]):
        raise Uncomputable("no number is the most frequent one")
    return counts[0][1]


def _common_divisor(numbers: Sequence[Fraction]) -> Fraction:
    return Fraction(math.gcd(*_wholes(numbers)))


def _common_multiple(numbers: Sequence[Fraction]) -> Fraction:
    return bounded(Fraction(math.lcm(*_wholes(numbers))))


def _wholes(numbers: Sequence[Fraction]) -> list[int]:
    if any(number.denominator != 1 or number < 1 for number in numbers):
        raise Uncomputable("divisors and multiples are of positive whole numbers")
    return [number.numerator for number in numbers]


_STATISTICS: Mapping[str, tuple[str, Callable[[Sequence[Fraction]], Fraction]]] = MappingProxyType(
    {
        "mean": (r"(?:arithmetic )?(?:mean|average|avg)(?: value)?", _mean),
        "median": (r"median(?: value)?", _median),
        "mode": ("mode", _mode),
        "sum": ("sum|total", _sum),
        "product": ("product", _product),
        "greatest common divisor": (
            r"gcd|gcf|hcf|(?:greatest|highest) common (?:divisor|factor)(?: \((?:gcd|gcf|hcf)\))?",
            _common_divisor,
        ),
        "least common multiple": (
            r"lcm|(?:least|lowest|smallest) common multiple(?: \(lcm\))?",
            _common_multiple,
        ),
        "range": ("range", lambda numbers: max(numbers) - min(numbers)),
        "maximum": (r"max(?:imum)?|(?:largest|biggest|greatest|highest)(?: number| value)?", max),
        "minimum": (r"min(?:imum)?|(?:smallest|lowest|least)(?: number| value)?", min),
    }
)


def _read_statistic(name: str, listed: str) -> Plan | None:
    listed, wanted = wanted_form(listed)
    numbers = numbers_of(listed)
    if numbers is None or wanted.form not in {"", "places", "decimal", "fraction"}:
        return None
    return partial(_statistic, name, numbers, wanted)


def _statistic(name: str, numbers: Sequence[Fraction], wanted: Wanted) -> Computed:
    _, compute = _STATISTICS[name]
    value = compute(numbers)
    said = in_form(value, wanted)
    *others, last = (written(number) for number in numbers)
    listed = f"{', '.join(others)} and {last}"
    about = "is" if said == written(value) or same(said, value) else "is about"
    return answer(said, f"The {name} of {listed} {about} {with_decimals(value, said)}.")


def _read_difference(left: str, right: str, *, told: bool = False) -> Plan | None:
    """Read a difference; `told` to compute it, one means it, even of what may be names."""
    first, second = read_number(left), read_number(right)
    if first is None or second is None:
        return None
    if not told and any(_MAY_BE_NAME.fullmatch(number) for number in (left, right)):
        return None
    value = written(abs(first - second))
    return partial(answer, value, f"The difference between {left} and {right} is {value}.")


def _read_sorting(listed: str, order: str) -> Plan | None:
    numbers = numbers_of(listed)
    if numbers is None:
        return None
    descending = order.startswith(("desc", "decr", "largest", "high"))
    value = ", ".join(written(number) for number in sorted(numbers, reverse=descending))
    return partial(answer, value, f"In {'de' if descending else 'a'}scending order: {value}")


FORMS: Forms = (
    *(
        (
            rf"<the>(?:{words})(?: (?:of|for|between|among)|:|(?=\()| (?=[0-9])) ?<listed:text>",
            partial(_read_statistic, name),
        )
        for name, (words, _) in _STATISTICS.items()
    ),
    ("(?:add up|add|sum) <listed:text>", partial(_read_statistic, "sum")),
    ("multiply <listed:text>", partial(_read_statistic, "product")),
    *(
        (
            rf"<introduced><listed:several>[.;:,]? ?<asked><their>(?:{words})<of them>",
            partial(_read_statistic, name),
        )
        for name, (words, _) in _STATISTICS.items()
    ),
    (
        "<told to compute>the (?:absolute |positive )?"
        "difference (?:between|of) <left:number> and <right:number>",
        partial(_read_difference, told=True),
    ),
    (
        "<the>(?:absolute |positive )difference (?:between|of) <left:number> and <right:number>",
        partial(_read_difference, told=True),
    ),
    ("<the>difference (?:between|of) <left:number> and <right:number>", _read_difference),
    ("(?:sort|order|arrange) <listed:text> (?:in|into) <order:order>(?: order)?", _read_sorting),
    ("(?:sort|order|arrange) <listed:text> from <order:first> to <first>", _read_sorting),
)
