"""aurelio's semantic-router on the vectors it is given; run in an environment that has it.

    pip install semantic-router==1.1.1
    python semantic_router_peer.py FOLDER

FOLDER holds `vectors.npy` and `task.json`: `{"train": [places], "labels": [...], "ask": [places]}`.
The number of neighbours and the way they are summed up are tuned on a twentieth of the training
queries, left out for that. Writes `shares.json`: for each asked query, scores by label.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from semantic_router import Route
from semantic_router.encoders import DenseEncoder
from semantic_router.routers import IndexedRouter

# It takes some 30 ms a query, so that few are asked to tune it.
TUNED_ON = 80


class Stored(DenseEncoder):
    """Looks vectors up by their place, which the texts are."""

    vectors: Any = None

    def __call__(self, docs: list[Any]) -> list[list[float]]:
        """The vectors of places."""
        return [self.vectors[int(doc)].tolist() for doc in docs]

    async def acall(self, docs: list[Any]) -> list[list[float]]:
        """The same."""
        return self(docs)


def router_of(
    encoder: Stored, train: list[int], labels: list[str], top_k: int, aggregation: str
) -> IndexedRouter:
    """A router with a route for each label."""
    routes = [
        Route(
            name=name,
            utterances=[str(p) for p, own in zip(train, labels, strict=True) if own == name],
        )
        for name in sorted(set(labels))
    ]
    return IndexedRouter(encoder, routes, top_k=top_k, aggregation=aggregation)


def ranked(router: IndexedRouter, place: int) -> dict[str, float]:
    """The score of each route that has a neighbour."""
    return {one.name: one.confidence for one in router(str(place), limit=None)}


def main(folder: Path) -> None:
    """Tune, ask and write."""
    task = json.loads((folder / "task.json").read_text())
    encoder = Stored(name="stored", vectors=np.load(folder / "vectors.npy"))
    pairs = list(zip(task["train"], task["labels"], strict=True))
    random.Random(0).shuffle(pairs)
    tune, rest = pairs[:TUNED_ON], pairs[TUNED_ON:]
    best: tuple[float, int, str] = (-1.0, 5, "mean")
    places, names = [place for place, _ in rest], [label for _, label in rest]
    for top_k in (5, 20, 40):
        for aggregation in ("mean", "sum", "max"):
            router = router_of(encoder, places, names, top_k, aggregation)
            hits: list[bool] = []
            for place, label in tune:
                told = ranked(router, place)
                hits.append(bool(told) and max(told, key=lambda key: told[key]) == label)
            best = max(best, (float(np.mean(hits)), top_k, aggregation))
    _, top_k, aggregation = best
    router = router_of(encoder, task["train"], task["labels"], top_k, aggregation)
    shares = [ranked(router, place) for place in task["ask"]]
    (folder / "shares.json").write_text(
        json.dumps({"top_k": top_k, "aggregation": aggregation, "shares": shares})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
