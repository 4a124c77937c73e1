"""How often a query goes to an expert who should have it.

    python benchmarks/routing/run.py --data FILE.jsonl [--json] [--save]

Every prompt goes the product's own way, `Collegium.decide`, as if every expert were ready (as
`collegium route --assume-ready` does). Rows are `{"text", "labels", "source", "lang"}`, the first
label being the primary one. Beside it, in the same run: the plain baseline that counts substrings
of a few keywords per expert.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from baselines.keyword import keyword_ranking
from measures import Judged, calibration_error, interval, macro_f1, recalls, share

from collegium.cli.progress import counting
from collegium.config import Config
from collegium.system import Collegium
from collegium.types import Query

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The labelled prompts of a file."""
    lines = path.read_text("utf-8").split("\n")  # a prompt may hold U+2028, so not splitlines
    return [json.loads(line) for line in lines if line.strip()]


async def routed(rows: list[dict[str, Any]]) -> tuple[list[Judged], list[float]]:
    """Every prompt's decision by the heuristic router, and its milliseconds."""
    college = Collegium.of(Config())
    judged: list[Judged] = []
    milliseconds: list[float] = []
    with counting("routing", len(rows)) as advance:
        for row in rows:
            decision = await college.decide(Query.of(row["text"]), assume_ready=True)
            ranking = tuple(candidate.key for candidate in decision.ranking)
            judged.append(_judged(row, ranking, decision.confidence))
            milliseconds.append(decision.overhead_ms)
            advance(1)
    await college.aclose()
    return judged, milliseconds


def _judged(row: dict[str, Any], ranking: tuple[str, ...], confidence: float) -> Judged:
    source, language = row.get("source", ""), row.get("lang", "")
    return Judged(tuple(row["labels"]), ranking, confidence, source, language)


def summary(rows: list[Judged]) -> dict[str, Any]:
    """The figures of one router."""
    flags = [row.right for row in rows]
    low, high = interval(flags)
    return {
        "accuracy_any": round(share(flags), 4),
        "accuracy_any_95": [round(low, 4), round(high, 4)],
        "accuracy_primary": round(share([row.ranking[0] == row.labels[0] for row in rows]), 4),
        "top_2": round(share([bool(set(row.ranking[:2]) & set(row.labels)) for row in rows]), 4),
        "macro_f1": round(macro_f1(rows), 4),
        "recall": {key: round(value, 4) for key, value in recalls(rows).items()},
    }


def grouped(rows: list[Judged], field: str) -> dict[str, Any]:
    """Accuracy and number of prompts for each source or language."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, field)].append(row.right)
    return {
        name: {"n": len(flags), "accuracy_any": round(share(flags), 4)}
        for name, flags in sorted(groups.items())
    }


def measure(path: Path) -> dict[str, Any]:
    """Everything that is reported."""
    rows = rows_of(path)
    judged, milliseconds = asyncio.run(routed(rows))
    plain = [_judged(row, keyword_ranking(row["text"]), 0.0) for row in rows]
    percentiles = statistics.quantiles(milliseconds, n=100)
    return {
        "data": path.name,
        "n": len(rows),
        "python": platform.python_version(),
        "heuristic": {
            **summary(judged),
            "ece": round(calibration_error(judged), 4),
            "decide_ms": {"p50": round(percentiles[49], 3), "p99": round(percentiles[98], 3)},
            "by_source": grouped(judged, "source"),
            "by_language": grouped(judged, "language"),
        },
        "substring_baseline": summary(plain),
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"{result['data']}: {result['n']} prompts")
    for name in ("heuristic", "substring_baseline"):
        row = result[name]
        low, high = row["accuracy_any_95"]
        print(f"\n{name}")
        print(f"  accuracy (any acceptable)  {row['accuracy_any']:.3f}  [{low:.3f}, {high:.3f}]")
        print(f"  accuracy (primary)         {row['accuracy_primary']:.3f}")
        print(f"  top-2                      {row['top_2']:.3f}")
        print(f"  macro-F1                   {row['macro_f1']:.3f}")
        print(
            "  recall  " + "  ".join(f"{key} {value:.2f}" for key, value in row["recall"].items())
        )
    row = result["heuristic"]
    print(f"\ncalibration error (ECE)  {row['ece']:.3f}")
    print(f"decide()  p50 {row['decide_ms']['p50']} ms, p99 {row['decide_ms']['p99']} ms")
    print("by source")
    for source, figures in row["by_source"].items():
        print(f"  {source:18} n={figures['n']:4}  {figures['accuracy_any']:.3f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/<commit>.json")
    options = parser.parse_args()
    if not options.data.is_file():
        sys.exit(f"no such file: {options.data}")
    result = measure(options.data)
    if options.save:
        save("routing", result)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
