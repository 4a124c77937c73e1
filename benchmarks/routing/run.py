"""How often a query goes to an expert who should have it.

    python benchmarks/routing/run.py --data FILE.jsonl [--json] [--save]

Every prompt goes the product's own way, `Collegium.decide`, as if every expert were ready (as
`collegium route --assume-ready` does), with the trained gate and with the heuristic one. Rows are
`{"text", "labels", "source", "lang"}`, the first label being the primary one. Beside them, in the
same run: the plain baseline that counts substrings of a few keywords per expert.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

from baselines.keyword import keyword_ranking

from collegium.cli.progress import counting
from collegium.config import Config, MoeConfig, RouterConfig
from collegium.learning.measures import Judged, by_group, summary
from collegium.system import Collegium
from collegium.types import Query

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The labelled prompts of a file."""
    lines = path.read_text("utf-8").split("\n")  # a prompt may hold U+2028, so not splitlines
    return [json.loads(line) for line in lines if line.strip()]


async def routed(rows: list[dict[str, Any]], gate: str) -> tuple[list[Judged], list[float]]:
    """Every prompt's decision with a gate, and its milliseconds."""
    router = RouterConfig(type=gate)
    college = Collegium.of(Config(moe=MoeConfig(router=router)))
    judged: list[Judged] = []
    milliseconds: list[float] = []
    with counting(gate, len(rows)) as advance:
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


def measure(path: Path) -> dict[str, Any]:
    """Everything that is reported."""
    rows = rows_of(path)
    result: dict[str, Any] = {
        "data": path.name,
        "n": len(rows),
        "python": platform.python_version(),
    }
    for gate in ("neural", "heuristic"):
        judged, milliseconds = asyncio.run(routed(rows, gate))
        percentiles = statistics.quantiles(milliseconds, n=100)
        result[gate] = {
            **summary(judged),
            "decide_ms": {
                "mean": round(statistics.fmean(milliseconds), 3),
                "p50": round(percentiles[49], 3),
                "p99": round(percentiles[98], 3),
            },
            "by_source": by_group(judged, "source"),
            "by_language": by_group(judged, "language"),
        }
    plain = [_judged(row, keyword_ranking(row["text"]), 0.0) for row in rows]
    result["substring_baseline"] = summary(plain)
    return result


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"{result['data']}: {result['n']} prompts")
    for name in ("neural", "heuristic", "substring_baseline"):
        row = result[name]
        low, high = row["accuracy_any_95"]
        print(f"\n{name}")
        print(f"  accuracy (any acceptable)  {row['accuracy_any']:.3f}  [{low:.3f}, {high:.3f}]")
        print(f"  accuracy (primary)         {row['accuracy_primary']:.3f}")
        print(f"  top-2                      {row['top_2']:.3f}")
        print(f"  macro-F1                   {row['macro_f1']:.3f}")
        recall = "  ".join(f"{key} {value:.2f}" for key, value in row["recall"].items())
        print(f"  recall  {recall}")
        if "decide_ms" in row:
            print(f"  calibration error (ECE)    {row['ece']:.3f}")
            print(f"  decide(), ms               {row['decide_ms']}")
    print("\nby source, neural")
    for source, figures in result["neural"]["by_source"].items():
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
