"""The values of expressions that are rational, exactly."""

from __future__ import annotations

import math
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.nodes import Applied, Name, Node, Number, applies
from collegium.experts.computing.arithmetic.powers import (
    Irrational,
    bounded,
    power,
    remainder,
    root,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_FACTORIAL = 1400
MAX_MODULAR_BITS = 512

_OF_ONE: Mapping[str, Callable[[Fraction], Fraction]] = MappingProxyType(
    {
        "()": lambda number: number,
        "-1": lambda number: -number,
        "%": lambda number: number / 100,
        "sqrt": lambda number: root(number, 2),
        "cbrt": lambda number: root(number, 3),
        "abs": abs,
        "factorial": lambda number: Fraction(math.factorial(whole(number, MAX_FACTORIAL))),
    }
)
_OF_TWO: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = MappingProxyType(
    {
        "+": lambda left, right: left + right,
        "-": lambda left, right: left - right,
        "*": lambda left, right: left * right,
        "/": lambda left, right: left / right,
        "mod": remainder,
        "^": power,
    }
)


def exact(node: Node) -> Fraction:
    """Return the value of an expression that is rational.

    Raises:
        Uncomputable: It has none, or one with too many digits.
        Irrational: It is not known to be rational.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        raise Irrational
    if node.operator == "mod" and (rest := _power_remainder(*node.operands)) is not None:
        return rest
    numbers = [exact(operand) for operand in node.operands]
    if node.operator in _OF_ONE:
        return bounded(_OF_ONE[node.operator](numbers[0]))
    if node.operator in _OF_TWO:
        return bounded(_OF_TWO[node.operator](numbers[0], numbers[1]))
    raise Irrational


def _power_remainder(left: Node, right: Node) -> Fraction | None:
    """Return the remainder of a power that may be too large to be written itself."""
    while isinstance(left, Applied) and left.operator == "()":
        left = left.operands[0]
    if not isinstance(left, Applied) or not applies(left, "^"):
        return None
    numbers = [exact(node) for node in (*left.operands, right)]
    if not all(_is_modest(number) for number in numbers):
        return None
    return Fraction(pow(*(number.numerator for number in numbers)))


def _is_modest(number: Fraction) -> bool:
    whole_and_positive = number.denominator == 1 and number >= 1
    return whole_and_positive and number.numerator.bit_length() <= MAX_MODULAR_BITS
