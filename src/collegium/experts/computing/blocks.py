"""A question taken apart: the prose that asks, and the blocks of code or data it asks about."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLOCK = re.compile(
    r"^[ \t]*(?P<fence>```|~~~)[ \t]*(?P<language>[\w+#.-]*)[ \t]*\n"
    r"(?P<fenced>.*?)^[ \t]*(?P=fence)`*[ \t]*$"
    r"|\[PYTHON\](?P<tagged>.*?)\[/PYTHON\]",
    re.MULTILINE | re.DOTALL,
)
_WIDE = re.compile(r"\s{80}")
_STRAY = re.compile(r"^[ \t]*(?:```|~~~)|\[/?PYTHON\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of code or data set apart; `language` is in lower case, and empty where not said."""

    language: str
    source: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A text as its prose, what stood around the blocks joined by newlines, and its blocks."""

    prose: str
    blocks: tuple[Block, ...]


def parts(text: str) -> Parts | None:
    """Take a text apart at its fences and [PYTHON] tags.

    None where one is left open, or where there is so much white space that reading would be slow.
    """
    if _WIDE.search(text):
        return None
    prose: list[str] = []
    blocks: list[Block] = []
    end = 0
    for found in _BLOCK.finditer(text):
        prose.append(text[end : found.start()].strip())
        blocks.append(_block(found))
        end = found.end()
    prose.append(text[end:].strip())
    joined = "\n".join(piece for piece in prose if piece)
    return None if _STRAY.search(joined) else Parts(joined, tuple(blocks))


def _block(found: re.Match[str]) -> Block:
    if found["tagged"] is not None:
        return Block("python", found["tagged"].strip("\n"))
    return Block(found["language"].lower(), found["fenced"])
