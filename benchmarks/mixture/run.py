"""What a mixture is worth on recorded answers: cross-validated, and on data sets never fitted to.

    python benchmarks/mixture/run.py --data ANSWERS --pool no-reasoning [--save]

For every pool: three folds of prompts (fitted to two, judged on the third), and each data set with
everything fitted to the others. The strategies are compared in the same folds: the cascade by
objective, with and without verification and computing experts; voting among the best three and
five; the best model alone as the selector chooses it; and the baselines beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

from collegium.lab.memory import Memory
from collegium.lab.replaying import Lab
from collegium.lab.report import Report
from collegium.learning.recordings import Recordings, pool_of, read_recordings

POOLS = ("all", "no-reasoning", "open-72b", "cheap")
DATASETS = ("gsm", "math-l5", "crux")
FOLDS = 3
# The two aims: as accurate as the best single model at a quarter of its cost; three points more
# accurate at no more than its cost.
AIM_COST, AIM_GAIN = 0.25, 0.03
# What was computed and checked is so once for all ways and pools.
MEMORY = Memory()


@dataclass(frozen=True)
class Way:
    """One way of answering: its name, the lab's settings, and whether it needs a fit of its own."""

    name: str
    lab: Lab


def ways(seed: int) -> list[Way]:
    """Everything that is compared."""
    base = Lab(seed=seed, memory=MEMORY)
    return [
        Way("cascade, parity", base),
        Way("cascade, quality", replace(base, objective="quality")),
        Way("cascade, quality, no checks", replace(base, objective="quality", verification=False)),
        Way("cascade, quality, no computing", replace(base, objective="quality", compute=False)),
        Way("cascade, parity, no computing", replace(base, compute=False)),
        Way(
            "cascade, quality, neither",
            replace(base, objective="quality", verification=False, compute=False),
        ),
        Way("voting of 3", replace(base, strategy="voting", most=3)),
        Way("voting of 5", replace(base, strategy="voting", most=5)),
        Way("weighted, quality", replace(base, strategy="weighted", objective="quality")),
        Way("auto, quality", replace(base, strategy="auto", objective="quality")),
    ]


async def judged(
    recorded: Recordings, splits: list[tuple[Any, Any]], which: list[Way]
) -> dict[str, list[Report]]:
    """Every way's reports, one for each split."""
    reports: dict[str, list[Report]] = {way.name: [] for way in which}
    for number, (learn, judge) in enumerate(splits):
        learned, test = recorded.part(learn.tolist()), recorded.part(judge.tolist())
        fits: dict[tuple[bool, bool], Any] = {}
        for way in which:
            kind = (way.lab.verification, way.lab.compute)
            if kind not in fits:
                fits[kind] = await way.lab.fit(learned)
            started = time.perf_counter()
            report = await way.lab.judge(test, fits[kind])
            reports[way.name].append(report)
            took = time.perf_counter() - started
            print(
                f"  split {number + 1}/{len(splits)} {way.name}: "
                f"{report.standings[0].accuracy:.3f} in {took:.1f} s",
                file=sys.stderr,
            )
    return reports


def folds_of(recorded: Recordings, seed: int) -> list[tuple[Any, Any]]:
    """Folds of prompts: each is judged once, by what was fitted to all others."""
    fold = np.random.default_rng(seed).permutation(len(recorded.prompts)) % FOLDS
    return [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(FOLDS)]


def left_out(recorded: Recordings) -> list[tuple[Any, Any]]:
    """Each data set, by what was fitted to the others."""
    kinds = np.array(recorded.kinds)
    return [
        (np.flatnonzero(kinds != one), np.flatnonzero(kinds == one))
        for one in sorted(set(recorded.kinds))
    ]


def told(reports: dict[str, list[Report]]) -> dict[str, Any]:
    """Every way in numbers, and the baselines, which are the same for all."""
    joined = {name: Report.joined(parts) for name, parts in reports.items()}
    first = next(iter(joined.values()))
    return {
        "ways": {
            name: {
                key: value
                for key, value in report.as_data().items()
                if key not in ("standings", "unseen")
            }
            | {
                "accuracy": round(report.standings[0].accuracy, 5),
                "cost_usd_per_prompt": round(report.standings[0].cost_usd, 8),
            }
            for name, report in joined.items()
        },
        "baselines": {
            one.name: {
                "accuracy": round(one.accuracy, 5),
                "cost_ratio": round(one.cost_usd / first.single.cost_usd, 4),
            }
            for one in first.standings[1:]
        },
    }


def aims(ways_told: dict[str, Any]) -> dict[str, Any]:
    """Whether the two aims are met, by the point and by the interval."""
    found: dict[str, Any] = {}
    for name, way in ways_told.items():
        if not name.startswith("cascade"):
            continue
        low = way["gain_interval"][0]
        found[name] = {
            "as accurate at a quarter of the cost": {
                "met": way["gain"] >= 0 and way["cost_ratio"] <= AIM_COST,
                "gain": way["gain"],
                "cost_ratio": way["cost_ratio"],
            },
            "three points more at no more cost": {
                "met": way["gain"] >= AIM_GAIN and way["cost_ratio"] <= 1,
                "surely": low >= AIM_GAIN and way["cost_ratio_interval"][1] <= 1,
                "gain": way["gain"],
                "cost_ratio": way["cost_ratio"],
            },
        }
    return found


async def pool_told(
    data: Path, pool: str, datasets: tuple[str, ...], seed: int, named: list[str] | None = None
) -> dict[str, Any]:
    """One pool on some data sets."""
    recorded = read_recordings(data, models=pool_of(data, pool), datasets=datasets)
    computable = "crux" in datasets
    which = [
        way
        for way in ways(seed)
        if (computable or "no computing" not in way.name) and (not named or way.name in named)
    ]
    print(f"{pool}, {'+'.join(datasets)}, {len(recorded.prompts)} prompts", file=sys.stderr)
    within = told(await judged(recorded, folds_of(recorded, seed), which))
    few = [way for way in which if way.name in ("cascade, parity", "cascade, quality")]
    apart: dict[str, Any] = {}
    if computable and few:
        for split in left_out(recorded):
            name = recorded.prompts[int(split[1][0])].dataset
            if name == "crux":
                continue  # it is computed, whatever was fitted to
            apart[name] = told(await judged(recorded, [split], few))
    return {
        "prompts": len(recorded.prompts),
        "cross_validated": {**within, "aims": aims(within["ways"])},
        "left_out": apart,
    }


def main() -> None:
    """Run, print, and save where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of recorded answers")
    parser.add_argument("--pool", action="append", choices=POOLS, help="only these pools")
    parser.add_argument("--way", action="append", help="only these ways of answering")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="write results/NAME-COMMIT.json")
    given = parser.parse_args()
    for pool in given.pool or POOLS:
        parts = {
            "+".join(datasets): asyncio.run(
                pool_told(given.data, pool, datasets, given.seed, given.way)
            )
            for datasets in (DATASETS, ("gsm", "math-l5"))
        }
        result = {"pool": pool, "folds": FOLDS, "seed": given.seed, "datasets": parts}
        print(json.dumps(result, indent=1))
        if given.save:
            save("mixture", result, kind=pool if not given.way else f"{pool}-part")


if __name__ == "__main__":
    main()
