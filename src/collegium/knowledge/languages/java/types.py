"""How types of Java are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def wildcard(reading: Reading, node: Node) -> str:
    """Read `? extends T`, which counts as T, and `? super T`, of which nothing is known."""
    bounds = [reading.value(child) for child in node.named_children]
    is_upper = any(child.type == "extends" for child in node.children)
    return bounds[-1] if bounds and is_upper else UNKNOWN


def array(reading: Reading, node: Node) -> str:
    """Write a type of arrays."""
    return writing.item("new", reading.field(node, "element") or UNKNOWN)


def named(reading: Reading, node: Node) -> str:
    """Write a type of the language's own."""
    return reading.text(node)
