"""What a decision costs with 10 to 200 experts: milliseconds, decisions a second, memory.

    python benchmarks/management/scale.py [--queries N] [--json] [--save]

The whole `decide()` of the built-in gate, nothing remembered, each query new to it: half of them
authored ones of the ten fields, half for the experts of one's own. The same query is put to every
college in turn, in an order that changes, so that what else the machine does falls on all alike.
The router's share is the rest of the same decision when the encoder's own time is taken away.
Intervals are 95 %, by the bootstrap. Each college's memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from saving import saved
from trades import authored_queries, own_experts, own_queries

from collegium.assembly import policy_of
from collegium.backends.condition import Condition
from collegium.backends.pool import Instance, Pool
from collegium.config import Config
from collegium.experts.catalog import BUILT_IN
from collegium.experts.model_expert import ModelExpert
from collegium.gating import gate_of
from collegium.routing import shelf
from collegium.routing.memory import Memory
from collegium.routing.network import GatingNetwork
from collegium.routing.router import MoERouter
from collegium.system import Collegium
from collegium.testing import ScriptedBackend
from collegium.types import Query

EXPERTS = (10, 20, 50, 100, 200)
GROWTH = 1.2


class Timed:
    """An encoder that keeps nothing, and adds up what its work took."""

    def __init__(self) -> None:
        self._encoder = shelf.encoder("builtin")
        self.name, self.version = self._encoder.name, self._encoder.version
        self.width, self.general = self._encoder.width, self._encoder.general
        self.took_ms = 0.0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors."""
        started = time.perf_counter()
        vectors = self._encoder.encode(texts)
        self.took_ms += (time.perf_counter() - started) * 1000
        return vectors


class Watched(ModelExpert):
    """An expert of somebody's own class, whose word has to be asked for every time."""

    async def can_handle(self, query: Query) -> float:
        """What any other says."""
        return self.suits(query) * self.reliability


def router_of(count: int, encoder: Timed, memory: Memory) -> MoERouter:
    """The router of the built-in experts and as many of one's own as make `count`."""
    entries = [{"name": row.name} for row in BUILT_IN] + own_experts(count - len(BUILT_IN))
    config = Config.model_validate({"moe": {"experts": entries}})
    roster = Collegium.of(config).router.roster
    pool = Pool([Instance(ScriptedBackend(), "m", "m", 4, condition=Condition())])
    for expert in roster:
        if isinstance(expert, ModelExpert):
            expert.pool = pool
    gate = replace(cast("GatingNetwork", gate_of(config)), encoder=encoder)
    return MoERouter(roster, gate=gate, policy=policy_of(config), memory=memory)


def watched(router: MoERouter) -> MoERouter:
    """The same, but that every expert is of an own class."""
    experts = [
        Watched(one.name, one.vocabulary, one.pool, key=one.key, fallback=one.fallback)
        for one in router.roster
        if isinstance(one, ModelExpert)
    ]
    return MoERouter(experts, gate=router.gate, policy=router.policy, memory=Memory(0))


async def timed(router: MoERouter, encoder: Timed, text: str) -> tuple[float, float]:
    """Milliseconds of one decision: all of it, and without the encoder's part."""
    encoder.took_ms = 0.0
    query = Query.of(text)
    started = time.perf_counter()
    await router.decide(query)
    took_ms = (time.perf_counter() - started) * 1000
    return took_ms, took_ms - encoder.took_ms


