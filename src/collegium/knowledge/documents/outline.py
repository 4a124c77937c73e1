"""Headings and mentions of a document, made into its facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP, FileFacts, Symbol, Use

if TYPE_CHECKING:
    from collections.abc import Sequence

BETWEEN: Final = " > "
_LONGEST_HEADING: Final = 120


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: where it begins, how deep it is (from 1), and its words. `after`: its text."""

    line: int
    level: int
    words: str
    after: int


@dataclass(slots=True)
class Outline:
    """What a document says: its headings, and which names of code it mentions on which lines."""

    headings: list[Heading] = field(default_factory=list[Heading])
    mentions: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def outlined(path: str, language: str, lines: int, outline: Outline) -> FileFacts:
    """Return the facts of a document. A section ends where one of its level or above begins."""
    symbols = _sections(outline.headings, lines)
    return FileFacts(
        path=path,
        language=language,
        lines=lines,
        symbols=tuple(symbols),
        uses=_uses(outline.mentions, symbols),
    )


def _sections(headings: Sequence[Heading], lines: int) -> list[Symbol]:
    around: list[int] = []
    symbols: list[Symbol] = []
    for place, heading in enumerate(headings):
        while around and headings[around[-1]].level >= heading.level:
            around.pop()
        parent = around[-1] if around else TOP
        name = heading.words[:_LONGEST_HEADING]
        symbols.append(
            Symbol(
                kind="section",
                name=name,
                path=name if parent == TOP else symbols[parent].path + BETWEEN + name,
                parent=parent,
                line=heading.line,
                start=heading.line,
                end=_end(headings, place, lines),
                body=min(heading.after, lines),
                signature=name,
            )
        )
        around.append(place)
    return symbols


def _end(headings: Sequence[Heading], place: int, lines: int) -> int:
    level = headings[place].level
    for later in headings[place + 1 :]:
        if later.level <= level:
            return later.line - 1
    return lines


def _uses(mentions: Sequence[tuple[int, str]], symbols: Sequence[Symbol]) -> tuple[Use, ...]:
    starts = [symbol.start for symbol in symbols]
    lines: dict[tuple[int, str], list[int]] = {}
    scope = TOP
    for line, name in mentions:
        while scope + 1 < len(starts) and starts[scope + 1] <= line:
            scope += 1
        lines.setdefault((scope, name), []).append(line)
    return tuple(
        Use("mention", scope, name, tuple(dict.fromkeys(found)))
        for (scope, name), found in lines.items()
    )
