"""What Go declares: packages, imports, functions, types, fields, variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.go.naming import declare, named, shares
from collegium.knowledge.languages.go.words import NAMED_TYPES
from collegium.knowledge.parsing import documentation
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.nodes import first, last, only
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_VERSION: Final = re.compile(r"[/.]v\d+$")


def package(reading: Reading, node: Node) -> str:
    """Note the package of the file."""
    for child in node.named_children:
        reading.package = reading.text(child)
    reading.module_doc = documentation.above(reading, reading.line(node))
    return UNKNOWN


def import_(reading: Reading, node: Node) -> str:
    """Take a package under its alias, else under the name that its path suggests."""
    path, alias = node.child_by_field_name("path"), node.child_by_field_name("name")
    if path is None:
        return UNKNOWN
    module = reading.text(path).strip('`"')
    written = "" if alias is None else reading.text(alias)
    if written == ".":
        reading.take(module, "*", "", node)
    else:
        reading.take(module, "", "" if written == "_" else written or _guessed(module), node)
    return UNKNOWN


def _guessed(module: str) -> str:
    """Return the name of a package by its path: the last part that is not a version."""
    return _VERSION.sub("", module).rpartition("/")[2].removeprefix("go-")


def function(reading: Reading, node: Node) -> str:
    """Define a function, or a method that an interface asks for."""
    title = node.child_by_field_name("name")
    return reading.inside(node) if title is None else _defined(reading, node, node, title)


def method(reading: Reading, node: Node) -> str:
    """Define a method: its receiver is its first parameter, whose type it belongs to."""
    title, kind = node.child_by_field_name("name"), _received_by(node)
    if title is None or kind is None:
        return reading.inside(node)
    owner = reading.text(kind)
    return _defined(reading, node, node, title, owner=owner)


def _received_by(method: Node) -> Node | None:
    """Return the type of a method's receiver, without the pointer to it."""
    listed = method.child_by_field_name("receiver")
    declared = first(listed) if listed is not None else None
    kind = declared.child_by_field_name("type") if declared is not None else None
    while kind is not None and kind.type in {"pointer_type", "parenthesized_type"}:
        kind = first(kind)
    return kind


def _defined(reading: Reading, node: Node, function: Node, title: Node, *, owner: str = "") -> str:
    """Define a function: the node that says all of it, and the one with its parts."""
    receiver = _received_by(function) if owner else None
    reading.define(
        node,
        title,
        kind="function",
        owner=owner,
        under=owner.partition("[")[0],
        head=[
            function.child_by_field_name("type_parameters"),
            receiver.child_by_field_name("type_arguments") if receiver is not None else None,
        ],
        parameters=[
            listed
            for field in ("receiver", "parameters")
            if (listed := function.child_by_field_name(field)) is not None
        ],
        returns=function.child_by_field_name("result"),
        body=function.child_by_field_name("body"),
    )
    return UNKNOWN


def is_exported(name: str) -> bool:
    """Return whether other packages see a name."""
    return name[:1].isupper()


def each(read: Callable[[Reading, Node, Node], None]) -> Callable[[Reading, Node], str]:
    """Return the rule of a declaration: each specification is read with its statement."""

    def rule(reading: Reading, node: Node) -> str:
        alone = node.child_count == 2  # the keyword and the specification
        for child in node.named_children:
            if child.type.endswith(("_spec", "_alias")):
                read(reading, child, node if alone else child)
            else:
                reading.value(child)
        return UNKNOWN

    return rule


def type_(reading: Reading, node: Node, statement: Node) -> None:
    """Define a type; another name for one is a variable that holds it."""
    title, kind = node.child_by_field_name("name"), node.child_by_field_name("type")
    if title is None or kind is None:
        reading.inside(node)
    elif node.type == "type_alias":
        reading.bind(reading.text(title), reading.value(kind), title, statement=statement)
    else:
        reading.define(
            statement,
            title,
            kind="interface" if kind.type == "interface_type" else "class",
            head=[node.child_by_field_name("type_parameters")],
            bases=_bases(reading, kind),
            body=_listed(kind),
        )


def _listed(kind: Node) -> Node | None:
    """Return what has the fields of a struct, or the methods of an interface."""
    if kind.type == "struct_type":
        return last(kind)
    return kind if kind.type == "interface_type" else None


def _bases(reading: Reading, kind: Node) -> tuple[str, ...]:
    """Return what a type embeds; of one that is no struct or interface what it is made of."""
    if kind.type == "struct_type":
        fields = [field for held in kind.named_children for field in held.named_children]
        return tuple(reading.stem(embedded) for field in fields for embedded in _embedded(field))
    if kind.type == "interface_type":
        parts = [part for part in kind.named_children if part.type == "type_elem"]
        return tuple(reading.stem(part.named_children[0]) for part in parts if _is_one(part))
    return (reading.stem(kind),)


def _embedded(field: Node) -> Iterator[Node]:
    kind = field.child_by_field_name("type")
    if kind is not None and field.child_by_field_name("name") is None:
        yield kind


def _is_one(part: Node) -> bool:
    return part.named_child_count == 1 and part.named_children[0].type in NAMED_TYPES


def field(reading: Reading, node: Node) -> str:
    """Declare the fields of a struct; an embedded one is called as its type is."""
    annotation = reading.annotation(node.child_by_field_name("type"))
    names = named(node, "name")
    for name in names:
        declare(reading, name, Given("", annotation, node), how="field")
    if not names:
        called = annotation.partition("[")[0].rpartition(".")[2]
        reading.bind(called, "", node, annotation=annotation, how="field")
    return UNKNOWN


def variables(reading: Reading, node: Node, statement: Node) -> None:
    """Declare variables; one that holds a function from the start is a function."""
    names, values = named(node, "name"), node.child_by_field_name("value")
    value = only(values) if values is not None else None
    if value is not None and value.type == "func_literal" and reading.scope_kind == "module":
        _defined(reading, statement, value, names[0])
        return
    annotation = reading.annotation(node.child_by_field_name("type"))
    for name, share in zip(names, shares(reading, values, len(names)), strict=True):
        declare(reading, name, Given(share, annotation, statement))


def constants(reading: Reading, node: Node) -> str:
    """Declare constants; one without a type and a value has the type of the one above."""
    before = ""
    alone = node.child_count == 2  # the keyword and the specification
    for spec in node.named_children:
        if spec.type != "const_spec":
            reading.value(spec)
            continue
        names, values = named(spec, "name"), spec.child_by_field_name("value")
        kind = spec.child_by_field_name("type")
        if kind is not None or values is not None:
            before = reading.annotation(kind)
        for name, share in zip(names, shares(reading, values, len(names)), strict=True):
            declare(reading, name, Given(share, before, node if alone else spec))
    return UNKNOWN


def interface(reading: Reading, node: Node) -> str:
    """Read the methods of the interface that is being defined; of one without a name nothing."""
    return reading.inside(node) if reading.scope_kind == "interface" else UNKNOWN


def anonymous_struct(reading: Reading, node: Node) -> str:
    """Read the types of the fields of a struct without a name."""
    for listed in node.named_children:
        for declared in listed.named_children:
            reading.annotation(declared.child_by_field_name("type"))
    return UNKNOWN
