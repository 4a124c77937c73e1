"""Statements of Go that declare names as they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.languages.go.naming import declare, named, shares
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def short(reading: Reading, node: Node) -> str:
    """Read `a, b := ...`."""
    left = node.child_by_field_name("left")
    names = [] if left is None else left.named_children
    right = node.child_by_field_name("right")
    for name, share in zip(names, shares(reading, right, len(names)), strict=True):
        declare(reading, name, Given(share))
    return UNKNOWN


def received(reading: Reading, node: Node) -> str:
    """Read `x := <-c` of a select."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    value = UNKNOWN if right is None else reading.value(right)
    for place, name in enumerate([] if left is None else left.named_children):
        declare(reading, name, Given(UNKNOWN if place else value))
    return UNKNOWN


def range_(reading: Reading, node: Node) -> str:
    """Read the head of a loop: `range(E)` stands for the pair of key and element."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    over = UNKNOWN if right is None else reading.value(right)
    pair = writing.call("range", over) if over != UNKNOWN else UNKNOWN
    for place, name in enumerate([] if left is None else left.named_children):
        declare(reading, name, Given(writing.item(pair, str(place))))
    return UNKNOWN


def type_switch(reading: Reading, node: Node) -> str:
    """Narrow the name of a type switch in each case that has one type."""
    alias, subject = node.child_by_field_name("alias"), node.child_by_field_name("value")
    name = "" if alias is None else reading.text(alias)
    if name and subject is not None:
        reading.bind(name, reading.value(subject), node)
    for case in node.named_children:
        if case.type == "type_case":
            kinds = named(case, "type")
            written = [reading.value(kind) for kind in kinds]
            if name and len(written) == 1:
                reading.narrow(name, written[0], reading.line(case), reading.end(case))
            reading.others(case, *kinds)
        elif case not in {alias, subject}:
            reading.value(case)
    return UNKNOWN


def return_(reading: Reading, node: Node) -> str:
    """Note what a function returns, several results as a tuple."""
    for listed in node.named_children:
        written = [reading.value(value) for value in listed.named_children]
        reading.returned(written[0] if len(written) == 1 else writing.row("tuple", written))
    return UNKNOWN
