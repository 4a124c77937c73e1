"""reStructuredText, and plain text that is laid out like it: titles are underlined."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.documents.mentions import mentioned, name_in
from collegium.knowledge.documents.outline import Heading, Outline

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADORNMENT: Final = re.compile(r"([!-/:-@\[-`{-~])\1+\s*$")
# Directives that document the thing they name: `.. autoclass:: Client`, `.. py:method:: get(url)`.
_DOCUMENTS: Final = re.compile(
    r"\s*\.\. +(?:auto|[a-z]+:)?(?:function|class|method|attribute|data|exception|module|property"
    r"|decorator|currentmodule)::\s+([\w.]+)"
)
_CODE: Final = re.compile(
    r"\s*\.\. +(?:code|code-block|sourcecode|literalinclude|parsed-literal|math|raw|graphviz)::"
)
_ROLE_MARKS: Final = re.compile(r"\\?[`*]|:[\w:+.-]+:(?=`)")


def read(lines: Sequence[str]) -> Outline:
    """Return the headings, and what the prose mentions or the directives document."""
    outline = Outline()
    styles: list[str] = []
    code_indent = -1
    for place, line in enumerate(lines):
        if code_indent >= 0:
            if not line.strip() or _indent(line) > code_indent:
                continue
            code_indent = -1
        heading = _heading(lines, place, styles)
        if heading is not None:
            outline.headings.append(heading)
        documented = _DOCUMENTS.match(line)
        if documented:
            outline.mentions.append((place + 1, name_in(documented[1])))
        elif _CODE.match(line) or (line.rstrip().endswith("::") and not _is_directive(line)):
            code_indent = _indent(line)
        outline.mentions.extend((place + 1, name) for name in mentioned(line))
    return outline


def _heading(lines: Sequence[str], place: int, styles: list[str]) -> Heading | None:
    """Return the heading whose words are on a line; a new style of it is a level further down."""
    line = lines[place]
    if not line.strip() or place + 1 == len(lines) or _ADORNMENT.match(line):
        return None
    under = lines[place + 1].rstrip()
    over = lines[place - 1].rstrip() if place else ""
    framed = over == under
    if not _ADORNMENT.match(under) or (line[0].isspace() and not framed):
        return None
    stands_alone = framed or not over or _ADORNMENT.match(over)
    if len(under) < min(len(line.strip()), 4) or not stands_alone:
        return None
    style = under[0] * (2 if framed else 1)
    if style not in styles:
        styles.append(style)
    words = " ".join(_ROLE_MARKS.sub("", line).split())
    return Heading(place + 1 - framed, styles.index(style) + 1, words, place + 3)


def _is_directive(line: str) -> bool:
    return line.lstrip().startswith("..")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
