"""WordPiece: text to the token numbers of a BERT vocabulary.

The method of Wu et al. (2016) with the text cleaning of Devlin et al. (2019), uncased.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_LONGEST_WORD = 100
_ASCII_PIECE = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
# Written without spaces, so every character is a word of its own.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """Cuts text into the longest pieces its vocabulary has.

    Args:
        vocabulary: every piece in the order of its number; needs [UNK], [CLS] and [SEP].

    Raises:
        ValueError: one of the three is missing.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        missing = {"[UNK]", "[CLS]", "[SEP]"} - self._numbers.keys()
        if missing:
            raise ValueError(f"the vocabulary has no {', '.join(sorted(missing))}")
        self.unknown, self.first, self.separator = (
            self._numbers[piece] for piece in ("[UNK]", "[CLS]", "[SEP]")
        )
        self._pieces_of = lru_cache(maxsize=50_000)(self._cut)

    @classmethod
    def load(cls, path: Path) -> WordPiece:
        """The vocabulary of a file with one piece a line."""
        return cls(path.read_text("utf-8").rstrip("\n").split("\n"))

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers(self, text: str) -> list[int]:
        """The token numbers of a text, without [CLS] and [SEP]."""
        numbers: list[int] = []
        for word in words(text):
            numbers += self._pieces_of(word)
        return numbers

    def _cut(self, word: str) -> Sequence[int]:
        whole = self._numbers.get(word)
        if whole is not None:
            return (whole,)
        if len(word) > _LONGEST_WORD:
            return (self.unknown,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self._numbers.get(prefix + word[start:end])
                if number is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return (self.unknown,)
        return tuple(pieces)


def words(text: str) -> list[str]:
    """Lower-cased words and single punctuation marks, accents taken off."""
    lowered = text.lower()
    if lowered.isascii():
        return _ASCII_PIECE.findall(lowered.translate(_DROPPED_ASCII))
    plain = "".join(
        character
        for character in unicodedata.normalize("NFD", lowered)
        if unicodedata.category(character) != "Mn"
    )
    return "".join(map(_spaced, plain)).split()


@lru_cache(maxsize=20_000)
def _spaced(character: str) -> str:
    """A character as it goes before the split at spaces: kept, dropped, or set apart."""
    code = ord(character)
    if character in "\t\n\r":
        return " "
    category = unicodedata.category(character)
    if code in (0, 0xFFFD) or category[0] == "C":
        return ""
    if category == "Zs":
        return " "
    ascii_mark = code < 128 and not character.isalnum()
    if ascii_mark or category[0] == "P" or any(low <= code <= high for low, high in _IDEOGRAPHS):
        return f" {character} "
    return character


_DROPPED_ASCII = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
