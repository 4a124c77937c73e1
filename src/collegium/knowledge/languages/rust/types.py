"""How types of Rust are written, and the lists of parameters they stand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import Parameter
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.nodes import last
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_PATHS: Final = re.compile(r"(?!Self\b|self\b)[\w.]+\Z")
_MEMBER: Final = rules.member("path", "name")


def _path(reading: Reading, node: Node) -> str:
    """Write `a::b` as a.b; `self::b` as mod.b, since self is also the receiver."""
    written = _MEMBER.stem(reading, node)
    if written.startswith("Self.") and node.type == "scoped_type_identifier":
        return _associated(reading, node, written[5:]) or written
    return f"mod.{written[5:]}" if written.startswith("self.") else written


def _associated(reading: Reading, node: Node, name: str) -> str:
    """Return what `type NAME = ...;` of the impl block around says, if it is a plain path."""
    around: Node | None = node
    while around is not None and around.type != "impl_item":
        around = around.parent
    body = around.child_by_field_name("body") if around is not None else None
    for part in [] if body is None else body.named_children:
        title, kind = part.child_by_field_name("name"), part.child_by_field_name("type")
        if part.type == "type_item" and title is not None and kind is not None:
            text = reading.brief(kind).replace("::", ".")
            if reading.text(title) == name and _PATHS.match(text):
                return text
    return ""


PATH: Final = rules.chain(_path)


def arguments(reading: Reading, node: Node) -> str:
    """Write arguments of a type, without lifetimes."""
    given = [one for one in node.named_children if one.type not in {"lifetime", "line_comment"}]
    return ", ".join(writing.part(reading.value(one)) for one in given)


def _applied(reading: Reading, node: Node) -> str:
    return _with_arguments(reading, node, reading.value)


def _applied_stem(reading: Reading, node: Node) -> str:
    return _with_arguments(reading, node, reading.stem)


def _with_arguments(reading: Reading, node: Node, read: Callable[[Node], str]) -> str:
    whole, *lists = node.named_children
    given = ", ".join(arguments(reading, one) for one in lists)
    return writing.item(read(whole), given) if given else read(whole)


APPLIED: Final = rules.Chain(_applied, _applied_stem)


def named(reading: Reading, node: Node) -> str:
    """Write a type of the language's own."""
    return reading.text(node)


def unit(reading: Reading, node: Node) -> str:
    """Write the type that has one value."""
    return "<None>"


def array(reading: Reading, node: Node) -> str:
    """Write an array or a slice."""
    element = reading.field(node, "element") or UNKNOWN
    reading.field(node, "length")
    return writing.item("for", element)


def tuple_(reading: Reading, node: Node) -> str:
    """Write the type of a tuple."""
    return writing.item("struct", ", ".join(reading.value(one) for one in node.named_children))


def function(reading: Reading, node: Node) -> str:
    """Write a type of functions by its result."""
    parameters = node.child_by_field_name("parameters")
    if parameters is not None:
        for one in parameters.named_children:
            reading.value(one)
    returns = reading.field(node, "return_type")
    return writing.item("fn", returns) if returns else "fn"


def bounds(reading: Reading, node: Node) -> str:
    """Write the traits that something has."""
    kinds = [one for one in node.named_children if one.type != "lifetime"]
    written = [reading.value(one) for one in kinds]
    return writing.either(written) if written else ""


def type_parameter(reading: Reading, node: Node) -> str:
    """Bind a type parameter with its bounds."""
    name = node.child_by_field_name("name")
    bound = reading.field(node, "bounds")
    reading.field(node, "default_type")
    if name is not None:
        _bind(reading, name, bound)
    return UNKNOWN


def where(reading: Reading, node: Node) -> str:
    """Bind what a `where` says of a type parameter."""
    name, bound = node.child_by_field_name("left"), reading.field(node, "bounds")
    if name is not None and name.type == "type_identifier" and bound:
        _bind(reading, name, bound)
    return UNKNOWN


def _bind(reading: Reading, name: Node, bound: str) -> None:
    reading.bind(reading.text(name), "<typevar>", name, annotation=bound, how="parameter")


def parameter(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield a parameter; of one that is a pattern the parts are bound."""
    pattern = node.child_by_field_name("pattern")
    annotation = reading.annotation(node.child_by_field_name("type"))
    if pattern is not None and pattern.type == "mut_pattern":
        pattern = last(pattern)
    if pattern is None:
        return
    if pattern.type in {"identifier", "self"}:
        yield Parameter(reading.text(pattern), annotation)
    else:
        reading.assign(pattern, Given(writing.call(annotation) if annotation else UNKNOWN))
        yield Parameter("_", annotation)


def receiver(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield `self`."""
    yield Parameter("self")


def untyped(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Yield a parameter of a closure."""
    yield Parameter(reading.text(node))


def unpacked(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Bind the parts of a parameter of a closure that is a pattern."""
    reading.assign(node, Given(UNKNOWN))
    yield Parameter("_")
