"""How names of Java get their types and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.parsing import writing

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.facts import How
    from collegium.knowledge.parsing.reading import Reading


def marks_of(reading: Reading, node: Node) -> tuple[str, ...]:
    """Read the modifiers and annotations of a declaration."""
    for child in node.children:
        if child.type == "modifiers":
            return tuple(_mark(reading, mark) for mark in child.children)
    return ()


def _mark(reading: Reading, node: Node) -> str:
    return reading.value(node) if node.is_named else reading.text(node)


def kind_of(reading: Reading, node: Node) -> str:
    """Read the type that a declaration gives; `var` tells none."""
    written = reading.field(node, "type")
    return "" if written == "var" else written


def bind(
    reading: Reading,
    node: Node,
    annotation: str,
    *,
    value: str = "",
    how: How = "assign",
    statement: Node | None = None,
) -> None:
    """Bind the name that a node declares, to its value."""
    name = node.child_by_field_name("name")
    if name is None:
        return
    if annotation and node.child_by_field_name("dimensions") is not None:
        annotation = writing.item("new", annotation)
    reading.bind(
        reading.text(name),
        value or reading.field(node, "value"),
        name,
        annotation=annotation,
        how=how,
        statement=statement,
    )
