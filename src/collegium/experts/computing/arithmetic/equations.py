"""Equations in one unknown, linear or quadratic, with rational solutions."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from collegium.experts.computing.arithmetic.expressions import expression
from collegium.experts.computing.arithmetic.nodes import Applied, Name, Node, Number
from collegium.experts.computing.arithmetic.powers import Irrational, bounded, root, whole
from collegium.experts.computing.arithmetic.writing import written
from collegium.experts.computing.base import Uncomputable, answer

if TYPE_CHECKING:
    from collegium.experts.computing.arithmetic.forms import Forms
    from collegium.experts.computing.base import Computed, Plan

MAX_EXPONENT, MAX_COEFFICIENTS = 4, 10
NO_UNKNOWNS = frozenset("eilo")  # numbers themselves, or taken for 1 and 0

Polynomial: TypeAlias = tuple[Fraction, ...]  # its coefficients, the constant first


def _read_equation(equation: str, unknown: str | None = None) -> Plan | None:
    letters = set(re.findall(r"[a-z]", equation))
    if len(letters) != 1 or (unknown and letters != {unknown}) or letters <= NO_UNKNOWNS:
        return None
    letter = letters.pop()
    left, right = (expression(side.strip(), letter) for side in equation.split("="))
    if left is None or right is None:
        return None
    return partial(_solved, Applied("-", (left, right)), letter, equation.strip())


def _solved(node: Node, unknown: str, shown: str) -> Computed:
    constant, linear, quadratic, *higher = (*_polynomial(node), Fraction(0), Fraction(0))
    if any(higher) or (linear == 0 and quadratic == 0):
        raise Uncomputable(f"{shown} is not linear or quadratic")
    roots = _roots(constant, linear, quadratic)
    said = " or ".join(f"{unknown} = {written(value)}" for value in roots)
    return answer(written(roots[0]) if len(roots) == 1 else said, f"{shown} gives {said}.")


def _roots(constant: Fraction, linear: Fraction, quadratic: Fraction) -> list[Fraction]:
    if quadratic == 0:
        return [-constant / linear]
    try:
        distance = root(linear**2 - 4 * quadratic * constant, 2)
    except Irrational:
        raise Uncomputable("the roots are not rational") from None
    return sorted({(-linear - distance) / (2 * quadratic), (-linear + distance) / (2 * quadratic)})


def _polynomial(node: Node) -> Polynomial:
    """Return the polynomial that an expression in one unknown is.

    Raises:
        Uncomputable: It is none, or not one of moderate degree.
    """
    if isinstance(node, Number):
        return (node.value,)
    if isinstance(node, Name):
        return (Fraction(0), Fraction(1))
    if len(node.operands) == 2:
        left, right = node.operands
        return _joined(node.operator, _polynomial(left), _polynomial(right))
    inner = _polynomial(node.operands[0])
    if node.operator == "()":
        return inner
    if node.operator == "-1":
        return _scaled(inner, Fraction(-1))
    raise Uncomputable(f"{node.operator!r} in an equation")


def _joined(operator: str, left: Polynomial, right: Polynomial) -> Polynomial:
    if operator == "+":
        return _added(left, right)
    if operator == "-":
        return _added(left, _scaled(right, Fraction(-1)))
    if operator == "*":
        return _multiplied(left, right)
    if len(right) == 1 and operator == "/":
        return _scaled(left, 1 / right[0])
    if len(right) == 1 and operator == "^":
        return _raised(left, whole(right[0], MAX_EXPONENT))
    raise Uncomputable("the unknown below a fraction bar or in an exponent")


def _scaled(polynomial: Polynomial, factor: Fraction) -> Polynomial:
    return tuple(factor * coefficient for coefficient in polynomial)


def _added(left: Polynomial, right: Polynomial) -> Polynomial:
    size = max(len(left), len(right))
    return tuple(a + b for a, b in zip(_padded(left, size), _padded(right, size), strict=True))


def _padded(polynomial: Polynomial, size: int) -> Polynomial:
    return polynomial + (Fraction(0),) * (size - len(polynomial))


def _multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) + len(right) > MAX_COEFFICIENTS:
        raise Uncomputable("the degree is too high")
    product = [Fraction(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] = bounded(product[i + j] + a * b)
    return tuple(product)


def _raised(polynomial: Polynomial, exponent: int) -> Polynomial:
    power: Polynomial = (Fraction(1),)
    for _ in range(exponent):
        power = _multiplied(power, polynomial)
    return power


def _read_bare(equation: str) -> Plan | None:
    """Read an equation alone, which is to be solved where it does not say what its unknown is."""
    sides = [side.strip() for side in equation.split("=")]
    return None if any(side.isalpha() for side in sides) else _read_equation(equation)


FORMS: Forms = (
    ("<equation:equation>", _read_bare),
    ("solve(?: the equation)?(?: for <unknown:letter>)?[:,]? <equation:equation>", _read_equation),
    ("solve(?: the equation)? <equation:equation>,? for <unknown:letter>", _read_equation),
    ("if <equation:equation>,? (?:then )?(?:what is|what's|find) <unknown:letter>", _read_equation),
    (
        "(?:what is|what's|find)(?: the value of)? <unknown:letter>"
        " (?:if|when|in|where|given)(?: the equation)?:? <equation:equation>",
        _read_equation,
    ),
    (
        "(?:what|which|find the) value of <unknown:letter> (?:that )?(?:satisfies|solves|makes)"
        "(?: the equation)? <equation:equation>(?: true)?",
        _read_equation,
    ),
    (
        "find <unknown:letter> (?:if|when|given|in|where|such that)(?: that)?:? "
        "<equation:equation>",
        _read_equation,
    ),
    ("<equation:equation>[,;:] ?<unknown:letter>(?: ?=)?", _read_equation),
    ("find <unknown:letter>: ?<equation:equation>", _read_equation),
    (
        "<equation:equation>[,;:.]? (?:solve for|find|what is|what's) <unknown:letter>",
        _read_equation,
    ),
)
