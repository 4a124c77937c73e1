"""Match statements: their patterns bind names, and tell types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from collegium.knowledge.languages.pythonic.names import CHAIN
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def match(reading: Reading, node: Node) -> str:
    """Read a match statement: its patterns bind names and tell types."""
    subject, body = node.child_by_field_name("subject"), node.child_by_field_name("body")
    if subject is None or body is None:
        return reading.inside(node)
    value, target = reading.value(subject), reading.brief(subject)
    for case in body.named_children:
        span = reading.line(case), reading.end(case)
        patterns = [child for child in case.named_children if child.type == "case_pattern"]
        for pattern in patterns:
            kind = reading.apply(partial(_pattern, value=value, span=span), pattern)
            if kind != UNKNOWN and CHAIN.match(target):
                reading.narrow(target, kind, *span)
        reading.others(case, *patterns)
    return UNKNOWN


def _pattern(reading: Reading, node: Node, *, value: str, span: tuple[int, int]) -> str:
    """Read a pattern that a value is held against, and return the type that it tells."""
    parts = node.named_children
    if node.type == "case_pattern" and parts:
        return _within(reading, parts[0], value, span)
    if node.type == "as_pattern":
        kind = _within(reading, parts[0], value, span)
        told = "" if kind == UNKNOWN else kind
        reading.narrow(reading.text(parts[-1]), told, *span, value="" if told else value)
        return kind
    if node.type == "class_pattern":
        kind = reading.text(parts[0])
        reading.use("reference", kind, parts[0])
        for part in parts[1:]:
            _within(reading, part, writing.call(kind), span)
        return kind
    if node.type == "keyword_pattern":
        of = value if value.endswith("()") else UNKNOWN
        _within(reading, parts[-1], writing.member(of, reading.text(parts[0])), span)
    elif node.type == "union_pattern":
        kinds = [_within(reading, part, value, span) for part in parts]
        return UNKNOWN if UNKNOWN in kinds else writing.either(kinds)
    elif node.type in {"list_pattern", "tuple_pattern"}:
        for place, part in enumerate(parts):
            _within(reading, part, writing.item(value, str(place)), span)
    elif node.type in {"dotted_name", "identifier"}:
        _captured(reading, node, value, span)
    else:
        for part in parts:
            _within(reading, part, UNKNOWN, span)
    return UNKNOWN


def _within(reading: Reading, node: Node, value: str, span: tuple[int, int]) -> str:
    return reading.apply(partial(_pattern, value=value, span=span), node)


def _captured(reading: Reading, node: Node, value: str, span: tuple[int, int]) -> None:
    name = reading.text(node)
    if "." in name:
        reading.use("reference", name, node)
    elif name != UNKNOWN:
        reading.narrow(name, "", *span, value=value)
