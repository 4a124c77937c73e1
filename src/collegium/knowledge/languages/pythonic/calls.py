"""Calls whose arguments mean more than values: types, functions of elements, `__all__`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP
from collegium.knowledge.languages.pythonic.names import QUOTES
from collegium.knowledge.languages.pythonic.types import type_
from collegium.knowledge.parsing import rules, writing

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

# The functions whose arguments are types, and which of them.
_TAKE_TYPES: Final = {"cast": slice(0, 1), "TypeVar": slice(1, None), "NewType": slice(1, None)}
# The functions that call one of their arguments with the elements of the others.
_HAND_ELEMENTS: Final = frozenset({"map", "filter", "sorted", "sort", "min", "max"})


def call(reading: Reading, node: Node) -> str:
    """Read a call. Some functions take types, and some hand elements to a lambda."""
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or given is None:
        return reading.inside(node)
    target = reading.stem(function)
    reading.use("call", target, function)
    if target.startswith("__all__.") and reading.scope == TOP:
        exports(reading, given)
    name = target.rpartition(".")[2]
    if name in _TAKE_TYPES:
        return writing.call(target, _typed(reading, given, _TAKE_TYPES[name]))
    if name in _HAND_ELEMENTS:
        return writing.call(target, _handing(reading, given, target))
    return writing.call(target, reading.value(given))


def _typed(reading: Reading, node: Node, takes: slice) -> str:
    """Read a list of arguments of which some are types, and may be so in strings."""
    given = [child for child in node.named_children if child.type != "comment"]
    types = {child.id for child in given[takes]}
    return ", ".join(
        writing.part(_type_argument(reading, child) if child.id in types else reading.value(child))
        for child in given
    )


def _type_argument(reading: Reading, node: Node) -> str:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if node.type != "keyword_argument" or name is None or value is None:
        return reading.apply(type_, node)
    return f"{reading.text(name)}={reading.apply(type_, value)}"


def _handing(reading: Reading, node: Node, target: str) -> str:
    """Read the arguments of a function that calls a lambda for each element of the others."""
    given = [child for child in node.named_children if child.type != "comment"]
    read = {child.id: reading.value(child) for child in given if _lambda(child) is None}
    over = [value for child in given if (value := read.get(child.id)) and "=" not in value]
    if target.endswith(".sort"):
        over = [target.removesuffix(".sort")]
    elements = [writing.prefixed("*", value) for value in over]
    for child in given:
        function = _lambda(child)
        if function is not None:
            taken = function.child_by_field_name("parameters")
            body = function.child_by_field_name("body")
            rules.nameless(reading, function, taken, body, elements)
    return ", ".join(writing.part(read.get(child.id, "<function>")) for child in given)


def _lambda(node: Node) -> Node | None:
    if node.type == "keyword_argument":
        node = node.child_by_field_name("value") or node
    return node if node.type == "lambda" else None


def exports(reading: Reading, node: Node | None) -> None:
    """Note the names that an assignment to `__all__`, or a call of its methods, exports."""
    waiting = [] if node is None else [node]
    while waiting:
        node = waiting.pop(0)
        text = reading.text(node)
        if node.type == "string":
            name = text.strip(QUOTES)
            reading.export(name, name, node)
        elif node.type == "attribute" and text.endswith(".__all__"):
            reading.export("*", text.removesuffix(".__all__"), node)
        else:
            waiting.extend(node.named_children)
