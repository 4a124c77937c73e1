"""Letters that can be written in several ways: `é` as one character or as two."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W\d]\w*")


def composed(text: str) -> str:
    """A text with each letter written in one way: as few characters as can be (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def compatible(text: str) -> str:
    """A text composed, and its names as Python compares them (NFKC): a ligature is its letters."""
    return text if text.isascii() else _WORD.sub(_as_python_has_it, composed(text))


def _as_python_has_it(word: re.Match[str]) -> str:
    name = word.group()
    return unicodedata.normalize("NFKC", name) if name.isidentifier() else name
