"""The record in SQLite: what it costs a query, how much it takes, and what a kill costs it.

    python benchmarks/management/storage.py [--kills 12] [--seed 1] [--json] [--save]

Beside it: an event committed where it happens, with the same settings of SQLite. A kill (-9) comes
at a random moment while a process appends as fast as it can; lost is what was appended by then and
is not there, as the time before the kill from which on something is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from saving import saved

from collegium.events import Routed
from collegium.storage.opening import open_store
from collegium.storage.recorder import Recorder
from collegium.storage.records import Record
from collegium.storage.rows import row_of
from collegium.storage.sqlite import INSERT
from collegium.types import Candidate, Decision, Query, Task

# Where their cost is measured, events come in bursts, some 2,000 a second.
BURST, PAUSE_S = 20, 0.01
PACED, FLOOD, ONE_BY_ONE = 4_000, 100_000, 5_000
ANSWER: dict[str, Any] = {
    "ok": True, "abandoned": False, "error": "", "latency_ms": 812.4, "prompt_tokens": 211,
    "completion_tokens": 94, "cost_usd": 0.0003, "confidence": 0.74, "finish": "stop",
    "verdict": "",
}  # fmt: skip

APPENDING = """
import os, sys, time
from collegium.storage.opening import open_store
from collegium.storage.records import Record

store = open_store(sys.argv[1], queue=1000)
noted, number = os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY), 0
while True:
    if store.append(Record("answer", time.time(), data={"n": number})):
        os.write(noted, b"%d %f\\n" % (number, time.time()))
        number += 1
    else:
        time.sleep(0.0005)
"""


def record(number: int) -> Record:
    """An answer as it is when serving."""
    return Record("answer", time.time(), f"{number:032x}", "CodingExpert", "ollama/x", data=ANSWER)


def decision(rng: np.random.Generator) -> Routed:
    """A decision among ten experts, with the embedding of its query."""
    names = [f"Expert{n}" for n in range(10)]
    candidates = tuple(
        Candidate(name, name.lower(), float(rng.random()), 0.5, 0.1, float(rng.random()))
        for name in names
    )
    vector: Any = rng.standard_normal(384).astype(np.float32)
    query = Query.of("how do I reverse a list?", session="somebody")
    made = Decision(
        query.id, candidates[:2], candidates[2:], 0.8, 1.0, task=Task("code"), vector=vector
    )
    return Routed(query, made)


def costs_us(work: Callable[[Any], Any], given: Sequence[Any]) -> list[float]:
    """What `work` takes with each of what is given."""
    taken = []
    for number, one in enumerate(given):
        started = time.perf_counter()
        work(one)
        taken.append((time.perf_counter() - started) * 1e6)
        if number % BURST == 0:
            time.sleep(PAUSE_S)
    return taken


def quantiles(values: Iterable[float]) -> dict[str, float]:
    """The middle and the tail, to three digits."""
    p50, p99, p999 = np.quantile(list(values), [0.5, 0.99, 0.999])
    return {"p50": float(f"{p50:.3g}"), "p99": float(f"{p99:.3g}"), "p999": float(f"{p999:.3g}")}


def plain(path: Path) -> sqlite3.Connection:
    """A connection to a file with our tables, for committing each event where it happens."""
    asyncio.run(open_store(str(path)).aclose())
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


async def serving(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    """What appending costs where queries are answered, and what comes of it."""
    store = open_store(str(folder / "paced.sqlite3"))
    append_us = costs_us(store.append, [record(number) for number in range(PACED)])
    decision_us = costs_us(Recorder(store), [decision(rng)] * PACED)
    await store.flush()
    state_us = costs_us(store.state, ["changes"] * 500)
    visible_ms = [seen_after_ms(store) for _ in range(50)]
    await store.aclose()

    store = open_store(str(folder / "flood.sqlite3"), queue=FLOOD)
    started = time.perf_counter()
    for number in range(FLOOD):
        store.append(record(number))
    await store.flush()
    written_s = time.perf_counter() - started
    started = time.perf_counter()
    count = sum(1 for _ in store.records())
    read_s = time.perf_counter() - started
    size_bytes = store.holdings().size_bytes
    await store.aclose()
    return {
        "append_us": quantiles(append_us),
        "decision_event_us": quantiles(decision_us),
        "state_us": quantiles(state_us),
        "visible_after_ms": quantiles(visible_ms),
        "written_per_s": round(FLOOD / written_s),
        "read_per_s": round(count / read_s),
        "bytes_per_record": round(size_bytes / FLOOD),
    }


def seen_after_ms(store: Any) -> float:
    """How long until an event that was appended can be read, by anybody."""
    started, query = time.perf_counter(), f"seen{time.time_ns()}"
    store.append(Record("answer", time.time(), query))
    while not next(store.records(query=query), None):
        time.sleep(0.001)
    return (time.perf_counter() - started) * 1000


def one_by_one(folder: Path) -> dict[str, Any]:
    """The baseline: each event is committed where it happens."""
    with closing(plain(folder / "plain.sqlite3")) as connection:

        def commit(made: Record) -> None:
            connection.execute(INSERT, row_of(made, "plain"))

        commit_us = costs_us(commit, [record(number) for number in range(PACED)])
        started = time.perf_counter()
        for number in range(ONE_BY_ONE):
            commit(record(number))
        rate = round(ONE_BY_ONE / (time.perf_counter() - started))
    return {"commit_us": quantiles(commit_us), "written_per_s": rate}


def killed(folder: Path, number: int, rng: random.Random) -> tuple[float, bool, int]:
    """The milliseconds that one kill cost, whether the file is whole, and how much is in it."""
    path, notes = folder / f"killed{number}.sqlite3", folder / f"notes{number}"
    process = subprocess.Popen([sys.executable, "-c", APPENDING, str(path), str(notes)])
    while not (notes.exists() and notes.stat().st_size):
        time.sleep(0.005)
    time.sleep(rng.uniform(0.05, 0.5))
    at = time.time()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with closing(sqlite3.connect(path)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT json_extract(data, '$.n') FROM events ORDER BY number")
        found = [n for (n,) in rows]
    noted = [line.split() for line in notes.read_bytes().splitlines()]
    missing = [float(when) for n, when, *_ in noted if int(n) >= len(found)]
    whole = sound and found == list(range(len(found)))
    return (at - min(missing)) * 1000 if missing else 0.0, whole, len(found)


def measure(kills: int, seed: int) -> dict[str, Any]:
    """Everything."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="bench-record-") as name:
        folder = Path(name)
        print("appending", file=sys.stderr)
        ours = asyncio.run(serving(folder, np.random.default_rng(seed)))
        print("committing one by one", file=sys.stderr)
        baseline = one_by_one(folder)
        print(f"killing {kills} times", file=sys.stderr)
        ends = [killed(folder, number, rng) for number in range(kills)]
    load = round(os.getloadavg()[0], 1)
    return {**ours, "one_by_one": baseline, "kills": told(ends), "load_average": load}


