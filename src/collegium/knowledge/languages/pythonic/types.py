"""Annotations, also in strings, and what else takes types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.pythonic.names import CHAIN, QUOTES
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_SPECIAL: Final = frozenset({"Optional", "Union", "Annotated", "Literal"})
_WRAPPERS: Final = frozenset({"type", "expression_statement", "parenthesized_expression", "module"})
# How types that consist of types are written.
_TYPES: Final[Mapping[str, Callable[[list[str]], str]]] = {
    "binary_operator": writing.either,
    "union_type": writing.either,
    "list": partial(writing.row, "list"),
}
_NONE: Final = "<None>"
_item: Final = rules.item()


def type_(reading: Reading, node: Node) -> str:
    """Read a type, also one that is written in a string."""
    text = reading.brief(node)
    if CHAIN.match(text):  # most are a name or names with dots, which need no walk
        if text == "None":
            return _NONE
        reading.use("reference", text, node)
        return text
    if node.type in _WRAPPERS:
        inner = first(node)
        return UNKNOWN if inner is None else reading.apply(type_, inner)
    if node.type == "string":
        return reading.embedded(text.strip(QUOTES), reading.line(node), type_)
    if node.type in {"subscript", "generic_type"}:
        return reading.apply(_parametrised, node)
    written = _TYPES.get(node.type)
    return reading.value(node) if written is None else written(_types(reading, node))


def subscript(reading: Reading, node: Node) -> str:
    """Read an item of something, or a type with its arguments."""
    of = node.child_by_field_name("value")
    if of is not None and reading.brief(of).rpartition(".")[2] in _SPECIAL:
        return _parametrised(reading, node)
    return _item(reading, node)


def _parametrised(reading: Reading, node: Node) -> str:
    head, *given = node.named_children
    written = reading.value(head)
    special = written.rpartition(".")[2]
    if special == "Literal":
        return UNKNOWN
    if len(given) == 1 and given[0].type == "type_parameter":
        given = given[0].named_children
    types = [reading.apply(type_, child) for child in given]
    if special == "Optional":
        return writing.either([*types, _NONE])
    if special == "Union":
        return writing.either(types)
    if special == "Annotated":
        return types[0]
    return writing.item(written, ", ".join(writing.part(one) for one in types))


def _types(reading: Reading, node: Node) -> list[str]:
    return [reading.apply(type_, child) for child in node.named_children]


def type_parameters(reading: Reading, node: Node) -> str:
    """Read the type parameters of a definition: each is of the type that it is bound to."""
    for parameter in node.named_children:
        inner = first(parameter)
        if inner is None:
            continue
        name, bound = inner, None
        if inner.type == "constrained_type":
            name, bound = inner.named_children[:2]
        annotation = reading.annotation(bound)
        reading.bind(reading.text(name), "<typevar>", name, annotation=annotation, how="parameter")
    return UNKNOWN


def parts(reading: Reading, node: Node) -> list[str]:
    """Read a class or a tuple of classes, and return each of them."""
    nodes = node.named_children if node.type == "tuple" else [node]
    return [reading.value(child) for child in nodes]
