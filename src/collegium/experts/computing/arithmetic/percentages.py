"""Percentages: shares of an amount, amounts that grow and shrink, and what share one is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.forms import outright
from collegium.experts.computing.arithmetic.numerals import number_of
from collegium.experts.computing.arithmetic.wanted import Wanted, in_form
from collegium.experts.computing.arithmetic.writing import decimal, explained, rounded, written
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from fractions import Fraction

    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.base import Computed, Plan

_CURRENCIES = "$€£"
_UPWARD = ("increas", "rais", "add", "more")


def _read_share(percent: str, amount: str) -> Plan:
    return partial(_multiple, amount, number_of(percent) / 100, f"{percent}% of {amount}")


def _read_change(percent: str, amount: str, verb: str = "decrease") -> Plan:
    share = number_of(percent) / 100
    if verb.startswith(_UPWARD):
        return partial(_multiple, amount, 1 + share, f"{amount} increased by {percent}%")
    return partial(_multiple, amount, 1 - share, f"{amount} decreased by {percent}%")


def _multiple(amount: str, factor: Fraction, shown: str) -> Computed:
    value = _in_currency(amount, number_of(amount.strip(f"{_CURRENCIES} ")) * factor)
    return answer(value, f"{shown} is {value}.")


def _in_currency(amount: str, value: Fraction) -> str:
    """Return `value` in the currency of `amount`, if it has one, in whole cents."""
    if amount[0] not in _CURRENCIES:
        return written(value)
    if (value * 100).denominator != 1:
        raise Uncomputable(f"{value} is not in whole cents")
    return amount[0] + (written(value) if value.denominator == 1 else rounded(value, 2))


def _percentage(part: str, whole: str) -> Computed:
    share = number_of(part) / number_of(whole)
    value = in_form(share, Wanted("percent"))
    return answer(value, f"{part} is {'' if decimal(share) else 'about '}{value} of {whole}.")


def _percent_change(kind: str, before: str, after: str) -> Computed:
    old, new = number_of(before), number_of(after)
    change = (new - old) / old
    if old <= 0 or (kind == "increase" and change < 0) or (kind == "decrease" and change > 0):
        raise Uncomputable(f"from {before} to {after} is not an {kind}")
    value = in_form(abs(change) if kind == "decrease" else change, Wanted("percent"))
    return answer(value, f"The percentage {kind} from {before} to {after} is {value}.")


def _whole(percent: str, part: str) -> Computed:
    value = number_of(part) * 100 / number_of(percent)
    return answer(written(value), f"{part} is {percent}% of {explained(value)}.")


FORMS: Forms = (
    ("(?:an? )?<percent:number><%> (?:tip )?(?:of|on) <amount:money>", _read_share),
    ("(?:what )?<percentage> of <whole:number> is <part:number>", outright(_percentage)),
    (
        "(?:what|how) <percentage> is <part:number> (?:out )?of <whole:number>",
        outright(_percentage),
    ),
    ("<part:number> is (?:what|how) <percentage> of <whole:number>", outright(_percentage)),
    ("<part:number> out of <whole:number> as an? <percentage>", outright(_percentage)),
    ("<part:number> as an? <percentage> of <whole:number>", outright(_percentage)),
    (
        "<the><percentage> <kind:increase|decrease|change> from <before:number> to <after:number>",
        outright(_percent_change),
    ),
    ("<part:number> is <percent:number><%> of (?:what|which)(?: number)?", outright(_whole)),
    ("<percent:number><%> of (?:what|which)(?: number)? is <part:number>", outright(_whole)),
    (
        "<verb:increase|decrease|reduce|raise|lower> <amount:money> by <percent:number><%>",
        _read_change,
    ),
    (
        "<amount:money> <verb:increased|decreased|reduced|raised|lowered> by <percent:number><%>",
        _read_change,
    ),
    (
        "(?:if )?(?:an? |the )?(?:price|salary|cost|value|number|amount|bill|rent|quantity|item)"
        "(?: of| at| is| costing)? <amount:money> (?:is|was|gets|were) "
        "<verb:increased|decreased|reduced|raised|lowered> by <percent:number><%>[.,;:?]? "
        "(?:what(?:'s| is| was| will be)|find|calculate) (?:the (?:new|final|resulting) "
        "(?:price|salary|cost|value|number|amount|bill|rent|quantity))(?: be)?",
        _read_change,
    ),
    ("<verb:add> <percent:number><%> to <amount:money>", _read_change),
    ("<verb:subtract|take> <percent:number><%> (?:from|off) <amount:money>", _read_change),
    ("<percent:number><%> off(?: of)? <amount:money>", _read_change),
    ("<percent:number><%> <verb:more|less> than <amount:money>", _read_change),
)
