"""Calculations: one expression, and the form that its value is wanted in."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.approximate import approximate
from collegium.experts.computing.arithmetic.exact import exact
from collegium.experts.computing.arithmetic.expressions import expression
from collegium.experts.computing.arithmetic.nodes import is_bare, is_whole
from collegium.experts.computing.arithmetic.powers import Irrational
from collegium.experts.computing.arithmetic.wanted import (
    Wanted,
    in_form,
    same,
    wanted_form,
    with_decimals,
)
from collegium.experts.computing.arithmetic.writing import approximately, written
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.arithmetic.nodes import Node
    from collegium.experts.computing.base import Computed, Plan

MAX_IRRATIONAL_DIGITS = 25

_HEAD = re.compile(
    r"(?:(?:what(?:'s|s| is| are)|how much (?:is|are|do|does)|calculate|compute|evaluate|work out"
    r"|figure out|find(?: out)?|determine|solve|simplify|reduce|give|get|do|express|convert|write"
    r"|round(?: off)?|what do (?:you|i|we) get (?:when|if) (?:you|i|we)|the|exact|value of"
    r"|how (?:to|(?:do|would|can|should) (?:you|i|we)) (?:write|express)"
    r"|result of|result when you|answer to|number|fraction|expression|following|calculation|sum:"
    r")(?: |: ?)|: ?)+"
)
_INDIRECT = re.compile(
    r"(?:what|how much|find out what|calculate what) (?:(?:does|do|will|would) )?"
    r"(?P<asked>.+?) (?:is|are|be|equals?|makes?|gives?|comes? (?:out )?to|come (?:out )?to"
    r"|add up to|evaluates? to|is equal to|work out to)"
    r"|(?P<stated>.+?) ?(?:=|equals|is equal to|is|makes|comes to)"
    r"(?: ?(?:what|how much|\?|_+|x))?"
)
_IDIOMS = frozenset(
    "24/7 9/11 7/11 20/20 50/50 80/20 60/40 4/20 7/7 50-50 10-4 7-11 4x4 1920x1080 1280x720 "
    "3840x2160 2560x1440 16/9 4/3 5/7 6/7".split()
)
_DATE_OR_PHONE = re.compile(
    r"[0-9]+-[0-9]+-[0-9]+(?:-[0-9]+)?|[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{2}){1,2}|[0-9]{3}-[0-9]{4}"
)


def without_head(body: str) -> str:
    """Return `body` without "what is the value of" and the like."""
    match = _HEAD.match(body)
    return body[match.end() :] if match else body


def read_calculation(body: str) -> Plan | None:
    """Return the plan of a body that is one expression, and perhaps the form that is wanted."""
    body, wanted = wanted_form(body)
    if match := _INDIRECT.fullmatch(body):
        body = match["asked"] or match["stated"]
    if body.startswith("round ") and not wanted.form:
        return None
    if body.startswith(("simplify ", "reduce ")):
        wanted = Wanted("fraction")
    text = without_head(body)
    if not wanted.form:
        text, wanted = wanted_form(text)
    elif wanted.form in {"places", "figures"}:  # "1/7 as a decimal, rounded to 5 places"
        inner, form = wanted_form(text)
        text = inner if form == Wanted("decimal") else text
    is_told_to = body.startswith("c")  # "calculate 24/7" means it
    if (text in _IDIOMS and not is_told_to) or _means_something_else(text):
        return None
    node = expression(text)
    if node is None or not _is_calculation(node, wanted, text):
        return None
    return partial(_calculated, node, text, wanted if wanted.form else _natural_form(text))


def _means_something_else(text: str) -> bool:
    """Whether `text` is a date, a telephone number or an exclamation."""
    if _DATE_OR_PHONE.fullmatch(text):
        return True
    # "17 * 23!" may be a factorial or a loud voice
    return text.endswith("!") and text.count("!") == 1 and not re.fullmatch(r"[0-9,]+!", text)


def _is_calculation(node: Node, wanted: Wanted, text: str) -> bool:
    """Whether there is something to compute: a number alone is its own value."""
    if is_whole(node):
        return wanted.form in {"figures", "scientific"} or wanted.digits < 0
    return bool(wanted.form) or not (is_bare(node) or re.search(r"\b0[xbo]", text))


def _natural_form(text: str) -> Wanted:
    """Return the form that the numbers in `text` have themselves."""
    if "." in text:
        return Wanted("decimal")
    fractions = re.findall(r"[0-9] ?/ ?[0-9]", text)
    return Wanted("fraction") if len(fractions) > 1 else Wanted()


def _calculated(node: Node, shown: str, wanted: Wanted) -> Computed:
    try:
        value = exact(node)
    except Irrational:
        return _calculated_inexactly(node, shown, wanted)
    said = in_form(value, wanted)
    if wanted.form not in {"places", "figures", "decimal"}:
        return answer(said, f"{shown} = {with_decimals(value, said)}", shown)
    exactly = said == written(value) or same(said, value)
    return answer(said, f"{shown} {'=' if exactly else 'is about'} {said}", shown)


def _calculated_inexactly(node: Node, shown: str, wanted: Wanted) -> Computed:
    value = approximate(node)
    near = Fraction(round(value * 10**12), 10**12)
    if abs(value - near) < Fraction(1, 10**30):  # sqrt(2) * sqrt(8), sin(30°)
        said = in_form(near, wanted)
        return answer(said, f"{shown} = {said}", shown)
    if (
        wanted.form in {"fraction", "percent", "scientific"}
        or wanted.digits > MAX_IRRATIONAL_DIGITS
    ):
        raise Uncomputable(f"{shown} has no exact {wanted.form}")
    has_places = wanted.digits or wanted.form == "places"
    said = in_form(value, wanted) if has_places else approximately(value)
    return answer(said, f"{shown} is about {said} (rounded)", shown)


def _read_rephrased(template: str, **parts: str) -> Plan | None:
    """Read an expression that is said in other words."""
    return read_calculation(template.format(**parts))


_REPHRASED = (
    ("(?:add|sum) <a:number> (?:and|to|with) <b:number>", "{a} + {b}"),
    ("subtract <a:number> from <b:number>", "{b} - {a}"),
    ("multiply <a:number> (?:by|and|with|times) <b:number>", "{a} * {b}"),
    ("divide <a:number> by <b:number>", "{a} / {b}"),
    ("<the>quotient of <a:number> and <b:number>", "{a} / {b}"),
    ("(?:double|twice) <a:number>", "2 * {a}"),
    ("triple <a:number>", "3 * {a}"),
    ("halve <a:number>", "{a} / 2"),
    ("(?:square|<the>square of) <a:whole>", "{a}^2"),
    ("(?:cube|<the>cube of) <a:whole>", "{a}^3"),
    ("<the>reciprocal of <a:whole>", "1 / {a}"),
    (
        "<the>remainder (?:when|if|of)(?: dividing)? <a:text> (?:is )?divided by <b:whole>",
        "({a}) mod {b}",
    ),
    ("<the>remainder when (?:you divide|dividing) <a:text> by <b:whole>", "({a}) mod {b}"),
    ("<the>remainder of <a:whole> ?/ ?<b:whole>", "{a} mod {b}"),
    ("log base <b:2|10> of <a:whole>", "log{b}({a})"),
)
FORMS: Forms = tuple((form, partial(_read_rephrased, template)) for form, template in _REPHRASED)
