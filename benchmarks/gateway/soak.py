"""Whether the gateway's memory stays as it is under half an hour of mixed traffic.

    python benchmarks/gateway/soak.py [--minutes 30] [--rate 50] [--plot FILE] [--json] [--save]

Whole answers and streams, by name and routed, in three dialects, clients that leave and requests
that are refused, at a fixed rate. Every ten seconds memory, open files and sockets are looked at.
Told is the slope of the memory over the last two thirds, in MB an hour, with the interval that it
lies in with 95 % confidence; values that follow each other are alike, which widens it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
import aiohttp
import numpy as np
from instances import instances
from measure import Server, machine, say
from mixture import Mixture
from saving import commit, save
from serving import collegium, end_with_all

EVERY_S = 10.0
SETTLES = 1 / 3  # of the time, in which what is kept on purpose fills up
FLAT_MB = 5.0  # over what is counted


async def soak(server: Server, rate: float, seconds: float, seed: int) -> dict[str, Any]:
    """Put the mixture on a server, looking at it meanwhile."""
    looks: list[dict[str, float]] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        mixture = Mixture(session, server)
        watcher = asyncio.create_task(_watch(server, looks))
        await mixture.put_on(rate, seconds, seed)
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
    await asyncio.sleep(3)
    files = files_of(server)  # those to instances are kept for later; no client's is left
    status = await asyncio.to_thread(server.get, "/api/status")
    return {
        "looks": looks,
        "right": dict(mixture.right),
        "wrong": dict(mixture.wrong),
        "examples": mixture.examples,
        "own_lag_max_ms": round(1000 * mixture.most_lag_s, 1),
        "files_afterwards": files,
        "in_flight_afterwards": status["requests_in_flight"]
        + sum(one["in_flight"] + one["waiting"] for one in status["instances"]),
    }


async def _watch(server: Server, looks: list[dict[str, float]]) -> None:
    began = time.monotonic()
    used = server.usage()
    while True:
        before, used = used, server.usage()
        looks.append(
            {
                "second": round(time.monotonic() - began, 1),
                "rss_mb": round(used.rss_mb, 2),
                "files": files_of(server),
                "cores": round((used.cpu_s - before.cpu_s) / EVERY_S, 3),
            }
        )
        if len(looks) % 6 == 1:
            say(json.dumps(looks[-1]))
        await asyncio.sleep(EVERY_S - (time.monotonic() - began) % EVERY_S)


def files_of(server: Server) -> int:
    """How many files and sockets its process has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def slope(looks: Sequence[dict[str, float]]) -> dict[str, float]:
    """MB an hour by least squares, with its 95 % interval, over the time that counts.

    Neighbours are alike: the interval is as wide as that of the fewer values that they are worth.
    """
    first = looks[-1]["second"] * SETTLES
    counted = [look for look in looks if look["second"] >= first]
    hours = np.array([look["second"] / 3600 for look in counted])
    memory = np.array([look["rss_mb"] for look in counted])
    if len(counted) < 4:
        return {}
    rise, start = np.polyfit(hours, memory, 1)
    rest = memory - (rise * hours + start)
    spread = float(np.sum(rest**2))
    alike = float(np.sum(rest[1:] * rest[:-1])) / spread if spread else 0.0
    alike = min(max(alike, 0.0), 0.95)
    deviation = np.sqrt(spread / (len(counted) - 2) / np.sum((hours - hours.mean()) ** 2))
    half = 1.96 * float(deviation) * np.sqrt((1 + alike) / (1 - alike))
    span = float(hours[-1] - hours[0])
    return {
        "mb_per_hour": round(float(rise), 3),
        "low": round(float(rise - half), 3),
        "high": round(float(rise + half), 3),
        "counted_minutes": round(60 * span, 1),
        "grown_mb": round(float(rise) * span, 2),
        "files_grown": counted[-1]["files"] - counted[0]["files"],
    }


def plot(looks: Sequence[dict[str, float]], told: dict[str, float], path: Path) -> None:
    """Draw memory and open files over time, where matplotlib is installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 -- only where it is wanted and there
    except ImportError:
        say("no plot: matplotlib is not installed")
        return
    minutes = [look["second"] / 60 for look in looks]
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(minutes, [look["rss_mb"] for look in looks], color="tab:blue")
    axes.set(xlabel="minutes", ylabel="memory, MB", ylim=(0, None))
    axes.axvspan(0, minutes[-1] * SETTLES, color="0.93")
    files = axes.twinx()
    files.plot(minutes, [look["files"] for look in looks], color="tab:orange", linewidth=0.8)
    files.set(ylabel="open files", ylim=(0, None))
    if told:
        axes.set_title("{mb_per_hour} MB an hour ({low} to {high})".format(**told))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Soak, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--plot", type=Path, help="where to draw it (.png or .svg)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--save", action="store_true", help="write results/soak-<commit>.json, .svg"
    )
    options = parser.parse_args()
    end_with_all()
    with (
        tempfile.TemporaryDirectory() as folder,
        instances(2, Path(folder)) as cast,
        collegium([one.base for one in cast]) as server,
    ):
        told = asyncio.run(soak(server, options.rate, 60 * options.minutes, options.seed))
    result = {
        "machine": machine(),
        "minutes": options.minutes,
        "rate": options.rate,
        "slope": slope(told["looks"]),
        **told,
    }
    result["flat"] = bool(result["slope"]) and result["slope"]["grown_mb"] <= FLAT_MB
    if options.save:
        save("gateway", result, kind="soak")
        results = Path(__file__).parent / "results"
        plot(told["looks"], result["slope"], results / f"soak-{commit()}.svg")
    if options.plot:
        plot(told["looks"], result["slope"], options.plot)
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        if name != "looks":
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
