"""What TypeScript declares beside what JavaScript does, and how it says of what type a value is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.languages.ecmascript.members import key_of, marks_of
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first, last
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def interface(reading: Reading, node: Node) -> str:
    """Read an interface."""
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return reading.inside(node)
    clause = next((part for part in node.children if part.type == "extends_type_clause"), None)
    bases = () if clause is None else tuple(map(reading.stem, clause.named_children))
    reading.define(
        node,
        name,
        kind="interface",
        head=(node.child_by_field_name("type_parameters"),),
        bases=bases,
        body=body,
    )
    return UNKNOWN


def alias(reading: Reading, node: Node) -> str:
    """Read `type A = B`: of an object type an interface, of anything else another name for it."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return reading.inside(node)
    within = node.child_by_field_name("type_parameters")
    if value.type == "object_type":
        reading.define(node, name, kind="interface", head=(within,), body=value)
    else:
        if within is not None:
            reading.value(within)
        reading.bind(reading.text(name), reading.value(value), node, statement=node)
    return UNKNOWN


def enum(reading: Reading, node: Node) -> str:
    """Read an enum."""
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    body = node.child_by_field_name("body")
    reading.define(node, name, kind="enum", body=body, marks=marks_of(reading, node))
    return UNKNOWN


def enum_body(reading: Reading, node: Node) -> str:
    """Read the members of an enum."""
    for part in node.named_children:
        key = part.child_by_field_name("name") or part
        if part.type in reading.grammar.comments:
            reading.value(part)
            continue
        value = reading.field(part, "value") or UNKNOWN
        reading.bind(key_of(reading, key), value, part, statement=part)
    return UNKNOWN


def namespace(reading: Reading, node: Node) -> str:
    """Read `namespace A.B {}` and `declare module "c" {}`."""
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    title = reading.text(name).strip("\"'")
    reading.define(node, title, kind="module", body=node.child_by_field_name("body"))
    return UNKNOWN


def property_signature(reading: Reading, node: Node) -> str:
    """Read a field of an interface."""
    key = node.child_by_field_name("name")
    if key is None:
        return reading.inside(node)
    typed = reading.annotation(node.child_by_field_name("type"))
    reading.bind(key_of(reading, key), "", node, annotation=typed, how="field", statement=node)
    return UNKNOWN


def signature(reading: Reading, node: Node) -> str:
    """Read a call, construct or index signature, which has no name."""
    with reading.anonymous(node):
        reading.parameters(node.child_by_field_name("parameters"))
        reading.others(
            node, node.child_by_field_name("parameters"), node.child_by_field_name("name")
        )
    return UNKNOWN


def cast(reading: Reading, node: Node) -> str:
    """Read `x as T`: a value of T; `x as const` is x."""
    value, kind = first(node), last(node)
    if value is None or kind is None:
        return UNKNOWN
    written = reading.value(value)
    if kind == value or kind.type in {"const", "as_const"}:
        return written
    return _value_of(reading.value(kind), written)


def assertion(reading: Reading, node: Node) -> str:
    """Read `<T>x`."""
    kind, value = first(node), last(node)
    if kind is None or value is None or kind == value:
        return reading.inside(node)
    typed = reading.value(kind)
    return _value_of(typed, reading.value(value))


def _value_of(kind: str, value: str) -> str:
    """Write a value of a type, or the value itself where the type tells nothing."""
    if kind == UNKNOWN:
        return value
    return kind if kind[0] in "<#" else writing.call(kind)


def kept(reading: Reading, node: Node) -> str:
    """Read `x satisfies T` and `x!`, which are x."""
    value = first(node)
    if value is None:
        return UNKNOWN
    written = reading.value(value)
    reading.others(node, value)
    return written
