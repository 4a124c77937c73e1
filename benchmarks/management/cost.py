"""What watching a college costs each query: processor time of the process that serves.

    python benchmarks/management/cost.py [--queries N] [--json] [--save]

One decision of the built-in gate, vector and all, is told again and again as routed, answered and
completed; beside it the same to nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from saving import saved

from collegium.config import Config
from collegium.events import Answered, Completed, Routed
from collegium.storage.opening import open_store
from collegium.system import Collegium
from collegium.types import Answer, Decision, Query, Receipt, Response, Usage

ROUNDS = 5


def told(college: Collegium, decision: Decision, queries: int, first: int) -> float:
    """Microseconds of processor time for each query that is told of."""
    usage = Usage(200, 400, 0.001)
    began = time.process_time()
    for number in range(first, first + queries):
        query = Query.of("integrate x^2 by parts", id=f"q{number}", session=f"s{number % 97}")
        routed = replace(decision, query_id=query.id)
        answer = Answer("MathExpert", "up/model", "text", latency_ms=900.0, usage=usage)
        receipt = Receipt(routed, "express", usage, 900.0)
        response = Response("text", "MathExpert", "up/model", query_id=query.id, receipt=receipt)
        college.events.publish(Routed(query, routed))
        college.events.publish(Answered(query, answer))
        college.events.publish(Completed(query, response))
    return (time.process_time() - began) / queries * 1e6


async def measured(queries: int, folder: Path) -> dict[str, Any]:
    """Every way, in turn, several times."""
    alone, watched, recorded = (Collegium.of(Config()) for _ in range(3))
    decision = await alone.decide("integrate x^2 by parts", assume_ready=True)
    watched.watch()
    store = open_store(str(folder / "record.sqlite3"), queue=10 * queries)
    recorded.watch(store=store)
    ways = {"to nobody": alone, "watched": watched, "watched and recorded": recorded}
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, college in ways.items():
            rounds[name].append(told(college, decision, queries, number * queries))
            await store.flush()
    await store.aclose()
    return {
        "microseconds_a_query": {
            name: {"median": statistics.median(values), "low": min(values), "high": max(values)}
            for name, values in rounds.items()
        },
        "rounds": ROUNDS,
        "queries_a_round": queries,
    }


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("--save", action="store_true", help="write a result file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        result = asyncio.run(measured(options.queries, Path(folder)))
    if options.json:
        print(json.dumps(result))
    else:
        for name, row in result["microseconds_a_query"].items():
            print(f"{name:22} {row['median']:7.1f} us  ({row['low']:.1f} to {row['high']:.1f})")
    if options.save:
        saved("cost", result)


if __name__ == "__main__":
    main()
