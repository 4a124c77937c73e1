"""The examples of a function that a question gives: what it is called with, and what comes out."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.verification.literals import NOT_A_LITERAL, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 50_000
LONGEST_LINE = 1_000
MOST = 20

CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w{0,80})\(")
GIVES = re.compile(
    r"[`)\s]{0,4}(?:->|→|➞|=>|==|=|returns?\b|gives\b|outputs?\b|yields\b|is\b|evaluates to\b|"
    r"(?:should|must|would|will)\s(?:return|be|give|equal|output|yield)\b|"
    r"#\s?(?:(?:output|returns?|prints?|expected)\b:?|->|=>|→)?)[:\s`]{0,4}",
    re.IGNORECASE,
)
INPUT = re.compile(
    r"\binputs?\b[:*`\s]{1,6}([^\n]{1,500}?)[`*\s]{0,4}(?:\n|,?\s)\s{0,8}[-*>`]{0,3}\s?"
    r"(?:expected\s)?outputs?\b[:*`\s]{1,6}([^\n]{1,500})",
    re.IGNORECASE,
)
# What a faulty function does is no example of what it should do.
COMPLAINT = re.compile(
    r"\b(?:but|instead|wrong|incorrect\w*|currently|bug|fails?|actual\w*|not|raises?|throws?)\b",
    re.IGNORECASE,
)
END = re.compile(r"\s|[,.;)`]|\Z")
CONSTANTS = {"true": "True", "false": "False", "null": "None"}


@dataclass(frozen=True, slots=True)
class Example:
    """`call` is an expression; what it gives is the literal `expected`, or no more than truth.

    Where `expected` is None, `call` is a whole assert statement.
    """

    call: str
    expected: str | None


def examples(prompt: str, functions: Mapping[str, int]) -> tuple[Example, ...]:
    """The examples in `prompt` of the functions, given as how many arguments each takes."""
    lines = [line[:LONGEST_LINE] for line in prompt[:LONGEST].splitlines()]
    found: dict[str, Example] = {}
    for example in (*_of_sessions(lines), *_of_lines(lines), *_of_pairs(prompt, functions)):
        if _names(example.call) & functions.keys() and len(found) < MOST:
            found.setdefault(example.call, example)
    return tuple(found.values())


def _of_sessions(lines: list[str]) -> Iterator[Example]:
    """Of >>> lines, each with its result on the next."""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        entered = line.strip().removeprefix(">>>")
        if entered == line.strip() or not _is_expression(entered.strip()):
            continue
        expected = following.strip()
        if literal(expected) is not NOT_A_LITERAL:
            yield Example(entered.strip(), expected)


def _of_lines(lines: list[str]) -> Iterator[Example]:
    """Of assert statements, and of lines such as "f(2) -> 4"."""
    for line in lines:
        stripped = line.strip().strip("`")
        if stripped.startswith("assert "):
            yield from _of_assert(stripped)
        elif not stripped.startswith(">>>") and not COMPLAINT.search(line):
            yield from _of_statements(line)


def _of_assert(statement: str) -> Iterator[Example]:
    try:
        parsed = ast.parse(statement).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if not isinstance(parsed, ast.Assert) or "??" in statement:
        return
    match parsed.test:
        case ast.Compare(left=ast.Call() as call, ops=[ast.Eq()], comparators=[expected]):
            written = ast.unparse(expected)
            if literal(written) is not NOT_A_LITERAL:
                yield Example(ast.unparse(call), written)
                return
        case _:
            pass
    yield Example(statement, None)


def _of_statements(line: str) -> Iterator[Example]:
    position = 0
    while found := CALL.search(line, position):
        position = found.end()
        end = _closing(line, found.end())
        gives = end and GIVES.match(line, end)
        if not end or not gives:
            continue
        expected = _leading_literal(line[gives.end() :])
        call = line[found.start() : end]
        if expected is not None and _is_expression(call) and found[1] != "print":
            yield Example(call, expected)
            position = end


def _of_pairs(prompt: str, functions: Mapping[str, int]) -> Iterator[Example]:
    """Of "Input: ..., Output: ...", where there is only one function they can be about."""
    if len(functions) != 1:
        return
    (name, arguments), *_ = functions.items()
    for found in INPUT.finditer(prompt[:LONGEST]):
        call, expected = _called(name, found[1].strip("`* "), arguments), _leading_literal(found[2])
        if call and expected is not None:
            yield Example(call, expected)


def _called(name: str, written: str, arguments: int) -> str | None:
    """The call with the input's values, in order, whether or not they are named."""
    try:
        call = ast.parse(f"{name}({written})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(call, ast.Call):
        return None
    values = [ast.unparse(value) for value in (*call.args, *(kw.value for kw in call.keywords))]
    if len(values) != arguments or any(literal(value) is NOT_A_LITERAL for value in values):
        return None
    return f"{name}({', '.join(values)})"


def _closing(line: str, start: int) -> int:
    """The position after the bracket that closes the one before `start`; 0 where none does."""
    depth, quote = 1, ""
    for position in range(start, len(line)):
        character = line[position]
        if quote:
            quote = "" if character == quote and line[position - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        else:
            depth += (character in "([{") - (character in ")]}")
            if not depth:
                return position + 1
    return 0


def _leading_literal(written: str) -> str | None:
    """The longest beginning of `written` that is a literal."""
    written = written.strip().strip("`*").strip()[:500]
    ends = [found.start() for found in END.finditer(written)][:60]
    for end in reversed(ends):
        beginning = written[:end].strip("`* ").rstrip(",;. ")
        beginning = CONSTANTS.get(beginning, beginning)
        if beginning and literal(beginning) is not NOT_A_LITERAL:
            return beginning
    return None


def _is_expression(written: str) -> bool:
    try:
        ast.parse(written, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _names(written: str) -> set[str]:
    try:
        tree = ast.parse(written)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
