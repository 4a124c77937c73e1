"""Regret of what learns, beside LinUCB, Thompson sampling and what does not learn.

    python benchmarks/management/regret.py [--data DIR] [--seeds 5] [--json] [--save]

*Models*: six models drawn from a pool whose answers were recorded are asked prompts in random
order; the reward is the recorded score, and the context what the classifier reads. "Fixed
exploration" and "inverse gap weighting" are other rules on the product's evidence. Regret is
against the model that was best for each kind in hindsight. *Experts*: a gate that was trained on
four examples each of ten experts (domains of CLINC150) routes queries of other people; an answer
passes its check with probability 0.9 from the right expert and 0.3 from another. Regret is against
always asking the right one. What the learner proposes serves at once, where the product would put
it to an experiment first. *New*: the best of the six joins after 600 queries.

Regret is in lost rewards over all queries, with a 95 % interval over the seeds. Constants were
tuned on other prompts, other queries, other examples and other seeds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from bandits import LinearThompson, LinUcb, Thompson
from pupils import Asked, FixedExploration, InverseGap, Selector, TaughtRouter
from saving import saved

from collegium.encoders.base import Cached
from collegium.errors import DataError
from collegium.experts.records import Records, Tally
from collegium.learning.online.arms import Arms
from collegium.learning.online.bandit import Bandit
from collegium.learning.recordings import Recordings, pool_of, read_recordings
from collegium.routing.classifier import QueryClassifier
from collegium.routing.network import GatingNetwork
from collegium.routing.selector import ModelSelector
from collegium.routing.shelf import encoder
from collegium.types import Query, Task

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
POOL, MODELS = "no-reasoning", 6
QUERIES = 1500
EXPLORE = 0.02
FIRST_SEED = 1000
KNOWN_ANSWERS = 50
EXAMPLES, ASKED = 4, 1000
RIGHT, WRONG = 0.9, 0.3
ALPHA, SPREAD = 0.6, 0.3
JUDGED, LATE = 0.3, 200
JOINS, AFTERWARDS = 600, 1500


@dataclass(frozen=True)
class Prompts:
    """Scores (prompts, models), and what the classifier read of each prompt."""

    scores: np.ndarray
    kinds: tuple[str, ...]
    contexts: np.ndarray
    models: tuple[str, ...]


def prompts_of(folder: Path) -> tuple[Prompts, Prompts]:
    """Two halves: what models are known by, and what is played."""
    recorded = read_recordings(folder, models=pool_of(folder, POOL))
    classifier = QueryClassifier()
    readings = [classifier.read(Query.of(one.asked)) for one in recorded.prompts]
    kinds = [reading.kind for reading in readings]
    names = sorted(set(kinds))
    rows = [
        [1.0, reading.complexity, *(float(reading.kind == name) for name in names)]
        for reading in readings
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    first, second = (part_of(recorded, kinds, np.array(rows), half) for half in halves)
    return first, second


def part_of(
    recorded: Recordings, kinds: Sequence[str], rows: np.ndarray, part: np.ndarray
) -> Prompts:
    """Some of the prompts."""
    scores = np.nan_to_num(recorded.scores[part])
    return Prompts(scores, tuple(kinds[row] for row in part), rows[part], recorded.models)


def records_of(known: Prompts, chosen: Sequence[int], rng: np.random.Generator) -> Records:
    """What a few answers of each model to other prompts tell."""
    models: dict[str, dict[str, Tally]] = {}
    for model in chosen:
        rows = models.setdefault(known.models[model], {})
        for row in rng.choice(len(known.kinds), KNOWN_ANSWERS, replace=False):
            tally = Tally(float(known.scores[row, model]), 1)
            rows[known.kinds[row]] = rows.get(known.kinds[row], Tally()) + tally
    return Records(models)


def models_regret(known: Prompts, played: Prompts, seed: int) -> dict[str, float]:
    """Each way's regret over one order of prompts."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(played.models), MODELS, replace=False).tolist()
    names = [played.models[model] for model in chosen]
    rows = rng.integers(0, len(played.kinds), QUERIES)
    scores = played.scores[np.ix_(rows, chosen)]
    kinds = [played.kinds[row] for row in rows]
    best = sum(float(scores[[one == kind for one in kinds]].sum(0).max()) for kind in set(kinds))
    base = ModelSelector(records_of(known, chosen, rng))
    static = [base.records.reliability(name, kind) for kind in kinds for name in names]
    ours = {
        "collegium": Selector(ModelSelector(), names, seed, EXPLORE),
        "collegium, with records": Selector(base, names, seed, EXPLORE),
        "collegium, 30 % judged, 200 late": Selector(ModelSelector(), names, seed, EXPLORE),
        "fixed exploration": FixedExploration(names, seed, EXPLORE),
        "inverse gap weighting": InverseGap(names, seed, EXPLORE),
    }
    width = played.contexts.shape[1]
    others = {
        "LinUCB": LinUcb(MODELS, width, rng, alpha=ALPHA),
        "linear Thompson": LinearThompson(MODELS, width, rng, spread=SPREAD),
        "Thompson": Thompson(MODELS, width, rng),
    }
    earned = dict.fromkeys((*ours, *others), 0.0)
    waiting: list[tuple[int, str, float]] = []
    for number, kind in enumerate(kinds):
        for name, way in ours.items():
            model = way.choose(kind)
            reward = float(scores[number, model])
            earned[name] += reward
            if not name.endswith("late"):
                way.learn(model, kind, reward)
                continue
            waiting.append((model, kind, reward))
            if len(waiting) > LATE:
                told = waiting.pop(0)
                if rng.random() < JUDGED:
                    way.learn(*told)
        context = played.contexts[rows[number]]
        for name, other in others.items():
            model = other.choose(context)
            earned[name] += float(scores[number, model])
            other.learn(model, context, float(scores[number, model]))
    by_records = np.array(static).reshape(QUERIES, MODELS).argmax(1)
    earned["static, by records"] = float(scores[np.arange(QUERIES), by_records].sum())
    earned["any one model"] = float(scores.mean(1).sum())
    return {name: best - one for name, one in earned.items()}


