"""Statements of Java that declare names as they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.languages.java.naming import bind, kind_of
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def resource(reading: Reading, node: Node) -> str:
    """Read `R r = open()` of a try, or a variable that is only named there."""
    if node.child_by_field_name("name") is None:
        return reading.inside(node)
    bind(reading, node, kind_of(reading, node))
    return UNKNOWN


def loop(reading: Reading, node: Node) -> str:
    """Read a loop over the elements of something."""
    name, over = node.child_by_field_name("name"), node.child_by_field_name("value")
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    if name is None or over is None or kind is None:
        return reading.inside(node)
    annotation = kind_of(reading, node)
    element = writing.prefixed("*", reading.value(over))
    reading.bind(reading.text(name), element, name, annotation=annotation)
    return UNKNOWN if body is None else reading.value(body)


def caught(reading: Reading, node: Node) -> str:
    """Read the parameter of a catch: one of several types."""
    kinds = [
        kind
        for part in node.named_children
        if part.type == "catch_type"
        for kind in part.named_children
    ]
    bind(reading, node, writing.either([reading.value(kind) for kind in kinds] or [UNKNOWN]))
    return UNKNOWN


def is_instance(reading: Reading, node: Node) -> str:
    """Read `x instanceof Foo f`."""
    reading.field(node, "left")
    kind, name = node.child_by_field_name("right"), node.child_by_field_name("name")
    written = reading.annotation(kind)
    if name is not None:
        reading.bind(reading.text(name), "", name, annotation=written)
    reading.field(node, "pattern")
    return "<boolean>"


def pattern(reading: Reading, node: Node) -> str:
    """Read `Foo f` of a case, or in the pattern of a record."""
    kind, *names = node.named_children
    written = reading.value(kind)
    for name in names:
        reading.bind(reading.text(name), "", name, annotation="" if written == "var" else written)
    return UNKNOWN


def return_(reading: Reading, node: Node) -> str:
    """Note what a method returns."""
    for value in node.named_children:
        reading.returned(reading.value(value))
    return UNKNOWN


def labelled(reading: Reading, node: Node) -> str:
    """Read a statement without its label."""
    for statement in node.named_children[1:]:
        reading.value(statement)
    return UNKNOWN
