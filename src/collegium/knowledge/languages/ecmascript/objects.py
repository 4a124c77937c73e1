"""Object literals: each has a hidden name, by which its members are known.

`{a: b, c() {}}` is written "#3", with a binding "#3.a" to b and a method c whose owner is "#3".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.languages.ecmascript.classes import named
from collegium.knowledge.languages.ecmascript.functions import Title, bare, define
from collegium.knowledge.languages.ecmascript.members import key_of, marks_of, spelled
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

SPREAD: Final = "*"


def literal(reading: Reading, node: Node) -> str:
    """Read an object literal that is bound to nothing."""
    return titled(reading, node, "")


class _Around(NamedTuple):
    """What a literal's members are members of, what their paths begin with, its declared type."""

    holder: str
    under: str
    typed: str = ""

    def title(self, name: str) -> Title:
        hung = not self.holder.endswith(".prototype")
        return Title(name, self.holder.removesuffix(".prototype"), self.under, hung)

    def type_of(self, name: str) -> str:
        return writing.member(self.typed, name) if self.typed not in {"", UNKNOWN} else ""


def titled(reading: Reading, node: Node, under: str, *, owner: str = "", typed: str = "") -> str:
    """Read an object literal whose methods' paths begin with `under`, and return its name.

    With an `owner` its members become that one's (`Object.assign(owner, {...})`); `typed` is the
    type that it is declared to be of.
    """
    around = _Around(owner or reading.hidden(), under, typed)
    for part in node.named_children:
        reader = _PARTS.get(part.type)
        if reader is None:
            reading.value(part)
        else:
            reader(reading, part, around)
    return around.holder


def nested(reading: Reading, node: Node, under: str, typed: str) -> str:
    """Read a literal within another, however deep."""
    return reading.apply(lambda _, literal: titled(reading, literal, under, typed=typed), node)


def _shorthand(reading: Reading, node: Node, around: _Around) -> None:
    name = reading.text(node)
    reading.use("reference", spelled(name), node)
    reading.bind(f"{around.holder}.{name}", spelled(name), node)


def _pair(reading: Reading, node: Node, around: _Around) -> None:
    key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
    if key is None or value is None:
        reading.inside(node)
        return
    name, core = key_of(reading, key), bare(value)
    typed = around.type_of(name)
    if named(reading, node, around.title(name), core, typed):
        return
    if core.type == "object":
        held = nested(reading, core, f"{around.under}.{name}".lstrip("."), typed)
    else:
        held = reading.value(value)
    if held != UNKNOWN and held[0] != "<":
        reading.bind(f"{around.holder}.{name}", held, node)


def _method(reading: Reading, node: Node, around: _Around) -> None:
    key = node.child_by_field_name("name")
    if key is not None:
        name, marks = key_of(reading, key), marks_of(reading, node)
        typed = around.type_of(name)
        define(reading, node, around.title(name), node, kind="method", marks=marks, typed=typed)


def _spread(reading: Reading, node: Node, around: _Around) -> None:
    of = first(node)
    held = UNKNOWN if of is None else reading.value(of)
    if held != UNKNOWN:
        reading.bind(f"{around.holder}.{SPREAD}", held, node)


_PARTS: Final = {
    "shorthand_property_identifier": _shorthand,
    "pair": _pair,
    "method_definition": _method,
    "spread_element": _spread,
}
