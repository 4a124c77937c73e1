"""Off-policy estimates on recorded answers of real models: bias, and how often intervals hold.

    python benchmarks/management/offpolicy.py [--data DIR] [--runs 300] [--seed 1] [--json] [--save]

Every model of a pool answered every prompt, so what any policy is worth is known exactly. Each run
draws prompts, lets a logging policy choose one model for each, keeps only that model's score and
the probability of the choice, and estimates from these what policies are worth that were never
shown. The model of the reward is the mean score by kind of task and model, fitted to the other half
of the same record. Compared are the doubly robust estimate, the self-normalised and the plain
weighted mean, and the model of the reward alone. Where an interval is all of 0 to 1 the estimate
says that it knows nothing; how often it is not is `told`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from saving import saved

from collegium.errors import DataError
from collegium.learning.offpolicy import Estimate, doubly_robust, self_normalised
from collegium.learning.recordings import pool_of, read_recordings

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
POOL = "open-72b"
ROWS = 2_000
LEVEL = 0.95
PRIOR = 5.0  # rows that the mean over all models counts for where a model has few of its own


@dataclass(frozen=True)
class World:
    """Scores (prompts, models), and the number of each prompt's kind of task."""

    scores: np.ndarray
    kinds: np.ndarray
    models: tuple[str, ...]

    def by_kind(self) -> np.ndarray:
        """The mean score of every model by kind: what nobody knows who only has a record."""
        return np.stack([self.scores[self.kinds == kind].mean(0) for kind in np.unique(self.kinds)])


def world_of(folder: Path) -> World:
    """The prompts that all models of the pool have answered."""
    recorded = read_recordings(folder, models=pool_of(folder, POOL))
    whole = np.isfinite(recorded.scores).all(1)
    _, kinds = np.unique(np.array(recorded.kinds)[whole], return_inverse=True)
    return World(recorded.scores[whole], kinds, recorded.models)


def mixed(best: np.ndarray, share: float, count: int) -> np.ndarray:
    """Probabilities by kind: the best model's, and a share spread over all."""
    chances = np.full((len(best), count), share / count)
    chances[np.arange(len(best)), best] += 1 - share
    return chances


def policies(world: World) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Probabilities by kind and model of those who log, and of those who are judged."""
    means, count = world.by_kind(), len(world.models)
    second = np.argsort(means, 1)[:, -2]
    soft = np.exp(means / 0.1)
    log = {
        "even": np.full(means.shape, 1 / count),
        "second best, 20 % explored": mixed(second, 0.2, count),
        "second best, 2 % explored": mixed(second, 0.02, count),
    }
    judge = {
        "best by kind": mixed(means.argmax(1), 0.0, count),
        "best or second": (mixed(means.argmax(1), 0.0, count) + mixed(second, 0.0, count)) / 2,
        "softmax": soft / soft.sum(1, keepdims=True),
        "worst by kind": mixed(means.argmin(1), 0.0, count),
    }
    return log, judge


@dataclass(frozen=True)
class Record:
    """What was logged: rows of kinds, models, rewards and the probabilities of the choices."""

    kinds: np.ndarray
    models: np.ndarray
    rewards: np.ndarray
    propensities: np.ndarray

    def part(self, rows: np.ndarray) -> Record:
        """Some of the rows."""
        return Record(
            self.kinds[rows], self.models[rows], self.rewards[rows], self.propensities[rows]
        )


def logged(world: World, chances: np.ndarray, rng: np.random.Generator) -> Record:
    """What a logging policy records of so many prompts."""
    prompts = rng.integers(len(world.kinds), size=ROWS)
    kinds = world.kinds[prompts]
    models = (
        (rng.random((ROWS, 1)) > chances[kinds].cumsum(1)).sum(1).clip(max=chances.shape[1] - 1)
    )
    return Record(kinds, models, world.scores[prompts, models], chances[kinds, models])


def fitted(record: Record, shape: tuple[int, int]) -> np.ndarray:
    """The mean reward by kind and model, where there are few rows drawn to the kind's mean."""
    totals, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(totals, (record.kinds, record.models), record.rewards)
    np.add.at(counts, (record.kinds, record.models), 1)
    of_kind = totals.sum(1, keepdims=True) / counts.sum(1, keepdims=True).clip(min=1)
    return (totals + PRIOR * of_kind) / (counts + PRIOR)


def expectations(record: Record, shape: tuple[int, int]) -> np.ndarray:
    """For every row, all models' expected rewards by a fit to the other half."""
    even = np.arange(ROWS) % 2 == 0
    by_row = np.empty((ROWS, shape[1]))
    for half in (even, ~even):
        by_row[half] = fitted(record.part(~half), shape)[record.kinds[half]]
    return by_row


