"""Gathers, for each question, the evidence that the product has for each unit it looks at.

    python benchmarks/knowledge/fitting/gather.py QUESTIONS --trees DIR --into DIR [--vectors N]

QUESTIONS holds an object a line: `tree` (a folder of `--trees`), `text`, `manner` (description,
change or topic), `gold` (objects with `file` and, unless whole files are meant, `symbol`). Each
tree becomes one file of `--into`, read by `evidence_of` here; a tree that has one already is passed
over. With `--vectors N`, trees of up to N units are encoded by the built-in encoder as well, which
takes a second for 30 to 100 units; with `--cache DIR` indexes and vectors stay for another time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collegium.encoders.base import Cached
from collegium.knowledge.codebase import KnowledgeGraph
from collegium.knowledge.search.evidence import gather
from collegium.knowledge.search.holdings import Holdings
from collegium.knowledge.search.manner import Manner
from collegium.knowledge.search.ranking import WEIGHINGS, by_purpose, question_of
from collegium.knowledge.search.retrieval import Retrieval
from collegium.knowledge.search.semantic import Encoder, vectors_of
from collegium.routing import shelf

Question = dict[str, Any]
MANNERS = {
    "description": Manner(1, 0, 0),
    "change": Manner(0, 1, 0),
    "topic": Manner(0, 0, 1),
}


@dataclass(frozen=True)
class Looked:
    """One question: for each unit that is looked at, its evidence and whether it is meant.

    `fixed` is what is added by hand; `symbols` and `files` number what a unit is, or is part of.
    """

    question: Question
    columns: dict[str, NDArray[np.float32]]
    fixed: NDArray[np.float32]
    gold: NDArray[np.bool_]
    symbols: NDArray[np.int32]
    files: NDArray[np.int32]


def lines_of(path: Path) -> list[Question]:
    """The questions of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def gathered(
    root: Path, cache: Path, questions: list[Question], encoder: Encoder | None, most: int
) -> list[Looked]:
    """The evidence for the questions about one tree."""
    with closing(KnowledgeGraph.open(root, cache=cache, create=True)) as graph:
        graph.update()
        if encoder is not None and sum(1 for _ in graph.index.units()) > most:
            encoder = None
        if encoder is not None:
            graph.index.embed(encoder)
        holdings = Retrieval(graph.index, encoder).refresh()
        return [looked(graph, holdings, one, encoder) for one in questions]


def looked(
    graph: KnowledgeGraph, holdings: Holdings, question: Question, encoder: Encoder | None
) -> Looked:
    """The evidence for one question."""
    text = question["text"]
    vector = None if encoder is None else vectors_of(encoder, [text])[0]
    asked = question_of(text, vector, holdings, MANNERS[question["manner"]])
    evidence = gather(asked, holdings, WEIGHINGS, graph.mentions(text))
    places = [holdings.places[number] for number in evidence.candidates.tolist()]
    wanted = {(one["file"], one.get("symbol")) for one in question["gold"]}
    return Looked(
        question,
        dict(evidence.columns),
        by_purpose(text, places).astype(np.float32),
        np.array(
            [not wanted.isdisjoint({(one.file, one.symbol), (one.file, None)}) for one in places],
            bool,
        ),
        numbered([(one.file, one.symbol) for one in places]),
        numbered([one.file for one in places]),
    )


def numbered(values: Sequence[Hashable]) -> NDArray[np.int32]:
    """The same number for the same value, from 0 in the order in which they come."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in values], np.int32)


def keep(found: list[Looked], path: Path) -> None:
    """Write the evidence for the questions about one tree."""
    names = list(found[0].columns)
    starts = np.cumsum([0, *(len(one.gold) for one in found)])
    matrix = np.concatenate(
        [np.stack([one.columns[name] for name in names], axis=1) for one in found]
    )
    np.savez_compressed(
        path,
        questions=json.dumps([one.question for one in found]),
        names=names,
        starts=starts,
        columns=matrix.astype(np.float16),
        fixed=np.concatenate([one.fixed for one in found]),
        gold=np.concatenate([one.gold for one in found]),
        symbols=np.concatenate([one.symbols for one in found]),
        files=np.concatenate([one.files for one in found]),
    )


def evidence_of(path: Path) -> list[Looked]:
    """The evidence that was kept of one tree."""
    with np.load(path) as kept:
        names, starts, matrix = kept["names"].tolist(), kept["starts"], kept["columns"]
        others = [kept[name] for name in ("fixed", "gold", "symbols", "files")]
        questions = json.loads(str(kept["questions"]))
    return [
        Looked(
            question,
            {name: matrix[first:end, at].astype(np.float32) for at, name in enumerate(names)},
            *[one[first:end] for one in others],
        )
        for question, first, end in zip(questions, starts, starts[1:], strict=False)
    ]


def main() -> None:
    """Gather it, tree by tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("--trees", type=Path, required=True, help="the folder of the trees")
    parser.add_argument("--into", type=Path, required=True, help="a folder for the evidence")
    parser.add_argument(
        "--vectors", type=int, default=0, help="encode trees of up to so many units"
    )
    parser.add_argument("--cache", type=Path, help="where indexes are kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gather-") as scratch:
        gather_all(options, options.cache or Path(scratch))


def gather_all(options: argparse.Namespace, cache: Path) -> None:
    """Gather it for every tree that there are questions about."""
    options.into.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    encoder = Cached(shelf.encoder("builtin"), capacity=5000) if options.vectors else None
    by_tree: dict[str, list[Question]] = defaultdict(list)
    for one in lines_of(options.questions):
        by_tree[one["tree"]].append(one)
    for number, (tree, questions) in enumerate(sorted(by_tree.items()), 1):
        path = options.into / f"{tree.replace('/', '-')}.npz"
        if path.exists():
            continue
        begin = time.perf_counter()
        found = gathered(options.trees / tree, cache, questions, encoder, options.vectors)
        keep(found, path)
        took = f"{time.perf_counter() - begin:.1f} s"
        lost = sum(not one.gold.any() for one in found)
        told = f"{len(found)} questions, {lost} without what is meant, {took}"
        print(f"{number}/{len(by_tree)} {tree}: {told}", file=sys.stderr)


if __name__ == "__main__":
    main()
