"""What Java declares: packages, imports, types, methods, fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.java.naming import bind, kind_of, marks_of
from collegium.knowledge.parsing import documentation, writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from collegium.knowledge.facts import How, SymbolKind
    from collegium.knowledge.parsing.reading import Reading

_ABOVE: Final = frozenset({"superclass", "super_interfaces", "extends_interfaces"})


def package(reading: Reading, node: Node) -> str:
    """Note the package of the file."""
    reading.package = next((reading.text(child) for child in node.named_children[-1:]), "")
    reading.module_doc = documentation.above(reading, reading.line(node))
    return UNKNOWN


def import_(reading: Reading, node: Node) -> str:
    """Take `a.b.C` as C of a.b, `a.b.*` as all of a.b; a static one has the level 1."""
    parts = [child for child in node.named_children if child.type.endswith("identifier")]
    whole = reading.text(parts[0]) if parts else ""
    static = int(any(child.type == "static" for child in node.children))
    if any(child.type == "asterisk" for child in node.named_children):
        reading.take(whole, "*", "", node, level=static)
    else:
        module, _, name = whole.rpartition(".")
        reading.take(module, name, name, node, level=static)
    return UNKNOWN


def annotation(reading: Reading, node: Node) -> str:
    """Read an annotation, which decorates what it stands before."""
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    written = reading.stem(name)
    reading.use("decorate", written, name)
    reading.others(node, name)
    return written


def pair(reading: Reading, node: Node) -> str:
    """Read an argument of an annotation."""
    return reading.field(node, "value")


def type_(kind: SymbolKind) -> Callable[[Reading, Node], str]:
    """Return the rule of a type: the components of a record are read as fields of it."""

    def rule(reading: Reading, node: Node) -> str:
        name = node.child_by_field_name("name")
        if name is None:
            return reading.inside(node)
        marks = marks_of(reading, node)
        reading.define(
            node,
            name,
            kind=kind,
            head=_present(node, "type_parameters", "parameters"),
            bases=_bases(reading, node),
            body=node.child_by_field_name("body"),
            marks=marks,
            exported="public" in marks,
        )
        return UNKNOWN

    return rule


def _present(node: Node, *fields: str) -> tuple[Node, ...]:
    return tuple(child for field in fields if (child := node.child_by_field_name(field)))


def _bases(reading: Reading, node: Node) -> tuple[str, ...]:
    clauses = [child for child in node.named_children if child.type in _ABOVE]
    kinds = [kind for clause in clauses for kind in _listed(clause)]
    return tuple(reading.stem(kind) for kind in kinds)


def _listed(clause: Node) -> list[Node]:
    """Return the types of `extends A`, `implements A, B`."""
    return [
        kind
        for part in clause.named_children
        for kind in (part.named_children if part.type == "type_list" else [part])
    ]


def method(reading: Reading, node: Node) -> str:
    """Define a method."""
    return _define(reading, node)


def constructor(reading: Reading, node: Node) -> str:
    """Define a constructor: a method that is called as its type is."""
    return _define(reading, node, "constructor")


def _define(reading: Reading, node: Node, *more: str) -> str:
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    marks = marks_of(reading, node)
    reading.define(
        node,
        name,
        kind="method",
        head=_present(node, "type_parameters"),
        parameters=node.child_by_field_name("parameters"),
        returns=node.child_by_field_name("type"),
        body=node.child_by_field_name("body"),
        marks=marks + more,
        exported="public" in marks,
    )
    return UNKNOWN


def component(reading: Reading, node: Node) -> str:
    """Define what reads a component of a record, and its field."""
    name, kind = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name is None or kind is None:
        return reading.inside(node)
    reading.define(node, name, kind="method", returns=kind, body=None)
    reading.bind(reading.text(name), "", node, annotation=reading.value(kind), how="field")
    return UNKNOWN


def declaration(how: How) -> Callable[[Reading, Node], str]:
    """Return the rule of variables that are declared with one type; `var` tells none."""

    def rule(reading: Reading, node: Node) -> str:
        marks_of(reading, node)
        annotation = kind_of(reading, node)
        for declared in node.children_by_field_name("declarator"):
            bind(reading, declared, annotation, how=how, statement=node)
        return UNKNOWN

    return rule


def enum_constant(reading: Reading, node: Node) -> str:
    """Declare a constant, a value of the enumeration that it stands in."""
    name, body = node.child_by_field_name("name"), node.parent
    kind = body.parent.child_by_field_name("name") if body is not None and body.parent else None
    if name is None or kind is None:
        return reading.inside(node)
    title, enumeration = reading.text(name), reading.text(kind)
    reading.bind(title, writing.call(enumeration), name, annotation=enumeration, statement=node)
    reading.field(node, "arguments")
    own = node.child_by_field_name("body")
    if own is not None:
        reading.define(node, f"new {title}", kind="class", bases=(enumeration,), body=own)
    return UNKNOWN


def type_parameter(reading: Reading, node: Node) -> str:
    """Bind a type parameter."""
    name = next((child for child in node.named_children if child.type == "type_identifier"), None)
    bounds = [
        kind
        for child in node.named_children
        if child.type == "type_bound"
        for kind in child.named_children
    ]
    written = [reading.value(bound) for bound in bounds]
    if name is not None:
        reading.bind(
            reading.text(name),
            "<typevar>",
            name,
            annotation=writing.either(written) if written else "",
            how="parameter",
        )
    return UNKNOWN