def newcomer(played: Prompts, seed: int) -> dict[str, float]:
    """How soon the best model of six, which joins late, has its share of the traffic."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(played.models), MODELS, replace=False)
    chosen = chosen[np.argsort(played.scores[:, chosen].mean(0))].tolist()
    names = [played.models[model] for model in chosen]
    bandit = Bandit(Arms(), random.Random(seed), explore=EXPLORE)
    shares: list[float] = []
    outcomes: list[float] = []
    count = queries = 0
    for number in range(JOINS + AFTERWARDS):
        row = int(rng.integers(0, len(played.kinds)))
        there = names if number >= JOINS else names[:-1]
        first = bandit.choose(there, played.kinds[row]).order[0]
        bandit.arms.learn(
            first, played.kinds[row], float(played.scores[row, chosen[names.index(first)]])
        )
        if number >= JOINS:
            count += first == names[-1]
            shares.append(float(first == names[-1]))
            outcomes.append(count)
            queries += count < 50
    final = float(np.mean(shares[-500:]))
    reached = [place for place, one in enumerate(outcomes) if one >= 50]
    after = shares[reached[0] : reached[0] + 200] if reached else [0.0]
    return {
        "final_share": final,
        "share_after_50_outcomes": float(np.mean(after)),
        "ratio": float(np.mean(after)) / max(final, 1e-9),
        "queries_until_50_outcomes": float(queries),
    }


def queries_of(folder: Path) -> tuple[tuple[str, ...], list[Asked], float]:
    """The experts, queries as a gate of few examples reads them, and how often it is right."""
    lines = (folder / "intent_clinc150.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["domain"] != "oos"]
    rng = random.Random(7)
    rng.shuffle(rows)
    experts = tuple(sorted({row["domain"] for row in rows}))
    examples = [
        row
        for domain in experts
        for row in [one for one in rows if one["domain"] == domain and one["split"] == "train"][
            :EXAMPLES
        ]
    ]
    gate = GatingNetwork.fit(
        [row["text"] for row in examples],
        [[row["domain"]] for row in examples],
        Cached(encoder("builtin")),
        experts=experts,
    )
    classifier = QueryClassifier()
    found: list[Asked] = []
    for row in [one for one in rows if one["split"] == "test"][:ASKED]:
        reading = classifier.read(Query.of(row["text"]))
        belief = gate.believe(reading)
        task = Task(reading.answer_form, reading.kind, reading.complexity, reading.language)
        vector = np.asarray(belief.vector, np.float64)
        found.append(Asked(task, belief.shares, vector, frozenset((row["domain"],))))
    right = [max(one.shares, key=lambda key: one.shares[key]) in one.right for one in found]
    return experts, found, float(np.mean(right))


def experts_regret(
    experts: Sequence[str], asked: Sequence[Asked], seed: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Each way's regret over one order of queries, and how often the last 500 went right."""
    rng = np.random.default_rng(seed)
    order = rng.integers(0, len(asked), QUERIES)
    luck = rng.random(QUERIES)
    whole = np.stack([one.vector for one in asked])
    centred = whole - whole.mean(0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:16]
    near = centred @ directions.T
    near /= near.std(0)
    width = 1 + len(experts) + near.shape[1]
    router = TaughtRouter(seed, explore=EXPLORE, propose_after=200)
    bandits = {
        "LinUCB": LinUcb(len(experts), width, rng, alpha=ALPHA),
        "linear Thompson": LinearThompson(len(experts), width, rng, spread=SPREAD),
        "Thompson": Thompson(len(experts), width, rng),
    }
    hits: dict[str, list[bool]] = {name: [] for name in ("collegium", "static gate", *bandits)}
    for number, place in enumerate(order):
        one = asked[place]
        first = router.choose(one)
        hits["collegium"].append(first in one.right)
        router.learn(first, bool(luck[number] < (RIGHT if first in one.right else WRONG)))
        static = max(one.shares, key=lambda key: one.shares[key])
        hits["static gate"].append(static in one.right)
        context = np.array([1.0, *(one.shares[key] for key in experts), *near[place]])
        for name, bandit in bandits.items():
            arm = bandit.choose(context)
            hits[name].append(experts[arm] in one.right)
            bandit.learn(arm, context, float(luck[number] < (RIGHT if hits[name][-1] else WRONG)))
    regret = {name: (RIGHT - WRONG) * (QUERIES - sum(one)) for name, one in hits.items()}
    return regret, {name: float(np.mean(one[-500:])) for name, one in hits.items()}


