"""What members of classes, interfaces and object literals have in common: names and modifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

NAMELESS: Final = "#_"
_MODIFIERS: Final = frozenset(
    {
        "static",
        "get",
        "set",
        "abstract",
        "readonly",
        "override",
        "accessibility_modifier",
        "override_modifier",
    }
)


def spelled(name: str) -> str:
    """Return a name as an expression: `_` so that it is not taken for what cannot be told."""
    return NAMELESS if name == UNKNOWN else name or UNKNOWN


def key_of(reading: Reading, key: Node) -> str:
    """Return the name of a member; of a computed one what is written, brackets included."""
    if key.type == "string":
        return reading.text(key)[1:-1]
    reading.inside(key)
    return reading.text(key)


def marks_of(reading: Reading, node: Node) -> tuple[str, ...]:
    """Return the modifiers that a member or a class has."""
    return tuple(reading.text(child) for child in node.children if child.type in _MODIFIERS)


def plain(reading: Reading, name: Node) -> str:
    """Return a name that may stand in quotes."""
    return reading.text(name).strip("\"'")


def inside_quotes(reading: Reading, string: Node | None) -> str:
    """Return what stands in a string, '' where there is none."""
    return "" if string is None else reading.text(string)[1:-1]
