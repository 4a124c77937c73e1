"""Expressions of Go: calls, conversions, literals, operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.go.words import NAMED_TYPES
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.nodes import first, starts_with
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_OF_FIRST: Final = frozenset({"append", "make", "new"})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "&^"})
_PLAIN_CALL: Final = rules.call()


def closure(reading: Reading, node: Node) -> str:
    """Read a function without a name: a value of the type of functions with its result."""
    result, body = node.child_by_field_name("result"), node.child_by_field_name("body")
    with reading.anonymous():
        for parameter in reading.parameters(node.child_by_field_name("parameters")):
            reading.narrow(
                parameter.name.lstrip("*"), parameter.annotation, *_inner_lines(reading, node)
            )
        returns = reading.annotation(result)
        if body is not None:
            reading.value(body)
    return writing.call(writing.item("func", returns)) if returns else "<func>"


def _inner_lines(reading: Reading, node: Node) -> tuple[int, int]:
    """Return the lines that a block has for itself; those that it shares if it has no others."""
    start, end = reading.line(node), reading.end(node)
    return (start + 1, end - 1) if end > start + 1 else (start, end)


def call(reading: Reading, node: Node) -> str:
    """Read a call; what `make` and `new` give is of the type that they are given."""
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or function.type != "identifier" or given is None:
        return _PLAIN_CALL(reading, node)
    builtin, kind = reading.text(function), first(given)
    if builtin not in _OF_FIRST or kind is None:
        return _PLAIN_CALL(reading, node)
    written = reading.value(kind)
    reading.others(given, kind)
    return written if builtin == "append" else writing.call(written)


def conversion(reading: Reading, node: Node) -> str:
    """Read `T(x)`; one with arguments of types can as well be a call of a generic function."""
    kind = node.child_by_field_name("type")
    if kind is None:
        return reading.inside(node)
    if kind.type == "generic_type" and (named := kind.child_by_field_name("type")) is not None:
        written = reading.stem(named)
        reading.use("call", written, named)
        reading.others(kind, named)
    else:
        written = reading.stem(kind)
        if kind.type in NAMED_TYPES:
            reading.use("call", written, kind)
    return writing.call(written, reading.field(node, "operand"))


def composite(reading: Reading, node: Node) -> str:
    """Read `T{...}`: a value of the type. The names of fields in it refer to them."""
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    written = UNKNOWN if kind is None else reading.value(kind)
    if body is not None:
        is_record = kind is not None and kind.type in NAMED_TYPES
        _elements(reading, body, written if is_record else "")
    return writing.call(written)


def _elements(reading: Reading, body: Node, record: str) -> None:
    for element in body.named_children:
        key = element.child_by_field_name("key")
        name = first(key) if key is not None else None
        if record and name is not None and name.type == "identifier":
            reading.use("reference", f"{record}.{reading.text(name)}", name)
            reading.others(element, key)
        else:
            reading.value(element)


def unary(reading: Reading, node: Node) -> str:
    """Read `&x` and `*x`, which count as x, `<-x`, an element, and signs."""
    operand = reading.field(node, "operand") or UNKNOWN
    return writing.prefixed("*", operand) if starts_with(node, "<-") else operand


def binary(reading: Reading, node: Node) -> str:
    """Read two operands: what arithmetic gives is of the type of either."""
    left, right = reading.field(node, "left"), reading.field(node, "right")
    sign = node.child_by_field_name("operator")
    if sign is None or sign.type not in _ARITHMETIC or not left:
        return "<bool>"
    return right if left[0] == "<" and right else left


def assertion(reading: Reading, node: Node) -> str:
    """Read `x.(T)`: a value of the type."""
    reading.field(node, "operand")
    kind = node.child_by_field_name("type")
    return UNKNOWN if kind is None else writing.call(reading.value(kind))
