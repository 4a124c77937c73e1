"""How names of Go get their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.facts import How
    from collegium.knowledge.parsing.frames import Given
    from collegium.knowledge.parsing.reading import Reading

# What can tell in a second value whether there is a first.
_WITH_SUCCESS: Final = frozenset(
    {"index_expression", "type_assertion_expression", "unary_expression"}
)


def declare(reading: Reading, name: Node, given: Given, how: How = "assign") -> None:
    """Bind a name where it is declared, unless it is the blank one."""
    title = reading.text(name)
    if title != "_":
        reading.bind(
            title,
            given.value,
            name,
            annotation=given.annotation,
            how=how,
            statement=given.statement,
        )


def shares(reading: Reading, values: Node | None, count: int) -> list[str]:
    """Read a list of values, and return what each of so many names gets of it."""
    nodes = [] if values is None else values.named_children
    written = [reading.value(node) for node in nodes]
    if len(nodes) == 1 < count:
        if nodes[0].type in _WITH_SUCCESS:
            return [*written, *[UNKNOWN] * (count - 1)]
        return [writing.item(written[0], str(place)) for place in range(count)]
    return [*written, *[""] * count][:count]


def named(node: Node, field: str) -> list[Node]:
    """Return the parts of a node under a field, without the commas between them."""
    return [child for child in node.children_by_field_name(field) if child.is_named]
