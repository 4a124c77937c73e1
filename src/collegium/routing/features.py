"""The structure of a text as numbers: its signs, its length and its script."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from collegium.lexicon import SIGNS, read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from collegium.lexicon import Wording

_SIGNS = tuple(sorted(SIGNS))
STRUCTURE = len(_SIGNS) + 4


def structure_of(text: str, wording: Wording | None = None) -> NDArray[np.float32]:
    """(`STRUCTURE`,) numbers from 0 to 1: each sign, then length, lines, letters, plain letters.

    Args:
        text: the query.
        wording: how it is worded, where that is known already.
    """
    signs = (wording or read(text)).signs
    numbers = [float(sign in signs) for sign in _SIGNS]
    piece = text[:1000]
    size = max(1, len(piece))
    numbers += (
        min(1.0, math.log1p(len(text)) / 10),
        min(1.0, math.log1p(text.count("\n")) / 5),
        sum(map(str.isalpha, piece)) / size,
        _plain(piece) / size,
    )
    return np.array(numbers, np.float32)


def _plain(piece: str) -> int:
    """How many of its characters are plain ASCII."""
    if piece.isascii():
        return len(piece) - piece.count("\x7f")
    return sum(character < "\x7f" for character in piece)
