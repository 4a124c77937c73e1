"""What is left of clients that leave before they have their answer.

    python benchmarks/gateway/disconnects.py [--count 2000] [--wave 250] [--peer NAME]... [--json]

In waves, clients ask for a stream and leave before its first token, leave in the middle, or ask for
a whole answer and do not wait for it; half of them close in good order, half with a reset. Told is
how long it takes until the upstream sees that its asker is gone, and until it answers nobody any
more; and what a gateway has kept after as many again: memory, sockets, requests and places taken.
The first `--count` clients of each row warm it up; what is told are the second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from askers import CORRECT, put_on
from instances import Instance, instances
from leaving import KINDS, Wave, wave
from measure import Server, descendants, machine, say
from rivals import RIVALS, NotInstallable, rival
from saving import save
from serving import Place, collegium, direct, end_with_all
from shares import quantiles

SETTLED_S = 2.0
GIVEN_UP_S = 10.0  # that long a wave is watched; what still runs then is told as this long
AFTERWARDS = 40  # requests that must be answered after all that
AIMS = {
    "seen_ms p99": 100.0,
    "zero_s max": 2.0,
    "memory_grown_mb": 30.0,
    "sockets_left": 0.0,
    "in_flight_left": 0.0,
}

Way = Callable[[Instance], AbstractContextManager[Place]]


def college(model: str) -> Way:
    """The gateway, asked for a model by name or for whatever it chooses."""

    @contextmanager
    def way(upstream: Instance) -> Iterator[Place]:
        with collegium([upstream.base]) as server:
            yield Place((server.url,), model, server)

    return way


def peer(name: str, cache: Path | None) -> Way:
    """Another gateway."""
    return lambda upstream: rival(name, [upstream.base], cache)


ROWS: dict[str, Way] = {
    "directly": lambda upstream: nullcontext(direct(upstream.base)),
    "collegium, named model": college("up/echo"),
    "collegium, routed": college("auto"),
}


def run(way: Way, count: int, size: int) -> dict[str, Any]:
    """One row: warm-up, then the clients that count, then what is left."""
    with (
        tempfile.TemporaryDirectory() as folder,
        instances(1, Path(folder)) as cast,
        way(cast[0]) as place,
    ):
        upstream = cast[0]
        _all_leave(place, upstream, range(count), size)
        time.sleep(SETTLED_S)
        before = standing(place.server, upstream)
        waves, zero_s = _all_leave(place, upstream, range(count, 2 * count), size)
        time.sleep(SETTLED_S)
        after = standing(place.server, upstream)
        asking = put_on(place, rate=20, seconds=AFTERWARDS / 20)
        answered = sum(one.outcome == CORRECT for one in asyncio.run(asking))
        gone = dict(upstream.heard("gone"))
    return {
        "clients": sum(len(one.left) for one in waves),
        "failed": sum(one.failed for one in waves),
        "seen_ms": _seen(waves, gone),
        "never_seen": sum(number not in gone for one in waves for number in one.left),
        "zero_s": quantiles(zero_s),
        "before": before,
        "after": after,
        "memory_grown_mb": _grown(before, after, "rss_mb"),
        "sockets_left": _grown(before, after, "sockets"),
        "in_flight_left": after.get("in_flight", 0) + after["upstream_active"],
        "answered_afterwards": f"{answered} of {AFTERWARDS}",
    }


def _all_leave(
    place: Place, upstream: Instance, numbers: range, size: int
) -> tuple[list[Wave], list[float]]:
    """Wave after wave; and how long after each the upstream still answered somebody."""
    waves: list[Wave] = []
    zero_s: list[float] = []

    def told(what: str) -> int:
        return int(upstream.server.get("/stats")[what])

    for place_in_turn, first in enumerate(range(numbers.start, numbers.stop, size)):
        kind = KINDS[place_in_turn % len(KINDS)]
        some = range(first, min(first + size, numbers.stop))
        one = asyncio.run(wave(place, kind, some, partial(told, "requests")))
        while told("active") and time.monotonic() < one.over + GIVEN_UP_S:
            time.sleep(0.02)
        zero_s.append(time.monotonic() - one.over)
        waves.append(one)
        say(f"  {kind.name}: {len(one.left)} left, nobody after {zero_s[-1]:.2f} s")
    return waves, zero_s


def standing(server: Server | None, upstream: Instance) -> dict[str, Any]:
    """What is open and held, now."""
    seen = upstream.server.get("/stats")
    told = {"upstream_active": seen["active"], "upstream_open": seen["open"]}
    if server is None:
        return told
    told |= {"rss_mb": round(server.usage().rss_mb, 1), "sockets": sockets_of(server)}
    with suppress(OSError, KeyError):
        status = server.get("/api/status")
        waiting = sum(one["in_flight"] + one["waiting"] for one in status["instances"])
        experts = sum(one["load"] for one in status["experts"])
        told["in_flight"] = status["requests_in_flight"] + waiting + experts
    return told


def sockets_of(server: Server) -> int:
    """How many sockets its processes have open."""
    count = 0
    for pid in (server.process.pid, *descendants(server.process.pid)):
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    count += str(entry.readlink()).startswith("socket:")
    return count


def _seen(waves: Sequence[Wave], gone: dict[int, float]) -> dict[str, dict[str, float]]:
    """Milliseconds from when a client left until the upstream saw it, by kind and in all."""
    kinds: dict[str, list[float]] = {"all": []}
    for one in waves:
        late = [1000 * (gone[number] - left) for number, left in one.left.items() if number in gone]
        kinds.setdefault(one.kind, []).extend(late)
        kinds["all"] += late
    return {kind: quantiles(values, 1) for kind, values in kinds.items()}


def _grown(before: dict[str, Any], after: dict[str, Any], name: str) -> float | None:
    return round(after[name] - before[name], 1) if name in after else None


def aims(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was aimed at for collegium, and what came out."""
    results: list[dict[str, Any]] = []
    for row, told in rows.items():
        if not row.startswith("collegium"):
            continue
        measured = {
            "seen_ms p99": told["seen_ms"]["all"].get("p99", 1e9),
            "zero_s max": told["zero_s"]["max"],
            **{name: told[name] for name in list(AIMS)[2:]},
        }
        for name, aim in AIMS.items():
            value = measured[name]
            results.append(
                {"row": row, "figure": name, "most": aim, "measured": value, "met": value <= aim}
            )
    return results


