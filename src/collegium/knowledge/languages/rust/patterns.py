"""Patterns of Rust: what they take apart, and the statements that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.languages.rust.words import TRANSPARENT
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.nodes import last
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def identifier(reading: Reading, node: Node, given: Given) -> None:
    """Bind a name, unless it is the name of a variant or a constant."""
    name = reading.text(node)
    if name[:1].isupper() or name == "_":
        reading.value(node)
    elif given.span is not None:
        reading.narrow(name, given.annotation, *given.span, value=given.value)
    else:
        reading.bind(name, given.value, node, annotation=given.annotation)


def variant(reading: Reading, node: Node, given: Given) -> None:
    """Take a variant or a tuple apart by its places."""
    kind = node.child_by_field_name("type")
    name = "" if kind is None else reading.value(kind)
    parts = [part for part in node.named_children if kind is None or part.id != kind.id]
    for place, part in enumerate(parts):
        if name in TRANSPARENT:
            reading.assign(part, given.part(given.value))
        else:
            reading.assign(part, given.part(writing.member(writing.call(name), str(place))))


def structure(reading: Reading, node: Node, given: Given) -> None:
    """Take a type apart by its fields."""
    kind = node.child_by_field_name("type")
    name = "" if kind is None else reading.value(kind)
    for part in node.named_children:
        field = part.child_by_field_name("name") if part.type == "field_pattern" else None
        if field is None:
            continue
        held = given.part(writing.member(writing.call(name), reading.text(field)))
        pattern = part.child_by_field_name("pattern")
        if pattern is None:
            identifier(reading, field, held)
        else:
            reading.assign(pattern, held)


def inner(reading: Reading, node: Node, given: Given) -> None:
    """Bind what stands behind `mut`, `&` and `name @`."""
    pattern = last(node)
    if pattern is not None:
        reading.assign(pattern, given)


def captured(reading: Reading, node: Node, given: Given) -> None:
    """Bind the name and the pattern of `name @ pattern`."""
    for part in node.named_children:
        reading.assign(part, given)


def slice_(reading: Reading, node: Node, given: Given) -> None:
    """Bind the parts of a slice to its elements."""
    for part in node.named_children:
        reading.assign(part, given.part(writing.prefixed("*", given.value)))


def matched(reading: Reading, node: Node, given: Given) -> None:
    """Bind the pattern of an arm, and read its condition."""
    condition = node.child_by_field_name("condition")
    for part in node.named_children:
        if condition is None or part.id != condition.id:
            reading.assign(part, given)
    if condition is not None:
        reading.value(condition)


def path(reading: Reading, node: Node, given: Given) -> None:
    """Read the name of a variant, which binds nothing."""
    reading.value(node)


def match_arms(reading: Reading, node: Node) -> list[tuple[str, str]]:
    """Read the arms of a match, each with its pattern bound on its lines; return both."""
    value = reading.field(node, "value") or UNKNOWN
    body = node.child_by_field_name("body")
    arms: list[tuple[str, str]] = []
    for arm in [] if body is None else body.named_children:
        pattern = arm.child_by_field_name("pattern")
        if pattern is not None:
            span = (reading.line(arm), reading.end(arm))
            reading.assign(pattern, Given(value, span=span))
            arms.append((reading.text(pattern), reading.field(arm, "value")))
        else:
            reading.value(arm)
    return arms


def let_condition(reading: Reading, node: Node) -> str:
    """Read `let PATTERN = value` of a condition."""
    value = reading.field(node, "value") or UNKNOWN
    pattern = node.child_by_field_name("pattern")
    if pattern is not None:
        reading.assign(pattern, Given(value))
    return "<bool>"


def let(reading: Reading, node: Node) -> str:
    """Read `let PATTERN: T = value else { ... }`."""
    value = reading.field(node, "value")
    annotation = reading.annotation(node.child_by_field_name("type"))
    reading.field(node, "alternative")
    pattern = node.child_by_field_name("pattern")
    if pattern is not None and annotation and pattern.type not in {"identifier", "mut_pattern"}:
        reading.assign(pattern, Given(writing.call(annotation)))
    elif pattern is not None:
        reading.assign(pattern, Given(value, annotation))
    return UNKNOWN


def loop(reading: Reading, node: Node) -> str:
    """Read a loop over the elements of something."""
    over, pattern = reading.field(node, "value"), node.child_by_field_name("pattern")
    body = node.child_by_field_name("body")
    if pattern is not None:
        span = (reading.line(node), reading.end(node))
        reading.assign(pattern, Given(writing.prefixed("*", over or UNKNOWN), span=span))
    return UNKNOWN if body is None else reading.value(body)
