"""The values of expressions that are not rational, worked out in decimals."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.experts.computing.arithmetic.exact import exact
from collegium.experts.computing.arithmetic.nodes import Name, Node, Number
from collegium.experts.computing.arithmetic.powers import Irrational
from collegium.experts.computing.base import Uncomputable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WORKING_DIGITS = 80

_PI = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534"
)


def approximate(node: Node) -> Fraction:
    """Return the value of an expression that is not rational, right to 40 decimal places or more.

    Raises:
        Uncomputable: It has none, or it is too large or too small to be written in decimals.
    """
    with localcontext(prec=WORKING_DIGITS):
        value = _valued(node)
        if not Decimal("1e-15") < abs(value) < Decimal("1e30"):
            raise Uncomputable(f"{value} is not written in decimals")
        return Fraction(value.quantize(Decimal("1e-45")))


def _valued(node: Node) -> Decimal:
    try:
        number = exact(node)
    except Irrational:
        return _irrational(node)
    return Decimal(number.numerator) / number.denominator


def _irrational(node: Node) -> Decimal:
    if isinstance(node, Number):
        raise Uncomputable("a number is rational")
    if isinstance(node, Name):
        return _PI if node.name == "pi" else Decimal(1).exp()
    if node.operator in {"sin", "cos", "tan"} and not _is_angle(node.operands[0]):
        raise Uncomputable("an angle is in degrees, or in radians as a multiple of pi")
    numbers = [_valued(operand) for operand in node.operands]
    if node.operator in _OF_ONE:
        return _OF_ONE[node.operator](numbers[0])
    if node.operator in _OF_TWO:
        return _OF_TWO[node.operator](numbers[0], numbers[1])
    raise Uncomputable(f"{node.operator!r} of what is not rational")


def _is_angle(node: Node) -> bool:
    if isinstance(node, Name):
        return node.name == "pi"
    if isinstance(node, Number):
        return node.value == 0
    return node.operator == "°" or any(_is_angle(operand) for operand in node.operands)


def _positive(number: Decimal) -> Decimal:
    if number <= 0:
        raise Uncomputable(f"{number} is not positive")
    return number


def _moderate(number: Decimal) -> Decimal:
    if abs(number) > 1000:
        raise Uncomputable(f"{number} is too large")
    return number


def _sine(angle: Decimal) -> Decimal:
    """Return the sine of an angle in radians, by its series."""
    angle = _moderate(angle) % (2 * _PI)
    term, total, count = angle, angle, 1
    while abs(term) > Decimal(10) ** -WORKING_DIGITS:
        term *= -angle * angle / ((count + 1) * (count + 2))
        total, count = total + term, count + 2
    return total


def _cosine(angle: Decimal) -> Decimal:
    return _sine(angle + _PI / 2)


_OF_ONE: Mapping[str, Callable[[Decimal], Decimal]] = MappingProxyType(
    {
        "()": lambda number: number,
        "-1": lambda number: -number,
        "sqrt": lambda number: _positive(number).sqrt(),
        "cbrt": lambda number: _positive(number) ** (Decimal(1) / 3),
        "abs": abs,
        "ln": lambda number: _positive(number).ln(),
        "log2": lambda number: _positive(number).ln() / Decimal(2).ln(),
        "log10": lambda number: _positive(number).log10(),
        "exp": lambda number: _moderate(number).exp(),
        "sin": _sine,
        "cos": _cosine,
        "tan": lambda angle: _sine(angle) / _cosine(angle),
        "°": lambda number: number * _PI / 180,
    }
)
_OF_TWO: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = MappingProxyType(
    {
        "+": lambda left, right: left + right,
        "-": lambda left, right: left - right,
        "*": lambda left, right: left * right,
        "/": lambda left, right: left / right,
        "^": lambda base, exponent: _positive(base) ** _moderate(exponent),
    }
)
