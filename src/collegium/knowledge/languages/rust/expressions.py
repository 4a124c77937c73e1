"""Expressions of Rust."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.rust import types
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

# Methods that call a closure with what the container, option or result has.
_WITH_EACH: Final = frozenset(
    "all and_then any filter filter_map find find_map flat_map for_each inspect is_some_and map "
    "map_while max_by_key min_by_key partition position retain skip_while sort_by_key take_while"
    "".split()
)
_WORDS: Final = re.compile(r"\w+")
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"})


def structure(reading: Reading, node: Node) -> str:
    """Read `T { a: 1 }`: a value of the type."""
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    written = UNKNOWN if name is None else reading.value(name)
    if body is not None:
        reading.inside(body)
    return writing.call(written)


def call(reading: Reading, node: Node) -> str:
    """Read a call; a closure that a container calls with each element gets that."""
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or given is None:
        return reading.inside(node)
    target = reading.stem(function)
    reading.use("call", target, function)
    of, _, method = target.rpartition(".")
    held = writing.either([writing.prefixed("*", of), of]) if method in _WITH_EACH else ""
    return writing.call(
        target, ", ".join(_argument(reading, one, held) for one in given.named_children)
    )


def _argument(reading: Reading, node: Node, held: str) -> str:
    if node.type == "closure_expression":
        return _closure(reading, node, held)
    return writing.part(reading.value(node))


def closure(reading: Reading, node: Node) -> str:
    """Read a closure, whose parameters hold on its lines."""
    return _closure(reading, node, "")


def _closure(reading: Reading, node: Node, held: str) -> str:
    body = node.child_by_field_name("body")
    span = (reading.line(node), reading.end(node))
    with reading.anonymous():
        parameters = reading.parameters(node.child_by_field_name("parameters"))
        for parameter in parameters:
            value = held if len(parameters) == 1 else ""
            reading.narrow(parameter.name, parameter.annotation, *span, value=value)
        returns = reading.field(node, "return_type")
        value = "" if body is None else reading.value(body)
    if returns:
        return writing.call(writing.item("fn", returns))
    names = {parameter.name for parameter in parameters} | {"_"}
    told = value and not names & set(_WORDS.findall(value))
    return writing.literal("func", [value]) if told else "<fn>"


def turbofish(reading: Reading, node: Node) -> str:
    """Read `f::<T>`: of `parse` the type that it gives is kept."""
    given = node.child_by_field_name("type_arguments")
    written = reading.field(node, "function") or UNKNOWN
    kinds = "" if given is None else types.arguments(reading, given)
    return writing.item(written, kinds) if written.endswith(".parse") and kinds else written


def cast(reading: Reading, node: Node) -> str:
    """Read `x as T`: a value of the type."""
    reading.field(node, "value")
    return writing.call(reading.field(node, "type") or UNKNOWN)


def index(reading: Reading, node: Node) -> str:
    """Read `x[i]`; what a range gives counts as x itself."""
    whole, *places = node.named_children
    written = reading.value(whole)
    keys = [reading.value(place) for place in places]
    if any(place.type == "range_expression" for place in places):
        return written
    return writing.item(written, ", ".join(writing.part(key) for key in keys))


def binary(reading: Reading, node: Node) -> str:
    """Read two operands: what arithmetic gives is of the type of the first."""
    left = reading.field(node, "left")
    reading.field(node, "right")
    sign = node.child_by_field_name("operator")
    return left if sign is not None and sign.type in _ARITHMETIC and left else "<bool>"
