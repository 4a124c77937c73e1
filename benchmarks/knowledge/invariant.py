"""An index that went through a repository's history beside one built clean, at every step.

    python benchmarks/knowledge/invariant.py --data DIR [--json] [--save]

Each repository is one working tree that goes through its trees in the order of their dates. After
every step the edges, the symbols and the units of the updated index are compared with those of an
index that is built from nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from material import Repository, repositories

from collegium.knowledge.index import Index

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save


def rows_of(index: Index) -> Counter[Any]:
    """Every edge, symbol and unit, and how often it is there."""
    rows: Counter[Any] = Counter(index.edges())
    for file in index.files():
        rows[file] += 1
        rows.update((file.path, symbol) for symbol in index.symbols_of(file.path))
    rows.update(unit[1:] for unit in index.units())
    return rows


def steps(repository: Repository, place: Path) -> Iterator[dict[str, Any]]:
    """What each tree brought, and in how many rows the two indexes differ."""
    root = place / repository.name
    tree = repository.unpacked(root)
    with closing(Index.open(root, cache=place / "kept", create=True)) as kept:
        for number, name in enumerate(repository.trees()):
            tree.check_out(name)
            started = time.perf_counter()
            report = kept.update()
            updated = time.perf_counter()
            with closing(Index.open(root, cache=place / f"clean{number}", create=True)) as clean:
                clean.update()
                built = time.perf_counter()
                ours, theirs = rows_of(kept), rows_of(clean)
            yield {
                "tree": name,
                "files_changed": sum(map(len, (report.added, report.changed, report.removed))),
                "rows": ours.total(),
                "only_updated": (ours - theirs).total(),
                "only_clean": (theirs - ours).total(),
                "update_ms": round((updated - started) * 1000, 1),
                "build_ms": round((built - updated) * 1000, 1),
            }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/knowledge"))
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/invariant-<commit>.json")
    options = parser.parse_args()
    told: dict[str, Any] = {"repositories": {}, "trees": 0, "differences": 0}
    for repository in repositories(options.data):
        with tempfile.TemporaryDirectory(prefix="knowledge-") as place:
            rows = list(steps(repository, Path(place)))
        told["repositories"][repository.name] = rows
        told["trees"] += len(rows)
        different = sum(row["only_updated"] + row["only_clean"] for row in rows)
        told["differences"] += different
        print(f"{repository.name}: {len(rows)} trees, {different} rows differ", file=sys.stderr)
    if options.save:
        save("knowledge", told, kind="invariant")
    if options.json:
        print(json.dumps(told))
    else:
        print(f"{told['trees']} trees, {told['differences']} rows differ (0 wanted)")


if __name__ == "__main__":
    main()
