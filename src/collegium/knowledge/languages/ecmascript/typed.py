"""TypeScript's types, written as expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript import declarations
from collegium.knowledge.languages.ecmascript.functions import (
    Title,
    define,
)
from collegium.knowledge.languages.ecmascript.members import key_of
from collegium.knowledge.languages.ecmascript.values import NAME
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tree_sitter import Node

    from collegium.knowledge.languages.grammar import Rule
    from collegium.knowledge.parsing.reading import Reading


TYPE_PARAMETER: Final = "<typevar>"
_CHAIN: Final = re.compile(r"[\w$.]+\Z")


def predefined(reading: Reading, node: Node) -> str:
    """Read `string`, `number`, `any`."""
    name = reading.text(node)
    return UNKNOWN if name in {"any", "unknown"} else f"<{name}>"


def own(reading: Reading, node: Node) -> str:
    """Read the type `this`: that of what the method is called on."""
    return UNKNOWN if reading.receives else "this"


def generic(reading: Reading, node: Node) -> str:
    """Read `Name<A, B>`."""
    name, given = (node.child_by_field_name(field) for field in ("name", "type_arguments"))
    if name is None or given is None:
        return reading.inside(node)
    return writing.item(reading.value(name), reading.value(given))


def array(reading: Reading, node: Node) -> str:
    """Read `A[]`."""
    of = first(node)
    return UNKNOWN if of is None else writing.item("Array", writing.part(reading.value(of)))


def one_of(reading: Reading, node: Node) -> str:
    """Read `A | B` and `A & B`: a value has the members of one, or of both."""
    return writing.either([reading.value(part) for part in node.named_children] or [UNKNOWN])


def literal(reading: Reading, node: Node) -> str:
    """Read a literal that is a type."""
    of = first(node)
    return UNKNOWN if of is None else reading.value(of)


def query(reading: Reading, node: Node) -> str:
    """Read `typeof x`: what x is, as a literal that holds it."""
    of = first(node)
    written = UNKNOWN if of is None else reading.value(of)
    return UNKNOWN if written == UNKNOWN else writing.literal("typeof", [written])


def lookup(reading: Reading, node: Node) -> str:
    """Read `A['b']` as the b of an A, and `A[number]` as an element of one."""
    whole, *others = node.named_children
    written = reading.value(whole)
    keys = [reading.text(one).strip("\"'`") for one in others if one.type == "literal_type"]
    for one in others:
        reading.value(one)
    if written == UNKNOWN or not _CHAIN.match(written):
        return UNKNOWN
    if [reading.text(one) for one in others] == ["number"]:
        return writing.prefixed("*", writing.call(written))
    return writing.member(writing.call(written), keys[0]) if _is_name(keys) else UNKNOWN


def _is_name(keys: Sequence[str]) -> bool:
    return len(keys) == 1 and keys[0].isidentifier()


def function(reading: Reading, node: Node) -> str:
    """Read `<T extends X>(x: T) => Y`, written as a function of an X that gives a Y."""
    with reading.anonymous(node):
        bounds = _bounds(reading, node.child_by_field_name("type_parameters"))
        taken = reading.parameters(node.child_by_field_name("parameters"))
        result = reading.field(node, "return_type")
    told = [*(each.annotation for each in taken if each.name != "this"), result]
    types = (bounds.get(each, each) or UNKNOWN for each in told)
    return writing.item("Function", ", ".join(map(writing.part, types)))


def _bounds(reading: Reading, parameters: Node | None) -> dict[str, str]:
    """Return what the type parameters of a function without a name are at least."""
    bounds: dict[str, str] = {}
    for parameter in () if parameters is None else parameters.named_children:
        name = parameter.child_by_field_name("name")
        if name is not None:
            bounds[reading.text(name)] = reading.field(parameter, "constraint")
    return bounds


def type_parameter(reading: Reading, node: Node) -> str:
    """Read `T extends Bound = Default`."""
    name, bound = (node.child_by_field_name(field) for field in ("name", "constraint"))
    if name is not None:
        limit = "" if bound is None else reading.value(bound)
        reading.bind(reading.text(name), TYPE_PARAMETER, node, annotation=limit, how="parameter")
    reading.others(node, name, bound)
    return UNKNOWN


def shape(reading: Reading, node: Node) -> str:
    """Read an object type; without a name of its own it gets a hidden one, as a literal does."""
    if node.parent is not None and node.parent.type == "type_alias_declaration":
        return reading.inside(node)
    holder = reading.hidden()
    for part in node.named_children:
        key = part.child_by_field_name("name")
        if part.type == "property_signature" and key is not None:
            typed = reading.annotation(part.child_by_field_name("type"))
            target = f"{holder}.{key_of(reading, key)}"
            reading.bind(target, "", part, annotation=typed, how="field")
        elif part.type == "method_signature" and key is not None:
            define(
                reading, part, Title(key_of(reading, key), holder, hung=True), part, kind="method"
            )
        else:
            reading.value(part)
    return holder


RULES: Final[Mapping[str, Rule]] = {
    "abstract_class_declaration": rules.inside,
    "array_type": array,
    "as_expression": declarations.cast,
    "asserts_annotation": rules.inside,
    "call_signature": declarations.signature,
    "construct_signature": declarations.signature,
    "constructor_type": declarations.signature,
    "constraint": rules.through(),
    "enum_body": declarations.enum_body,
    "enum_declaration": declarations.enum,
    "function_type": function,
    "generic_type": generic,
    "index_signature": declarations.signature,
    "interface_declaration": declarations.interface,
    "internal_module": declarations.namespace,
    "intersection_type": one_of,
    "literal_type": literal,
    "lookup_type": lookup,
    "module": declarations.namespace,
    "nested_identifier": rules.member("object", "property"),
    "nested_type_identifier": rules.member("module", "name"),
    "non_null_expression": declarations.kept,
    "object_type": shape,
    "parenthesized_type": rules.through(),
    "predefined_type": predefined,
    "property_signature": declarations.property_signature,
    "readonly_type": rules.through(),
    "satisfies_expression": declarations.kept,
    "this_type": own,
    "tuple_type": rules.collection("Array", by_place=True),
    "type_alias_declaration": declarations.alias,
    "type_annotation": rules.through(),
    "type_arguments": rules.arguments,
    "type_assertion": declarations.assertion,
    "type_identifier": NAME,
    "type_parameter": type_parameter,
    "type_query": query,
    "union_type": one_of,
}
