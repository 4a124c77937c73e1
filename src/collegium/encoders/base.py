"""What an encoder is: text to a vector."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors; the same text always into the same vector.

    `name` tells which encoder it is, `version` which of its weights ('' where that is not known),
    `width` how many numbers a vector has, and `general` how many of them, from the first, mean the
    same whatever experts the encoder was trained for.
    """

    name: str
    version: str
    width: int
    general: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width) vectors; of any text, an empty one too, finite numbers."""
        ...


class Cached:
    """An encoder that remembers the vectors of the texts it has met last.

    Args:
        encoder: whose vectors they are.
        capacity: how many to keep; the longest unused goes first. Texts are known by a hash.
    """

    def __init__(self, encoder: Encoder, capacity: int = 4096) -> None:
        self._encoder, self._capacity = encoder, capacity
        self.name, self.version = encoder.name, encoder.version
        self.width, self.general = encoder.width, encoder.general
        # A gate ponders in a thread of its own.
        self._lock = Lock()
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors; only those not kept are computed."""
        keys = [key_of(text) for text in texts]
        with self._lock:
            found = {key: self._vectors[key] for key in keys if key in self._vectors}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            computed = self._encoder.encode(list(missing.values()))
            found.update((key, row.copy()) for key, row in zip(missing, computed, strict=True))
        with self._lock:
            for key in dict.fromkeys(keys):
                self._vectors[key] = found[key]
                self._vectors.move_to_end(key)
            while len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)
        if not keys:
            return np.zeros((0, self.width), np.float32)
        return np.stack([found[key] for key in keys])


def key_of(text: str) -> bytes:
    """Sixteen bytes that stand for a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
