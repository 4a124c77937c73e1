"""What clients get while the instances behind a gateway are killed, hung, slowed and restarted.

    python benchmarks/gateway/faults.py [--seconds 60] [--rate 50] [--row R] [--peer NAME] [--json]

Three instances of one model answer with texts that can be checked (`echoing.py`). While requests
come at a fixed rate, half of them for streams, one instance after the other is killed and started
again, held for ten seconds, made 20 times slower, made to answer 500, garbage, or half an answer,
and restarted in good order (`instances.py`). When is drawn from a seed that is the same for every
row. Told is for each phase how many were answered correctly, and within two seconds; and how long
an instance that was back had to wait for its first request.

An answer that is cut and presented as complete counts as `silently cut`; none may be. A stream that
had begun when its instance broke cannot be saved by anybody who passes tokens on as they come; the
share of all others is told as `of those not begun`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from askers import BROKEN, CORRECT, ERROR_EVENT, SILENT, Asked, put_on
from instances import Director, Happened, Instance, Trouble, instances, phase_at, schedule
from measure import machine, say
from rivals import RIVALS, NotInstallable, rival
from saving import save
from serving import Place, collegium, direct, end_with_all
from shares import quantiles, share

WITHIN_S = 2.0
TAIL_S = 4.0  # what was restarted last is to have its chance
# What the instances do that the targets do not speak of; told by phase, and in `everything`.
MISBEHAVING = ("failing with 500", "answering garbage", "cutting answers")
AIMS = {
    "correct": ("least", 99.9),
    "within_2s": ("least", 97.0),
    "correct_of_not_begun": ("least", 100.0),
    "silently_cut": ("most", 0),
    "back_s": ("most", 5.0),
}

Way = Callable[[Sequence[Instance]], AbstractContextManager[Place]]


def college(model: str, hedge: float | None) -> Way:
    """The gateway, asked for a model by name or for whatever it chooses."""

    @contextmanager
    def way(cast: Sequence[Instance]) -> Iterator[Place]:
        with collegium([one.base for one in cast], hedge=hedge) as server:
            yield Place((server.url,), model, server)

    return way


def peer(name: str, cache: Path) -> Way:
    """Another gateway, spreading over the same instances."""

    def way(cast: Sequence[Instance]) -> AbstractContextManager[Place]:
        return rival(name, [one.base for one in cast], cache)

    return way


ROWS: dict[str, Way] = {
    "one instance directly": lambda cast: nullcontext(direct(cast[0].base)),
    "all in turn, directly": lambda cast: nullcontext(direct(*[one.base for one in cast])),
    "collegium, named model": college("up/echo", None),
    "collegium, routed": college("auto", None),
    "collegium, named model, hedged": college("up/echo", 0.95),
    "collegium, routed, hedged": college("auto", 0.95),
}


def run(way: Way, troubles: Sequence[Trouble], seconds: float, rate: float) -> dict[str, Any]:
    """One row: the whole schedule, and what became of every request."""
    with (
        tempfile.TemporaryDirectory() as folder,
        instances(3, Path(folder)) as cast,
        way(cast) as place,
    ):
        warmed = asyncio.run(put_on(place, rate=rate, seconds=2))
        director = Director(troubles, cast)
        asking = put_on(
            place,
            rate=rate,
            seconds=seconds + TAIL_S,
            first=len(warmed),
            begun=director.begin,
        )
        try:
            asked = asyncio.run(asking)
            director.join()
        finally:
            director.stop()
        heard = [one.heard() for one in cast]
    return told_of(asked, director.happened, heard)


def told_of(
    asked: Sequence[Asked],
    happened: Sequence[Happened],
    heard: Sequence[Sequence[tuple[int, float]]],
) -> dict[str, Any]:
    """The figures of a row, by phase and in all."""
    phases: dict[str, list[Asked]] = {}
    for one in asked:
        # A request belongs to what happened while it was answered, were all well.
        phases.setdefault(phase_at(happened, min(one.ended, one.due + 0.25)), []).append(one)
    meant = [
        one for phase, ones in phases.items() if not phase.endswith(MISBEHAVING) for one in ones
    ]
    due = {one.number: one.due for one in asked}
    upstream = sum(number in due for rows in heard for number, _ in rows)
    return {
        "killed, hung, slowed, restarted": figures(meant),
        "everything": figures(asked),
        "phases": {phase: figures(ones) for phase, ones in phases.items()},
        "back": [_back(one, heard[one.trouble.instance], due) for one in happened],
        "asked_upstream_per_request": round(upstream / len(asked), 4),
        "strategies": dict(Counter(one.strategy for one in asked)),
        "own_lag_ms": quantiles([1000 * one.lag_s for one in asked]),
    }


def figures(asked: Sequence[Asked]) -> dict[str, Any]:
    """How many were answered correctly, how many soon, and what became of the others."""
    right = [one for one in asked if one.outcome == CORRECT]
    lost = {ERROR_EVENT, BROKEN}
    begun = [one for one in asked if one.first_token_s is not None and one.outcome in lost]
    wrong = [one for one in asked if one.outcome != CORRECT]
    return {
        "asked": len(asked),
        "correct": share(len(right), len(asked)),
        "correct_of_not_begun": share(len(right), len(asked) - len(begun)),
        "within_2s": share(sum(one.seconds <= WITHIN_S for one in right), len(asked)),
        "silently_cut": sum(one.outcome == SILENT for one in asked),
        "outcomes": dict(Counter(_named(one) for one in asked)),
        "seconds": quantiles([one.seconds for one in right]),
        "first_token_s": quantiles(
            [one.first_token_s for one in right if one.first_token_s is not None]
        ),
        "examples": sorted({one.detail for one in wrong if one.detail})[:5],
    }


def _named(one: Asked) -> str:
    return one.outcome if one.status in {0, 200} else f"{one.outcome} ({one.status})"


def _back(
    one: Happened, heard: Sequence[tuple[int, float]], due: dict[int, float]
) -> dict[str, Any]:
    """How long the instance had to wait for a request that was sent when it was usable again."""
    first = [
        when for number, when in heard if when >= one.usable and due.get(number, 0) > one.usable
    ]
    waited = round(min(first) - one.usable, 3) if first else None
    return {"after": one.trouble.phase, "instance": one.trouble.instance, "seconds": waited}


def aims(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was aimed at for collegium, and what came out."""
    results: list[dict[str, Any]] = []
    for row, told in rows.items():
        if not row.startswith("collegium"):
            continue
        meant, everything = told["killed, hung, slowed, restarted"], told["everything"]
        measured = {
            "correct": meant["correct"]["percent"],
            "within_2s": meant["within_2s"]["percent"],
            "correct_of_not_begun": everything["correct_of_not_begun"]["percent"],
            "silently_cut": everything["silently_cut"],
            "back_s": _latest(told),
        }
        for name, (sense, aim) in AIMS.items():
            value = measured[name]
            met = value is not None and (value <= aim if sense == "most" else value >= aim)
            results.append({"row": row, "figure": name, sense: aim, "measured": value, "met": met})
    return results


