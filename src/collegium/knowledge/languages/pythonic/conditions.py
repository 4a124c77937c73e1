"""Conditions that tell the type of something, and where that holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.pythonic.names import CHAIN
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first, last

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_LEAVING: Final = frozenset(
    {"return_statement", "raise_statement", "continue_statement", "break_statement"}
)
_MOST_TESTED: Final = 40  # parts of a condition


def condition(reading: Reading, node: Node) -> str:
    """Read a branch or a loop under a condition, which may tell the type of something."""
    told = node.child_by_field_name("condition")
    body = node.child_by_field_name("consequence") or node.child_by_field_name("body")
    if told is not None and body is not None:
        narrow(reading, told, True, reading.line(told), reading.end(body))
        if node.type != "while_statement":
            _narrow_otherwise(reading, node, told, body)
    return reading.inside(node)


def _narrow_otherwise(reading: Reading, node: Node, told: Node, body: Node) -> None:
    if not any(tested(reading, told, False)):
        return
    others = _alternatives(node)
    if others:
        narrow(reading, told, False, reading.line(others[0]), reading.end(others[-1]))
    elif (ending := last(body)) is not None and ending.type in _LEAVING:
        narrow(reading, told, False, reading.end(node) + 1, _end_of_block(reading, node))


def _alternatives(node: Node) -> list[Node]:
    """Return the branches that are tried after an `if` or an `elif`."""
    if node.type == "if_statement":
        return node.children_by_field_name("alternative")
    around = node.parent
    others = [] if around is None else around.children_by_field_name("alternative")
    return [each for each in others if each.start_byte > node.start_byte]


def assertion(reading: Reading, node: Node) -> str:
    """Read an assertion, which may tell the type of something in the rest of its block."""
    narrow(reading, first(node), True, reading.line(node), _end_of_block(reading, node))
    return reading.inside(node)


def _end_of_block(reading: Reading, node: Node) -> int:
    return reading.end(node.parent or node)


def narrow(reading: Reading, node: Node | None, truth: bool, first: int, last: int) -> None:
    """Note the types of what a condition tells of, where it is true (or false)."""
    for target, kind in tested(reading, node, truth):
        reading.narrow(target, kind, first, last)


def tested(reading: Reading, node: Node | None, truth: bool) -> Iterator[tuple[str, str]]:
    """Yield what is of which type, or is not ("<not X>"), when a condition is true (or false)."""
    waiting = [(node, truth)]
    for _ in range(_MOST_TESTED):
        if not waiting:
            break
        node, truth = waiting.pop()
        if node is None:
            continue
        if node.type == "parenthesized_expression":
            waiting.append((first(node), truth))
        elif node.type == "not_operator":
            waiting.append((node.child_by_field_name("argument"), not truth))
        elif node.type == "boolean_operator":
            operator = node.child_by_field_name("operator")
            if operator is not None and (operator.type == "and") is truth:
                waiting.append((node.child_by_field_name("right"), truth))
                waiting.append((node.child_by_field_name("left"), truth))
        elif node.type == "call":
            for target, kind in _instance(reading, node):
                yield target, kind if truth else writing.literal("not", [kind])
        elif node.type == "comparison_operator" and truth:
            yield from _same_type(reading, node)


def _instance(reading: Reading, node: Node) -> Iterator[tuple[str, str]]:
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or given is None or reading.text(function) != "isinstance":
        return
    if given.named_child_count == 2:
        target, kind = given.named_children
        yield from _told(reading, target, kind)


def _same_type(reading: Reading, node: Node) -> Iterator[tuple[str, str]]:
    if node.child_count != 3:
        return
    left, operator, right = node.children
    called = re.fullmatch(r"type\(([\w.]+)\)", reading.brief(left))
    if called and operator.type in {"is", "=="} and (kind := _class_named(reading, right)):
        yield called[1], kind


def _told(reading: Reading, target: Node, kind: Node) -> Iterator[tuple[str, str]]:
    if target.type == "named_expression":
        target = target.child_by_field_name("name") or target
    name, named = reading.brief(target), _class_named(reading, kind)
    if named and CHAIN.match(name):
        yield name, named


def _class_named(reading: Reading, node: Node) -> str:
    """Return the class or classes that a node names, '' where it does more than that."""
    if node.type in {"tuple", "binary_operator"}:
        classes = [_class_named(reading, child) for child in node.named_children]
        return writing.either(classes) if classes and all(classes) else ""
    text = reading.brief(node)
    return text if CHAIN.match(text) else ""
