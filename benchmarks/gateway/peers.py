"""What other gateways add to asking a model's server directly, beside collegium, in one run.

    python benchmarks/gateway/peers.py [--rounds 5] [--quick] [--cache DIR] [--peer NAME] [--json]

LiteLLM's proxy, Portkey's gateway and ferrogw are installed into a folder outside the tree, from
the pins in `peers/`. All stand in front of the same fast upstream (`upstream.c`), are asked by the
same load generator (`load.c`), run with one worker, and take their turn in every round: latencies
at a low rate that all can bear, as many whole answers as can be, and streams. What cannot be
installed or does not start is said.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from college import collegium
from measure import Server, await_quiet, chat_body, loaded, machine, say, upstream
from prompts import ONE
from rivals import RIVALS, NotInstallable, rival
from rounds import Rounds
from saving import save
from serving import Place, end_with_all
from tables import table

DIRECT = "direct"
RATE = 10  # LiteLLM bears not many more
CALM_S = 2.0  # of the latencies, for each second of throughput
CONNECTIONS = 16
STREAMS, TOKENS, APART_MS = 20, 50, 20

Way = Callable[[], AbstractContextManager[Place]]


def ways(up: Server, names: list[str], cache: Path | None) -> dict[str, Way]:
    """How each row's server is started, in front of the upstream."""

    @contextmanager
    def college(model: str) -> Iterator[Place]:
        with collegium("heuristic", up.port) as server:
            yield Place((server.url,), model, server)

    bases = [f"http://127.0.0.1:{up.port}/v1"]
    rows: dict[str, Way] = {
        DIRECT: lambda: nullcontext(Place((up.url,), "tokens", up)),
        "collegium, named model": lambda: college("up/tokens"),
        "collegium, routed": lambda: college("auto"),
    }
    return rows | {name: partial(rival, name, bases, cache, "tokens") for name in names}


def one_round(place: Place, seconds: float) -> dict[str, float]:
    """The figures of one row in one round; `failed` counts what was not answered as it should."""
    assert place.server is not None, "somebody is measured"  # noqa: S101 -- our own rows
    heads = [f"{name}: {value}" for name, value in place.headers.items()]
    body = chat_body(place.model, ONE)
    calm = loaded(
        place.server,
        body=body,
        header=heads,
        connections=8,
        rate=RATE,
        seconds=CALM_S * seconds,
        warmup=1,
    )
    full = loaded(
        place.server, body=body, header=heads, connections=CONNECTIONS, seconds=seconds, warmup=0.3
    )
    streams = loaded(
        place.server,
        body=chat_body(place.model, ONE, stream=True),
        header=heads,
        stream=True,
        connections=STREAMS,
        requests=STREAMS,
        ramp=0.5,
        timeout=30,
    )
    told = streams["stream"]
    return {
        "p50_ms": calm["latency_ms"]["p50"],
        "p99_ms": calm["latency_ms"]["p99"],
        "requests_per_s": full["throughput"],
        "cpu_ms_per_request": full["server"]["cpu_ms_per_request"],
        "rss_mb": full["server"]["rss_mb"],
        "first_token_p50_ms": told["first_content_ms"]["p50"],
        "tokens_per_s": told["events_per_s"],
        "failed": calm["failed"] + full["failed"] + streams["failed"],
    }


def measure(
    names: list[str], cache: Path | None, rounds: int, seconds: float, patience_s: float
) -> dict[str, Any]:
    """Every row in turn, after each was started a few times by itself."""
    missing: dict[str, str] = {}
    starts, figures = Rounds(), Rounds()
    with (
        upstream("--models", "tokens", "--tokens", str(TOKENS), "--interval", str(APART_MS)) as up,
        ExitStack() as stack,
    ):
        rows = ways(up, names, cache)
        for number in range(min(rounds, 3)):
            say(f"start-up, round {number + 1}")
            await_quiet(patience_s)
            for row, way in list(rows.items()):
                try:
                    starts.note(row, _started(way))
                except NotInstallable as error:
                    missing[row] = str(error)
                    del rows[row]
        places = {row: stack.enter_context(way()) for row, way in rows.items()}
        for number in range(rounds):
            for row, place in places.items():
                say(f"round {number + 1}: {row}")
                await_quiet(patience_s)
                figures.note(row, one_round(place, seconds))
    for figure in ("p50_ms", "p99_ms", "first_token_p50_ms"):
        figures.added(DIRECT, figure)
    figures.share(DIRECT, "tokens_per_s", "share_of_direct")
    told: Mapping[str, Any] = figures.spreads()
    begun = starts.spreads()
    return {
        "machine": machine(),
        "rounds": rounds,
        "seconds": seconds,
        "rate": RATE,
        "connections": CONNECTIONS,
        "streams": {"count": STREAMS, "tokens": TOKENS, "apart_ms": APART_MS},
        "rows": {row: {**begun.get(row, {}), **of_row} for row, of_row in told.items()},
        "missing": missing,
    }


def _started(way: Way) -> dict[str, float]:
    """How long a server takes to be ready, and the memory that it has then."""
    with way() as place:
        assert place.server is not None  # noqa: S101 -- our own rows
        used = place.server.usage()
        return {"ready_s": place.server.ready_s, "ready_rss_mb": used.rss_mb}


COLUMNS = {
    "added p50 ms": ("added_p50_ms", "{:.2f}"),
    "added p99 ms": ("added_p99_ms", "{:.2f}"),
    "requests/s": ("requests_per_s", "{:.0f}"),
    "CPU ms/request": ("cpu_ms_per_request", "{:.2f}"),
    "added first token p50 ms": ("added_first_token_p50_ms", "{:.1f}"),
    "tokens/s of direct": ("share_of_direct", "{:.3f}"),
    "RSS MB": ("rss_mb", "{:.0f}"),
    "ready s": ("ready_s", "{:.2f}"),
    "failed": ("failed", "{:.0f}"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one short round, to try it out")
    parser.add_argument("--cache", type=Path, default=None, help="where peers are installed")
    parser.add_argument("--peer", action="append", choices=RIVALS, help="only these")
    parser.add_argument("--patience", type=float, default=0.0, metavar="S")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write results/peers-<commit>.json")
    options = parser.parse_args()
    end_with_all()
    rounds, seconds = (1, 2.0) if options.quick else (options.rounds, 5.0)
    names = options.peer or list(RIVALS)
    result = measure(names, options.cache, rounds, seconds, options.patience)
    if options.save:
        save("gateway", result, kind="peers")
    if options.json:
        print(json.dumps(result))
        return
    print(table(result["rows"], COLUMNS))
    for name, why in result["missing"].items():
        print(f"{name} was not measured: {why}")


if __name__ == "__main__":
    main()