def spread(runs: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """The mean over the seeds of every number, and a 95 % interval of that mean."""
    told: dict[str, dict[str, float]] = {}
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        error = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
        mean = float(values.mean())
        told[name] = {
            "mean": round(mean, 3),
            "low": round(mean - error, 3),
            "high": round(mean + error, 3),
        }
    return told


def of_models(folder: Path, seeds: int) -> dict[str, Any]:
    """What learns which model to ask."""
    known, played = prompts_of(folder / "answers")
    runs = [models_regret(known, played, seed) for seed in range(FIRST_SEED, FIRST_SEED + seeds)]
    print("models: done", file=sys.stderr, flush=True)
    new = [newcomer(played, seed) for seed in range(FIRST_SEED, FIRST_SEED + 2 * seeds)]
    print("new: done", file=sys.stderr, flush=True)
    ratios = np.array([one.pop("ratio") for one in new])
    low, middle, high = np.quantile(ratios, (0.1, 0.5, 0.9)).round(3).tolist()
    return {
        "models": {"models": MODELS, "regret": spread(runs)},
        "new": {
            "runs": len(new),
            "target_ratio": 0.9,
            "ratio": {"median": middle, "tenth": low, "nine_tenths": high},
            "runs_at_target": round(float((ratios >= 0.9).mean()), 3),
            **spread(new),
        },
    }


def of_experts(folder: Path, seeds: int) -> dict[str, Any]:
    """What learns which expert to ask."""
    experts, asked, right = queries_of(folder / "routing")
    print("experts: encoded", file=sys.stderr, flush=True)
    numbers = range(FIRST_SEED, FIRST_SEED + seeds)
    runs = [experts_regret(experts, asked, seed) for seed in numbers]
    print("experts: done", file=sys.stderr, flush=True)
    return {
        "experts": {
            "experts": len(experts),
            "gate_right": round(right, 4),
            "regret": spread([one for one, _ in runs]),
            "right_in_the_last_500": spread([one for _, one in runs]),
        },
    }


def measured(folder: Path, seeds: int) -> dict[str, Any]:
    """All of it, in two processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(part, folder, seeds) for part in (of_models, of_experts)]
        found = [part.result() for part in parts]
    return {"queries": QUERIES, "seeds": seeds, **found[0], **found[1]}


def shown(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"regret over {result['queries']} queries, {result['seeds']} seeds (95 % interval)"]
    for part in ("models", "experts"):
        lines.append(f"{part}:")
        for name, one in sorted(result[part]["regret"].items(), key=lambda row: row[1]["mean"]):
            lines.append(f"  {name:34}{one['mean']:8.1f}  ({one['low']:.1f} to {one['high']:.1f})")
    lines.append("experts, right in the last 500:")
    for name, one in result["experts"]["right_in_the_last_500"].items():
        lines.append(f"  {name:34}{one['mean']:8.3f}  ({one['low']:.3f} to {one['high']:.3f})")
    new = result["new"]
    lines.append(
        f"a new model after 50 outcomes: {new['ratio']['median']:.2f} of its final share in the "
        f"median (a tenth of runs below {new['ratio']['tenth']:.2f}; target 0.90, reached in "
        f"{new['runs_at_target']:.0%} of {new['runs']} runs)"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the shared data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("--save", action="store_true", help="write a result file")
    arguments = parser.parse_args()
    try:
        result = measured(arguments.data, arguments.seeds)
    except (DataError, OSError) as error:
        sys.exit(f"{error}; --data names the folder that holds answers/ and routing/")
    if arguments.save:
        print(saved("regret", result), file=sys.stderr)
    print(json.dumps(result) if arguments.json else shown(result))


if __name__ == "__main__":
    main()
