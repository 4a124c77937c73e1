"""What a test of `instanceof` says of the code that it guards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript.functions import (
    plain_chain,
)
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.nodes import first, last
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


_LEAVING: Final = frozenset(
    {
        "return_statement",
        "throw_statement",
        "continue_statement",
        "break_statement",
    }
)


def if_statement(reading: Reading, node: Node) -> str:
    """Read `if`: behind `x instanceof Foo` x is a Foo; behind `if (!(...)) return` as well."""
    condition, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    if condition is None or then is None:
        return reading.inside(node)
    other = node.child_by_field_name("alternative")
    for target, kind in _tested(reading, condition):
        reading.narrow(target, kind, reading.line(then), reading.end(then))
    for target, kind in _tested_in_vain(reading, condition):
        if other is not None:
            reading.narrow(target, kind, reading.line(other), reading.end(other))
        elif node.parent is not None and _leaves(then):
            reading.narrow(target, kind, reading.end(node) + 1, reading.end(node.parent))
    reading.value(condition)
    reading.branch(then)
    if other is not None:
        reading.branch(other)
    return UNKNOWN


def _leaves(then: Node) -> bool:
    end = last(then) if then.type == "statement_block" else then
    return end is not None and end.type in _LEAVING


def ternary(reading: Reading, node: Node) -> str:
    """Read `a ? b : c`."""
    condition, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    if condition is not None and then is not None:
        for target, kind in _tested(reading, condition):
            reading.narrow(target, kind, reading.line(then), reading.end(then))
    return _chosen(reading, node)


_chosen: Final = rules.either("consequence", "alternative")


def both(reading: Reading, left: Node, right: Node) -> str:
    """Read `left && right`."""
    for target, kind in _tested(reading, left):
        reading.narrow(target, kind, reading.line(right), reading.end(right))
    reading.value(left)
    return reading.value(right)


def _tested(reading: Reading, condition: Node) -> Iterator[tuple[str, str]]:
    """Give what is an instance of what, where a condition holds."""
    if condition.type == "parenthesized_expression":
        inner = first(condition)
        if inner is not None:
            yield from _tested(reading, inner)
        return
    left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
    operator = condition.child_by_field_name("operator")
    if condition.type != "binary_expression" or left is None or right is None or operator is None:
        return
    if operator.type == "&&":
        yield from _tested(reading, right)
    elif operator.type == "instanceof":
        target, kind = plain_chain(reading, left), plain_chain(reading, right)
        if target and kind:
            yield target, kind


def _tested_in_vain(reading: Reading, condition: Node) -> Iterator[tuple[str, str]]:
    """Give what is an instance of what, or is not ("<not X>"), where a condition does not hold."""
    if condition.type == "parenthesized_expression":
        inner = first(condition)
        if inner is not None:
            yield from _tested_in_vain(reading, inner)
        return
    operator = condition.child_by_field_name("operator")
    mark = "" if operator is None else operator.type
    operand = condition.child_by_field_name("argument")
    if mark == "!" and operand is not None:
        yield from _tested(reading, operand)
    elif mark == "instanceof":
        for target, kind in _tested(reading, condition):
            yield target, writing.literal("not", [kind])
    elif mark == "||":
        for side in condition.named_children:
            yield from _tested_in_vain(reading, side)