def estimates(record: Record, target: np.ndarray) -> dict[str, Estimate]:
    """What each way of estimating says of a policy."""
    by_model = expectations(record, target.shape)
    chances = target[record.kinds, record.models]
    expected_target = (target[record.kinds] * by_model).sum(1)
    given = {"rewards": record.rewards, "propensities": record.propensities, "target": chances}
    nothing = np.zeros(ROWS)
    error = float(expected_target.std() / math.sqrt(ROWS))
    middle = float(expected_target.mean())
    return {
        "doubly robust": doubly_robust(
            **given,
            expected=by_model[np.arange(ROWS), record.models],
            expected_target=expected_target,
        ),
        "self-normalised": self_normalised(**given),
        "weighted": doubly_robust(**given, expected=nothing, expected_target=nothing),
        "model alone": Estimate(middle, middle - 1.96 * error, middle + 1.96 * error, ROWS, 0.0),
    }


def summary(told: list[Estimate], truth: float) -> dict[str, Any]:
    """Bias, error and coverage of estimates of one truth."""
    means = np.array([one.mean for one in told])
    held = np.array([one.low <= truth <= one.high for one in told])
    return {
        "bias": round(float(means.mean() - truth), 4),
        "bias_standard_error": round(float(means.std() / math.sqrt(len(told))), 4),
        "rmse": round(float(np.sqrt(((means - truth) ** 2).mean())), 4),
        "coverage": round(float(held.mean()), 3),
        "told": round(float(np.mean([one.high - one.low < 1 for one in told])), 3),
        "width": round(float(np.mean([one.high - one.low for one in told])), 4),
        "effective": round(float(np.mean([one.effective for one in told])), 1),
        "clipped_share": round(float(np.mean([one.clipped_share for one in told])), 4),
    }


def measure(folder: Path, runs: int, seed: int, note: Callable[[str], None]) -> dict[str, Any]:
    """Estimate every policy from every record, many times."""
    world = world_of(folder)
    rng = np.random.default_rng(seed)
    log, judge = policies(world)
    rows: list[dict[str, Any]] = []
    for logging, chances in log.items():
        note(f"logging policy: {logging}")
        told: dict[str, list[dict[str, Estimate]]] = {name: [] for name in judge}
        for _ in range(runs):
            record = logged(world, chances, rng)
            for name, target in judge.items():
                told[name].append(estimates(record, target))
        for name, target in judge.items():
            truth = float((target[world.kinds] * world.scores).sum(1).mean())
            ways = {way: summary([one[way] for one in told[name]], truth) for way in told[name][0]}
            rows.append(
                {"logged_by": logging, "judged": name, "value": round(truth, 4), "ways": ways}
            )
    robust = [row["ways"]["doubly robust"] for row in rows]
    told_of = [one for one in robust if one["told"] > 0.5]
    return {
        "runs": runs,
        "rows_per_record": ROWS,
        "pool": POOL,
        "models": len(world.models),
        "prompts": len(world.kinds),
        "level": LEVEL,
        "told_of": len(told_of),
        "not_told_of": len(robust) - len(told_of),
        "largest_bias_where_told": max(abs(one["bias"]) for one in told_of),
        "largest_bias": max(abs(one["bias"]) for one in robust),
        "least_coverage": min(one["coverage"] for one in robust),
        "mean_coverage": round(float(np.mean([one["coverage"] for one in robust])), 3),
        "seed": seed,
        "estimates": rows,
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(
        f"{result['models']} models, {result['prompts']} prompts, {result['runs']} records of "
        f"{result['rows_per_record']} rows; intervals of {100 * result['level']:.0f} %"
    )
    print(f"{'logged by':27}{'judged':16}{'way':16}value    bias    rmse  held  width  told")
    for row in result["estimates"]:
        for way, one in row["ways"].items():
            print(
                f"{row['logged_by']:27}{row['judged']:16}{way:16}{row['value']:.3f} "
                f"{one['bias']:+7.4f} {one['rmse']:7.4f}  {one['coverage']:.2f}  "
                f"{one['width']:.3f}  {one['told']:.2f}"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with answers/")
    parser.add_argument("--runs", type=int, default=300, help="records by each logging policy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/offpolicy-<commit>.json")
    options = parser.parse_args()
    folder = options.data / "answers"
    try:
        result = measure(
            folder, options.runs, options.seed, lambda line: print(line, file=sys.stderr)
        )
    except DataError as error:
        sys.exit(f"{error}; --data names the folder that has answers/ with the recorded answers")
    if options.save:
        saved("offpolicy", result)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
