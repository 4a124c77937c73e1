"""Fits what each column of the evidence counts, and says how well that does on trees not fitted to.

    python benchmarks/knowledge/fitting/fit.py EVIDENCE --manner description [--without meaning ...]

EVIDENCE is a folder that `gather.py` filled. Folds are by tree. Beside the fitted weights stand the
present ones of `fitted.py`, words alone (BM25F), and reciprocal rank fusion of words and vectors.
The weights printed last are fitted on all trees, and are what `fitted.py` is to hold.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from gather import Looked, evidence_of
from listwise import Lists, fitted
from measures import Measures, mean, measured
from numpy.typing import NDArray

from collegium.knowledge.search import fitted as present

Scoring = Callable[[Looked], NDArray[np.float64]]
Weights = Mapping[str, float]
# What a unit is, whatever is asked: may count against it. All else only for it.
FREE = frozenset(
    """
    class interface enum function method module variable nested private special size name_words
    """.split()
)
# Documents are in none of the trees.
NEVER = frozenset({"section", "variable"})
PRESENT = {
    "description": present.DESCRIPTION,
    "change": present.CHANGE,
    "topic": {
        name: present.DESCRIPTION.get(name, 0.0) + present.TOPIC.get(name, 0.0)
        for name in {*present.DESCRIPTION, *present.TOPIC}
    },
}
FOLDS, NEAR, SMALLEST = 5, 100, 0.02


def by_hand(one: Looked) -> NDArray[np.float64]:
    """What the product adds, whatever is fitted."""
    total = one.fixed.astype(np.float64)
    for name, weight in present.NAMED.items():
        total = total + weight * one.columns[name]
    return total


def scored(one: Looked, weights: Weights) -> NDArray[np.float64]:
    """The scores of its units."""
    total = by_hand(one)
    for name, weight in weights.items():
        if name in one.columns:
            total = total + weight * one.columns[name]
    return total


def by_rank(one: Looked, columns: Sequence[str]) -> NDArray[np.float64]:
    """Cormack et al., 'Reciprocal Rank Fusion' (2009)."""
    total = one.fixed.astype(np.float64)
    for name in columns:
        values = one.columns[name]
        total = total + 1 / (61 + np.searchsorted(np.sort(-values), -values))
    return total


def listed(one: Looked, names: Sequence[str], start: Weights) -> tuple[NDArray[np.float32], ...]:
    """The hardest of its units with what is meant: columns, what is fixed, and groups."""
    near = np.argsort(-scored(one, start), kind="stable")[:NEAR]
    words = np.argsort(-one.columns["words"], kind="stable")[: NEAR // 2]
    chosen = np.unique(np.concatenate([near, words, np.flatnonzero(one.gold)]))
    columns = np.stack([one.columns[name][chosen] for name in names], axis=1)
    # Any unit of a file that is meant as a whole, and each symbol that is meant itself.
    whole = one.question["manner"] == "topic"
    meant = np.where(one.gold, one.files if whole else one.symbols, -1)[chosen]
    _, groups = np.unique(meant, return_inverse=True)
    return (
        columns,
        by_hand(one)[chosen].astype(np.float32),
        np.where(meant >= 0, groups - groups[meant >= 0].min(), -1),
    )


def weights_of(
    looked: Sequence[Looked], names: Sequence[str], penalty: float, start: Weights
) -> Weights:
    """The weights that fit these questions."""
    lists = Lists.of([listed(one, names, start) for one in looked if one.gold.any()])
    held = np.array([name not in FREE for name in names])
    found = fitted(lists, held, penalty)
    spread = lists.columns.std(axis=0)
    return {
        name: round(float(weight), 2)
        for name, weight, wide in zip(names, found, spread, strict=True)
        if abs(weight * wide) >= SMALLEST and abs(weight) >= 0.005
    }


def fold_of(one: Looked) -> int:
    """Trees as a whole."""
    return crc32(f"fold {one.question['tree']}".encode()) % FOLDS


def crossed(
    looked: Sequence[Looked], names: Sequence[str], penalty: float, start: Weights
) -> list[Measures]:
    """The measures of each question by weights that were fitted without its fold."""
    weights = [
        weights_of([one for one in looked if fold_of(one) != fold], names, penalty, start)
        for fold in range(FOLDS)
    ]
    return [measured(one, scored(one, weights[fold_of(one)])) for one in looked]


def show(title: str, rows: Sequence[Measures], looked: Sequence[Looked]) -> None:
    """Print the measures of all questions, and of each sort of them."""
    sorts: dict[str, list[Measures]] = defaultdict(list)
    for row, one in zip(rows, looked, strict=False):
        sorts[one.question.get("how", "")].append(row)
    told = {"": rows, **(sorts if len(sorts) > 1 else {})}
    for sort, own in told.items():
        figures = ", ".join(f"{name} {value:.3f}" for name, value in mean(own).items())
        print(f"{title if not sort else f'    {sort}':34} {figures}  (n = {len(own)})")


def loaded(folder: Path, manner: str, needed: str = "") -> list[Looked]:
    """The questions of a manner whose evidence is complete."""
    found = [one for path in sorted(folder.glob("*.npz")) for one in evidence_of(path)]
    return [
        one
        for one in found
        if one.question["manner"] == manner
        and len(one.gold)
        and (not needed or needed in one.columns)
    ]


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("evidence", type=Path)
    parser.add_argument("--manner", default="description", choices=sorted(PRESENT))
    parser.add_argument("--without", nargs="*", default=[], help="beginnings of columns left out")
    parser.add_argument("--needed", default="", help="only questions with this column")
    parser.add_argument("--penalty", type=float, nargs="*", default=[0.001])
    options = parser.parse_args()
    looked = loaded(options.evidence, options.manner, options.needed)
    columns = {name for one in looked for name in one.columns}
    shared = {name for name in columns if all(name in one.columns for one in looked)}
    names = sorted(
        name for name in shared - NEVER if not name.startswith(tuple(options.without) or "\0")
    )
    start = PRESENT[options.manner]
    trees = len({one.question["tree"] for one in looked})
    lost = sum(not one.gold.any() for one in looked)
    print(f"{len(looked)} questions about {trees} trees, {lost} without what is meant")
    fused = [name for name in ("words", "meaning", "sense") if name in names]
    show(
        "present weights",
        [measured(one, scored(one, start)) for one in looked],
        looked,
    )
    show("words alone", [measured(one, by_rank(one, ["words"])) for one in looked], looked)
    show(
        f"RRF of {', '.join(fused)}", [measured(one, by_rank(one, fused)) for one in looked], looked
    )
    for penalty in options.penalty:
        show(f"fitted, penalty {penalty}", crossed(looked, names, penalty, start), looked)
    weights = weights_of(looked, names, options.penalty[0], start)
    for name, weight in sorted(weights.items(), key=lambda one: -abs(one[1])):
        print(f'    "{name}": {weight},')


if __name__ == "__main__":
    main()
