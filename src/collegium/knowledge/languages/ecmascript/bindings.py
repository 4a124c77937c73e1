"""Declarations and assignments: what gets a name by them, and what becomes a member."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript import commonjs, objects
from collegium.knowledge.languages.ecmascript.classes import named
from collegium.knowledge.languages.ecmascript.functions import (
    FUNCTIONS,
    Title,
    bare,
    inherit,
    plain_chain,
    title_of,
)
from collegium.knowledge.languages.ecmascript.jsdoc import told
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

# What makes a prototype of another: `Object.create(A.prototype)` (see `calls`), and `new A()`.
_PROTOTYPE: Final = re.compile(
    r"\(#\w+ \| Object\.create\(([\w$.]+)\.prototype\b.*\)|([A-Z][\w$]*)\(.*\)"
)


def declarator(reading: Reading, node: Node) -> str:
    """Read one `name = value` of a declaration."""
    target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if target is None:
        return reading.inside(node)
    statement = _statement(node)
    typed = reading.annotation(node.child_by_field_name("type"))
    if value is None:
        reading.assign(target, Given("", typed or told(reading, statement, ""), statement))
        return UNKNOWN
    taken = commonjs.required(reading, value)
    if taken is not None and commonjs.take_required(reading, target, taken, node):
        return UNKNOWN
    title = Title(reading.text(target)) if target.type == "identifier" else None
    written = _stored(reading, statement, title, value, typed)
    if written:
        typed = typed or told(reading, statement, written)
        reading.assign(target, Given(written, typed, statement))
    return UNKNOWN


def assignment(reading: Reading, node: Node) -> str:
    """Read `target = value`, and return the value."""
    target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
    if target is None or value is None:
        return reading.inside(node)
    title = _further_out(reading, title_of(reading, target), node)
    written = _stored(reading, node, title, value)
    chain = plain_chain(reading, target)
    behind = _PROTOTYPE.match(written)
    if behind is not None and chain.endswith(".prototype"):
        inherit(reading, chain.removesuffix(".prototype"), behind[1] or behind[2])
    if written:
        _assign(reading, target, Given(written, told(reading, node, written)))
    commonjs.assigned(reading, chain, written or chain, node)
    return written or chain


def _further_out(reading: Reading, title: Title | None, node: Node) -> Title | None:
    """Return the title of a function that is assigned to a variable of the code around.

    The variable holds it then as a member of an object with a hidden name.
    """
    if title is None or title.owner or (scope := reading.binder(title.name)) == reading.scope:
        return title
    right = node.child_by_field_name("right")
    if right is None or bare(right).type not in FUNCTIONS:
        return title
    holder = reading.hidden()
    reading.record.bind(scope, title.name, f"{holder}.{title.name}", "", 1, "assign", 1)
    return Title(title.name, holder, hung=True)


def _assign(reading: Reading, target: Node, given: Given) -> None:
    """Bind a target; a variable of code around may be found so whatever the line."""
    name = reading.text(target) if target.type == "identifier" else ""
    scope = reading.binder(name) if name else reading.scope
    if scope == reading.scope:
        reading.assign(target, given)
    else:
        reading.record.bind(scope, name, given.value, given.annotation, 1, "assign", 1)


def _stored(
    reading: Reading, statement: Node, title: Title | None, value: Node, typed: str = ""
) -> str:
    """Read what is stored under a title; '' for what is a symbol of that title then.

    In `a = b = function () {}` the function has the first of the names.
    """
    core = bare(value)
    if title is None:
        return reading.value(value)
    if core.type == "object" and title.name == "prototype" and title.owner:
        objects.titled(reading, core, title.owner, owner=f"{title.owner}.prototype")
        return ""
    if core.type == "object":
        under = f"{title.under}.{title.name}" if title.under else title.name
        return objects.titled(reading, core, _readable(under), typed=typed)
    if core.type == "assignment_expression":
        return _passed_on(reading, statement, title, core)
    return "" if named(reading, statement, title, core, typed) else reading.value(value)


def _passed_on(reading: Reading, statement: Node, title: Title, node: Node) -> str:
    target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
    if target is None or value is None:
        return reading.inside(node)
    written = _stored(reading, statement, title, value)
    meant = written or (writing.member(title.owner, title.name) if title.owner else title.name)
    reading.assign(target, Given(meant))
    commonjs.assigned(reading, plain_chain(reading, target), meant, node)
    return written


def _readable(under: str) -> str:
    """Return what stands before the names of members: nothing where it only says "exported"."""
    return "" if under in {"module.exports", "exports"} else under


def _statement(declarator: Node) -> Node:
    """Return the whole declaration, if it declares nothing else."""
    around = declarator.parent
    return around if around is not None and around.named_child_count == 1 else declarator
