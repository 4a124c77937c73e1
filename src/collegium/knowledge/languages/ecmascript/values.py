"""The other expressions: names, members, operators, loops, and elements of JSX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript.conditions import both
from collegium.knowledge.languages.ecmascript.members import NAMELESS, spelled
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def own(reading: Reading, node: Node) -> str:
    """Read `this`, unless it is that of a function without a name, which nothing is known of."""
    return UNKNOWN if reading.receives else "this"


def _name(reading: Reading, node: Node) -> str:
    return spelled(reading.text(node))


def _member(reading: Reading, node: Node) -> str:
    written = _plain_member.stem(reading, node)
    root, dot, rest = written.partition(".")
    if root == UNKNOWN and reading.text(node)[0] == UNKNOWN:
        root = NAMELESS
    elif root == "this" and reading.receives:
        root = UNKNOWN
    return root + dot + rest


_plain_member: Final = rules.member("object", "property")
NAME: Final = rules.chain(_name)
MEMBER: Final = rules.chain(_member)


def subscript(reading: Reading, node: Node) -> str:
    """Read `a[b]`; `a["b"]` is the member of that name."""
    of, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if of is None or index is None:
        return reading.inside(node)
    if index.type == "string":
        name = reading.text(index)[1:-1]
        return writing.member(reading.value(of), name) if name.isidentifier() else UNKNOWN
    written = reading.text(index) if index.type == "number" else reading.value(index)
    return writing.item(reading.value(of), writing.part(written))


def binary(reading: Reading, node: Node) -> str:
    """Read two operands: one of them is the value of `||` and `??`, the second that of `&&`."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return reading.inside(node)
    operator = node.child_by_field_name("operator")
    sign = "" if operator is None else operator.type
    if sign == "&&":
        return both(reading, left, right)
    values = [reading.value(left), reading.value(right)]
    if sign in {"||", "??"}:
        return writing.either(values)
    return "<boolean>" if sign in _COMPARING else UNKNOWN


_COMPARING: Final = frozenset({"==", "===", "!=", "!==", "<", ">", "<=", ">=", "instanceof", "in"})


def loop(reading: Reading, node: Node) -> str:
    """Read `for (x of xs)`, and `for (key in object)`, whose keys are strings."""
    operator = node.child_by_field_name("operator")
    if operator is not None and operator.type == "in":
        return _keys(reading, node)
    return _elements(reading, node)


_elements: Final = rules.loop()


def _keys(reading: Reading, node: Node) -> str:
    left = node.child_by_field_name("left")
    if left is not None:
        reading.assign(left, Given("<string>"))
    reading.others(node, left)
    return UNKNOWN


def caught(reading: Reading, node: Node) -> str:
    """Read `catch (error) {}`."""
    parameter, body = node.child_by_field_name("parameter"), node.child_by_field_name("body")
    if parameter is not None:
        reading.assign(parameter, Given(UNKNOWN))
    return UNKNOWN if body is None else reading.branch(body)


def sequence(reading: Reading, node: Node) -> str:
    """Read `a, b`, whose value is the last one."""
    values = [reading.value(part) for part in node.named_children]
    return values[-1] if values else UNKNOWN


def element(reading: Reading, node: Node) -> str:
    """Read the opening tag of a JSX element: one of a component's name calls that component."""
    name = node.child_by_field_name("name")
    if name is not None and (name.type == "member_expression" or reading.text(name)[:1].isupper()):
        reading.use("call", reading.stem(name), name)
    reading.others(node, name)
    return UNKNOWN
