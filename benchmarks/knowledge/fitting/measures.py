"""How good an order is, by what was asked: the measures of the given questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from gather import Looked
from numpy.typing import NDArray

Measures = dict[str, float]


def measured(one: Looked, scores: NDArray[np.float64]) -> Measures:
    """The measures of one question whose units have these scores."""
    order = np.argsort(-scores, kind="stable").tolist()
    meant_files = {gold["file"] for gold in one.question["gold"]}
    manner = one.question["manner"]
    files = list(dict.fromkeys(int(one.files[at]) for at in order))
    right_files = {int(one.files[at]) for at in np.flatnonzero(one.gold)}
    if manner == "topic":
        return {
            "nDCG@10 of files": discounted([at in right_files for at in files], len(meant_files))
        }
    symbols = list(dict.fromkeys(int(one.symbols[at]) for at in order))
    right = {int(one.symbols[at]) for at in np.flatnonzero(one.gold)}
    wanted = max(len(one.question["gold"]), len(right))
    first = next((place for place, at in enumerate(symbols, 1) if at in right), 0)
    if manner == "description":
        return {
            "recall@5": len(right.intersection(symbols[:5])) / wanted,
            "MRR": 1 / first if first else 0.0,
        }
    found = len(right.intersection(symbols[:10]))
    return {
        "recall@10": found / wanted,
        "acc@10": float(found == wanted),
        "files acc@5": float(len(right_files.intersection(files[:5])) >= len(meant_files)),
        "MRR": 1 / first if first else 0.0,
    }


def discounted(right: Sequence[bool], wanted: int, most: int = 10) -> float:
    """Normalised discounted cumulative gain (Jaervelin and Kekaelaeinen, 2002)."""
    gains = [1 / np.log2(place + 2) for place in range(most)]
    best = sum(gains[: min(wanted, most)])
    return float(sum(gain for gain, is_right in zip(gains, right, strict=False) if is_right) / best)


def mean(rows: Iterable[Mapping[str, float]]) -> Measures:
    """The mean of each measure."""
    rows = list(rows)
    return {name: float(np.mean([row[name] for row in rows])) for name in (rows[0] if rows else ())}
