"""What a test of `instanceof` says of the code that it guards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript.functions import (
    plain_chain,
)
from collegium.knowledge.parsing import rules
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
    for target, kind in _tested(reading, condition):
        reading.narrow(target, kind, reading.line(then), reading.end(then))
    _narrow_behind(reading, node, condition, then)
    reading.value(condition)
    reading.branch(then)
    other = node.child_by_field_name("alternative")
    if other is not None:
        reading.branch(other)
    return UNKNOWN


def _narrow_behind(reading: Reading, node: Node, condition: Node, then: Node) -> None:
    """Note what holds behind an `if` with a negated condition, if it leaves the block."""
    negated = first(condition)
    around = node.parent
    if negated is None or negated.type != "unary_expression" or around is None:
        return
    inner = negated.child_by_field_name("argument")
    end = last(then) if then.type == "statement_block" else then
    if inner is None or end is None or end.type not in _LEAVING:
        return
    if reading.text(negated).startswith("!") and node.child_by_field_name("alternative") is None:
        for target, kind in _tested(reading, inner):
            reading.narrow(target, kind, reading.end(node) + 1, reading.end(around))


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
