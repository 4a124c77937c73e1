"""`import` and `export`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP
from collegium.knowledge.languages.ecmascript.classes import CLASSES, decorated, define_class
from collegium.knowledge.languages.ecmascript.commonjs import WHOLE
from collegium.knowledge.languages.ecmascript.functions import (
    Title,
    bare,
    define,
)
from collegium.knowledge.languages.ecmascript.members import inside_quotes, plain, spelled
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


DEFAULT: Final = "default"
_FUNCTIONS: Final = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_signature",
        "function_expression",
        "generator_function",
    }
)


def import_statement(reading: Reading, node: Node) -> str:
    """Read `import ... from "..."`."""
    module = inside_quotes(reading, node.child_by_field_name("source"))
    taken = False
    for clause in node.named_children:
        if clause.type == "import_clause":
            for name, alias in _names(reading, clause):
                reading.take(module, name, alias, node)
                taken = True
        elif clause.type == "import_require_clause":
            _import_require(reading, clause)
            return UNKNOWN
    if not taken:
        reading.take(module, "", "", node)
    return UNKNOWN


def _names(reading: Reading, clause: Node) -> Iterator[tuple[str, str]]:
    for part in clause.named_children:
        if part.type == "identifier":
            yield DEFAULT, reading.text(part)
        elif part.type == "namespace_import" and (whole := first(part)) is not None:
            yield "", reading.text(whole)
        elif part.type == "named_imports":
            for specifier in part.named_children:
                name, alias = _renamed(reading, specifier)
                if name:
                    yield name, alias


def _renamed(reading: Reading, specifier: Node) -> tuple[str, str]:
    name, alias = (specifier.child_by_field_name(field) for field in ("name", "alias"))
    if name is None:
        return "", ""
    written = plain(reading, name)
    return written, written if alias is None else plain(reading, alias)


def _import_require(reading: Reading, clause: Node) -> None:
    alias, source = first(clause), clause.child_by_field_name("source")
    if alias is not None:
        reading.take(inside_quotes(reading, source), "", reading.text(alias), clause)


def import_alias(reading: Reading, node: Node) -> str:
    """Read `import A = B.C`."""
    parts = node.named_children
    if len(parts) > 1:
        reading.bind(reading.text(parts[0]), reading.stem(parts[1]), node, statement=node)
    return UNKNOWN


def export_statement(reading: Reading, node: Node) -> str:
    """Read `export ...`."""
    source = node.child_by_field_name("source")
    declaration = node.child_by_field_name("declaration")
    default = any(child.type == DEFAULT for child in node.children)
    if source is not None:
        _export_from(reading, node, inside_quotes(reading, source))
    elif declaration is not None:
        marks = decorated(reading, node.children)
        with reading.prefaced(node, marks=marks, exported=True):
            reading.value(declaration)
        if default and (name := declaration.child_by_field_name("name")) is not None:
            _export(reading, DEFAULT, reading.text(name), node)
    elif default:
        _export_default(reading, node)
    else:
        _export_names(reading, node)
    return UNKNOWN


def _export(reading: Reading, name: str, value: str, node: Node) -> None:
    if reading.scope == TOP:
        reading.export(name, value, node)


def _export_from(reading: Reading, node: Node, module: str) -> None:
    for part in node.named_children:
        if part.type == "export_clause":
            for specifier in part.named_children:
                name, alias = _renamed(reading, specifier)
                if name:
                    reading.take(module, name, alias, node, exported=True)
        elif part.type == "namespace_export" and (whole := first(part)) is not None:
            reading.take(module, "", plain(reading, whole), node, exported=True)
    if any(child.type == "*" for child in node.children):
        reading.take(module, "*", "", node, exported=True)


def _export_default(reading: Reading, node: Node) -> None:
    """Read `export default E`: a function without a name stays without one, a class gets one."""
    value = node.child_by_field_name("value")
    if value is None:
        reading.inside(node)
        return
    core = bare(value)
    name = core.child_by_field_name("name")
    written = UNKNOWN if name is None else reading.text(name)
    with reading.prefaced(node, marks=decorated(reading, node.children), exported=True):
        if core.type in CLASSES:
            written = DEFAULT if name is None else written
            define_class(reading, core, Title(written), core)
        elif core.type in _FUNCTIONS and name is not None:
            define(reading, core, Title(written), core)
        else:
            written = reading.value(value)
    _export(reading, DEFAULT, written, node)


def _export_names(reading: Reading, node: Node) -> None:
    """Read `export {a as b}` and `export = a`."""
    clause = next((child for child in node.named_children if child.type == "export_clause"), None)
    if clause is None:
        if any(child.type == "=" for child in node.children) and (value := first(node)) is not None:
            _export(reading, WHOLE, reading.value(value), node)
        return
    for specifier in clause.named_children:
        name, alias = _renamed(reading, specifier)
        if name:
            reading.use("reference", spelled(name), specifier)
            _export(reading, alias, spelled(name), specifier)