COLUMNS = (
    "clients | seen after ms p50 | p99 | nobody upstream after s, p50 | longest | never seen "
    "| upstream active, open after 2 s | memory grown MB | sockets left | in flight | afterwards"
)


def shown(rows: dict[str, dict[str, Any]]) -> str:
    """The result as a Markdown table."""
    lines = [f"| | {COLUMNS} |", "|---" * (COLUMNS.count("|") + 2) + "|"]
    for row, told in rows.items():
        if "missing" in told:
            lines.append(f"| {row} | not measured: {told['missing'][:200]!r} |")
            continue
        seen, after = told["seen_ms"]["all"], told["after"]
        cells = [
            told["clients"],
            seen.get("p50"),
            seen.get("p99"),
            told["zero_s"]["p50"],
            told["zero_s"]["max"],
            told["never_seen"],
            f"{after['upstream_active']}, {after['upstream_open']}",
            told["memory_grown_mb"],
            told["sockets_left"],
            after.get("in_flight"),
            told["answered_afterwards"],
        ]
        lines.append(f"| {row} | " + " | ".join("" if x is None else str(x) for x in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Let them leave, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--wave", type=int, default=250)
    parser.add_argument("--row", action="append", choices=ROWS, help="only this one")
    parser.add_argument("--peer", action="append", choices=RIVALS, default=[])
    parser.add_argument("--cache", type=Path, default=None, help="where peers are installed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write results/disconnects-N-<commit>")
    options = parser.parse_args()
    end_with_all()
    ways = {row: ROWS[row] for row in options.row or ROWS}
    ways |= {name: peer(name, options.cache) for name in options.peer}
    rows: dict[str, dict[str, Any]] = {}
    for row, way in ways.items():
        say(row)
        try:
            rows[row] = run(way, options.count, options.wave)
        except NotInstallable as error:
            rows[row] = {"missing": str(error)}
    result = {
        "machine": machine(),
        "count": options.count,
        "wave": options.wave,
        "rows": rows,
        "aims": aims(rows),
    }
    if options.save:
        save("gateway", result, kind=f"disconnects-{options.count}")
    if options.json:
        print(json.dumps(result))
        return
    print(shown(rows))
    for aim in result["aims"]:
        words = ", ".join(f"{key} {value}" for key, value in aim.items() if key != "met")
        print(f"{'met' if aim['met'] else 'MISSED'}: {words}")


if __name__ == "__main__":
    main()
