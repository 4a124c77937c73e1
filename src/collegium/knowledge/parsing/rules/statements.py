"""The usual rules of statements, and of what stands left of "="."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.nodes import only
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.languages.grammar import Rule
    from collegium.knowledge.parsing.reading import Reading

_STARS: Final = frozenset({"list_splat_pattern", "list_splat"})


def inside(reading: Reading, node: Node) -> str:
    """Read everything inside of a node: the rule of nodes that have no other."""
    return reading.inside(node)


def nothing(reading: Reading, node: Node) -> str:
    """Read nothing."""
    return UNKNOWN


def keep_comment(reading: Reading, node: Node) -> str:
    """Keep a comment that has its lines for itself, for what stands below it."""
    reading.keep_comment(node)
    return UNKNOWN


def branch(reading: Reading, node: Node) -> str:
    """Read a block that may be passed over when the program runs."""
    return reading.branch(node)


def assignment(
    target: str = "left", value: str = "right", annotation: str = "type", *, declares: bool = True
) -> Rule:
    """Read an assignment; one that declares makes variables of names in a module or a type."""

    def rule(reading: Reading, node: Node) -> str:
        written = reading.field(node, value)
        typed = reading.annotation(node.child_by_field_name(annotation))
        left = node.child_by_field_name(target)
        if left is not None:
            reading.assign(left, Given(written, typed, node if declares else None))
        return written or UNKNOWN

    return rule


def loop(target: str = "left", over: str = "right") -> Rule:
    """Read a loop over the elements of something."""

    def rule(reading: Reading, node: Node) -> str:
        left, right = node.child_by_field_name(target), node.child_by_field_name(over)
        if left is not None and right is not None:
            reading.assign(left, Given(writing.prefixed("*", reading.value(right))))
            reading.others(node, left, right)
            return UNKNOWN
        return reading.inside(node)

    return rule


def unpacking(reading: Reading, node: Node, given: Given) -> None:
    """Bind the parts of a target by their places; behind a star these cannot be told."""
    starred = False
    for place, part in enumerate(node.named_children):
        starred = starred or part.type in _STARS
        held = _some(given.value) if starred else writing.item(given.value, str(place))
        reading.assign(part, given.part(held))


def _some(whole: str) -> str:
    """Write any element; of a tuple as it is written it may be one of another kind."""
    return UNKNOWN if whole.startswith("<tuple") else writing.prefixed("*", whole)


def many(reading: Reading, node: Node, given: Given) -> None:
    """Bind what stands behind a star to a list of what one of it would be."""
    held = UNKNOWN if given.value in {"", UNKNOWN} else writing.literal("list", [given.value])
    for part in node.named_children:
        reading.assign(part, given.part(held))


def within(reading: Reading, node: Node, given: Given) -> None:
    """Bind the only part of a target to the whole."""
    for part in node.named_children:
        reading.assign(part, given)


def returned(reading: Reading, node: Node) -> str:
    """Read a return statement."""
    part = only(node)
    if part is None:
        return reading.inside(node)
    reading.returned(reading.value(part))
    return UNKNOWN


def yielded(reading: Reading, node: Node) -> str:
    """Read what a generator yields; of `yield from` the elements."""
    part = only(node)
    if part is None:
        reading.yielded(UNKNOWN)
        return reading.inside(node)
    value = reading.value(part)
    reading.yielded(writing.prefixed("*", value) if node.child_count > 2 else value)
    return UNKNOWN
