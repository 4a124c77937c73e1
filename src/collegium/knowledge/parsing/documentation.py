"""Where the documentation of a definition is: in its first string, or in the comments above it."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import Parameter
from collegium.knowledge.parsing.nodes import first

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.languages.grammar import Hints
    from collegium.knowledge.parsing.reading import Reading

_LONGEST: Final = 4000
_COMMENT_MARKS: Final = re.compile(
    r"^[ \t]*(?:/\*+!?|\*+/|\*(?!\*)|//[/!]*|#+!?|--+|;+)?[ \t]?", re.MULTILINE
)
_STRING: Final = re.compile(r"""^[A-Za-z]*("{3}|'{3}|"|')(.*)\1$""", re.DOTALL)
_LICENCE: Final = re.compile(r"copyright|licen[cs]e|#!", re.IGNORECASE)


def above(reading: Reading, line: int, body: Node | None = None) -> str:
    """Return the comments that end on the line above and touch each other."""
    parts: list[str] = []
    while (comment := reading.comments.get(line - 1)) is not None:
        line = comment[0]
        parts.append(comment[1])
    return plain("\n".join(reversed(parts)))


def first_string(reading: Reading, line: int, body: Node | None) -> str:
    """Return the string that a body begins with (Python's docstring), else the comments above."""
    parts = [] if body is None else body.children
    comments = reading.grammar.comments
    statement = next((part for part in parts if part.type not in comments), None)
    if statement is not None and statement.type == "expression_statement":
        statement = first(statement)
    if statement is not None and statement.type == "string":
        string = _STRING.match(reading.text(statement))
        return _dedented(string[2]) if string else ""
    return above(reading, line)


def at_top(reading: Reading) -> str:
    """Return the comments that a file begins with, unless they are its licence."""
    parts: list[str] = []
    expected = 1
    for end, (start, text) in sorted(reading.comments.items()):
        if start != expected:
            break
        parts.append(text)
        expected = end + 1
    text = plain("\n".join(parts))
    return "" if _LICENCE.search(text) else text


def with_hints(
    parameters: tuple[Parameter, ...], returns: str, hints: Hints
) -> tuple[tuple[Parameter, ...], str]:
    """Return parameters and result of a function with the types that its documentation tells."""
    told = tuple(
        Parameter(one.name, one.annotation or hints.parameters.get(one.name, ""), one.default)
        for one in parameters
    )
    return told, returns or hints.returns


def plain(comment: str) -> str:
    """Return the text of comments without the marks around it."""
    if not comment:
        return ""
    return _dedented(_COMMENT_MARKS.sub("", comment).rstrip("*/ \n"))


def _dedented(text: str) -> str:
    first, newline, rest = text.partition("\n")
    return (first.strip() + newline + with_margin_off(rest)).strip()[:_LONGEST]


def with_margin_off(text: str) -> str:
    """Return what `textwrap.dedent` does, sooner where there are no tabs."""
    if "\t" in text:
        return textwrap.dedent(text)
    lines = text.split("\n")
    margins = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")]
    margin = min(margins, default=0)
    return "\n".join([line[margin:] if line.strip(" ") else "" for line in lines])