def told(ends: Sequence[tuple[float, bool, int]]) -> dict[str, Any]:
    """What the kills cost, all together."""
    lost_ms = [lost for lost, _, _ in ends]
    return {
        "count": len(ends),
        "corrupt_or_with_gaps": sum(not whole for _, whole, _ in ends),
        "lost_ms_median": round(float(np.median(lost_ms)), 1),
        "lost_ms_max": round(max(lost_ms), 1),
        "target_ms": 100.0,
        "beyond_target": sum(lost > 100.0 for lost in lost_ms),
        "records": sum(count for _, _, count in ends),
    }


def show(result: dict[str, Any]) -> None:
    """A few lines for people."""
    for name, unit in (
        ("append_us", "append"),
        ("decision_event_us", "a decision recorded"),
        ("state_us", "a state read"),
    ):
        print(f"{unit:<28} {_told(result[name])} us")
    print(f"{'one commit each, beside it':<28} {_told(result['one_by_one']['commit_us'])} us")
    print(f"{'can be read after':<28} {_told(result['visible_after_ms'])} ms")
    print(
        f"written {result['written_per_s']:,} a second "
        f"(one by one {result['one_by_one']['written_per_s']:,}), read {result['read_per_s']:,}; "
        f"{result['bytes_per_record']} bytes each"
    )
    kills = result["kills"]
    print(f"(load of the machine: {result['load_average']})")
    print(
        f"{kills['count']} kills: {kills['corrupt_or_with_gaps']} files not whole; lost the last "
        f"{kills['lost_ms_median']} ms (median), {kills['lost_ms_max']} ms (most; "
        f"{kills['beyond_target']} beyond {kills['target_ms']:.0f} ms)"
    )


def _told(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/storage-<commit>.json")
    options = parser.parse_args()
    result = measure(options.kills, options.seed)
    if options.save:
        saved("storage", result)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
