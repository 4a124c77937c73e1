"""What the gateway adds to asking a model server directly, beside what any relay adds.

    python benchmarks/gateway/overhead.py [--rounds 5] [--quick] [--patience S] [--json] [--save]

In one run, taking turns: the upstream asked directly, a bare relay (raw ASGI under uvicorn, aiohttp
upstream: hardly less can be done in Python), and `collegium serve` with one worker: a named model
passed through, routed by the keyword gate and by the neural gate, with one prompt again and again
and with prompts that are all different. Throughput and processor time come from 32 connections that
never rest; latencies from an open loop of 100 requests a second, timed from when each was due.
`--patience S` waits up to S seconds before each measurement until others leave the machine alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
import rows
from measure import Server, await_quiet, machine, say, upstream
from rounds import Rounds
from rows import DIRECT, KEYWORDS, KEYWORDS_NEW, NAMED, NEURAL, NEURAL_NEW, RELAY, Start
from saving import save
from tables import table

# How many streams, tokens of each, milliseconds between two. The last is more than one worker of
# any Python relay can carry: it tells how much that is.
STREAMS = {
    "50 streams, 20 ms apart": (50, 100, 20),
    "500 streams, 100 ms apart": (500, 30, 100),
    "500 streams, 20 ms apart": (500, 100, 20),
}
# What is aimed at: the part and row of the result, the figure, and the value not to be passed.
AIMS = (
    ("plain", NAMED, "added_p50_ms", "most", 0.3),
    ("plain", NAMED, "share_of_relay", "least", 0.7),
    ("plain", KEYWORDS, "share_of_relay", "least", 0.4),
    ("plain", KEYWORDS_NEW, "share_of_relay", "least", 0.4),
    ("plain", NEURAL_NEW, "added_p50_ms", "most", 5.0),
    ("plain", NEURAL_NEW, "added_p99_ms", "most", 15.0),
    ("fresh", NEURAL_NEW, "rss_mb", "most", 150.0),
    ("fresh", NEURAL_NEW, "ready_s", "most", 2.0),
    ("50 streams, 20 ms apart", NAMED, "share_of_direct", "least", 0.98),
    ("500 streams, 100 ms apart", NAMED, "share_of_direct", "least", 0.98),
)


def measure(rounds: int, seconds: float, patience_s: float, *, college: bool) -> dict[str, Any]:
    """Every row, in turn."""
    parts = {name: Rounds() for name in ("plain", "fresh", *STREAMS)}
    with ExitStack() as stack:
        up = stack.enter_context(upstream("--models", "tokens"))
        ways = {row: way for row, way in rows.starts(up).items() if college or row == RELAY}
        for number in range(min(rounds, 3)):
            say(f"start-up, round {number + 1}")
            await_quiet(patience_s)
            _start_all(ways, parts["fresh"])
        begun = {row: stack.enter_context(way()) for row, way in ways.items()}
        servers = _servers(up, begun)
        for row in (KEYWORDS_NEW, NEURAL_NEW):
            if row in servers:  # what is slow once only is in "fresh"
                rows.warm(row, servers[row])
        for number in range(rounds):
            say(f"whole answers, round {number + 1}")
            for row, server in servers.items():
                await_quiet(patience_s)
                parts["plain"].note(row, rows.plain(row, server, up, seconds, number + 1))
        for number in range(min(rounds, 3)):
            say(f"streams, round {number + 1}")
            await_quiet(patience_s)
            _stream_all(servers, parts)
    parts["plain"].added(DIRECT, "p50_ms")
    parts["plain"].added(DIRECT, "p99_ms")
    parts["plain"].share(RELAY, "requests_per_s", "share_of_relay")
    parts["plain"].share(RELAY, "cpu_ms_per_request", "cpu_of_relay")
    for name in STREAMS:
        parts[name].added(DIRECT, "first_token_p50_ms")
        parts[name].added(DIRECT, "first_token_p99_ms")
        parts[name].share(DIRECT, "tokens_per_s", "share_of_direct")
    told = {name: part.spreads() for name, part in parts.items()}
    return {
        "machine": machine(),
        "rounds": rounds,
        "seconds": seconds,
        **told,
        "aims": _aims(told) if college else [],
    }


def _servers(up: Server, begun: Mapping[str, Server]) -> dict[str, Server]:
    """Which server each row asks, in the order of the table."""
    servers = {DIRECT: up, RELAY: begun[RELAY]}
    if NAMED in begun:
        servers |= dict.fromkeys((NAMED, KEYWORDS, KEYWORDS_NEW), begun[NAMED])
        servers |= dict.fromkeys((NEURAL, NEURAL_NEW), begun[NEURAL_NEW])
    return servers


def _start_all(ways: Mapping[str, Start], fresh: Rounds) -> None:
    for row, way in ways.items():
        with way() as server:
            fresh.note(row, rows.fresh(row, server))


def _stream_all(servers: Mapping[str, Server], parts: Mapping[str, Rounds]) -> None:
    for name, (count, tokens, apart_ms) in STREAMS.items():
        for row in (DIRECT, RELAY, NAMED, KEYWORDS):
            if row in servers:
                told = rows.streams(row, servers[row], count, tokens, apart_ms)
                parts[name].note(row, told)


def _aims(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was aimed at, what came out in the middle of the rounds, and whether that is enough."""
    results = []
    for part, row, figure, sense, aim in AIMS:
        value = told[part][row][figure]["median"]
        met = value <= aim if sense == "most" else value >= aim
        results.append(
            {"part": part, "row": row, "figure": figure, sense: aim, "measured": value, "met": met}
        )
    return results


