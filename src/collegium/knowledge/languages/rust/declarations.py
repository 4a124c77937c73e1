"""What Rust declares: modules, imports, functions, types, fields, constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing import documentation, writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from collegium.knowledge.facts import SymbolKind
    from collegium.knowledge.parsing.reading import Reading

_MODULES: Final = frozenset({"mod_item", "source_file"})


def comment(reading: Reading, node: Node) -> str:
    """Keep a comment; one of the whole file (`//!`) is its documentation."""
    if any(child.type == "inner_doc_comment_marker" for child in node.named_children):
        line = documentation.plain(reading.text(node))
        reading.module_doc = f"{reading.module_doc}\n{line}".strip()
    else:
        reading.keep_comment(node)
    return UNKNOWN


def attribute(reading: Reading, node: Node) -> str:
    """Pass over an attribute, so that the comments above it are those of what is below it."""
    reading.comments[reading.end(node)] = (reading.line(node), "")
    return UNKNOWN


def use(reading: Reading, node: Node) -> str:
    """Take each name of a tree of names: `a::{b, c::*}`."""
    argument = node.child_by_field_name("argument")
    if argument is not None:
        for path, alias in _names(reading, argument, ""):
            module, _, name = path.rpartition("::")
            reading.take(module, name, "" if name == "*" else alias, node, exported=is_public(node))
    return UNKNOWN


def _names(reading: Reading, node: Node, before: str) -> Iterator[tuple[str, str]]:
    """Yield the paths of a tree of names, each with what it is called here."""
    if node.type in {"use_list", "scoped_use_list"}:
        path, listed = node.child_by_field_name("path"), node.child_by_field_name("list")
        around = before if path is None else _joined(before, reading.text(path))
        for child in (node if listed is None else listed).named_children:
            yield from _names(reading, child, around)
    elif node.type == "use_as_clause":
        path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
        if path is not None and alias is not None:
            called = reading.text(alias)
            yield _whole(before, reading.text(path)), "" if called == "_" else called
    elif node.type == "use_wildcard":
        inner = first(node)
        yield _joined(_joined(before, "" if inner is None else reading.text(inner)), "*"), ""
    elif node.type in {"identifier", "self", "crate", "super", "scoped_identifier"}:
        whole = _whole(before, reading.text(node))
        yield whole, whole.rpartition("::")[2]


def _whole(before: str, name: str) -> str:
    """Return the path of a name in a list, where `self` is what the list is of."""
    return before if name == "self" and before else _joined(before, name)


def _joined(before: str, name: str) -> str:
    return "::".join(part for part in (before, name.removeprefix("::")) if part)


def is_public(node: Node) -> bool:
    """Return whether a definition can be named from elsewhere."""
    return any(child.type == "visibility_modifier" for child in node.named_children)


def extern_crate(reading: Reading, node: Node) -> str:
    """Take a crate."""
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    if name is not None:
        reading.take("", reading.text(name), reading.text(alias or name), node)
    return UNKNOWN


def module(reading: Reading, node: Node) -> str:
    """Define a module that stands here; take one that is a file of its own."""
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return UNKNOWN
    title = reading.text(name)
    if body is None:
        reading.take("self", title, title, node, level=1, exported=is_public(node))
    else:
        reading.define(node, name, kind="module", body=body, exported=is_public(node))
    return UNKNOWN


def function(reading: Reading, node: Node) -> str:
    """Define a function; in an impl block with the type parameters of that."""
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    reading.define(
        node,
        name,
        kind="function",
        head=[*_generic_around(node), *_generic(node)],
        parameters=node.child_by_field_name("parameters"),
        returns=node.child_by_field_name("return_type"),
        body=node.child_by_field_name("body"),
        marks=("static",) if _is_static(reading, node) else (),
        awaits="async" in reading.text(node).partition("fn ")[0],
        exported=is_public(node),
    )
    return UNKNOWN


def _is_static(reading: Reading, function: Node) -> bool:
    """Return whether a function belongs to a type and not to a value of it."""
    parameters, body = function.child_by_field_name("parameters"), function.parent
    if (
        parameters is None
        or body is None
        or body.type != "declaration_list"
        or _in_module(function)
    ):
        return False
    receiver = first(parameters)
    if receiver is None:
        return True
    return receiver.type != "self_parameter" and not reading.text(receiver).startswith("self:")


def _generic(node: Node) -> Iterator[Node]:
    """Yield what tells of type parameters."""
    for child in node.named_children:
        if child.type in {"type_parameters", "where_clause"}:
            yield child


def _generic_around(node: Node) -> Iterator[Node]:
    body = node.parent
    around = body.parent if body is not None and body.type == "declaration_list" else None
    if around is not None and around.type == "impl_item":
        yield from _generic(around)


def type_(kind: SymbolKind) -> Callable[[Reading, Node], str]:
    """Return the rule of a type: a trait has those that it asks for as bases."""

    def rule(reading: Reading, node: Node) -> str:
        name = node.child_by_field_name("name")
        if name is None:
            return reading.inside(node)
        above = node.child_by_field_name("bounds")
        kinds = [] if above is None else above.named_children
        reading.define(
            node,
            name,
            kind=kind,
            head=[*_generic(node)],
            bases=tuple(reading.stem(one) for one in kinds if one.type != "lifetime"),
            body=node.child_by_field_name("body"),
            exported=is_public(node),
        )
        return UNKNOWN

    return rule


def variant(reading: Reading, node: Node) -> str:
    """Define a variant: a type of its own that is also its enumeration, or just a value of that."""
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    around = node.parent.parent if node.parent is not None else None
    kind = around.child_by_field_name("name") if around is not None else None
    if name is None or kind is None:
        return reading.inside(node)
    enumeration = reading.text(kind)
    if body is None:
        reading.bind(reading.text(name), writing.call(enumeration), name, statement=node)
    else:
        reading.define(node, name, kind="class", bases=(enumeration,), body=body)
    return UNKNOWN


def field(reading: Reading, node: Node) -> str:
    """Declare a field."""
    name = node.child_by_field_name("name")
    annotation = reading.annotation(node.child_by_field_name("type"))
    if name is not None:
        reading.bind(
            reading.text(name), "", name, annotation=annotation, how="field", statement=node
        )
    return UNKNOWN


def places(reading: Reading, node: Node) -> str:
    """Declare the fields of a type that have numbers for names."""
    for place, kind in enumerate(node.children_by_field_name("type")):
        annotation = reading.value(kind)
        reading.bind(str(place), "", kind, annotation=annotation, how="field")
    return UNKNOWN


def constant(reading: Reading, node: Node) -> str:
    """Declare a constant or a static; of a type it is only known that it is there."""
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    annotation = reading.annotation(node.child_by_field_name("type"))
    value = reading.field(node, "value")
    if node.parent is not None and node.parent.type == "declaration_list" and not _in_module(node):
        reading.define(node, name, kind="variable", body=None, exported=is_public(node))
    else:
        reading.bind(reading.text(name), value, name, annotation=annotation, statement=node)
    return UNKNOWN


def _in_module(node: Node) -> bool:
    around = node.parent.parent if node.parent is not None else None
    return around is not None and around.type in _MODULES


def alias(reading: Reading, node: Node) -> str:
    """Bind another name for a type."""
    name, kind = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name is None or kind is None:
        return reading.inside(node)
    written = _without_own(reading, node, reading.value(kind))
    if node.parent is None or node.parent.type == "source_file" or _in_module(node):
        reading.bind(reading.text(name), written, name, statement=node)
    return UNKNOWN


def associated(reading: Reading, node: Node) -> str:
    """Declare `type T: Bound;` of a trait as a member that is of the bound."""
    name, bound = node.child_by_field_name("name"), reading.field(node, "bounds")
    if name is not None and bound:
        reading.bind(reading.text(name), "", node, annotation=bound, how="field")
    return UNKNOWN


def _without_own(reading: Reading, node: Node, written: str) -> str:
    """Leave out the arguments of `type A<T> = B<T, C>`, so that A can have them as B would."""
    listed = node.child_by_field_name("type_parameters")
    names = [one.child_by_field_name("name") for one in listed.named_children] if listed else []
    own = ", ".join(reading.text(one) for one in names if one and one.type == "type_identifier")
    whole, bracket, given = written.partition("[")
    return whole if own and bracket and given.startswith(own) else written
