"""Macros of Rust: what is given to one is read as arguments of a function, or as a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first, last
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def definition(reading: Reading, node: Node) -> str:
    """Define a macro. What it writes is not read."""
    name = node.child_by_field_name("name")
    if name is not None:
        reading.define(node, name, kind="function", body=None, marks=("macro",))
    return UNKNOWN


def invocation(reading: Reading, node: Node) -> str:
    """Read a call of a macro; tokens that are neither arguments nor statements are passed over."""
    name, tokens = node.child_by_field_name("macro"), last(node)
    if name is None or tokens is None:
        return UNKNOWN
    called = writing.member("macro", reading.stem(name).rpartition(".")[2])
    reading.use("call", called, name)
    if tokens.type == "token_tree":
        text, line = reading.text(tokens), reading.line(tokens)
        if text.startswith("{"):
            reading.embedded(text, line, _read_block)
        else:
            given = reading.embedded(f"m({text[1:-1]});", line, _read_arguments)
            if called == "macro.vec" and given != UNKNOWN:
                return writing.literal("for", [given])
    return writing.call(called)


def _read_block(reading: Reading, root: Node) -> str:
    return reading.inside(root)


def _read_arguments(reading: Reading, root: Node) -> str:
    statement = first(root)
    called = first(statement) if statement is not None else None
    given = called.child_by_field_name("arguments") if called is not None else None
    return UNKNOWN if given is None else reading.value(given)
