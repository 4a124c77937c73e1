"""Edges at the targets of questions whose whole answer is known: each is in the answer or wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from material import HEAD, Question

from collegium.knowledge.graph import Edge, EdgeKind, Node
from collegium.knowledge.index import Index

INTO: dict[str, EdgeKind] = {"callers": "calls", "subclasses": "inherits", "importers": "imports"}


def judged(root: Path, cache: Path, questions: Iterable[Question]) -> Counter[str]:
    """How many edges of each trust are right and wrong."""
    counts = Counter[str]()
    with closing(Index.open(root, cache=cache, create=True)) as index:
        index.update()
        for one in questions:
            if one["tree"] == HEAD and one["type"] in {*INTO, "callees"}:
                gold = {(row["file"], row.get("symbol")) for row in one["gold"]}
                for edge, place in touching(index, one):
                    verdict = "right" if place in gold else "wrong"
                    counts[f"{edge.trust} {verdict}"] += 1
    return counts


def touching(index: Index, question: Question) -> Iterable[tuple[Edge, Any]]:
    """The edges that answer a question, each with the place at its other end."""
    file, symbol = question["target"]["file"], question["target"]["symbol"]
    node = Node(file, "" if symbol == file else symbol)  # a module is named by its path
    if question["type"] == "callees":
        for edge in index.edges_from(node, ["calls"]):
            yield edge, (edge.target.file, edge.target.symbol)
        return
    for edge in index.edges_to(node, [INTO[question["type"]]]):
        whole = question["type"] == "importers"
        yield edge, (edge.source.file, None if whole else edge.source.symbol)
