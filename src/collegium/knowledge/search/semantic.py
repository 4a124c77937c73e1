"""Which units mean what a question means: vectors, kept small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LARGEST: Final = 127
# So many rows are made floating at a time; their products stay in the processor's cache.
_BLOCK: Final = 4096


class Encoder(Protocol):
    """Turns texts into vectors; see `collegium.encoders.base`."""

    name: str
    version: str
    general: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width) vectors."""
        ...


def label(encoder: Encoder) -> str:
    """What vectors of this encoder are kept under: those of another label are not like them."""
    return f"{encoder.name} {encoder.version} int8"


def vectors_of(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """(texts, width) vectors of length 1: the part that is not an encoder's own experts'."""
    vectors = encoder.encode(texts)[:, : encoder.general]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-9)
    return scaled


def compact(encoder: Encoder, texts: Sequence[str]) -> list[bytes]:
    """The vector of each text, a byte for each number; the largest of a vector becomes 127."""
    return [row.tobytes() for row in rounded(vectors_of(encoder, texts))]


def rounded(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Vectors in a byte for each number; the largest of each becomes 127, one of zeros stays."""
    largest = np.abs(vectors).max(axis=1, initial=0.0, keepdims=True)
    scaled: NDArray[np.float32] = np.rint(vectors * (_LARGEST / np.maximum(largest, 1e-9)))
    return scaled.astype(np.int8)


def cosines(rows: NDArray[np.int8], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine of each row with a vector of length 1; 0 of a row of zeros."""
    found = np.zeros(len(rows), np.float32)
    for first in range(0, len(rows), _BLOCK):
        block = rows[first : first + _BLOCK].astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        found[first : first + _BLOCK] = block @ vector / np.maximum(lengths, 1.0)
    return found


class Vectors:
    """The vectors of units, by their number, as far as they are known.

    One is never changed: `longer` and `filled` make another.
    """

    def __init__(self, rows: NDArray[np.int8], known: NDArray[np.bool_]) -> None:
        self._rows, self.known = rows, known

    @classmethod
    def none(cls, count: int) -> Vectors:
        """Of so many units, none known."""
        return cls(np.zeros((count, 0), np.int8), np.zeros(count, bool))

    def longer(self, more: int) -> Vectors:
        """These and so many that are not known."""
        rows = np.zeros((more, self._rows.shape[1]), np.int8)
        return Vectors(np.concatenate([self._rows, rows]), np.append(self.known, [False] * more))

    def filled(self, found: Mapping[int, bytes]) -> Vectors:
        """These and the ones found, as `compact` gave them, by the number of their unit."""
        if not found:
            return self
        numbers = list(found)
        fresh = np.frombuffer(b"".join(found.values()), np.int8).reshape(len(found), -1)
        rows, known = self._rows, self.known.copy()
        if rows.shape[1] != fresh.shape[1]:
            rows = np.zeros((len(rows), fresh.shape[1]), np.int8)
        else:
            rows = rows.copy()
        rows[numbers] = fresh
        known[numbers] = True
        return Vectors(rows, known)

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of each unit's vector with one of length 1; 0 where it is not known."""
        if self._rows.shape[1] != len(vector):
            return np.zeros(len(self._rows), np.float32)
        return cosines(self._rows, vector)
