"""Functions: those that get their name from what they are bound to, and those without one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.rules import starts_async
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from collegium.knowledge.facts import SymbolKind
    from collegium.knowledge.parsing.reading import Reading

CONSTRUCTOR: Final = "constructor"
_ARROW: Final = "arrow_function"
FUNCTIONS: Final = frozenset({_ARROW, "function_expression", "generator_function"})
_PLAIN: Final = re.compile(r"[\w$]+(?:\??\.#?[\w$]+)*\Z")
_THIS: Final = re.compile(r"\(\s*this\s*:")  # TypeScript's way of saying what `this` is
_PROTOTYPES: Final = frozenset({"prototype", "proto"})  # what such a name is by convention
_WRAPPINGS: Final = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
    }
)


class Title(NamedTuple):
    """How a function is called.

    `owner` is the object that it becomes a method of, or for `X.prototype.y` the function X whose
    values have it then; `under` is how that is written in its path. `hung` tells that the owner
    itself is what has the method.
    """

    name: str
    owner: str = ""
    under: str = ""
    hung: bool = False


def bare(node: Node) -> Node:
    """Return what stands in parentheses, or before `as X`, `satisfies X` and `!`."""
    while node.type in _WRAPPINGS and (inner := first(node)) is not None:
        node = inner
    return node


def plain_chain(reading: Reading, node: Node) -> str:
    """Return names with dots between them as they are written; '' where it is something else."""
    text = reading.text(node)
    return text.replace("?.", ".") if _PLAIN.match(text) else ""


def title_of(reading: Reading, target: Node) -> Title | None:
    """Return what a function is called that is assigned to a target; None where it stays nameless.

    What is hung on something that belongs to `this` patches that from outside, and says nothing
    about the type around it.
    """
    *holders, name = plain_chain(reading, target).split(".")
    if not name or (len(holders) > 1 and holders[0] == "this"):
        return None
    under = ".".join(part for part in holders if part not in {"prototype", "this"})
    holder = ".".join(holders)
    owner = _constructor_behind(reading, holder)
    return Title(name, owner or holder, under, bool(holder) and not owner)


def _constructor_behind(reading: Reading, holder: str) -> str:
    """Return X for `X.prototype`, and for a name by which that is known here; '' for others."""
    if holder in _PROTOTYPES:
        bindings = reading.record.bindings
        holder = next((each.value for each in bindings if each.target == holder), holder)
    before, _, last = holder.rpartition(".")
    return before if last == "prototype" else ""


def define(
    reading: Reading,
    statement: Node,
    title: Title,
    function: Node,
    *,
    kind: SymbolKind = "function",
    marks: tuple[str, ...] = (),
    typed: str = "",
) -> None:
    """Note a function of whatever form under a title; `statement` is what it begins with.

    Where it is declared to be of a type, parameters without annotation are what that says.
    """
    body = function.child_by_field_name("body")
    place = reading.define(
        statement,
        title.name,
        kind=kind,
        body=body,
        parameters=_listed(function),
        head=(function.child_by_field_name("type_parameters"),),
        returns=function.child_by_field_name("return_type"),
        marks=marks + _nature(reading, title, function),
        owner=title.owner,
        under=title.under,
        awaits=starts_async(function),
        returns_body=_returns_body(function, body),
    )
    if typed not in {"", UNKNOWN}:
        _tell(reading, place, typed)


def _tell(reading: Reading, place: int, typed: str) -> None:
    symbol = reading.record.symbols[place]
    if symbol is not None:
        told = tuple(
            parameter
            if parameter.annotation
            else replace(parameter, annotation=writing.member(typed, f"#{number}"))
            for number, parameter in enumerate(symbol.parameters)
        )
        reading.record.symbols[place] = replace(symbol, parameters=told)


def declaration(reading: Reading, node: Node) -> str:
    """Read `function f() {}`, with or without a body."""
    name = node.child_by_field_name("name")
    if name is None:
        return anonymous(reading, node)
    define(reading, node, Title(reading.text(name)), node)
    return UNKNOWN


def anonymous(reading: Reading, node: Node, given: Sequence[str] = ()) -> str:
    """Read a function without a name, which gets these values, as a literal of what it gives."""
    results = _results(reading, node, given)
    told = () if starts_async(node) else [one for one in results if one != UNKNOWN]
    return writing.literal("function", told)


def called_at_once(reading: Reading, node: Node, given: Sequence[str]) -> str:
    """Read a function that is called where it stands, and return what that gives."""
    results = _results(reading, node, given)
    return UNKNOWN if starts_async(node) or not results else writing.either(results)


def _results(reading: Reading, node: Node, given: Sequence[str]) -> Sequence[str]:
    listed, body = _listed(node), node.child_by_field_name("body")
    own_this = node.type != _ARROW and not (listed and _THIS.match(reading.text(listed)))
    with reading.anonymous(node, receives=own_this) as frame:
        for place, parameter in enumerate(reading.parameters(listed)):
            reading.bind(
                parameter.name.lstrip("*"),
                given[place] if place < len(given) else parameter.default,
                node,
                annotation=parameter.annotation,
                how="parameter",
            )
        reading.field(node, "return_type")
        if body is not None and _returns_body(node, body):
            reading.returned(reading.value(body))
        elif body is not None:
            reading.value(body)
    return frame.outcome()


def inherit(reading: Reading, lower: str, upper: str) -> None:
    """Note that the values of one constructor, defined before, have the prototype of another."""
    symbols = reading.record.symbols
    for place, symbol in enumerate(symbols):
        if symbol is not None and symbol.name == lower and symbol.kind == "function":
            symbols[place] = replace(symbol, bases=(*symbol.bases, upper))


def mark_constructors(reading: Reading) -> None:
    """Mark the functions that `new` must be meant for: their prototype is given something."""
    symbols = reading.record.symbols
    given = {each.owner for each in symbols if each and "static" not in each.marks}
    given |= {
        binding.target.partition(".prototype")[0]
        for binding in reading.record.bindings
        if ".prototype" in binding.target
    }
    for place, symbol in enumerate(symbols):
        if symbol is None or symbol.kind != "function" or symbol.owner:
            continue
        if (symbol.bases or symbol.name in given) and not {"arrow", CONSTRUCTOR} & {*symbol.marks}:
            symbols[place] = replace(symbol, marks=(*symbol.marks, CONSTRUCTOR))


def _listed(function: Node) -> Node | None:
    parameters = function.child_by_field_name("parameters")
    return parameters or function.child_by_field_name("parameter")


def _returns_body(function: Node, body: Node | None) -> bool:
    return function.type == _ARROW and body is not None and body.type != "statement_block"


def _nature(reading: Reading, title: Title, function: Node) -> tuple[str, ...]:
    """Return "static" for what hangs on an object itself, "arrow", and "constructor".

    That is a function that `new` is meant to call, by the convention of the language: its name
    begins with a capital, and it says `this`.
    """
    hung = ("static",) if title.hung else ()
    if function.type == _ARROW:
        return (*hung, "arrow")
    if title.owner or function.type == "method_definition":
        return hung
    constructs = title.name[:1].isupper() and "this." in reading.text(function)
    return (CONSTRUCTOR,) if constructs else ()
