"""A/B: how often and how soon a real difference is told, beside a test of a fixed length.

    python benchmarks/management/power.py [--runs 15] [--seed 1] [--json] [--save]

The traffic is that of `aa.py`, with challengers that differ. Every experiment is watched after
every query and ends by itself. The fixed test is Welch's on one value per session, two-sided at the
same level; its length is the one at which it tells this very difference in four cases of five,
worked out from other simulated traffic. So it is told what nobody knows: how large the difference
is. It is shown at half that length, too, as when somebody has hoped for a larger one. And it tells
one difference, where an experiment is also held to its guard-rails, for all of which together the
probability of a wrong statement is the same.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from aa import NONE, Asked, Effect, Watched, answered, in_parallel, plan_by, traffic, wilson
from saving import saved

POWER = 0.8
HORIZON = 6_000
PILOT = 20_000  # queries from which lengths are worked out, of a seed that is not reported
PILOT_SEED = 990_000
FIXED_RUNS = 40


@dataclass(frozen=True)
class Case:
    """A challenger, what has to be done with it, and what a fixed test has to tell for that."""

    decides: str
    right: str
    effect: Effect
    shows_in: str = ""
    beyond: Effect = NONE  # the control of the fixed test: what is tolerated may be there


CASES = (
    Case("success", "Promote", Effect(success=0.1)),
    Case("success", "RollBack", Effect(success=-0.1)),
    Case("rating", "Promote", Effect(rating=0.12)),
    Case("latency", "Promote", Effect(latency=0.8)),
    Case("cost", "Promote", Effect(cost=0.75)),
    Case("success", "RollBack", Effect(latency=1.7), "latency", Effect(latency=1.2)),
)


def sides(case: Case, seed: int, queries: int) -> tuple[list[float], list[float]]:
    """One value per session of control and challenger, drawn by lot."""
    rng = np.random.default_rng(seed)
    values: dict[str, list[float]] = {}
    drawn: dict[str, bool] = {}
    for number, asked in enumerate(traffic(rng, queries)):
        key = asked.session or f"q{number}"
        side = drawn.setdefault(key, bool(rng.random() < 0.5))
        value = value_of(case.shows_in or case.decides, asked, case.effect if side else case.beyond)
        if value is not None:
            values.setdefault(key, []).append(value)
    means = {key: sum(one) / len(one) for key, one in values.items()}
    control, challenger = (
        [mean for key, mean in means.items() if drawn[key] == side] for side in (False, True)
    )
    return control, challenger


def value_of(metric: str, asked: Asked, effect: Effect) -> float | None:
    """What a query counts by a metric."""
    outcome, flawed, rating = answered(asked, effect)
    if metric == "success":
        return float(outcome["ok"] and not flawed)
    if metric == "cost":
        return float(outcome["cost_usd"])
    if metric == "latency":
        return math.log(outcome["latency_ms"]) if outcome["ok"] else None
    return float(rating["rating"]) if asked.rates_at is not None else None


def welch(control: list[float], challenger: list[float]) -> float:
    """How many standard errors the challenger's mean is above the control's."""
    spread = np.var(control) / len(control) + np.var(challenger) / len(challenger)
    return float((np.mean(challenger) - np.mean(control)) / math.sqrt(spread))


def fixed_length(case: Case, level: float) -> int:
    """The number of queries at which Welch's test tells the difference with a power of 0.8."""
    apart = abs(welch(*sides(case, PILOT_SEED, PILOT)))
    normal = NormalDist()
    needed = normal.inv_cdf(1 - level / 2) + normal.inv_cdf(POWER)
    return math.ceil(PILOT * (needed / apart) ** 2)


def fixed_power(case: Case, level: float, length: int, seed: int) -> float:
    """How often Welch's test tells the difference at that length."""
    bound = NormalDist().inv_cdf(1 - level / 2)
    told = [
        abs(welch(*sides(case, seed * 1_000_000 + 500_000 + run, length))) > bound
        for run in range(FIXED_RUNS)
    ]
    return sum(told) / len(told)


def row_of(case: Case, told: list[Watched], level: float, seed: int) -> dict[str, Any]:
    """One challenger's figures."""
    stops = np.array([one.after if one.what == case.right else math.inf for one in told])
    right = int(np.isfinite(stops).sum())
    length = fixed_length(case, level)
    middle = quantile(stops, 0.5)
    return {
        "differs": {name: by for name, by in vars(case.effect).items() if by != vars(NONE)[name]},
        "decides": case.decides,
        "shows_in": case.shows_in or case.decides,
        "right": case.right,
        "power": right / len(told),
        "interval_95": wilson(right, len(told)),
        "wrong": sum(one.what not in {case.right, ""} for one in told),
        "queries_p10": quantile(stops, 0.1),
        "queries_p50": middle,
        "queries_p90": quantile(stops, 0.9),
        "fixed_queries": length,
        "fixed_power": fixed_power(case, level, length, seed),
        "fixed_power_at_half_the_length": fixed_power(case, level, length // 2, seed),
        "power_by_the_fixed_length": float((stops <= length).mean()),
        "times_as_long": round(middle / length, 2) if middle else None,
    }


def measure(runs: int, seed: int) -> dict[str, Any]:
    """Watch experiments with every challenger."""
    rows: list[dict[str, Any]] = []
    for place, case in enumerate(CASES):
        plan, first = plan_by(case.decides), seed * 1_000_000 + 10_000 * place
        jobs = [(plan, case.effect, first + run, HORIZON) for run in range(runs)]
        told = in_parallel(jobs, f"challenger {place + 1} of {len(CASES)}")
        rows.append(row_of(case, told, plan.alpha, seed))
    return {
        "runs": runs,
        "alpha": plan.alpha,
        "horizon": HORIZON,
        "seed": seed,
        "challengers": rows,
    }


def quantile(stops: np.ndarray, share: float) -> float | None:
    """A quantile of stopping times; None where it lies beyond the horizon."""
    value = float(np.sort(stops)[min(int(share * len(stops)), len(stops) - 1)])
    return value if math.isfinite(value) else None


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"{result['runs']} experiments each, at most {result['horizon']} queries")
    print(
        f"{'challenger':22}{'by':9}{'right':10}power  wrong     p10    p50    p90  fixed test power"
    )
    for row in result["challengers"]:
        differs = ", ".join(f"{name} {by:g}" for name, by in row["differs"].items())
        quantiles = [row[f"queries_{name}"] for name in ("p10", "p50", "p90")]
        told = " ".join("     -" if one is None else f"{one:6.0f}" for one in quantiles)
        print(
            f"{differs:22}{row['shows_in']:9}{row['right']:10}{row['power']:5.2f}{row['wrong']:7}"
            f"  {told} {row['fixed_queries']:14} {row['fixed_power']:.2f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="experiments with each challenger")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/power-<commit>.json")
    options = parser.parse_args()
    result = measure(options.runs, options.seed)
    if options.save:
        saved("power", result)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
