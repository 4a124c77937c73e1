"""Which libraries the gateway's hot path is made of: the same bare relay, written with each.

    pip install -r benchmarks/gateway/relays/requirements.txt
    python benchmarks/gateway/choice.py [--rounds 7] [--quick] [--patience S] [--json] [--save]

Every candidate relays a chat request to one fast upstream, with one worker. They take turns for
several rounds, the upstream asked directly among them, so that a change of the machine's speed
meets all alike. Printed is the median of the rounds with the lowest and highest; what a candidate
adds to a latency is told against the direct one of its own round. On a machine that others use too,
`--patience S` waits up to S seconds before each measurement until they rest; how many cores were
busy in all is among the figures (`all_cores`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from measure import CHAT, Server, await_quiet, chat_body, loaded, machine, say, upstream
from relaying import CANDIDATES, relaying
from rounds import Rounds, checked
from saving import save
from tables import table

DIRECT = "direct"
PLAIN = chat_body("tokens", "What is the capital of France?")
STREAM = chat_body("tokens-50-20", "What is the capital of France?", stream=True)
FLOOD = chat_body("tokens-4000000-0", "Say it again, without end", stream=True)
LIBRARIES = ("uvicorn", "uvloop", "httptools", "granian", "aiohttp", "pyreqwest", "starlette")


def one_round(name: str, server: Server, seconds: float) -> dict[str, float]:
    """The figures of one candidate in one round."""
    full = loaded(server, body=PLAIN, connections=32, seconds=seconds, warmup=0.2)
    calm = loaded(server, body=PLAIN, connections=32, seconds=seconds, warmup=0.2, rate=100)
    streams = loaded(server, body=STREAM, stream=True, connections=50, requests=50, ramp=0.5)
    for result in (full, calm, streams):
        checked(result, name)
    told = streams["stream"]
    return {
        "requests_per_s": full["throughput"],
        "cpu_ms_per_request": full["server"]["cpu_ms_per_request"],
        "server_cores": full["server"]["cores"],
        "all_cores": full["server"]["all_cores"],
        "p50_ms": calm["latency_ms"]["p50"],
        "p99_ms": calm["latency_ms"]["p99"],
        "stream_first_token_p50_ms": told["first_content_ms"]["p50"],
        "stream_gap_p99_ms": told["gap_ms"]["p99"],
        "cpu_us_per_event": 1e6 * streams["server"]["cpu_s"] / told["events"],
        "rss_mb": full["server"]["rss_mb"],
    }


def slow_reader_mb(server: Server, seconds: float) -> float:
    """How much memory a server gains when one client asks for a flood and reads none of it."""
    before = server.usage().rss_mb
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(FLOOD)}\r\n\r\n"
        client.sendall(f"{head}{FLOOD}".encode())
        time.sleep(seconds)
        return server.usage().rss_mb - before


def measure(rounds: int, seconds: float, patience_s: float) -> dict[str, Any]:
    """Every candidate, in turn."""
    figures = Rounds(DIRECT, *CANDIDATES)
    with contextlib.ExitStack() as stack:
        up = stack.enter_context(upstream())
        for number in range(rounds):
            say(f"start-up {number + 1} of {rounds}")
            for name in CANDIDATES:
                await_quiet(patience_s)
                with relaying(name, up.port) as server:
                    figures.note(name, {"ready_s": server.ready_s})
        servers = {DIRECT: up}
        for name in CANDIDATES:
            servers[name] = stack.enter_context(relaying(name, up.port))
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for name, server in servers.items():
                await_quiet(patience_s)
                figures.note(name, one_round(name, server, seconds))
        for name in CANDIDATES:  # last: a bare relay reads on after its client has left
            gained = slow_reader_mb(servers[name], 2 * seconds)
            figures.note(name, {"slow_reader_mb": gained})
    for figure in ("p50_ms", "p99_ms", "stream_first_token_p50_ms"):
        figures.added(DIRECT, figure)
    return {
        "machine": machine(),
        "libraries": {name: version(name) for name in (*LIBRARIES, "httpx")},
        "rounds": rounds,
        "seconds": seconds,
        "candidates": figures.spreads(),
    }


COLUMNS = {
    "requests/s": ("requests_per_s", "{:.0f}"),
    "CPU ms/request": ("cpu_ms_per_request", "{:.3f}"),
    "added p50 ms": ("added_p50_ms", "{:.2f}"),
    "added p99 ms": ("added_p99_ms", "{:.2f}"),
    "CPU us/event": ("cpu_us_per_event", "{:.0f}"),
    "added first token ms": ("added_stream_first_token_p50_ms", "{:.2f}"),
    "RSS MB": ("rss_mb", "{:.0f}"),
    "cores busy": ("all_cores", "{:.1f}"),
    "ready s": ("ready_s", "{:.2f}"),
    "slow reader MB": ("slow_reader_mb", "{:.0f}"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="two short rounds, to try it out")
    parser.add_argument("--patience", type=float, default=0.0, metavar="S")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write results/choice-<commit>.json")
    options = parser.parse_args()
    rounds, seconds = (2, 0.5) if options.quick else (options.rounds, 1.0)
    result = measure(rounds, seconds, options.patience)
    if options.save:
        save("gateway", result, kind="choice")
    print(json.dumps(result) if options.json else table(result["candidates"], COLUMNS))


if __name__ == "__main__":
    main()
