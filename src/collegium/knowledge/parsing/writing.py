"""How expressions are written: short, and never growing with what is written in the source."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tree_sitter import Node

UNKNOWN: Final = "_"
LONGEST: Final = 240  # letters of an expression, before it counts as one that cannot be told
_LONGEST_PART: Final = 80  # letters of an argument, or of something a literal holds
_MOST_HELD: Final = 4
_LONGEST_TUPLE: Final = 8
_LONGEST_SIGNATURE: Final = 300
_SIGNATURE_ENDS: Final = (":", "{", "=>", "=", ";")


def slices(source: bytes) -> Callable[[int, int], str]:
    """Return a function from the places of bytes to the text between them."""
    if source.isascii():  # then the places of letters are those of bytes
        letters = source.decode("ascii")
        return lambda start, end: letters[start:end]
    return lambda start, end: source[start:end].decode("utf-8", "replace")


def texts(source: bytes) -> Callable[[Node], str]:
    """Return a function from nodes to their text."""
    if source.isascii():
        letters = source.decode("ascii")
        return lambda node: letters[node.start_byte : node.end_byte]
    return lambda node: source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def fitting(text: str) -> str:
    """Return an expression, or "_" where it is too long to be kept."""
    return text if len(text) <= LONGEST else UNKNOWN


def part(text: str) -> str:
    """Return an expression that stands in another, or "_" where it is too long for that."""
    return text if len(text) <= _LONGEST_PART else UNKNOWN


def operand(text: str) -> str:
    """Return an expression so that ".", "(" or "[" can follow it."""
    return f"({text})" if text.startswith(("*", ">", "!")) else text


def member(of: str, name: str) -> str:
    """Write an attribute of an expression."""
    return f"{operand(of)}.{name}" if len(of) + len(name) < LONGEST else f"{UNKNOWN}.{name}"


def call(function: str, arguments: str = "") -> str:
    """Write a call. Arguments that are too long are left out."""
    written = f"{operand(function)}({arguments})"
    return written if len(written) <= LONGEST else fitting(f"{operand(function)}()")


def item(of: str, index: str) -> str:
    """Write an item of an expression, or a type with its arguments."""
    return UNKNOWN if of in {"", UNKNOWN} else fitting(f"{operand(of)}[{index}]")


def prefixed(mark: str, of: str) -> str:
    """Write "*E", ">E" or "!E"."""
    return UNKNOWN if of in {"", UNKNOWN} else fitting(mark + of)


def either(options: Iterable[str]) -> str:
    """Write one of several expressions."""
    different = list(dict.fromkeys(options))
    return different[0] if len(different) == 1 else fitting(f"({' | '.join(different)})")


def literal(kind: str, held: Iterable[str] = ()) -> str:
    """Write a literal of a type and the different things that it holds, at most a few."""
    different = list(dict.fromkeys(part(one) for one in held))[:_MOST_HELD]
    return f"<{kind} {', '.join(different)}>" if different else f"<{kind}>"


def row(kind: str, held: Iterable[str]) -> str:
    """Write a literal whose parts are told by their places; without them where there are many."""
    parts = [part(one) for one in held]
    written = f"<{kind} {', '.join(parts)}>" if 0 < len(parts) <= _LONGEST_TUPLE else f"<{kind}>"
    return written if len(written) <= LONGEST else f"<{kind}>"


def signature(
    text: Callable[[int, int], str],
    node: Node,
    body: Node | None,
    remarks: Sequence[Node] = (),
) -> str:
    """Return what stands before the body of a definition, or all of it, on one line.

    `remarks` are comments in it, which are left out.
    """
    start, end = node.start_byte, node.end_byte if body is None else body.start_byte
    end = min(end, start + 4 * _LONGEST_SIGNATURE)
    pieces: list[str] = []
    for remark in sorted(remarks, key=attrgetter("start_byte")):
        if remark.start_byte < end:
            pieces.append(text(start, remark.start_byte))
            start = remark.end_byte
    pieces.append(text(start, end))
    line = " ".join(" ".join(pieces).split())
    line = line.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    if len(line) > _LONGEST_SIGNATURE:
        return line[: _LONGEST_SIGNATURE - 1] + "…"
    for mark in _SIGNATURE_ENDS:
        line = line.removesuffix(mark).rstrip()
    return line
