"""Expressions of Java: calls, objects, lambdas, operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

# Methods that call a lambda with each element, or with the only one.
_WITH_EACH: Final = frozenset(
    "allMatch anyMatch dropWhile filter flatMap forEach ifPresent map mapToInt mapToObj noneMatch "
    "peek removeIf takeWhile".split()
)
_MEMBER: Final = rules.member("object", "field")
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"})


def field(reading: Reading, node: Node) -> str:
    """Write `a.b`; what `Outer.this` is counts as a new value of the type."""
    name, whole = node.child_by_field_name("field"), node.child_by_field_name("object")
    if name is not None and whole is not None and name.type == "this":
        return writing.call(reading.stem(whole))
    return _MEMBER.stem(reading, node)


def class_literal(reading: Reading, node: Node) -> str:
    """Read `T.class`."""
    kinds = [reading.value(child) for child in node.named_children]
    return writing.call(writing.item("Class", kinds[0])) if kinds else UNKNOWN


def call(reading: Reading, node: Node) -> str:
    """Read `f(x)`, `a.f(x)`, `super.f(x)`, `A.super.f(x)`."""
    name, whole = node.child_by_field_name("name"), node.child_by_field_name("object")
    given = node.child_by_field_name("arguments")
    if name is None or given is None:
        return reading.inside(node)
    method, of = reading.text(name), "" if whole is None else reading.stem(whole)
    if any(child.type == "super" for child in node.named_children):
        of = "super"
    target = writing.member(of, method) if of else method
    held = writing.prefixed("*", of) if method in _WITH_EACH and of else ""
    arguments = list(_arguments(reading, given, held))
    reading.use("call", target, name, len(arguments))
    return writing.call(target, ", ".join(arguments))


def _arguments(reading: Reading, listed: Node, held: str) -> Iterator[str]:
    """Yield arguments; a lambda that is called with each element gets that."""
    for node in listed.named_children:
        if node.type == "lambda_expression":
            yield _lambda(reading, node, held)
        elif not node.type.endswith("comment"):
            yield writing.part(reading.value(node))


def constructor_call(reading: Reading, node: Node) -> str:
    """Read `super(x)` and `this(x)`, which call a type as `new` does."""
    called, given = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
    if called is not None:
        target = reading.text(called)
        if target == "this":
            target = _around(reading, node)
        reading.use("call", target, called)
    if given is not None:
        reading.value(given)
    return UNKNOWN


def _around(reading: Reading, node: Node) -> str:
    """Return the name of the constructor that a node stands in."""
    body = node.parent
    name = body.parent.child_by_field_name("name") if body is not None and body.parent else None
    return UNKNOWN if name is None else reading.text(name)


def new(reading: Reading, node: Node) -> str:
    """Read `new T(x)`; with a body it is a class without a name that extends T."""
    kind, given = node.child_by_field_name("type"), node.child_by_field_name("arguments")
    if kind is None:
        return reading.inside(node)
    written = reading.stem(kind)
    target = written.partition("[")[0]
    reading.use("call", target, kind)
    arguments = "" if given is None else reading.value(given)
    for child in node.named_children:
        if child.type == "class_body":
            name = "new " + target.rpartition(".")[2]
            reading.define(node, name, kind="class", bases=(written,), body=child)
        elif child not in {kind, given}:
            reading.value(child)
    return writing.call(written, arguments)


def new_array(reading: Reading, node: Node) -> str:
    """Read `new T[n]`."""
    kind = reading.field(node, "type")
    reading.others(node, node.child_by_field_name("type"))
    return writing.call(writing.item("new", kind or UNKNOWN))


def lambda_(reading: Reading, node: Node) -> str:
    """Read a lambda, whose parameters hold on its lines."""
    return _lambda(reading, node, "")


def _lambda(reading: Reading, node: Node, held: str) -> str:
    body, span = node.child_by_field_name("body"), (reading.line(node), reading.end(node))
    with reading.anonymous():
        parameters = reading.parameters(node.child_by_field_name("parameters"))
        for parameter in parameters:
            value = held if len(parameters) == 1 else ""
            reading.narrow(parameter.name, parameter.annotation, *span, value=value)
        if body is not None:
            reading.value(body)
    return "<function>"


def cast(reading: Reading, node: Node) -> str:
    """Read `(T) x`: a value of the type."""
    kinds = [child for child in node.children_by_field_name("type") if child.is_named]
    written = [reading.value(kind) for kind in kinds]
    reading.field(node, "value")
    return writing.call(written[0]) if written else UNKNOWN


def assignment(reading: Reading, node: Node) -> str:
    """Read an assignment, which changes no type."""
    reading.field(node, "left")
    return reading.field(node, "right") or UNKNOWN


def method_reference(reading: Reading, node: Node) -> str:
    """Read `A::f`, which names a method, or with `new` a type."""
    whole, *names = node.named_children
    of = reading.stem(whole)
    last = [name for name in names if name.type == "identifier"]
    reading.use("reference", writing.member(of, reading.text(last[0])) if last else of, node)
    return "<function>"


def binary(reading: Reading, node: Node) -> str:
    """Read two operands: a sum with a string is one, other arithmetic of the type of either."""
    left, right = reading.field(node, "left"), reading.field(node, "right")
    sign = node.child_by_field_name("operator")
    if sign is None or sign.type not in _ARITHMETIC:
        return "<boolean>"
    return "<String>" if "<String>" in {left, right} else left or UNKNOWN