async def measured(queries: int, seed: int) -> dict[str, Any]:
    """Every college's times, over the same queries."""
    rng, encoder = random.Random(seed), Timed()
    texts = authored_queries(queries // 2, rng) + own_queries(queries - queries // 2, rng)
    rng.shuffle(texts)
    routers = {count: router_of(count, encoder, Memory(0)) for count in EXPERTS}
    known = {count: router_of(count, encoder, Memory()) for count in (10, 200)}
    owned = {count: watched(routers[count]) for count in (10, 200)}
    for router in (*routers.values(), *known.values(), *owned.values()):
        await timed(router, encoder, "warm up, so that everything is there")
    took = np.zeros((2, len(EXPERTS), len(texts)))
    for place, text in enumerate(texts):
        for number in rng.sample(range(len(EXPERTS)), len(EXPERTS)):
            took[:, number, place] = await timed(routers[EXPERTS[number]], encoder, text)
        if place % 20 == 0:
            print(f"{place} of {len(texts)} queries", file=sys.stderr)
    draws = np.random.default_rng(seed).integers(0, len(texts), (1000, len(texts)))
    medians, ours = np.median(took, axis=2)
    resampled = np.median(took[0][:, draws], axis=2)
    most_to_fewest = resampled[-1] / resampled[0]
    sample = texts[:20]
    return {
        "queries": len(texts),
        "decide_ms_p50": _rounded(medians),
        "decide_ms_p50_low": _rounded(np.quantile(resampled, 0.025, axis=1)),
        "decide_ms_p50_high": _rounded(np.quantile(resampled, 0.975, axis=1)),
        "decide_ms_p99": _rounded(np.quantile(took[0], 0.99, axis=1)),
        "router_ms_p50": _rounded(ours),
        "router_ms_p99": _rounded(np.quantile(took[1], 0.99, axis=1)),
        "growth": round(float(medians.max() / medians.min()), 3),
        "last_to_first": round(float(medians[-1] / medians[0]), 3),
        "last_to_first_95": _rounded(np.quantile(most_to_fewest, (0.025, 0.975))),
        "decisions_per_s": _rounded(1000 / took[0].mean(1), 1),
        "remembered_ms_p50": {
            str(count): await again(router, encoder, sample) for count, router in known.items()
        },
        "own_classes_router_ms_p50": {
            str(count): await ours_of(router, encoder, sample) for count, router in owned.items()
        },
    }


async def again(router: MoERouter, encoder: Timed, texts: Sequence[str]) -> float:
    """The median of decisions about queries that were decided before, in milliseconds."""
    for text in texts:
        await router.decide(Query.of(text))
    took = [(await timed(router, encoder, text))[0] for _ in range(5) for text in texts]
    return round(float(np.median(took)), 4)


async def ours_of(router: MoERouter, encoder: Timed, texts: Sequence[str]) -> float:
    """The median of the router's share, in milliseconds."""
    took = [(await timed(router, encoder, text))[1] for text in texts]
    return round(float(np.median(took)), 3)


def memory_mb(count: int) -> float:
    """The resident memory of a process that decides with so many experts."""
    command = [sys.executable, str(Path(__file__)), "--alone", str(count)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return round(int(told.stdout) / 1024, 1)


async def alone(count: int) -> None:
    """Decide a little, and say how many kilobytes that took."""
    encoder = Timed()
    router = router_of(count, encoder, Memory())
    for text in own_queries(20, random.Random(5)):
        await router.decide(Query.of(text))
    status = Path("/proc/self/status").read_text("ascii")  # noqa: ASYNC240 -- nobody waits
    print(status.partition("VmRSS:")[2].split()[0])


def _rounded(values: Any, digits: int = 3) -> list[float]:
    return [round(float(one), digits) for one in values]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--alone", type=int, help="only print the memory with so many, in KB")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/scale-<commit>.json")
    options = parser.parse_args()
    if options.alone:
        asyncio.run(alone(options.alone))
        return
    result = {"experts": list(EXPERTS), "targets": {"growth": GROWTH}}
    result |= asyncio.run(measured(options.queries, options.seed))
    result["rss_mb"] = [memory_mb(count) for count in EXPERTS]
    if options.save:
        print(saved("scale", result), file=sys.stderr)
    if options.json:
        print(json.dumps(result))
        return
    print("experts   decide p50     p99   router p50    p99 (ms)   decisions/s   memory (MB)")
    columns = ("decide_ms_p50", "decide_ms_p99", "router_ms_p50", "router_ms_p99")
    times = np.array([result[name] for name in columns]).T
    others = zip(EXPERTS, result["decisions_per_s"], result["rss_mb"], strict=True)
    for (count, rate, mb), (p50, p99, own50, own99) in zip(others, times, strict=True):
        print(f"{count:>7} {p50:12.2f} {p99:7.2f} {own50:12.2f} {own99:6.2f} {rate:18} {mb:13}")
    low, high = result["last_to_first_95"]
    print(f"largest / smallest: {result['growth']}, wanted at most {GROWTH}")
    print(f"last / first: {result['last_to_first']} [{low}, {high}]")
    print(f"decided before, ms: {result['remembered_ms_p50']}")
    print(f"router with experts of own classes, ms: {result['own_classes_router_ms_p50']}")


if __name__ == "__main__":
    main()
