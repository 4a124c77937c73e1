"""A/A: experiments in which nothing differs, looked at after every query.

    python benchmarks/management/aa.py [--runs 1000] [--seed 1] [--json] [--save]

Every run is an experiment of the product's own kind, at its desk: simulated traffic is assigned,
recorded and judged as when serving, with all guard-rails on, and what is due is asked for after
every query. Sessions are correlated within, latencies have a heavy tail, some answers cost nothing,
one in eight is rated, later, some are checked later. Control and challenger are the same; whatever
is concluded is a false alarm. Beside it: a test at a fixed level (Welch's t on success) that is
looked at just as often, which is what the method is there to avoid.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
from saving import saved

from collegium.management.experiments.actions import End, Promote, RollBack
from collegium.management.experiments.desk import Desk
from collegium.management.experiments.metrics import METRICS
from collegium.management.experiments.plan import CONTROL, ExperimentPlan
from collegium.storage.records import Record

MOST_QUERIES = 400_000  # of all runs together: more runs are shorter, so that it takes a minute
LONGEST = 2_000
TARGET = 0.05
SECONDS_APART = 3.0
PEEKING_LEVEL = 1.96  # standard errors: a test at 5 % for one look


@dataclass(frozen=True)
class Effect:
    """How a challenger differs: points of success, and factors on latency and cost."""

    success: float = 0.0
    latency: float = 1.0
    cost: float = 1.0
    rating: float = 0.0


NONE = Effect()


@dataclass(frozen=True)
class Asked:
    """One simulated query: its session if it has one, and its luck in all respects."""

    at: float
    session: str
    ability: float
    luck: float
    latency_ms: float
    cost_usd: float
    rates_at: float | None
    mood: float
    checked: bool


def traffic(rng: np.random.Generator, queries: int) -> Iterator[Asked]:
    """Queries as they come: a third belong to sessions of 1 to 8, which share an ability."""
    abilities = rng.beta(12, 2, queries)
    luck, moods = rng.random(queries), rng.normal(0, 0.15, queries)
    latencies = 900 * np.exp(0.8 * rng.normal(size=queries))
    latencies *= np.where(rng.random(queries) < 0.02, 1 + rng.pareto(1.2, queries) * 5, 1)
    costs = 0.002 * np.exp(rng.normal(size=queries)) * (rng.random(queries) < 0.8)
    rates = rng.random(queries) < 0.125
    delays = rng.exponential(120, queries)
    checked = rng.random(queries) < 0.3
    fresh = rng.random((queries, 2))
    sessions: list[tuple[str, float, int]] = []
    for number in range(queries):
        at = number * SECONDS_APART
        session, ability = "", float(abilities[number])
        if fresh[number, 0] < 0.35:
            if len(sessions) < 8:
                sessions.append((f"s{number}", ability, 1 + int(fresh[number, 1] * 8)))
            place = int(fresh[number, 1] * len(sessions))
            session, ability, left = sessions[place]
            if left == 1:
                del sessions[place]
            else:
                sessions[place] = (session, ability, left - 1)
        yield Asked(
            at,
            session,
            ability,
            float(luck[number]),
            float(latencies[number]),
            float(costs[number]),
            at + float(delays[number]) if rates[number] else None,
            float(moods[number]),
            bool(checked[number]),
        )


@dataclass
class Watched:
    """How an experiment went: what was done, why, after how many queries, and if peeking would."""

    what: str = ""
    verdict: str = ""
    after: int = 0
    peeked: bool = False


def watch(plan: ExperimentPlan, effect: Effect, seed: int, queries: int) -> Watched:
    """Run one experiment on simulated traffic until something is done."""
    desk, begun, told = Desk(), 1e9 + seed, Watched()
    desk.begin(plan, begun)
    ratings: list[tuple[float, int, Record]] = []
    seen: list[tuple[bool, bool]] = []
    for number, asked in enumerate(traffic(np.random.default_rng(seed), queries)):
        now, query = begun + asked.at, f"q{number}"
        while ratings and ratings[0][0] <= now:
            desk.take(heappop(ratings)[2])
        assignment = desk.assign(asked.session or query)
        if assignment is None:
            break
        challenger = assignment.variant != CONTROL
        outcome, flawed, rating = answered(asked, effect if challenger else NONE)
        data = {"session": asked.session, "propensity": assignment.propensity}
        desk.take(Record("decision", now, query, variant=assignment.label, data=data))
        desk.take(Record("outcome", now + 1, query, data=outcome))
        if flawed:
            desk.take(Record("verdict", now + 2, query, data={"outcome": "failed"}))
        if asked.rates_at is not None:
            record = Record("rating", begun + asked.rates_at, query, data=rating)
            heappush(ratings, (record.at, number, record))
        seen.append((challenger, outcome["ok"] and not flawed))
        for action in desk.due(now + 2):
            if isinstance(action, Promote | RollBack | End):
                told = Watched(type(action).__name__, action.verdict, number + 1)
    told.peeked = peeks(np.array(seen))
    return told


def answered(asked: Asked, effect: Effect) -> tuple[dict[str, Any], bool, dict[str, Any]]:
    """The outcome of a query as the recorder tells it, whether a check fails it, and a rating.

    Of bad answers a third is none at all; of the others it shows when they are checked or rated.
    """
    chance = min(max(asked.ability + effect.success, 0.0), 1.0)
    good = asked.luck < chance
    ok = good or asked.luck > chance + (1 - chance) / 3
    outcome = {
        "ok": ok,
        "latency_ms": asked.latency_ms * effect.latency,
        "cost_usd": asked.cost_usd * effect.cost,
        "verdict": "",
    }
    rating = min(max(0.7 * good + 0.15 + asked.mood + effect.rating, 0.0), 1.0)
    return outcome, ok and not good and asked.checked, {"rating": rating, "rater": "someone"}


def peeks(seen: np.ndarray) -> bool:
    """Whether a test meant for one look ever says that successes differ, looked at all along."""
    sides = np.stack((~seen[:, 0], seen[:, 0]))
    counts, sums = sides.cumsum(1), (sides & seen[:, 1]).cumsum(1)
    late = counts.min(0) >= 20
    means = sums[:, late] / counts[:, late]
    spread = np.sqrt((means * (1 - means) / counts[:, late]).sum(0))
    return bool((np.abs(means[1] - means[0]) > PEEKING_LEVEL * spread)[spread > 0].any())


def watch_many(jobs: list[tuple[ExperimentPlan, Effect, int, int]]) -> list[Watched]:
    """Run experiments one after the other."""
    return [watch(*job) for job in jobs]


def in_parallel(jobs: list[tuple[ExperimentPlan, Effect, int, int]], note: str) -> list[Watched]:
    """Run experiments on all processors, telling on stderr how far it is."""
    size = max(1, min(20, len(jobs) // 8))
    batches = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    told: list[Watched] = []
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for batch in workers.map(watch_many, batches):
            told += batch
            print(f"\r{note}: {len(told)} of {len(jobs)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return told


def wilson(hits: int, total: int) -> list[float]:
    """The 95 % score interval of a share (Wilson 1927)."""
    z2, share = 1.96**2, hits / total
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = math.sqrt(z2 * share * (1 - share) / total + (z2 / (2 * total)) ** 2) / (1 + z2 / total)
    return [round(max(middle - reach, 0.0), 4), round(min(middle + reach, 1.0), 4)]


def plan_by(metric: str, **more: Any) -> ExperimentPlan:
    """A plan as the defaults make it, with a metric that decides."""
    changes = {"moe": {"router": {"top_k": 2}}}
    return ExperimentPlan.of({"name": f"by-{metric}", "changes": changes, "metric": metric, **more})


def measure(runs: int, seed: int, queries: int | None) -> dict[str, Any]:
    """Watch experiments, the metrics that decide taking turns."""
    length = queries or min(LONGEST, MOST_QUERIES // runs)
    plans = [plan_by(METRICS[number % len(METRICS)]) for number in range(runs)]
    jobs = [(plan, NONE, seed * 1_000_000 + number, length) for number, plan in enumerate(plans)]
    told = in_parallel(jobs, "A/A experiments")
    alarms = [one for one in told if one.what in {"Promote", "RollBack"}]
    by_metric = {
        metric: sum(one.what in {"Promote", "RollBack"} for one in told[place :: len(METRICS)])
        for place, metric in enumerate(METRICS)
    }
    peeked = sum(one.peeked for one in told)
    return {
        "runs": runs,
        "queries_per_run": length,
        "alpha": plans[0].alpha,
        "target": TARGET,
        "false_alarms": len(alarms),
        "false_alarm_rate": len(alarms) / runs,
        "interval_95": wilson(len(alarms), runs),
        "false_alarms_by_metric": by_metric,
        "watched_fixed_level_test": {
            "false_alarm_rate": peeked / runs,
            "interval_95": wilson(peeked, runs),
        },
        "seed": seed,
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    peeking = result["watched_fixed_level_test"]
    print(f"{result['runs']} A/A experiments, {result['queries_per_run']} queries each")
    print(f"{'watched after every query':34} false alarms  95 % interval")
    for name, row in (("experiments here", result), ("Welch's test at 5 %", peeking)):
        low, high = row["interval_95"]
        print(f"{name:34} {row['false_alarm_rate']:12.3f}  {low:.3f} to {high:.3f}")
    print(f"target: at most {result['target']:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="how many experiments")
    parser.add_argument("--queries", type=int, help="in each; without it, what takes a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/aa-<commit>.json")
    options = parser.parse_args()
    result = measure(options.runs, options.seed, options.queries)
    if options.save:
        saved("aa", result)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
