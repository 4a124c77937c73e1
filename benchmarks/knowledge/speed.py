"""How long indexing, editing and asking take, and how much memory.

    python benchmarks/knowledge/speed.py --data DIR [--runs 7] [--json] [--save]

Every measurement is a process of its own (`alone.py`). Indexing is on one core and without vectors,
for each given repository, and beside it what tree-sitter alone takes. Editing is a real watcher, a
real file, and another reader that looks until it finds the new name. The tree of 70,000 lines is
made of installed packages, the large one is the standard library of the running Python. Takes ten
minutes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from material import HEAD, repositories

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

HERE = Path(__file__).parent
LINES = 70_000
PACKAGES = ("rich", "werkzeug", "click", "aiohttp", "urllib3", "starlette", "websockets", "mypy")
KEPT_APART = ("site-packages", "__pycache__", "*.so", "*.pyc")


def alone(what: str, root: Path, cache: Path, *more: object) -> dict[str, Any]:
    """What a process of its own tells of one thing."""
    command = [sys.executable, str(HERE / "alone.py"), what, str(root), str(cache), *map(str, more)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, Any] = json.loads(told)
    return result


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="knowledge-") as place:
        yield Path(place).resolve()


def quantiles(values: list[float]) -> dict[str, float]:
    """The quantiles of what was measured."""
    levels = {"min": 0.0, "p50": 0.5, "p90": 0.9, "p95": 0.95, "max": 1.0}
    return {name: round(float(np.quantile(values, at)), 4) for name, at in levels.items()}


def indexing(data: Path, runs: int) -> dict[str, Any]:
    """Seconds for 10,000 lines of each given repository, in turn with parsing alone."""
    told: dict[str, Any] = {}
    for repository in repositories(data):
        with scratch() as place:
            root = place / repository.name
            repository.unpacked(root).check_out(HEAD)
            shutil.rmtree(root / ".git")
            ours, parsed = [], []
            for number in range(runs):
                ours.append(per_10k(alone("indexing", root, place / f"cache-{number}")))
                parsed.append(per_10k(alone("parsing", root, place)))
        row = {name: quantiles([one[name] for one in ours]) for name in ours[0]}
        row["parsing_alone"] = quantiles([one["cpu_seconds"] for one in parsed])
        # Of processor time: what else the machine does tells less in it.
        times = row["warm_cpu_seconds"]["p50"] / row["parsing_alone"]["p50"]
        told[repository.name] = {**row, "times_parsing": round(times, 2)}
        took_s = row["warm_seconds"]["p50"]
        say(f"{repository.name}: {took_s:.3f} s for 10,000 lines, {times:.1f} times parsing")
    return told


def per_10k(measured: dict[str, Any]) -> dict[str, float]:
    """The seconds of a measurement, for 10,000 lines."""
    share = 10_000 / measured["lines"]
    return {name: value * share for name, value in measured.items() if name.endswith("seconds")}


def middling(data: Path) -> dict[str, Any]:
    """A tree of 70,000 lines: memory and latency, and edits."""
    with scratch() as place:
        root = place / "tree"
        packages(root, LINES)
        cache = place / "cache"
        built = alone("indexing", root, cache)
        say(f"70,000 lines: indexed in {built['seconds']:.1f} s, peak {built['peak_mb']} MB")
        alone("embedding", root, cache)
        say("70,000 lines: embedded")
        return {
            "built": built,
            "asked": asked(root, cache, data),
            "edits_ms": quantiles(alone("editing", root, cache, 30)["edit_ms"]),
        }


def large(data: Path) -> dict[str, Any]:
    """The standard library of this Python, with its tests: index time, memory, latency."""
    with scratch() as place:
        root = place / "stdlib"
        library = sysconfig.get_path("stdlib")
        shutil.copytree(library, root, ignore=shutil.ignore_patterns(*KEPT_APART))
        built = alone("building", root, place / "cache")
        say(f"standard library, {built['lines']} lines: indexed in {built['seconds']:.1f} s")
        return {"built": built, "asked": asked(root, place / "cache", data, vectors=False)}


def asked(root: Path, cache: Path, data: Path, *, vectors: bool = True) -> dict[str, Any]:
    """Milliseconds of questions, and memory; with the encoder's own taken away."""
    model = alone("encoding", root, cache)["memory_mb"] if vectors else {"now": 0.0, "peak": 0.0}
    told = alone("asking", root, cache, data / "queries.jsonl", "vectors" if vectors else "")
    return {
        "search_ms": quantiles(told["search_ms"]),
        "graph_ms": quantiles(told["graph_ms"]),
        "memory_mb": told["memory_mb"],
        "model_mb": model,
    }


def packages(root: Path, lines: int) -> None:
    """Copy installed packages until there are so many lines."""
    installed = Path(sysconfig.get_path("purelib"))
    for name in PACKAGES:
        if (installed / name).is_dir():
            shutil.copytree(
                installed / name, root / name, ignore=shutil.ignore_patterns(*KEPT_APART)
            )
        if sum(path.read_bytes().count(b"\n") for path in root.rglob("*.py")) >= lines:
            return


def say(what: str) -> None:
    """Tell who waits."""
    print(what, file=sys.stderr)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/knowledge"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/speed-<commit>.json")
    options = parser.parse_args()
    told = {
        "indexing_s_per_10k_lines": indexing(options.data, options.runs),
        "70k_lines": middling(options.data),
        "standard_library": large(options.data),
    }
    if options.save:
        save("knowledge", told, kind="speed")
    print(json.dumps(told, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
