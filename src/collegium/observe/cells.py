"""Where numbers are kept: one row of cells for all metrics, and what writes into them.

A metric of the usual libraries takes a lock, a check and a loop for each number, about a
microsecond, and some twenty numbers change with every request. Here all series are known from the
start, so each has its place in one row, and counting is adding to a cell. The row can lie in a file
that other workers read, see `workers`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from collegium.observe.families import GAUGE, HISTOGRAM, OTHER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from collegium.observe.families import Family

T = TypeVar("T")


class Block:
    """The cells of one metric: for each combination of label values `width` cells in a row."""

    def __init__(self, family: Family, start: int) -> None:
        self.family = family
        self.start = start
        # A histogram has its buckets, the one without end, and the sum.
        self.width = len(family.buckets) + 2 if family.kind == HISTOGRAM else 1
        self._values = [tuple(dict.fromkeys((*one, OTHER))) for one in family.labels.values()]
        self.offsets = self._offsets()
        self.end = start + self.width * math.prod(len(one) for one in self._values)

    def _offsets(self) -> tuple[Mapping[str, int], ...]:
        """For each label how far from the start each of its values leads."""
        offsets: list[Mapping[str, int]] = []
        stride = self.width
        for values in reversed(self._values):
            offsets.insert(0, {value: place * stride for place, value in enumerate(values)})
            stride *= len(values)
        return tuple(offsets)

    def place(self, *labels: str) -> int:
        """The first cell of a series; a value that the label does not know counts as other."""
        place = self.start
        for known, value in zip(self.offsets, labels, strict=True):
            place += known.get(value, known[OTHER])
        return place

    def series(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """Every combination of label values, with how far from the start its first cell is."""
        places = range(0, self.end - self.start, self.width)
        return zip(product(*self._values), places, strict=True)


class Layout:
    """The places of all metrics in one row of cells."""

    def __init__(self, families: Iterable[Family]) -> None:
        self.blocks: dict[str, Block] = {}
        self.size = 0
        for family in families:
            block = self.blocks[family.name] = Block(family, self.size)
            self.size = block.end

    @property
    def gauges(self) -> Iterator[Block]:
        """The metrics that say how it is now, and nothing of how it was."""
        return (block for block in self.blocks.values() if block.family.kind == GAUGE)


class Cell:
    """One series of a counter or a gauge."""

    __slots__ = ("_cells", "_place")

    def __init__(self, cells: memoryview[float], place: int) -> None:
        self._cells, self._place = cells, place

    def add(self, amount: float = 1.0) -> None:
        """Add an amount."""
        self._cells[self._place] += amount

    def set(self, amount: float) -> None:
        """Replace the number."""
        self._cells[self._place] = amount


class Spread:
    """One series of a histogram."""

    __slots__ = ("_bounds", "_cells", "_place", "_sum")

    def __init__(self, cells: memoryview[float], place: int, bounds: tuple[float, ...]) -> None:
        self._cells, self._place, self._bounds = cells, place, bounds
        self._sum = place + len(bounds) + 1

    def observe(self, value: float) -> None:
        """Count one value; what is negative or not a finite number is left out."""
        if 0.0 <= value < math.inf:
            self._cells[self._place + bisect_left(self._bounds, value)] += 1
            self._cells[self._sum] += value


class Table(dict[str, T]):
    """Something for each name that is known, and one thing for all others, which adds nothing."""

    def __init__(self, names: Iterable[str], make: Callable[[str], T]) -> None:
        super().__init__({name: make(name) for name in (*names, OTHER)})

    def __missing__(self, _: str) -> T:
        return self[OTHER]


class Row:
    """All numbers of one process, and what writes into them."""

    def __init__(self, layout: Layout, cells: memoryview[float]) -> None:
        self._layout, self._cells = layout, cells

    def cell(self, name: str, *labels: str) -> Cell:
        """One series of a counter or a gauge."""
        return Cell(self._cells, self._layout.blocks[name].place(*labels))

    def spread(self, name: str, *labels: str) -> Spread:
        """One series of a histogram."""
        block = self._layout.blocks[name]
        return Spread(self._cells, block.place(*labels), block.family.buckets)


def zeros(size: int) -> memoryview[float]:
    """So many cells of this process alone."""
    return memoryview(bytearray(8 * size)).cast("d")
