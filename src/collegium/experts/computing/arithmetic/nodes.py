"""What an expression is made of: a tree of numbers, names and what is applied to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """A rational number."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """pi, e, or the unknown of an equation."""

    name: str


@dataclass(frozen=True, slots=True)
class Applied:
    """An operator or a function, and what it is applied to.

    One operand have "()", parentheses; "-1", the sign; "%", "°", "factorial" and the functions.
    Two have "+", "-", "*", "/", "^" and "mod".
    """

    operator: str
    operands: tuple[Node, ...]


Node: TypeAlias = Number | Name | Applied


def applies(node: Node, *operators: str) -> bool:
    """Whether `node` is one of `operators` and what it is applied to."""
    return isinstance(node, Applied) and node.operator in operators


def is_whole(node: Node) -> bool:
    """Whether `node` is a whole number as it stands."""
    return isinstance(node, Number) and node.value.denominator == 1


def is_bare(node: Node) -> bool:
    """Whether `node` is a number or a name, at most dressed in a sign or in parentheses."""
    if isinstance(node, Applied):
        return node.operator in {"%", "°", "()", "-1"} and is_bare(node.operands[0])
    return True
