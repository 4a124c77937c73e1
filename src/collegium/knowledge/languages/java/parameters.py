"""Parameters of methods and lambdas of Java."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.facts import Parameter
from collegium.knowledge.languages.java.naming import kind_of, marks_of
from collegium.knowledge.parsing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def parameter(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield a parameter with its type."""
    name = node.child_by_field_name("name")
    marks_of(reading, node)
    if name is not None:
        annotation = kind_of(reading, node)
        if node.child_by_field_name("dimensions") is not None:
            annotation = writing.item("new", annotation)
        yield Parameter(reading.text(name), annotation)


def rest(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Read `T... xs`."""
    kinds = [
        child
        for child in node.named_children
        if child.type not in {"modifiers", "variable_declarator"}
    ]
    annotation = reading.value(kinds[0]) if kinds else ""
    for declared in node.named_children:
        name = declared.child_by_field_name("name")
        if declared.type == "variable_declarator" and name is not None:
            yield Parameter("*" + reading.text(name), annotation)


def untyped(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield the only parameter of a lambda."""
    yield Parameter(reading.text(node))


def untyped_list(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield the parameters of a lambda without their types."""
    for name in node.named_children:
        yield Parameter(reading.text(name))
