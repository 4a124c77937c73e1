"""The usual rules of functions and types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import starts_with
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tree_sitter import Node

    from collegium.knowledge.facts import SymbolKind
    from collegium.knowledge.languages.grammar import Rule
    from collegium.knowledge.parsing.reading import Reading

_WORDS: Final = re.compile(r"\w+")


def starts_async(node: Node) -> bool:
    """Return whether a definition begins with the word `async`."""
    return starts_with(node, "async")


def function(
    name: str = "name",
    parameters: str = "parameters",
    returns: str = "return_type",
    body: str = "body",
    *,
    kind: SymbolKind = "function",
    awaits: Callable[[Node], bool] = starts_async,
) -> Rule:
    """Read the definition of a function; directly in a type it is a method."""

    def rule(reading: Reading, node: Node) -> str:
        title = node.child_by_field_name(name)
        if title is None:
            return reading.inside(node)
        reading.define(
            node,
            title,
            kind=kind,
            head=(node.child_by_field_name("type_parameters"),),
            parameters=node.child_by_field_name(parameters),
            returns=node.child_by_field_name(returns),
            body=node.child_by_field_name(body),
            awaits=awaits(node),
        )
        return UNKNOWN

    return rule


def anonymous(parameters: str = "parameters", body: str = "body") -> Rule:
    """Read a function without a name: what it calls, the code around it calls."""

    def rule(reading: Reading, node: Node) -> str:
        taken = node.child_by_field_name(parameters)
        return nameless(reading, node, taken, node.child_by_field_name(body))

    return rule


def nameless(
    reading: Reading,
    node: Node,
    parameters: Node | None,
    body: Node | None,
    given: Sequence[str] = (),
) -> str:
    """Read a function without a name; `given` are the first arguments, where they are known.

    What it gives is told, unless that rests on what it takes.
    """
    with reading.anonymous(node):
        taken = reading.parameters(parameters)
        for place, parameter in enumerate(taken):
            reading.bind(
                parameter.name.lstrip("*"),
                given[place] if place < len(given) else parameter.default,
                node,
                annotation=parameter.annotation,
                how="parameter",
            )
        value = UNKNOWN if body is None else reading.value(body)
    names = {parameter.name.lstrip("*") for parameter in taken} | {UNKNOWN}
    told = not names & set(_WORDS.findall(value))
    return writing.literal("function", [value] if told else [])


def type_(
    kind: SymbolKind = "class",
    name: str = "name",
    bases: Callable[[Reading, Node], tuple[str, ...]] | str = "",
    body: str = "body",
) -> Rule:
    """Read the definition of a type; `bases` are read by a function, or are all in a field."""

    def rule(reading: Reading, node: Node) -> str:
        title = node.child_by_field_name(name)
        if title is None:
            return reading.inside(node)
        above = bases_in(reading, node, bases) if isinstance(bases, str) else bases(reading, node)
        code = node.child_by_field_name(body)
        reading.define(node, title, kind=kind, bases=above, body=code)
        return UNKNOWN

    return rule


def bases_in(reading: Reading, node: Node, field: str) -> tuple[str, ...]:
    """Return the named parts of a field as bases, which are not references."""
    listed = node.child_by_field_name(field) if field else None
    if listed is None:
        return ()
    return tuple(reading.stem(child) for child in listed.named_children)
