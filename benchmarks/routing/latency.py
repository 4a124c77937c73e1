"""What a decision of the neural gate costs: time by length, cold and cached, and memory.

    python benchmarks/routing/latency.py --data FILE.jsonl [--save] [--json]

In process and on one thread, the gate alone and the whole decision; texts are cut from real queries
to a length in tokens. `cold` texts are new to every cache, `cached` ones have been met before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from collegium.cli.progress import counting
from collegium.config import Config
from collegium.encoders.wordpiece import WordPiece
from collegium.learning.dataset import Example, read_examples
from collegium.learning.train import train_gate
from collegium.routing import shelf
from collegium.routing.classifier import QueryClassifier
from collegium.routing.network import GatingNetwork
from collegium.system import Collegium
from collegium.types import Query

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

LENGTHS = (16, 64, 256, 2000)
ROUNDS = 120


def texts_of(words: list[str], pieces: WordPiece, tokens: int, rng: random.Random) -> list[str]:
    """Texts of about so many tokens, made of runs of real queries' words."""
    made: list[str] = []
    for _ in range(ROUNDS):
        start = rng.randrange(len(words) - tokens - 1)
        chosen = words[start : start + tokens]
        while len(pieces.numbers(" ".join(chosen))) > tokens and len(chosen) > 1:
            chosen = chosen[: int(len(chosen) * 0.95)]
        made.append(" ".join(chosen))
    return made


def timed(work: Callable[[str], object], texts: list[str]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    took = []
    for text in texts:
        started = time.perf_counter()
        work(text)
        took.append((time.perf_counter() - started) * 1000)
    return {
        "p50": round(float(np.percentile(took, 50)), 3),
        "p99": round(float(np.percentile(took, 99)), 3),
        "mean": round(statistics.fmean(took), 3),
    }


def peak_of_route() -> float:
    """The peak memory of `collegium route`, in megabytes."""
    program = (
        "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'collegium', "
        "'route', '--assume-ready', 'how do tides work, in detail, and why twice'], "
        "check=True, capture_output=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return round(int(told.stdout) / 1024, 1)


def growth(texts: list[str]) -> dict[str, float]:
    """What 200 experts cost beside 10, in the gate alone; both asked in turn, text by text."""
    read = QueryClassifier().read
    gates: dict[int, GatingNetwork] = {}
    for experts in (10, 200):
        examples = [
            Example(f"{text} topic {place % experts}", (f"expert_{place % experts}",))
            for place, text in enumerate(texts[: experts * 5])
        ]
        gates[experts] = train_gate(examples, shelf.encoder("builtin")).gate
    took: dict[int, list[float]] = {experts: [] for experts in gates}
    for place, text in enumerate(texts[-200:]):
        for experts in (10, 200) if place % 2 else (200, 10):
            started = time.perf_counter()
            gates[experts].scores(read(Query.of(text)))
            took[experts].append((time.perf_counter() - started) * 1000)
    few, many = (np.array(took[experts]) for experts in (10, 200))
    return {
        "p50_ms_10": round(float(np.median(few)), 3),
        "p50_ms_200": round(float(np.median(many)), 3),
        "growth": round(float(np.median(many / few)) - 1, 4),
    }


async def decisions(texts: list[str]) -> dict[str, float]:
    """The whole decision over real queries, each once."""
    team = Collegium.of(Config())
    await team.decide("warm up", assume_ready=True)
    took = []
    with counting("deciding", len(texts)) as advance:
        for text in texts:
            decision = await team.decide(Query.of(text), assume_ready=True)
            took.append(decision.overhead_ms)
            advance(1)
    await team.aclose()
    return {
        "mean": round(statistics.fmean(took), 3),
        "p50": round(float(np.percentile(took, 50)), 3),
        "p99": round(float(np.percentile(took, 99)), 3),
    }


def measure(path: Path) -> dict[str, Any]:
    """Everything that is reported."""
    real = [one.text for one in read_examples(path)]
    random.Random(3).shuffle(real)
    words = " ".join(real).split()
    pieces = WordPiece.load(shelf.BUILTIN / "vocabulary.txt")
    rng = random.Random(4)
    gate, read = shelf.gate("builtin"), QueryClassifier().read
    gate.scores(read(Query.of("warm up, so that the graph is there: aqzx")))

    def decide(text: str) -> object:
        return gate.scores(read(Query.of(text)))

    by_length: dict[str, Any] = {}
    for tokens in LENGTHS:
        texts = texts_of(words, pieces, tokens, rng)
        cold = timed(decide, texts)
        by_length[str(tokens)] = {"cold": cold, "cached": timed(decide, texts)}
    stages = [gate.believe(read(Query.of(text))).stage for text in real[:600]]
    return {
        "data": path.name,
        "targets": {
            "mean_ms": 1.0,
            "p50_ms_at_64": 3.0,
            "p99_ms_at_64": 8.0,
            "rss_mb": 200,
            "growth": 0.2,
        },
        "gate_ms_by_tokens": by_length,
        "gate_ms_real_queries": timed(decide, real[600:1200]),
        "decision_ms_real_queries": asyncio.run(decisions(real[600:])),
        "decided_by_quick_model": round(stages.count("quick") / len(stages), 4),
        "ten_to_two_hundred_experts": growth(real),
        "route_peak_rss_mb": peak_of_route(),
        "benchmark_peak_rss_mb": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1
        ),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="routing_dev.jsonl")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/latency-<commit>.json")
    options = parser.parse_args()
    result = measure(options.data)
    if options.save:
        save("routing", result, kind="latency")
    if options.json:
        print(json.dumps(result))
        return
    print("tokens   cold p50    p99    cached p50    p99   (ms, gate alone)")
    for tokens, row in result["gate_ms_by_tokens"].items():
        cold, cached = row["cold"], row["cached"]
        print(
            f"{tokens:>6}  {cold['p50']:9.2f} {cold['p99']:6.2f}  {cached['p50']:12.2f} "
            f"{cached['p99']:6.2f}"
        )
    for name in (
        "gate_ms_real_queries",
        "decision_ms_real_queries",
        "decided_by_quick_model",
        "ten_to_two_hundred_experts",
        "route_peak_rss_mb",
    ):
        print(f"{name}: {result[name]}")


if __name__ == "__main__":
    main()
