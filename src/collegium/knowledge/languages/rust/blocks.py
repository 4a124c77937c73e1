"""Blocks of Rust, which have the value of what stands at their end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.rust.patterns import match_arms
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import last
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_WORDS: Final = re.compile(r"\w+")


def block(reading: Reading, node: Node) -> str:
    """Read a block; its value is unknown where it rests on what the block itself binds."""
    end = last(node)
    if end is None or (end.type == "expression_statement" and end.child_count > 1):
        return reading.branch(node)
    with reading.branching(node):
        written = reading.values(node)
    value = written[-1] if written else UNKNOWN
    if value == UNKNOWN or end.type.endswith(("_declaration", "_item")):
        return UNKNOWN
    bound = [
        pattern
        for part in node.named_children
        if part.type == "let_declaration" and (pattern := part.child_by_field_name("pattern"))
    ]
    return _without(value, map(reading.text, bound)) if bound else value


def unsafe(reading: Reading, node: Node) -> str:
    """Read `unsafe { ... }`, which has the value of its block."""
    return (reading.values(node) or [UNKNOWN])[-1]


def statement(reading: Reading, node: Node) -> str:
    """Read an expression that is a statement; it has a value if no semicolon takes it away."""
    if node.child_count > 1:
        return reading.inside(node)
    return (reading.values(node) or [UNKNOWN])[-1]


def if_(reading: Reading, node: Node) -> str:
    """Read `if`: a value of either block."""
    condition = node.child_by_field_name("condition")
    with reading.branching(node):
        if condition is not None:
            reading.value(condition)
        blocks = [reading.value(part) for part in node.named_children if part != condition]
    bound = "" if condition is None else reading.text(condition)
    names = [bound] if "let " in bound else []
    return _either(_without(written, names) for written in blocks)


def match(reading: Reading, node: Node) -> str:
    """Read a match: a value of any of its arms."""
    arms = match_arms(reading, node)
    return _either(_without(written, [pattern]) for pattern, written in arms)


def else_(reading: Reading, node: Node) -> str:
    """Read `else`, which has the value of its block."""
    return (reading.values(node) or [UNKNOWN])[-1]


def _either(options: Iterable[str]) -> str:
    """Write one of those that are known: all are of one type."""
    known = [writing.part(one) for one in options if one not in {"", UNKNOWN}]
    return writing.either(known) if known else UNKNOWN


def _without(written: str, texts: Iterable[str]) -> str:
    """Return an expression, or "_" where it has a word of one of the texts."""
    words = set(_WORDS.findall(written))
    return UNKNOWN if any(words & set(_WORDS.findall(text)) for text in texts) else written
