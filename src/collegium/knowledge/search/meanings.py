"""What words of code and words about code mean: a table that comes with the package.

A vector of a unit, or of a question, is a weighted sum of the rows of its terms. No model runs, so
that units can be searched by meaning as soon as they can by words.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from collegium.knowledge.search.semantic import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float32]

SHIPPED: Final = Path(__file__).with_name("meanings.npz")
# So many terms are summed at a time; their rows stay in the processor's cache.
_BLOCK: Final = 4096
# So many units are looked at together: a term takes some 100 bytes meanwhile.
_UNITS: Final = 4096
_TINY: Final = 1e-9
# What a term counts that a field has so many times.
_OFTEN: Final = np.log1p(np.arange(256))


class Meanings(NamedTuple):
    """A table of terms, by the ascending numbers of `terms.number_of`.

    `rows` are (terms, width). A term counts `held` in a unit and `asked` in a question; in a unit
    also by its field: `weights`, and by `discounts` the less the longer the field is there. In a
    question the rarest terms of a codebase count most, by their rarity to the power of `rarity`.
    """

    numbers: NDArray[np.uint32]
    rows: NDArray[np.int8]
    held: NDArray[np.float16]
    asked: NDArray[np.float16]
    weights: Numbers
    discounts: Numbers
    rarity: float

    @classmethod
    def read(cls, path: Path) -> Meanings:
        """The table in a file."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(
                kept["numbers"],
                kept["rows"],
                kept["held"],
                kept["asked"],
                kept["weights"],
                kept["discounts"],
                float(kept["rarity"]),
            )

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        width: int = self.rows.shape[1]
        return width

    def of_units(self, packed: Sequence[bytes]) -> NDArray[np.int8]:
        """(units, width): the vector of each unit, given as `Unit.terms`, its largest number 127.

        Zeros where no term of a unit is known.
        """
        blocks = [
            self._of_block(packed[first : first + _UNITS])
            for first in range(0, len(packed), _UNITS)
        ]
        return np.concatenate([np.zeros((0, self.width), np.int8), *blocks])

    def _of_block(self, packed: Sequence[bytes]) -> NDArray[np.int8]:
        entries = np.frombuffer(b"".join(packed), "<u8")
        sizes = np.array([len(terms) // entries.itemsize for terms in packed], np.int64)
        units = np.repeat(np.arange(len(packed)), sizes)
        fields = (entries >> 8 & 0xFF).astype(np.intp)
        counts = (entries & 0xFF).astype(np.intp)
        places = units * len(self.weights) + fields
        lengths = np.bincount(places, counts, minlength=len(packed) * len(self.weights))
        discounts = np.maximum(lengths[places], 1.0) ** -self.discounts[fields].astype(np.float64)
        known, at = self._found((entries >> 16).astype(np.uint32))
        weights = (self.weights[fields] * _OFTEN[counts] * discounts)[known] * self.held[at]
        return rounded(self._sums(at, weights.astype(np.float32), units[known], len(packed)))

    def of_question(self, numbers: Sequence[int], rarity: Numbers) -> Numbers | None:
        """The vector, of length 1, of terms with these numbers; None where none is known."""
        known, at = self._found(np.array(numbers, np.uint32))
        if not len(at):
            return None
        weights = np.maximum(rarity[known], _TINY) ** self.rarity * self.asked[at]
        vector = weights.astype(np.float32) @ self.rows[at].astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length else None

    def _found(self, numbers: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Which of these terms are known, and the rows of those."""
        at = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        known = self.numbers[at] == numbers
        return known, at[known]

    def _sums(
        self, at: NDArray[np.intp], weights: Numbers, units: NDArray[np.intp], count: int
    ) -> Numbers:
        """(count, width): the sum of the rows `at` of each unit; units ascend."""
        sums = np.zeros((count, self.width), np.float32)
        begins = np.flatnonzero(np.diff(units, prepend=-1))
        ends = np.append(begins[1:], len(units))
        first = 0
        while first < len(begins):
            # Whole units, so that a sum does not depend on which other units there are.
            last = max(first + 1, int(np.searchsorted(ends, begins[first] + _BLOCK, "right")))
            block = slice(begins[first], ends[last - 1])
            rows = self.rows[at[block]] * weights[block, np.newaxis]
            found = np.add.reduceat(rows, begins[first:last] - begins[first])
            sums[units[begins[first:last]]] = found
            first = last
        return sums


@cache
def shipped() -> Meanings:
    """The table that comes with the package, read when it is first wanted."""
    return Meanings.read(SHIPPED)
