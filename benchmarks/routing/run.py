"""How often the heuristic router picks an acceptable expert, and how well it knows that.

    python benchmarks/routing/run.py --data FILE.jsonl [--json [OUT]] [--no-baseline] [--save]

Every row is decided as `collegium route --assume-ready` decides it, by the built-in college with
its default settings; beside it stands a plain substring-keyword router. README.md says what the
figures mean.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines import keyword
from data import Row, load
from measures import Outcome, report

from collegium.cli.progress import counting
from collegium.config import Config
from collegium.system import Collegium
from collegium.types import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent


async def decided(rows: Sequence[Row]) -> list[Outcome]:
    """What the router makes of every row."""
    outcomes: list[Outcome] = []
    college = Collegium.of(Config())
    await college.decide("hello", assume_ready=True)  # the first query also makes the vocabularies
    with counting("routing", len(rows)) as advance:
        for row in rows:
            decision = await college.decide(Query.of(row.text), assume_ready=True)
            ranking = tuple(candidate.key for candidate in decision.ranking)
            outcomes.append(Outcome(row, ranking, decision.confidence, decision.overhead_ms))
            advance(1)
    await college.aclose()
    return outcomes


def guessed(rows: Sequence[Row]) -> list[Outcome]:
    """What plain keywords make of every row."""
    outcomes: list[Outcome] = []
    for row in rows:
        started = time.perf_counter()
        ranked = keyword.rank(row.text)
        took_ms = (time.perf_counter() - started) * 1000
        outcomes.append(Outcome(row, tuple(key for key, _ in ranked), ranked[0][1], took_ms))
    return outcomes


def table(result: dict[str, Any]) -> str:
    """The result as text."""
    routers = result["routers"]
    lines = [f"{result['rows']} rows of {result['data']}", ""]
    lines.append(f"{'':26}" + "".join(f"{name:>12}" for name in routers))
    for label, path in (
        ("accuracy, any acceptable", ("accuracy",)),
        ("  95 % interval, from", ("accuracy_95", 0)),
        ("  to", ("accuracy_95", 1)),
        ("accuracy, primary", ("accuracy_primary",)),
        ("top 2, any acceptable", ("top_2",)),
        ("macro-F1", ("macro_f1",)),
        ("calibration error (ECE)", ("ece",)),
        ("confidence >= 0.7: share", ("confident", "share")),
        ("  accuracy there", ("confident", "accuracy")),
        ("decide, p50 ms", ("decide_ms", "p50")),
        ("decide, p99 ms", ("decide_ms", "p99")),
    ):
        lines.append(f"{label:26}" + "".join(f"{_at(r, path):12.3f}" for r in routers.values()))
    lines += ["", "recall by primary expert"]
    for key in next(iter(routers.values()))["recall"]:
        lines.append(f"  {key:24}" + "".join(f"{r['recall'][key]:12.3f}" for r in routers.values()))
    for group in ("by_source", "by_language"):
        lines += ["", group.replace("_", " ")]
        for name, row in next(iter(routers.values()))[group].items():
            figures = "".join(f"{r[group][name]['accuracy']:12.3f}" for r in routers.values())
            lines.append(f"  {name:18}{row['rows']:6}{figures}")
    return "\n".join(lines)


def commit() -> str:
    """The commit that is checked out, twelve digits."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
    return told.stdout.strip()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FILE.jsonl")
    parser.add_argument("--json", nargs="?", const="-", metavar="OUT", help="one object, or to OUT")
    parser.add_argument("--baseline", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--save", action="store_true", help="write results/<commit>.json")
    options = parser.parse_args()
    rows = load(options.data)
    routers = {"heuristic": report(asyncio.run(decided(rows)))}
    if options.baseline:
        routers["substrings"] = report(guessed(rows))
    result = {
        "data": options.data.name,
        "rows": len(rows),
        "commit": commit(),
        "python": platform.python_version(),
        "routers": routers,
    }
    told = json.dumps(result, indent=2) + "\n"
    if options.save:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / f"{result['commit']}.json").write_text(told, encoding="utf-8")
    if options.json not in (None, "-"):
        Path(options.json).write_text(told, encoding="utf-8")
    print(told if options.json == "-" else table(result))


def _at(figures: Any, path: tuple[str | int, ...]) -> float:
    for step in path:
        figures = figures[step]
    return float(figures)


if __name__ == "__main__":
    main()
