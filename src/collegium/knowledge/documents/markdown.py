"""Markdown (CommonMark): which lines are headings, and which are prose and not code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.documents.mentions import mentioned
from collegium.knowledge.documents.outline import Heading, Outline

if TYPE_CHECKING:
    from collections.abc import Sequence

_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HASHES: Final = re.compile(r" {0,3}(#{1,6})(?=\s|$)")
_CLOSING_HASHES: Final = re.compile(r"\s#+$")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)[ \t]*\r?$")
_HTML: Final = re.compile(r"\s*<h([1-6])\b[^>]*>(.*?)</h\1>", re.IGNORECASE)
_NO_TITLE: Final = re.compile(r"\s*(?:$|[-*+>|#=]|\d+[.)]|```|~~~| {4}|\t)")
_LONGEST: Final = 500  # letters of a heading
_MARKUP: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>|[*`]+|\{#[^}]*\}")


def read(lines: Sequence[str]) -> Outline:
    """Return the headings, and what the prose mentions."""
    outline = Outline()
    fence = ""
    opens = True  # whether a paragraph may begin on the line
    for place in range(_after_front_matter(lines), len(lines)):
        line = lines[place]
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
                opens = True
            continue
        if mark:
            fence = mark[1]
            continue
        heading = _heading(lines, place, opens)
        opens = heading is not None or not line.strip()
        if heading is not None:
            outline.headings.append(heading)
        outline.mentions.extend((place + 1, name) for name in mentioned(line))
    return outline


def _after_front_matter(lines: Sequence[str]) -> int:
    if lines[0].rstrip() not in {"---", "+++"}:
        return 0
    ends = (place for place, line in enumerate(lines[1:], 1) if line.rstrip() == lines[0].rstrip())
    return next(ends, -1) + 1


def _heading(lines: Sequence[str], place: int, opens: bool) -> Heading | None:
    line = lines[place]
    hashes = _HASHES.match(line)
    if hashes:
        words = _CLOSING_HASHES.sub("", line[hashes.end() :].strip())
        return Heading(place + 1, len(hashes[1]), _words(words), place + 2)
    html = _HTML.match(line)
    if html:
        return Heading(place + 1, int(html[1]), _words(html[2]), place + 2)
    underline = _UNDERLINE.match(lines[place + 1]) if place + 1 < len(lines) else None
    if opens and underline and not _NO_TITLE.match(line):
        return Heading(place + 1, 1 if underline[1][0] == "=" else 2, _words(line), place + 3)
    return None


def _words(text: str) -> str:
    return " ".join(_MARKUP.sub(r"\1", text[:_LONGEST]).split())
