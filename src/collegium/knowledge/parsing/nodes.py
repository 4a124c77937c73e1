"""Parts of nodes that may be missing, as they are in broken code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def first(node: Node) -> Node | None:
    """Return the first named part of a node."""
    return next((child for child in node.children if child.is_named), None)


def last(node: Node) -> Node | None:
    """Return the last named part of a node."""
    count = node.named_child_count
    return node.named_child(count - 1) if count else None


def only(node: Node) -> Node | None:
    """Return the named part of a node that has exactly one."""
    children = node.children
    if len(children) != 1:
        children = [child for child in children if child.is_named]
    return children[0] if len(children) == 1 and children[0].is_named else None


def starts_with(node: Node, word: str) -> bool:
    """Return whether a node begins with a word of the language."""
    start = node.child(0) if node.child_count else None
    return start is not None and start.type == word
