"""What formulas come to: exactly, in fractions, or nearly, in floating point. Nothing is run."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.verification.formula import Node

# Powers with more digits are not computed: nothing here may take long.
DIGITS = 2_000

OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: left**right,
}


class NotComputable(ValueError):
    """The formula has no exact value here: it divides by zero, or the value is huge or a root."""


def exact(node: Node, known: Mapping[str, Fraction] | None = None) -> Fraction:
    """The value of a formula, names replaced by `known`. Raises `NotComputable`."""
    if node.sign == "number":
        return node.value
    if node.sign == "name":
        if known is None or node.name not in known:
            raise NotComputable(f"{node.name} has no value")
        return known[node.name]
    return _applied(node.sign, [exact(part, known) for part in node.parts])


def approximate(node: Node, known: Mapping[str, complex]) -> complex:
    """The value of a formula in floating point. Raises `NotComputable`."""
    try:
        return _approximated(node, known)
    except (ArithmeticError, ValueError, KeyError) as error:
        raise NotComputable(str(error)) from error


def _approximated(node: Node, known: Mapping[str, complex]) -> complex:
    if node.sign == "number":
        return complex(float(node.value))
    if node.sign == "name":
        return known[node.name]
    first, *rest = (_approximated(part, known) for part in node.parts)
    if node.sign == "sqrt":
        return cmath.sqrt(first)
    return complex(OPERATIONS[node.sign](first, rest[0]))


def _applied(sign: str, parts: list[Fraction]) -> Fraction:
    if sign == "sqrt":
        return _root(parts[0])
    if sign == "^":
        return _power(*parts)
    try:
        return Fraction(OPERATIONS[sign](*parts))
    except ZeroDivisionError as error:
        raise NotComputable("division by zero") from error


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent == Fraction(1, 2):
        return _root(base)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or abs(exponent) * bits > 3 * DIGITS:
        raise NotComputable("a root, or a huge power")
    if not base and exponent < 0:
        raise NotComputable("division by zero")
    return base ** int(exponent)


def _root(square: Fraction) -> Fraction:
    if square < 0:
        raise NotComputable("the root of a negative number")
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    if root * root != square:
        raise NotComputable("an irrational root")
    return root
