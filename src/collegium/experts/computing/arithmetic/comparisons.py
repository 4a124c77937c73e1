"""Which of two numbers is the larger or the smaller one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.approximate import approximate
from collegium.experts.computing.arithmetic.exact import exact
from collegium.experts.computing.arithmetic.expressions import expression
from collegium.experts.computing.arithmetic.numerals import read_number
from collegium.experts.computing.arithmetic.powers import Irrational
from collegium.experts.computing.arithmetic.writing import written
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from fractions import Fraction

    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.arithmetic.nodes import Node
    from collegium.experts.computing.base import Computed, Plan

_MORE = frozenset("larger bigger greater higher largest biggest".split())


def _read_comparison(word: str, left: str, right: str) -> Plan | None:
    first, second = expression(left), expression(right)
    if first is None or second is None:
        return None
    return partial(_compared, word, left, right, first, second)


def _compared(word: str, left: str, right: str, first: Node, second: Node) -> Computed:
    difference = _value(first) - _value(second)
    if difference == 0:
        raise Uncomputable(f"{left} and {right} are equal")
    more = word in _MORE
    winner, loser = (left, right) if (difference > 0) == more else (right, left)
    return answer(winner, f"{winner} is {'larger' if more else 'smaller'} than {loser}.")


def _value(node: Node) -> Fraction:
    try:
        return exact(node)
    except Irrational:
        return approximate(node)


def _read_is_more(left: str, right: str, word: str) -> Plan | None:
    first, second = read_number(left), read_number(right)
    if first is None or second is None:
        return None
    holds = first > second if word in _MORE else first < second
    if holds:
        return partial(answer, "yes", f"Yes, {left} is {word} than {right}.")
    return partial(answer, "no", f"No, {left} is not {word} than {right}.")


def _read_equality(left: str, right: str) -> Plan | None:
    first, second = expression(left), expression(right)
    if first is None or second is None or read_number(left) is not None:
        return None  # "is 1010 equal to 10" may be about numeral systems
    if "." in left or "." in right:
        return None  # 0.1 + 0.2 = 0.3 is true to mathematicians only
    return partial(_equality, left, right, first, second)


def _equality(left: str, right: str, first: Node, second: Node) -> Computed:
    try:
        value, other = exact(first), exact(second)
    except Irrational as error:
        raise Uncomputable(f"{left} and {right} are known to some digits only") from error
    if value == other:
        return answer("yes", f"Yes, {left} equals {right}.")
    return answer("no", f"No, {left} is {written(value)}, not {right}.")


FORMS: Forms = (
    ("does <left:text> (?:equal|make|give) <right:number>", _read_equality),
    ("(?:is|whether) <left:text> (?:equal to|equals?|=) <right:number>", _read_equality),
    ("<which><word:more>(?: number| one| 1)?[,:]? <left:term>,? or <right:term>", _read_comparison),
    (
        "<left:term>,? (?:or|and) <right:term>[,:;]?"
        " (?:which|what)(?: one| 1)? is <the><word:more>",
        _read_comparison,
    ),
    ("<check><left:number> <word:more> than <right:number>", _read_is_more),
)
