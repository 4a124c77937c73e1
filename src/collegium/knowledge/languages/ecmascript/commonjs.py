"""`require`, `import()` and `module.exports`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.knowledge.languages.ecmascript.functions import (
    bare,
)
from collegium.knowledge.languages.ecmascript.members import inside_quotes, plain
from collegium.knowledge.parsing.nodes import first

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


WHOLE: Final = "export="  # what `module.exports = ...` gives, as TypeScript calls it
_EXPORTS: Final = ("exports.", "module.exports.")


class Required(NamedTuple):
    """A module that an expression takes: `require("a").b`, `await import("a")`."""

    module: str
    member: str


def assigned(reading: Reading, target: str, value: str, node: Node) -> None:
    """Note what an assignment to `module.exports` or `exports.x` gives to others."""
    if target == "module.exports":
        reading.export(WHOLE, value, node)
        return
    name = next((target[len(begin) :] for begin in _EXPORTS if target.startswith(begin)), "")
    if name and "." not in name:
        reading.export(name, value, node)


def required(reading: Reading, node: Node) -> Required | None:
    """Return the module that an expression takes, if it takes one that can be told."""
    node = bare(node)
    if node.type == "await_expression" and (awaited := first(node)) is not None:
        node = bare(awaited)
    member = ""
    if node.type == "member_expression":
        name, of = node.child_by_field_name("property"), node.child_by_field_name("object")
        if name is None or of is None:
            return None
        member, node = reading.text(name), bare(of)
    called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if node.type != "call_expression" or called is None or given is None:
        return None
    if called.type != "import" and reading.brief(called) != "require":
        return None
    source = first(given)
    module = (
        inside_quotes(reading, source) if source is not None and source.type == "string" else ""
    )
    return Required(module, member) if module else None


def take_required(reading: Reading, target: Node, taken: Required, node: Node) -> bool:
    """Note `const x = require("a")` and `const {b, c: d} = require("a")` as imports."""
    if target.type == "identifier":
        reading.take(taken.module, taken.member, reading.text(target), node)
        return True
    if target.type != "object_pattern" or taken.member:
        return False
    pairs = [_pair(reading, part) for part in target.named_children]
    if None in pairs:
        return False
    for name, alias in filter(None, pairs):
        reading.take(taken.module, name, alias, node)
    return True


def _pair(reading: Reading, part: Node) -> tuple[str, str] | None:
    if part.type == "shorthand_property_identifier_pattern":
        return reading.text(part), reading.text(part)
    key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
    if part.type != "pair_pattern" or key is None or value is None or value.type != "identifier":
        return None
    return plain(reading, key), reading.text(value)


def take_nameless(reading: Reading, taken: Required, node: Node) -> str:
    """Note a module that is used where it is required, and return the hidden name it gets."""
    alias = f"{reading.hidden()}m"
    reading.take(taken.module, taken.member, alias, node)
    return alias