def _latest(told: dict[str, Any]) -> float | None:
    """How long the instance waited that waited longest; None where one was never used again."""
    back = [one["seconds"] for one in told["back"]]
    return None if None in back else max(back, default=0.0)


def shown(rows: dict[str, dict[str, Any]]) -> str:
    """The result as Markdown tables."""
    lines = [
        "| | correct % | of those not begun % | within 2 s % | silently cut | error events "
        "| back at the latest, s | asked upstream |",
        "|---" * 8 + "|",
    ]
    measured = {row: told for row, told in rows.items() if "missing" not in told}
    for row, told in measured.items():
        latest = _latest(told)
        for part in ("killed, hung, slowed, restarted", "everything"):
            all_of = told[part]
            lines.append(
                f"| {row}: {part} | {_percent(all_of['correct'])} "
                f"| {_percent(all_of['correct_of_not_begun'])} | {_percent(all_of['within_2s'])} "
                f"| {all_of['silently_cut']} | {all_of['outcomes'].get(ERROR_EVENT, 0)} "
                f"| {'never' if latest is None else f'{latest:.2f}'} "
                f"| {told['asked_upstream_per_request']:.3f} |"
            )
    lines += [
        f"| {row} | not measured: {told['missing'][:200]!r} |"
        for row, told in rows.items()
        if row not in measured
    ]
    return "\n".join(lines) + "\n\n" + _by_phase(measured)


def _by_phase(rows: dict[str, dict[str, Any]]) -> str:
    names = list(rows)
    phases = list(dict.fromkeys(phase for told in rows.values() for phase in told["phases"]))
    lines = ["Correct within two seconds, %, by what was happening:", ""]
    lines += [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for phase in phases:
        cells = [rows[name]["phases"].get(phase) for name in names]
        numbers = [f"{cell['within_2s']['percent']:.1f}" if cell else "" for cell in cells]
        lines.append(f"| {phase} | {' | '.join(numbers)} |")
    return "\n".join(lines)


def _percent(told: dict[str, float]) -> str:
    return f"{told['percent']:.2f} ({told['low']:.2f} to {told['high']:.2f})"


def main() -> None:
    """Run every row through the same troubles, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--row", action="append", choices=ROWS, help="only this one")
    parser.add_argument("--peer", action="append", choices=RIVALS, default=[])
    parser.add_argument("--cache", type=Path, default=None, help="where peers are installed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write results/faults-<commit>.json")
    options = parser.parse_args()
    end_with_all()
    troubles = schedule(options.seconds, options.seed)
    for trouble in troubles:
        when = f"{trouble.begins_s:5.1f} s to {trouble.ends_s:5.1f} s"
        say(f"{when}: instance {trouble.instance} is {trouble.phase}")
    ways = {row: ROWS[row] for row in options.row or ROWS}
    ways |= {name: peer(name, options.cache) for name in options.peer}
    rows: dict[str, dict[str, Any]] = {}
    for row, way in ways.items():
        say(row)
        try:
            rows[row] = run(way, troubles, options.seconds, options.rate)
        except NotInstallable as error:
            rows[row] = {"missing": str(error)}
    result = {
        "machine": machine(),
        "seconds": options.seconds,
        "rate": options.rate,
        "seed": options.seed,
        "schedule": [asdict(trouble) for trouble in troubles],
        "rows": rows,
        "aims": aims(rows),
    }
    if options.save:
        save("gateway", result, kind="faults")
    if options.json:
        print(json.dumps(result))
        return
    print(shown(rows))
    for aim in result["aims"]:
        words = ", ".join(f"{key} {value}" for key, value in aim.items() if key != "met")
        print(f"{'met' if aim['met'] else 'MISSED'}: {words}")


if __name__ == "__main__":
    main()
