"""How evenly three real instances behind `collegium serve` are used, beside choosing by chance.

    python benchmarks/management/balance_http.py [--json] [--save]

Three processes of a model server (working.py), one of them half as quick as the others, behind a
gateway that knows them as replicas; requests come at random (a Poisson process). The same load goes
to the same three without a gateway, each request to one by chance, or in turn. The utilisation of
an instance is told by itself: the mean number of requests it was answering, divided by its places.
Rounds take turns; reported are means over rounds, with the smallest and the largest.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from saving import saved

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "gateway"))  # starting servers is there
from measure import Server, free_port, started  # noqa: E402

PLACES, MEAN_MS = 8, (150.0, 150.0, 300.0)
TARGET = 0.2
CHAT = "/v1/chat/completions"


@contextmanager
def workers() -> Iterator[list[Server]]:
    """Three model servers."""
    with ExitStack() as stack:
        made = []
        for number, mean_ms in enumerate(MEAN_MS):
            port = free_port()
            numbers = {"port": port, "places": PLACES, "mean": mean_ms, "seed": number}
            options = [part for name, one in numbers.items() for part in (f"--{name}", str(one))]
            command = [sys.executable, str(HERE / "working.py"), *options]
            made.append(stack.enter_context(started(command, port, ready="/v1/models")))
        yield made


@contextmanager
def gateway(servers: Sequence[Server]) -> Iterator[Server]:
    """`collegium serve` in front of them."""
    bases = [f"http://127.0.0.1:{one.port}/v1" for one in servers]
    backend = {"kind": "http", "url": bases[0], "replicas": bases[1:], "capacity": PLACES}
    expert = {"name": "worker", "models": ["up/worker"], "fallback": True}
    config = {
        "moe": {"router": {"type": "heuristic"}, "experts": [expert]},
        "backends": {"up": backend},
    }
    with tempfile.TemporaryDirectory() as folder:
        path, port = Path(folder) / "collegium.yaml", free_port()
        path.write_text(json.dumps(config), "utf-8")  # JSON is YAML
        # A state of its own: neither the keys nor the records of whoever runs this.
        env = {"XDG_STATE_HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        command = [sys.executable, "-m", "collegium", "serve", "--config", str(path)]
        ready = "/health/ready"
        with started([*command, "--port", str(port)], port, ready=ready, env=env) as server:
            yield server


async def round_of(
    place: Callable[[], str], servers: Sequence[Server], rate: float, seconds: float, seed: int
) -> dict[str, float]:
    """Load for a while: how busy each instance was, and how long requests took."""
    rng = random.Random(seed)
    took: list[float] = []
    failed = 0

    async def one(client: aiohttp.ClientSession, number: int) -> None:
        nonlocal failed
        body = {"model": "worker", "messages": [{"role": "user", "content": f"work {number}"}]}
        began = time.perf_counter()
        async with client.post(place(), json=body) as reply:
            await reply.read()
        failed += reply.status != 200
        took.append((time.perf_counter() - began) * 1000)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as client:
        await busy(client, servers)
        async with asyncio.TaskGroup() as group:
            end = time.perf_counter() + seconds
            for number in itertools.count():
                if time.perf_counter() >= end:
                    break
                group.create_task(one(client, number))
                await asyncio.sleep(rng.expovariate(rate))
            told = await busy(client, servers)
    used = [one["busy"] / PLACES for one in told]
    took.sort()
    return {
        "utilisation_cv": statistics.pstdev(used) / statistics.fmean(used),
        "utilisation": statistics.fmean(used),
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[int(len(took) * 0.99)],
        "requests": len(took),
        "failed": failed,
    }


async def busy(client: aiohttp.ClientSession, servers: Sequence[Server]) -> list[dict[str, float]]:
    """What each has done since it was last asked."""
    told = []
    for server in servers:
        async with client.get(f"http://127.0.0.1:{server.port}/busy") as reply:
            told.append(await reply.json())
    return told


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Every way, in turn."""
    found: dict[str, list[dict[str, float]]] = {}
    capacity = sum(PLACES / (mean_ms / 1000) for mean_ms in MEAN_MS)
    rate = options.load * capacity
    with workers() as servers, gateway(servers) as front:
        urls = [f"http://127.0.0.1:{one.port}{CHAT}" for one in servers]
        luck, turns = random.Random(options.seed), itertools.cycle(urls)
        ways: dict[str, Callable[[], str]] = {
            "collegium": lambda: f"http://127.0.0.1:{front.port}{CHAT}",
            "by chance": lambda: luck.choice(urls),
            "in turn": lambda: next(turns),
        }
        for number in range(options.rounds):
            for name, place in ways.items():
                seed = options.seed + number
                row = asyncio.run(round_of(place, servers, rate, options.seconds, seed))
                found.setdefault(name, []).append(row)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    ways_told = {name: _summary(rows) for name, rows in found.items()}
    return {
        "instances": len(MEAN_MS),
        "utilisation_cv": ways_told["collegium"]["utilisation_cv"]["mean"],
        "target": TARGET,
        "places_each": PLACES,
        "mean_answer_ms": MEAN_MS,
        "offered_load": options.load,
        "rounds": options.rounds,
        "seconds_each": options.seconds,
        "ways": ways_told,
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
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.5, help="of each round, each way")
    parser.add_argument("--load", type=float, default=0.6, help="of what the three can take")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/balance_http-...json")
    options = parser.parse_args()
    result = measured(options)
    if options.save:
        print(saved("balance_http", result), file=sys.stderr)
    if options.json:
        print(json.dumps(result))
        return
    print("3 instances    CV of utilisation      p50 ms   p99 ms   failed of requests")
    for name, row in result["ways"].items():
        cv = row["utilisation_cv"]
        print(
            f"{name:<12} {cv['mean']:.3f} {cv['range']}  {row['p50_ms']['mean']:7.0f} "
            f"{row['p99_ms']['mean']:8.0f} {row['failed']['mean']:6.0f} of "
            f"{row['requests']['mean']:.0f}"
        )


if __name__ == "__main__":
    main()
