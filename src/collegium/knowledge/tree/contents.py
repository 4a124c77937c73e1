"""Files that are not read as source, although their names look like it: told by what they hold."""

from __future__ import annotations

import re
from typing import Final

HEAD_BYTES: Final = 8192
# Where tools say that they wrote a file.
BANNER_LINES: Final = 40
# A line beyond this is not written by hand ...
LONG_LINE_BYTES: Final = 1000
# ... and a file is not where such lines are more than this part of it.
LONG_SHARE: Final = 0.5

_COMMENT = rb"""^[ \t]*(?://|\#|/?\*+|<!--|--|;|%|"{3}|'{3})"""
_GENERATED: Final = re.compile(
    _COMMENT
    + rb"""[^\n]*(?:(?<![\w`'"])@generated\b|\bgenerated\b[^\n]*\bdo\ not\ (?:edit|modify)\b)""",
    re.IGNORECASE | re.MULTILINE,
)


def refusal(source: bytes, *, prose: bool = False) -> str:
    """Why a file's content is not read as source; '' where it is. In prose, lines may be long."""
    if b"\0" in source[:HEAD_BYTES]:
        return "binary"
    banner = b"\n".join(source[:HEAD_BYTES].split(b"\n", BANNER_LINES)[:BANNER_LINES])
    if b"generated" in banner.lower() and _GENERATED.search(banner):
        return "generated"
    return "minified" if not prose and _is_minified(source) else ""


def _is_minified(source: bytes) -> bool:
    if len(source) < LONG_LINE_BYTES:
        return False
    lengths = list(map(len, source.splitlines()))
    if max(lengths) <= LONG_LINE_BYTES:
        return False
    return sum(one for one in lengths if one > LONG_LINE_BYTES) > LONG_SHARE * len(source)
