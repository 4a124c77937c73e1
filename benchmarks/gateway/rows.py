"""The rows of the overhead benchmark: whom a request is sent to, and one round of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from college import collegium
from measure import Server, chat_body, load, loaded
from prompts import ONE, bodies
from relaying import BARE, relaying
from rounds import checked

DIRECT, RELAY = "direct", "bare relay"
NAMED = "collegium, named model"
KEYWORDS, KEYWORDS_NEW = "collegium, keyword gate, one prompt", "collegium, keyword gate, all new"
NEURAL, NEURAL_NEW = "collegium, neural gate, one prompt", "collegium, neural gate, all new"
MODELS = {DIRECT: "tokens", RELAY: "tokens", NAMED: "up/tokens"}
RATE = 100
CONNECTIONS = 32
FIRST = 300

Start = Callable[[], AbstractContextManager[Server]]


def starts(up: Server) -> Mapping[str, Start]:
    """How each kind of server is started, by one of its rows."""
    return {
        RELAY: lambda: relaying(BARE, up.port),
        NAMED: lambda: collegium("heuristic", up.port),
        NEURAL_NEW: lambda: collegium("neural", up.port),
    }


def plain(row: str, server: Server, up: Server, seconds: float, seed: int) -> dict[str, float]:
    """Whole answers: as many as can be, then at a fixed rate for the latencies."""
    before = up.usage().cpu_s
    with _asked(row, count=int((seconds + 1) * 8_000), seed=2 * seed) as requests:
        full = loaded(server, connections=CONNECTIONS, seconds=seconds, warmup=0.3, **requests)
    upstream_s = up.usage().cpu_s - before
    with _asked(row, count=int((seconds + 1) * RATE), seed=2 * seed + 1) as requests:
        calm = load(
            server.url, connections=CONNECTIONS, seconds=seconds, warmup=0.5, rate=RATE, **requests
        )
    return {
        "requests_per_s": checked(full, row)["throughput"],
        "cpu_ms_per_request": full["server"]["cpu_ms_per_request"],
        "p50_ms": checked(calm, row)["latency_ms"]["p50"],
        "p99_ms": calm["latency_ms"]["p99"],
        "load_cores": full["server"]["load_cores"],
        "server_cores": full["server"]["cores"],
        "all_cores": full["server"]["all_cores"],
        "upstream_cores": upstream_s / (seconds + 0.3),
    }


def streams(row: str, server: Server, count: int, tokens: int, apart_ms: int) -> dict[str, float]:
    """So many streams at once, begun spread over a second. Raises RuntimeError if one is short."""
    body = chat_body(MODELS.get(row, "auto"), ONE, stream=True, pace=f"tokens-{tokens}-{apart_ms}")
    result = loaded(
        server, body=body, stream=True, connections=count, requests=count, ramp=1, timeout=60
    )
    told, used = checked(result, row)["stream"], result["server"]
    if told["events"] != count * tokens:
        raise RuntimeError(f"{row}: {told['events']} tokens came of {count * tokens}")
    return {
        "tokens_per_s": told["events_per_s"],
        "first_token_p50_ms": told["first_content_ms"]["p50"],
        "first_token_p99_ms": told["first_content_ms"]["p99"],
        "gap_p99_ms": told["gap_ms"]["p99"],
        "cpu_us_per_token": 1e6 * used["cpu_s"] / told["events"],
        "mb_per_stream": (used["rss_peak_mb"] - used["rss_before_mb"]) / count,
    }


def warm(row: str, server: Server) -> float:
    """The first requests that a server gets: how many milliseconds the slowest of them took."""
    with _asked(row, count=FIRST, seed=0) as requests:
        options = {"connections": 8, "requests": FIRST, "seconds": 60, "timeout": 60}
        first = checked(load(server.url, **options, **requests), row)
    return float(first["latency_ms"]["max"])


def fresh(row: str, server: Server) -> dict[str, float]:
    """A server that has just started: how long that took, its memory, and that of a stream."""
    figures = {"ready_s": server.ready_s, "rss_ready_mb": server.usage().rss_mb}
    figures["slowest_of_first_ms"] = warm(row, server)
    figures["rss_mb"] = server.usage().rss_mb
    figures["mb_per_stream"] = streams(row, server, 500, 30, 100)["mb_per_stream"]
    return figures


@contextmanager
def _asked(row: str, *, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """The requests of a row, as options of `load`."""
    model = MODELS.get(row, "auto")
    if row not in {KEYWORDS_NEW, NEURAL_NEW}:
        yield {"body": chat_body(model, ONE)}
        return
    with bodies(model, count, seed) as path:
        yield {"bodies": path}
