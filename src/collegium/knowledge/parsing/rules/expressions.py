"""The usual rules of expressions: each returns what it has read, written as one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import only
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from collegium.knowledge.languages.grammar import Rule
    from collegium.knowledge.parsing.reading import Reading

_PLAIN: Final = re.compile(r"[\w$#@]+(?:\.[\w$#@]+)*\Z")
SLICE: Final = ":"


@dataclass(frozen=True, slots=True)
class Chain:
    """The rules of a name or a member: to `read` it alone is a reference, its `stem` is not."""

    read: Rule
    stem: Rule

    def __call__(self, reading: Reading, node: Node) -> str:
        """Read it as it stands alone."""
        return self.read(reading, node)


def chain(stem: Rule) -> Chain:
    """Return the rules of something that is a reference when it is read alone."""

    def read(reading: Reading, node: Node) -> str:
        written = stem(reading, node)
        if written not in reading.grammar.own:
            reading.use("reference", written, node)
        return written

    return Chain(read, stem)


def name() -> Chain:
    """Read a name."""
    return chain(lambda reading, node: reading.text(node))


def member(of: str = "object", name: str = "attribute") -> Chain:
    """Read an attribute of something. A chain that is written plainly is taken as it is written."""

    def stem(reading: Reading, node: Node) -> str:
        text = reading.brief(node)
        for join in reading.grammar.joins:
            text = text.replace(join, ".")
        if _PLAIN.match(text):
            return text
        whole, last = node.child_by_field_name(of), node.child_by_field_name(name)
        if whole is None or last is None:
            return reading.inside(node)
        return writing.member(reading.stem(whole), reading.text(last))

    return chain(stem)


def call(function: str = "function", arguments: str = "arguments") -> Rule:
    """Read a call of what stands in a field (a `new` names the class there)."""

    def rule(reading: Reading, node: Node) -> str:
        called, given = node.child_by_field_name(function), node.child_by_field_name(arguments)
        if called is None:
            return reading.inside(node)
        target = reading.stem(called)
        reading.use("call", target, called)
        return writing.call(target, "" if given is None else reading.value(given))

    return rule


def arguments(reading: Reading, node: Node) -> str:
    """Read a list of arguments, and return them with commas between them."""
    return ", ".join([writing.part(one) for one in reading.values(node)])


def keyword(name: str = "name", value: str = "value") -> Rule:
    """Read an argument with its name."""

    def rule(reading: Reading, node: Node) -> str:
        title = node.child_by_field_name(name)
        given = reading.field(node, value) or UNKNOWN
        return given if title is None else f"{reading.text(title)}={given}"

    return rule


def applied() -> Chain:
    """Read a type with its arguments: the type is the first named part, the rest are their lists.

    The name of the type is a reference only where the whole is read alone.
    """

    def read(reading: Reading, node: Node) -> str:
        whole, *lists = node.named_children
        return _applied(reading, reading.value(whole), lists)

    def stem(reading: Reading, node: Node) -> str:
        whole, *lists = node.named_children
        return _applied(reading, reading.stem(whole), lists)

    return Chain(read, stem)


def _applied(reading: Reading, whole: str, lists: Iterable[Node]) -> str:
    given = ", ".join(arguments(reading, one) for one in lists)
    return writing.item(whole, given) if given else whole


def item(of: str = "value", items: str = "subscript") -> Rule:
    """Read an item of something. What a slice gives counts as the thing itself."""

    def rule(reading: Reading, node: Node) -> str:
        whole = reading.field(node, of)
        indices = [
            _index(reading, child) for child in node.children_by_field_name(items) if child.is_named
        ]
        if SLICE in indices:
            return whole
        return writing.item(whole, ", ".join(indices))

    return rule


def _index(reading: Reading, node: Node) -> str:
    text = reading.brief(node)
    return text if text.isdecimal() else writing.part(reading.value(node))


def slice_(reading: Reading, node: Node) -> str:
    """Read a slice, for `item`."""
    reading.inside(node)
    return SLICE


def through(field: str = "") -> Rule:
    """Read what counts for the whole: a field, or the only part of it that has a name."""

    def rule(reading: Reading, node: Node) -> str:
        part = node.child_by_field_name(field) if field else only(node)
        if part is None:
            return reading.inside(node)
        written = reading.value(part)
        if field:
            reading.others(node, part)
        return written

    return rule


def prefixed(mark: str) -> Rule:
    """Read what has one operand: "*" one element of it, ">" what entering it gives, "!" awaited."""

    def rule(reading: Reading, node: Node) -> str:
        part = only(node)
        if part is None:
            return reading.inside(node)
        return writing.prefixed(mark, reading.value(part))

    return rule


def either(*fields: str) -> Rule:
    """Read a choice between the values of some fields; the rest only decides."""

    def rule(reading: Reading, node: Node) -> str:
        nodes = [child for field in fields if (child := node.child_by_field_name(field))]
        reading.others(node, *nodes)
        return writing.either([reading.value(child) for child in nodes] or [UNKNOWN])

    return rule


def literal(kind: str) -> Rule:
    """Read a literal with code in it, as a template, or a result of a known type."""

    def rule(reading: Reading, node: Node) -> str:
        reading.inside(node)
        return f"<{kind}>"

    return rule


def constant(kind: str) -> Rule:
    """Read a literal with nothing in it."""
    written = f"<{kind}>"
    return lambda reading, node: written


def collection(kind: str, *, by_place: bool = False) -> Rule:
    """Read a literal that holds others: which ones, or by their places."""
    write = writing.row if by_place else writing.literal

    return lambda reading, node: write(kind, reading.values(node))
