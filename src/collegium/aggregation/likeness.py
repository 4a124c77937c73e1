"""How alike texts are worded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# Of a long text this much is compared.
COMPARED_CHARS = 20_000

# How many numbers tell how a text is worded.
BUCKETS = 16_381


def likeness(a: str, b: str) -> float:
    """How alike two texts are worded, 0 to 1."""
    return 1.0 if a == b else cosines(wording([a, b]))[0][1]


def wording(texts: Sequence[str]) -> NDArray[np.float64]:
    """(texts, 16381) vectors of how texts are worded: hashed counts of three letters in a row."""
    import numpy as np  # noqa: PLC0415 -- deciding needs none, and imports this module

    rows = np.zeros((len(texts), BUCKETS))
    for row, text in zip(rows, texts, strict=True):
        words = f"  {' '.join(text[:COMPARED_CHARS].casefold().split())}  "
        codes = np.frombuffer(words.encode("utf-32-le", "surrogatepass"), np.uint32)
        hashed = (codes[:-2] * 961 + codes[1:-1] * 31 + codes[2:]) % BUCKETS
        row[:] = np.sqrt(np.bincount(hashed, minlength=BUCKETS))
    return rows


def cosines(vectors: NDArray[np.floating[Any]]) -> list[list[float]]:
    """The cosine of every vector with every other; 0 of one that has no length."""
    import numpy as np  # noqa: PLC0415 -- as above

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths > 0, lengths, 1.0)
    # Not `units @ units.T`: threads of a matrix library cost more than so small a product.
    return np.clip(np.einsum("ik,jk->ij", units, units), -1.0, 1.0).tolist()  # type: ignore[no-any-return]
