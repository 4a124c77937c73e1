"""Searches for what a term says by the field that it stands in: the weights of BM25F.

    python benchmarks/knowledge/fitting/fields.py QUESTIONS... --trees DIR... [--cache DIR]

Each of QUESTIONS is asked of its trees by words alone; the mean of MRR over manners, on one half of
the trees, is to rise by changing one number at a time. What that gives on the other half is printed
beside it: what does not rise there as well is chance.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from gather import MANNERS, Question, lines_of
from numpy.typing import NDArray

from collegium.knowledge.codebase import KnowledgeGraph
from collegium.knowledge.search.fitted import FIELD_DISCOUNTS, FIELD_WEIGHTS, SATURATION
from collegium.knowledge.search.holdings import Holdings
from collegium.knowledge.search.lexical import FIELDS, Lexicon, Matches, Weighing
from collegium.knowledge.search.purpose import is_trial
from collegium.knowledge.search.ranking import question_of
from collegium.knowledge.search.retrieval import Retrieval

FACTORS, STEPS, MOST = (0.5, 0.75, 1.35, 2.0), (-0.2, 0.2), 8
Setting = tuple[float, ...]


class Case(NamedTuple):
    """A question, where its terms stand, and the units that are meant."""

    tree: str
    manner: str
    lexicon: Lexicon
    matches: Matches
    gold: NDArray[np.intp]
    others: NDArray[np.bool_]  # what is not in tests


def cases(questions: Sequence[Question], trees: Path, cache: Path) -> Iterator[Case]:
    """Some questions about each tree."""
    by_tree: dict[str, list[Question]] = defaultdict(list)
    for one in questions:
        by_tree[one["tree"]].append(one)
    for tree, asked in sorted(by_tree.items()):
        with closing(KnowledgeGraph.open(trees / tree, cache=cache, create=True)) as graph:
            graph.update()
            holdings = Retrieval(graph.index).refresh()
        yield from _cases(tree, random.Random(7).sample(asked, min(MOST, len(asked))), holdings)


def _cases(tree: str, questions: Sequence[Question], holdings: Holdings) -> Iterator[Case]:
    numbers = {(one.file, one.symbol): at for at, one in enumerate(holdings.places)}
    others = np.array([not is_trial(one.file) for one in holdings.places], bool)
    for one in questions:
        matches = question_of(one["text"], None, holdings, MANNERS[one["manner"]]).matches
        gold = [numbers.get((place["file"], place.get("symbol"))) for place in one["gold"]]
        known = np.array([at for at in gold if at is not None], np.intp)
        if len(known):
            yield Case(tree, one["manner"], holdings.lexicon, matches, known, others)


def value(cases: Sequence[Case], setting: Setting) -> float:
    """The mean over manners of the mean reciprocal rank."""
    weighing = Weighing(
        np.array(setting[:FIELDS], np.float32),
        np.array(setting[FIELDS : 2 * FIELDS], np.float32),
        setting[-1],
    )
    found: dict[str, list[float]] = defaultdict(list)
    for one in cases:
        scores = one.lexicon.bm25(one.matches, weighing)
        best = scores[one.gold].max()
        better = np.count_nonzero((scores > best) & one.others)
        found[one.manner].append(1 / (1 + better) if best > 0 else 0.0)
    return float(np.mean([np.mean(own) for own in found.values()]))


def neighbours(setting: Setting, at: int) -> Iterator[Setting]:
    """Settings in which one number is another."""
    is_discount = FIELDS <= at < 2 * FIELDS
    for change in STEPS if is_discount else FACTORS:
        new = setting[at] + change if is_discount else setting[at] * change
        if not is_discount or 0 <= new <= 1:
            yield (*setting[:at], round(new, 3), *setting[at + 1 :])


def main() -> None:
    """Search, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--trees", type=Path, nargs="+", required=True, help="of each, the folder")
    parser.add_argument("--cache", type=Path, help="where indexes are kept")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fields-") as scratch:
        found = [
            case
            for path, trees in zip(options.questions, options.trees, strict=True)
            for case in cases(lines_of(path), trees, options.cache or Path(scratch))
        ]
    halves: tuple[list[Case], list[Case]] = ([], [])
    for case in found:
        halves[crc32(case.tree.encode()) % 2].append(case)
    search(halves[0], halves[1], options.rounds)


def search(ours: Sequence[Case], others: Sequence[Case], rounds: int) -> None:
    """Change a number at a time, as long as that helps; print every change."""
    setting: Setting = (*FIELD_WEIGHTS, *FIELD_DISCOUNTS, SATURATION)
    best = value(ours, setting)
    print(f"{len(ours)} and {len(others)} questions: {best:.4f}, {value(others, setting):.4f}")
    for _ in range(rounds):
        before = best
        for at in range(len(setting)):
            for tried in list(neighbours(setting, at)):
                if (new := value(ours, tried)) > best + 5e-4:
                    best, setting = new, tried
                    told = f"{at}: {tried[at]}, {best:.4f}, {value(others, tried):.4f}"
                    print(told, file=sys.stderr)
        if best - before < 1e-3:
            break
    print(f"weights {setting[:FIELDS]}, discounts {setting[FIELDS:-1]}, saturation {setting[-1]}")
    print(f"{best:.4f} on these, {value(others, setting):.4f} on the others")


if __name__ == "__main__":
    main()
