"""Classes, their members, and what decorates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript.functions import (
    FUNCTIONS,
    Title,
    bare,
    define,
)
from collegium.knowledge.languages.ecmascript.members import key_of, marks_of
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from collegium.knowledge.facts import How
    from collegium.knowledge.parsing.reading import Reading

CLASSES: Final = frozenset({"class", "class_declaration", "abstract_class_declaration"})


def named(reading: Reading, statement: Node, title: Title, value: Node, typed: str = "") -> bool:
    """Read a function or class under the name it is bound to; False where it is neither.

    A class that is assigned to a member of something keeps its own name.
    """
    if value.type in FUNCTIONS:
        define(reading, statement, title, value, typed=typed)
        return True
    own = value.child_by_field_name("name")
    if value.type != "class" or (title.owner and own is not None):
        return False
    define_class(reading, statement, title, value)
    return True


def declaration(reading: Reading, node: Node) -> str:
    """Read a class with a name; one in an expression may have none."""
    name = node.child_by_field_name("name")
    if name is None:
        reading.inside(node)
        return UNKNOWN
    define_class(reading, node, Title(reading.text(name)), node)
    return reading.text(name)


def define_class(reading: Reading, statement: Node, title: Title, node: Node) -> None:
    """Note a class under a title."""
    marks = decorated(reading, node.children)
    with reading.prefaced(statement, marks=marks):
        reading.define(
            statement,
            title.name,
            kind="class",
            body=node.child_by_field_name("body"),
            head=(node.child_by_field_name("type_parameters"),),
            bases=tuple(_bases(reading, node)),
            marks=marks_of(reading, node) + (("static",) if title.hung else ()),
            owner=title.owner,
            under=title.under,
        )


def decorated(reading: Reading, nodes: Iterable[Node]) -> tuple[str, ...]:
    """Read the decorators among nodes, and return them as marks."""
    return tuple(_decorator(reading, node) for node in nodes if node.type == "decorator")


def _decorator(reading: Reading, node: Node) -> str:
    expression = first(node)
    if expression is None:
        return UNKNOWN
    written = reading.stem(expression)
    reading.use("decorate", written.partition("(")[0], node)
    return written


def _bases(reading: Reading, node: Node) -> Iterable[str]:
    heritage = next((child for child in node.children if child.type == "class_heritage"), None)
    for clause in heritage.named_children if heritage else ():
        if clause.type == "extends_clause":
            yield _extended(reading, clause)
        elif clause.type == "implements_clause":
            yield from map(reading.stem, clause.named_children)
        else:
            yield reading.stem(clause)


def _extended(reading: Reading, clause: Node) -> str:
    value, given = (clause.child_by_field_name(field) for field in ("value", "type_arguments"))
    written = UNKNOWN if value is None else reading.stem(value)
    return written if given is None else writing.item(written, reading.value(given))


def body(reading: Reading, node: Node) -> str:
    """Read the body of a class, whose members stand behind their decorators."""
    before: list[Node] = []
    for child in node.named_children:
        if child.type == "decorator":
            before.append(child)
            continue
        marks = decorated(reading, [*before, *child.children])
        with reading.prefaced(before[0] if before else child, marks=marks):
            reading.value(child)
        if child.type not in reading.grammar.comments:
            before.clear()
    return UNKNOWN


def method(reading: Reading, node: Node) -> str:
    """Read a method of a class, or the signature of one."""
    key = node.child_by_field_name("name")
    if key is not None:
        title = Title(key_of(reading, key))
        define(reading, node, title, node, kind="method", marks=marks_of(reading, node))
    return UNKNOWN


def field(reading: Reading, node: Node) -> str:
    """Read a field: a function in it is a method, anything else a variable of the class."""
    key = node.child_by_field_name("property") or node.child_by_field_name("name")
    if key is None:
        return reading.inside(node)
    name = key_of(reading, key)
    typed = reading.annotation(node.child_by_field_name("type"))
    value = node.child_by_field_name("value")
    with reading.prefaced(node, marks=marks_of(reading, node)):
        if value is not None and named(reading, node, Title(name), bare(value), typed):
            return UNKNOWN
        written = "" if value is None else reading.value(value)
        how: How = "assign" if written else "field"
        reading.bind(name, written, node, annotation=typed, how=how, statement=node)
    return UNKNOWN
