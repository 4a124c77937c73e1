"""The fenced code blocks of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language in lower case, '' where none is named, and what is in it."""

    language: str
    source: str


def code_blocks(text: str) -> tuple[Block, ...]:
    """The blocks fenced by ``` or ~~~, in order; the last may lack its closing fence."""
    blocks: list[Block] = []
    language, mark, inside = "", "", list[str]()
    for line in text.split("\n"):
        fence = FENCE.match(line)
        if not mark:
            if fence:
                mark, language, inside = fence[1], fence[2].lower(), []
        elif fence and fence[1].startswith(mark) and not line.strip(" \t\r`~"):
            blocks.append(Block(language, "\n".join(inside)))
            mark = ""
        else:
            inside.append(line)
    if mark:
        blocks.append(Block(language, "\n".join(inside)))
    return tuple(blocks)
