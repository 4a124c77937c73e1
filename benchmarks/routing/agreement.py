"""How far two readers agree on who should answer.

    python benchmarks/routing/agreement.py [--save] [--json]

The newly written queries, and 1,000 of the given ones (500 own, stratified by expert, and 500
public, stratified by source), were labelled a second time by readers who saw the text alone.
Reported: how often both name the same best expert, Cohen's kappa of that, how often the second
reader's best is acceptable to the first, and how often the two share no expert at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from material import OWN

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save


def rows_of(name: str) -> list[dict[str, Any]]:
    """The rows that both readers labelled."""
    lines = (OWN / name).read_text("utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line.strip()]
    return [row for row in rows if row["second"]]


def figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The agreement on some rows."""
    size = len(rows)
    first = Counter(row["first"][0] for row in rows)
    second = Counter(row["second"][0] for row in rows)
    same = sum(row["first"][0] == row["second"][0] for row in rows) / size
    chance = sum(first[key] * second[key] for key in first) / size**2
    return {
        "n": size,
        "same_best": round(same, 4),
        "kappa": round((same - chance) / (1 - chance), 4) if chance < 1 else None,
        "second_best_acceptable": round(
            sum(row["second"][0] in row["first"] for row in rows) / size, 4
        ),
        "nothing_shared": sum(not set(row["first"]) & set(row["second"]) for row in rows),
    }


def measure() -> dict[str, Any]:
    """Agreement on new and given queries."""
    new = [*rows_of("authored_more.jsonl"), *rows_of("authored_further.jsonl")]
    given = rows_of("second_labels.jsonl")
    own = [row for row in given if row["source"] == "authored"]
    public = [row for row in given if row["source"] != "authored"]
    changed = sum(row["second"][0] not in row["first"] for row in new)
    return {
        "new": figures(new),
        "given_own": figures(own),
        "given_public": figures(public),
        "new_by_territory": {
            name: figures([row for row in new if row["territory"] == name])
            for name in sorted({row["territory"] for row in new})
        },
        "settled_by_adding_the_second_best": changed,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/agreement-<commit>.json")
    options = parser.parse_args()
    result = measure()
    if options.save:
        save("routing", result, kind="agreement")
    if options.json:
        print(json.dumps(result))
        return
    for name in ("new", "given_own", "given_public"):
        print(f"{name:14} {result[name]}")
    for name, row in result["new_by_territory"].items():
        print(f"  {name:12} {row}")


if __name__ == "__main__":
    main()
