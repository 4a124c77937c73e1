"""Figures of several rounds, in which everything compared has taken its turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from measure import spread


class Rounds:
    """For every row the figures of every round, and what they are beside another row's.

    Rows stand in the order in which they are named or first noted.
    """

    def __init__(self, *rows: str) -> None:
        self._rows = {row: defaultdict[str, list[float]](list) for row in rows}

    def note(self, row: str, figures: Mapping[str, float]) -> None:
        """Keep one round's figures of a row."""
        told = self._rows.setdefault(row, defaultdict(list))
        for name, value in figures.items():
            told[name].append(value)

    def added(self, base: str, figure: str) -> None:
        """Add `added_<figure>`: what a row has more than the base in the same round."""
        for told, pairs in self._beside(base, figure):
            told[f"added_{figure}"] = [own - other for own, other in pairs]

    def share(self, base: str, figure: str, name: str) -> None:
        """Add a figure that is the row's share of the base in the same round."""
        for told, pairs in self._beside(base, figure):
            told[name] = [own / other for own, other in pairs]

    def spreads(self) -> dict[str, dict[str, dict[str, float]]]:
        """Every figure's median, lowest and highest."""
        return {
            row: {name: spread(values) for name, values in told.items()}
            for row, told in self._rows.items()
        }

    def _beside(self, base: str, figure: str) -> Iterator[tuple[dict[str, list[float]], Any]]:
        others = self._rows[base][figure]
        for row, told in self._rows.items():
            if row != base:
                yield told, list(zip(told[figure], others, strict=True))


def checked(result: dict[str, Any], row: str) -> dict[str, Any]:
    """The result of a load, if every request was answered. Raises RuntimeError otherwise."""
    if result["failed"]:
        raise RuntimeError(f"{row}: {result['failed']} requests failed: {result['errors']}")
    return result