PLAIN_COLUMNS = {
    "requests/s": ("requests_per_s", "{:.0f}"),
    "share of relay": ("share_of_relay", "{:.2f}"),
    "CPU ms/request": ("cpu_ms_per_request", "{:.3f}"),
    "of relay's": ("cpu_of_relay", "{:.2f}"),
    "added p50 ms": ("added_p50_ms", "{:.2f}"),
    "added p99 ms": ("added_p99_ms", "{:.2f}"),
    "cores: load": ("load_cores", "{:.2f}"),
    "server": ("server_cores", "{:.2f}"),
    "upstream": ("upstream_cores", "{:.2f}"),
    "all busy": ("all_cores", "{:.2f}"),
}
FRESH_COLUMNS = {
    "ready s": ("ready_s", "{:.2f}"),
    "slowest of first 300, ms": ("slowest_of_first_ms", "{:.0f}"),
    "RSS MB": ("rss_mb", "{:.0f}"),
    "MB per stream": ("mb_per_stream", "{:.3f}"),
}
STREAM_COLUMNS = {
    "added first token p50 ms": ("added_first_token_p50_ms", "{:.1f}"),
    "p99 ms": ("added_first_token_p99_ms", "{:.1f}"),
    "tokens/s": ("tokens_per_s", "{:.0f}"),
    "share of direct": ("share_of_direct", "{:.3f}"),
    "gap p99 ms": ("gap_p99_ms", "{:.1f}"),
    "CPU us/token": ("cpu_us_per_token", "{:.0f}"),
}
COLUMNS = {
    "plain": PLAIN_COLUMNS,
    "fresh": FRESH_COLUMNS,
    **dict.fromkeys(STREAMS, STREAM_COLUMNS),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two short rounds, to try it out")
    parser.add_argument("--without-collegium", action="store_true", help="the baselines alone")
    parser.add_argument("--patience", type=float, default=0.0, metavar="S")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write results/overhead-<commit>.json")
    options = parser.parse_args()
    rounds, seconds = (2, 0.7) if options.quick else (options.rounds, 3.0)
    result = measure(rounds, seconds, options.patience, college=not options.without_collegium)
    if options.save:
        save("gateway", result, kind="overhead")
    if options.json:
        print(json.dumps(result))
        return
    for part, columns in COLUMNS.items():
        print(f"{part}\n\n{table(result[part], columns)}\n")
    for aim in result["aims"]:
        words = ", ".join(f"{key} {value}" for key, value in aim.items() if key != "met")
        print(f"{'met' if aim['met'] else 'MISSED'}: {words}")


if __name__ == "__main__":
    main()
