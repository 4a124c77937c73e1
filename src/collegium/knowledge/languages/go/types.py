"""How types of Go are written, and the lists of parameters they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.facts import Parameter
from collegium.knowledge.languages.go.naming import declare, named
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def parameter(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield the parameters that are declared with one type."""
    annotation = reading.annotation(node.child_by_field_name("type"))
    names = [reading.text(name) for name in named(node, "name")]
    for name in names or ["_"]:
        yield Parameter(name, annotation)


def rest(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield the parameter that takes all that is left."""
    for one in parameter(reading, node):
        yield Parameter("*" + one.name, one.annotation)


def type_parameter(reading: Reading, node: Node) -> str:
    """Bind type parameters of one bound."""
    bound = reading.annotation(node.child_by_field_name("type"))
    for name in named(node, "name"):
        _bind_type_parameter(reading, name, bound)
    return UNKNOWN


def of_receiver(reading: Reading, node: Node) -> str:
    """Bind the names that the receiver of a method gives to the parameters of its type."""
    for element in node.named_children:
        for name in element.named_children:
            _bind_type_parameter(reading, name, "")
    return UNKNOWN


def _bind_type_parameter(reading: Reading, name: Node, bound: str) -> None:
    title = reading.text(name)
    if title != "_":
        reading.bind(title, "<typevar>", name, annotation=bound, how="parameter")


def results(reading: Reading, node: Node) -> str:
    """Read several results; those with names are variables of the function."""
    kinds: list[str] = []
    for declared in node.named_children:
        annotation = reading.annotation(declared.child_by_field_name("type"))
        names = named(declared, "name")
        for name in names:
            declare(reading, name, Given("", annotation))
        kinds += [annotation] * max(1, len(names))
    return kinds[0] if len(kinds) == 1 else writing.item("struct", ", ".join(kinds))


def function_type(reading: Reading, node: Node) -> str:
    """Write a type of functions by its result; what it takes is named, not bound."""
    reading.parameters(node.child_by_field_name("parameters"))
    returns = reading.annotation(node.child_by_field_name("result"))
    return writing.item("func", returns) if returns else "func"


def sequence(element: str) -> Callable[[Reading, Node], str]:
    """Return the rule of a type with places: the node's field that has what stands in them."""

    def rule(reading: Reading, node: Node) -> str:
        kind = node.child_by_field_name(element)
        held = UNKNOWN if kind is None else reading.value(kind)
        reading.others(node, kind)
        return writing.item("map", f"int, {held}")

    return rule


def map_(reading: Reading, node: Node) -> str:
    """Write a map."""
    key, value = reading.field(node, "key"), reading.field(node, "value")
    return writing.item("map", f"{key or UNKNOWN}, {value or UNKNOWN}")


def channel(reading: Reading, node: Node) -> str:
    """Write a channel."""
    return writing.item("chan", reading.field(node, "value") or UNKNOWN)
