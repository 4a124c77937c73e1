"""Calls: what is called, what it is given, and what functions among that are given in turn."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript import commonjs, objects
from collegium.knowledge.languages.ecmascript.functions import (
    FUNCTIONS,
    anonymous,
    bare,
    called_at_once,
    inherit,
    plain_chain,
)
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


# What methods hand to the function they are given, by its parameters: "*" one element of the
# receiver, "!" what it becomes, "" something else.
_HANDED: Final = {
    "every": ("*",),
    "filter": ("*",),
    "find": ("*",),
    "findIndex": ("*",),
    "findLast": ("*",),
    "findLastIndex": ("*",),
    "flatMap": ("*",),
    "forEach": ("*",),
    "map": ("*",),
    "reduce": ("", "*"),
    "reduceRight": ("", "*"),
    "some": ("*",),
    "sort": ("*", "*"),
    "then": ("!",),
    "toSorted": ("*", "*"),
}
_CHAINS: Final = re.compile(r"[\w$.]+, [\w$.]+\Z")
_MOST_PARAMETERS: Final = 4
_LONGEST_TARGET: Final = 80


def call(reading: Reading, node: Node) -> str:
    """Read a call; one that takes a module gives that."""
    taken = commonjs.required(reading, node)
    if taken is not None:
        return commonjs.take_nameless(reading, taken, node)
    called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if called is None or called.type == "import":
        return reading.inside(node)
    if bare(called).type in FUNCTIONS:
        return _at_once(reading, bare(called), given)
    target = "super.constructor" if called.type == "super" else reading.stem(called)
    reading.use("call", target, called)
    if target == "Object.assign" and given is not None:
        return _assign(reading, given)
    written = "" if given is None else _arguments(reading, given, target)
    _inherit(reading, target, written)
    return _written(reading, target, written)


def _written(reading: Reading, target: str, given: str) -> str:
    """Write what a call gives: `f.bind()` the function itself, `Object.create()` a new object."""
    of, _, name = target.rpartition(".")
    if name == "bind" and of:
        return of
    if target[0] == "<":
        return UNKNOWN
    made = writing.call(target, given)
    if target == "Object.create":  # it has members of its own beside those of its prototype
        return writing.either([reading.hidden(), made])
    return made


def _inherit(reading: Reading, target: str, given: str) -> None:
    """Note that `inherits(B, A)` and `Object.setPrototypeOf(B.prototype, ...)` put A above B."""
    lower, comma, upper = given.partition(", ")
    if not comma or not _CHAINS.match(given):
        return
    if target.rpartition(".")[2] == "inherits":
        inherit(reading, lower, upper)
    elif target == "Object.setPrototypeOf" and lower.endswith(".prototype"):
        inherit(reading, lower.removesuffix(".prototype"), upper.removesuffix(".prototype"))


def _at_once(reading: Reading, function: Node, given: Node | None) -> str:
    values = [] if given is None else [reading.value(part) for part in given.named_children]
    return reading.apply(partial(called_at_once, given=values), function)


def construction(reading: Reading, node: Node) -> str:
    """Read `new X<Y>(...)`, which is written as a call of X, or of X[Y]."""
    called, given = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
    if called is None:
        return reading.inside(node)
    target = reading.stem(called)
    reading.use("call", target, called)
    types = reading.field(node, "type_arguments")
    written = "" if given is None else _arguments(reading, given, target)
    if target[0] == "<":
        return UNKNOWN
    return writing.call(writing.item(target, types) if types else target, written)


def _arguments(reading: Reading, node: Node, target: str) -> str:
    """Read what a call is given; functions among it are given what the called one says."""
    if node.type == "template_string":
        return reading.value(node)
    given = [part for part in node.named_children if part.type not in reading.grammar.comments]
    return ", ".join(
        writing.part(_argument(reading, part, target, place)) for place, part in enumerate(given)
    )


def _argument(reading: Reading, node: Node, target: str, place: int) -> str:
    if node.type in FUNCTIONS:
        return reading.apply(partial(anonymous, given=_handed(target, place)), node)
    if node.type == "object" and len(target) <= _LONGEST_TARGET:
        return objects.nested(reading, node, "", f"{target}.#{place}")
    return reading.value(node)


def _handed(target: str, place: int) -> Sequence[str]:
    """Return what a function gets that is handed to another as one of its arguments.

    "f.#0.#1" is the second parameter of the function that f takes first.
    """
    of, _, name = target.rpartition(".")
    marks = _HANDED.get(name, ()) if of and not place else ()
    told = [f"{target}.#{place}.#{parameter}" for parameter in range(_MOST_PARAMETERS)]
    if target[0] == "<" or len(target) > _LONGEST_TARGET:
        told = [UNKNOWN] * _MOST_PARAMETERS
    for parameter, mark in enumerate(marks):
        if mark:
            told[parameter] = writing.either([writing.prefixed(mark, of), told[parameter]])
    return told


def _assign(reading: Reading, arguments: Node) -> str:
    """Read `Object.assign(target, ...)`: the target gets the members of the others."""
    target = first(arguments)
    if target is None:
        return UNKNOWN
    written = reading.value(target)
    owner = written if written[0] == "#" else plain_chain(reading, target)
    for source in arguments.named_children[1:]:
        if owner and source.type == "object":
            objects.titled(reading, source, _under(owner), owner=owner)
        else:
            held = reading.value(source)
            if owner and held != UNKNOWN:
                reading.bind(f"{owner}.{objects.SPREAD}", held, source)
    return written


def _under(owner: str) -> str:
    return "" if owner[0] == "#" else owner.removesuffix(".prototype")
