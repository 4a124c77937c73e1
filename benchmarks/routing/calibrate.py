"""Fit what a heuristic ranking promises, on labelled prompts.

    python benchmarks/routing/calibrate.py --data authored_seed.jsonl

Prints the line for `src/collegium/routing/calibration.py`, and the calibration error of four
fifths' fit on the other fifth. A logistic regression with a small ridge, by gradient descent; the
weights of the score, the lead and the share are kept at 0 or above, so that more is never less.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from pathlib import Path

from run import rows_of

from collegium.config import Config, MoeConfig, RouterConfig
from collegium.learning.measures import Judged, calibration_error
from collegium.routing.calibration import Calibration, features
from collegium.system import Collegium
from collegium.types import Query

Row = tuple[tuple[float, float, float], bool]


async def observed(paths: list[Path]) -> list[Row]:
    """Each prompt's three numbers, and whether the first expert is acceptable."""
    college = Collegium.of(Config(moe=MoeConfig(router=RouterConfig(type="heuristic"))))
    rows: list[Row] = []
    for row in (row for path in paths for row in rows_of(path)):
        decision = await college.decide(Query.of(row["text"]), assume_ready=True)
        ranked = [(candidate.score, candidate.gate) for candidate in decision.ranking]
        rows.append((features(ranked), decision.chosen[0].key in row["labels"]))
    return rows


def fit(
    rows: list[Row], *, rounds: int = 4000, rate: float = 2.0, ridge: float = 1e-4
) -> Calibration:
    """The coefficients, by gradient descent; few numbers, and a convex loss."""
    weights = [0.0, 0.0, 0.0, 0.0]
    for _ in range(rounds):
        slopes = [0.0] * 4
        for numbers, right in rows:
            inputs = (1.0, *numbers)
            logit = sum(w * x for w, x in zip(weights, inputs, strict=True))
            error = 1 / (1 + math.exp(-logit)) - right
            for place, value in enumerate(inputs):
                slopes[place] += error * value
        weights = [
            w - rate * (slope / len(rows) + ridge * w)
            for w, slope in zip(weights, slopes, strict=True)
        ]
        weights[1:] = [max(0.0, w) for w in weights[1:]]
    return Calibration(*(round(w, 3) for w in weights))


def error_on(calibration: Calibration, rows: list[Row]) -> float:
    """The calibration error on some prompts."""
    judged = [
        Judged(
            ("yes",) if right else ("no",),
            ("yes",),
            calibration.of(numbers),
            "",
            "",
        )
        for numbers, right in rows
    ]
    return calibration_error(judged)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--rounds", type=int, default=400)
    options = parser.parse_args()
    rows = asyncio.run(observed(options.data))
    held, rest = rows[::5], [row for place, row in enumerate(rows) if place % 5]
    partial = fit(rest, rounds=options.rounds)
    print(f"held-out calibration error: {error_on(partial, held):.3f} ({len(held)} prompts)")
    print(f"HEURISTIC = {fit(rows, rounds=options.rounds)!r}")


if __name__ == "__main__":
    main()
