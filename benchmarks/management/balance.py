"""How evenly experts are used, and what that costs in accuracy, in a simulation.

    python benchmarks/management/balance.py [--experts N] [--data FILE] [--json] [--save]

Queries arrive at random, and their domains' shares fall off by Zipf's law. Each expert has as many
instances as the product's own scaling gives it ("scaled"), or as many as its domain's share takes,
for good ("fixed"). Who is asked is decided by the product's own `choose`, with the prices of its
own `Tariff` or without, on scores that the real gate gave real queries (see traffic.py); beside
that, by the least busy expert, by chance, by the less busy of two drawn by chance, and by the less
busy of the gate's best two. An expert's utilisation is the mean of the requests that it answers
divided by that of its places, over time, once all has settled. Reported are means over seeds, with
the smallest and the largest; as many seeds as there is time for.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from floor import SERVICE_S, Floor
from saving import saved
from traffic import FIELDS, Ranked, dealt, ranked_queries, zipf
from ways import ROUTED, SETTINGS, Way

from collegium.config import BalanceConfig

TARGETS = {"utilisation_cv": 0.2, "utilisation_cv_aim": 0.1, "accuracy_lost": 0.01}
EXPONENT = 1.0
# Simulated seconds: until all has settled, and at least so long after that, or so many queries.
SETTLING_S, MEASURED_S, MEASURED = 120.0, 60.0, 20_000
# With more experts there is time for the router's own ways only.
MANY = 50

Row = dict[str, float]


def simulated(
    way: Way, domains: Sequence[Any], shares: Sequence[float], floor: Floor, *, rate: float
) -> Row:
    """Evenness, accuracy and waiting of one way of choosing, after everything has settled."""
    rng, numbers = floor.rng, range(len(domains))
    queries = hits = 0
    measuring = False
    arrival = rng.expovariate(rate)
    while floor.now < SETTLING_S + max(MEASURED_S, MEASURED / rate):
        floor.advance(arrival)
        if not measuring and floor.now >= SETTLING_S:
            measuring = True
            floor.forget()
        asked = rng.choice(domains[rng.choices(numbers, shares)[0]])
        name = way(asked, floor)
        floor.ask(name)
        queries += measuring
        hits += measuring and name in asked.acceptable
        arrival += rng.expovariate(rate)
    used = floor.utilisations()
    return {
        "utilisation_cv": statistics.pstdev(used) / statistics.fmean(used),
        "accuracy": hits / queries,
        "utilisation": statistics.fmean(used),
        "waited_share": floor.waited / floor.begun,
        "queries": queries,
    }


def one_setting(
    setting: str,
    seed: int,
    ranked: dict[str, list[Ranked]],
    experts: int,
    load: float,
    slots: int,
) -> dict[str, Row]:
    """Every way of choosing in a setting, over the same traffic."""
    rng = random.Random(seed)
    domains = dealt(ranked, experts, rng)
    shares = zipf(experts, EXPONENT, rng)
    demands = [share * load * experts for share in shares]
    ways = ROUTED if experts > MANY else SETTINGS[setting]
    rows: dict[str, Row] = {}
    for name, make in ways.items():
        floor = Floor(demands, slots, random.Random(seed + 1), scaled=setting == "scaled")
        rate = sum(demands) / SERVICE_S
        rows[f"{setting}, {name}"] = simulated(make(floor), domains, shares, floor, rate=rate)
    return rows


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Every way, over as many seeds as there is time for."""
    started = time.perf_counter()
    if options.data is not None and not options.data.is_file():
        sys.exit(f"{options.data} is no file; --data is a file of labelled queries, in JSON lines")
    ranked = ranked_queries(options.queries, options.seed, options.data)
    rest = (ranked, options.experts, options.load, options.slots)
    found: list[dict[str, Row]] = []
    with ProcessPoolExecutor(len(SETTINGS)) as pool:
        for seed in range(options.seed, options.seed + options.seeds):
            began = time.perf_counter()
            jobs = [pool.submit(one_setting, setting, seed, *rest) for setting in SETTINGS]
            found.append({name: row for job in jobs for name, row in job.result().items()})
            print(f"{len(found)} seeds of {options.seeds}", file=sys.stderr)
            now = time.perf_counter()
            if now - started + (now - began) > options.seconds:
                break
    columns = {name: [rows[name] for rows in found] for name in found[0]}
    ways = {name: _summary(rows) for name, rows in columns.items()}
    return {
        "experts": options.experts,
        "utilisation_cv": ways["scaled, price"]["utilisation_cv"]["mean"],
        **_lost(columns, "scaled"),
        "fixed": {
            "utilisation_cv": ways["fixed, price"]["utilisation_cv"]["mean"],
            **_lost(columns, "fixed"),
        },
        "targets": TARGETS,
        "price": BalanceConfig().price,
        "zipf": EXPONENT,
        "mean_requests_per_expert": options.load,
        "slots_per_instance": options.slots,
        "seeds": len(found),
        "ranked_queries": sum(map(len, ranked.values())),
        "ways": ways,
    }


def _lost(columns: dict[str, list[Row]], setting: str) -> dict[str, Any]:
    pairs = zip(columns[f"{setting}, no price"], columns[f"{setting}, price"], strict=True)
    lost = [free["accuracy"] - priced["accuracy"] for free, priced in pairs]
    return {
        "accuracy_lost": round(statistics.fmean(lost), 5),
        "accuracy_lost_range": [round(min(lost), 5), round(max(lost), 5)],
        "accuracy_lost_unit": "share of queries; 0.01 is one point",
    }


def _summary(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    return {
        name: {
            "mean": round(statistics.fmean(row[name] for row in rows), 4),
            "range": [round(end(row[name] for row in rows), 4) for end in (min, max)],
        }
        for name in rows[0]
    }


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experts", type=int, default=20, help=f"{len(FIELDS)} or more")
    parser.add_argument("--data", type=Path, help="labelled queries; see traffic.py")
    parser.add_argument("--queries", type=int, default=500, help="how many the gate ranks")
    parser.add_argument("--load", type=float, default=20.0, help="requests at once, per expert")
    parser.add_argument("--slots", type=int, default=1, help="requests that an instance takes")
    parser.add_argument("--seeds", type=int, default=6, help="at most")
    parser.add_argument("--seconds", type=float, default=40.0, help="after which none is begun")
    parser.add_argument("--seed", type=int, default=100, help="the first")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/balance-<commit>.json")
    options = parser.parse_args()
    if options.experts < len(FIELDS):
        parser.error(f"--experts is {options.experts}; it must be {len(FIELDS)} or more")
    result = measured(options)
    if options.save:
        print(saved(f"balance-{options.experts}", result), file=sys.stderr)
    if options.json:
        print(json.dumps(result))
        return
    print(
        f"{options.experts} experts            CV of utilisation     accuracy  utilisation  waited"
    )
    for name, row in result["ways"].items():
        cv, right = row["utilisation_cv"], row["accuracy"]
        print(
            f"{name:<22} {cv['mean']:.3f} {cv['range']}   {right['mean']:.4f} "
            f"{row['utilisation']['mean']:8.2f} {row['waited_share']['mean']:8.2%}"
        )
    for setting, lost in (("scaled", result), ("fixed", result["fixed"])):
        print(f"{setting}: the price loses {100 * lost['accuracy_lost']:.2f} points, of at most 1")


if __name__ == "__main__":
    main()
