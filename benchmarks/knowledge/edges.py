"""Calls of installed Python packages beside what basedpyright's language server says of them.

    python benchmarks/knowledge/edges.py [PACKAGE ...] [--json] [--save]

For every call that is written, the server is asked where the called name is defined. Where it knows
(a definition within the package, or one outside), our edge of that call is right or wrong; where it
does not, or a variable is called, the call is left out of the precision. No other package is in
sight of it, nor of us. Needs `basedpyright` beside the Python that runs this; a minute for each
20,000 lines.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import sysconfig
import tempfile
import venv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from language_server import LanguageServer, Place
from written import Call, Definition, Written, written_in

from collegium.knowledge.graph import CERTAIN, Edge, Node
from collegium.knowledge.index import Index

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

# None of them was looked at while the resolver was written.
PACKAGES = (
    "hatchling",
    "jsonschema",
    "markdown_it",
    "requests",
    "rich",
    "typer",
    "urllib3",
    "uvicorn",
    "websockets",
)
SERVER = Path(sys.executable).with_name("basedpyright-langserver")
ANALYSIS = {"typeCheckingMode": "off", "diagnosticMode": "openFilesOnly"}
TRUSTS = (*CERTAIN, "candidate")


@dataclass
class Truth:
    """What the server says: the targets of every call that it knows, and what it does not know."""

    targets: dict[Node, dict[Node, set[int]]] = field(default_factory=lambda: defaultdict(dict))
    open_lines: set[tuple[str, int]] = field(default_factory=set)
    open_names: set[str] = field(default_factory=set)
    open_scopes: set[Node] = field(default_factory=set)

    def learn(self, call: Call, found: set[Node] | None) -> None:
        """Take up a call; None: it is not known what it calls."""
        scope = Node(call.file, call.scope)
        if found is None:
            self.open_lines.add((call.file, call.line))
            self.open_names.add(call.name)
            self.open_scopes.add(scope)
        for target in found or ():
            self.targets[scope].setdefault(target, set()).add(call.line)


def truth_of(root: Path, files: list[Written]) -> Truth:
    """Ask the server about every call of a tree."""
    truth = Truth()
    known = {(one.file, one.line, one.column): one for file in files for one in file.definitions}
    imports = {(file.file, line) for file in files for line in file.imports}
    # A Python of its own, beside the tree: the server sees no installed package.
    bare = root.parent / "bare"
    venv.create(bare)
    python = {"pythonPath": str(bare / "bin" / "python")}
    settings = {"basedpyright.analysis": ANALYSIS, "python": python}
    with LanguageServer([str(SERVER), "--stdio"], root, settings) as server:
        for number, file in enumerate(files, 1):
            named = [one for one in file.calls if one.column >= 0]
            for call in file.calls:
                if call.column < 0:
                    truth.learn(call, None)
            places = [Place(root / file.file, one.line, one.column) for one in named]
            answers = server.definitions(file.text, places)
            for call, found in zip(named, answers, strict=True):
                truth.learn(call, judged(root, found, known, imports))
            print(f"\r{number} of {len(files)} files", end="", file=sys.stderr)
    print(file=sys.stderr)
    return truth


def judged(
    root: Path,
    found: list[Place],
    known: dict[tuple[str, int, int], Definition],
    imports: set[tuple[str, int]],
) -> set[Node] | None:
    """The symbols of the tree that are meant, none where it is something outside; None: unknown."""
    targets = set[Node]()
    for place in found:
        if not place.file.is_relative_to(root):
            continue
        file = place.file.relative_to(root).as_posix()
        definition = known.get((file, place.line, place.column))
        if definition and not definition.is_property:
            targets.add(Node(file, definition.path))
        elif (file, place.line) not in imports:  # a variable, a parameter, a property
            return None
    return targets if found else None


def judgements(
    edges: Iterable[Edge], files: list[Written], truth: Truth
) -> Iterator[tuple[str, str]]:
    """The trust of every call edge, and whether it is right, wrong, or nobody knows."""
    decorators = {(file.file, line) for file in files for line in file.decorators}
    read = {file.file for file in files}
    for edge in edges:
        if edge.kind != "calls" or edge.source.file not in read:
            continue
        lines = {(edge.source.file, line) for line in edge.lines}
        if edge.target in truth.targets.get(edge.source, ()):
            yield edge.trust, "right"
        elif lines & truth.open_lines or lines <= decorators:
            yield edge.trust, "undecided"
        else:
            yield edge.trust, "wrong"


def sets(edges: list[Edge], files: list[Written], truth: Truth) -> Iterator[tuple[str, bool]]:
    """Whether callers and callees are exact, where the server knows every call that matters."""
    bearers = Counter(one.path.rpartition(".")[2] for file in files for one in file.definitions)
    callers, callees = defaultdict(set), defaultdict(set)
    for edge in edges:
        if edge.kind == "calls" and edge.trust in CERTAIN:
            callers[edge.target].add(edge.source)
            callees[edge.source].add(edge.target)
    truly = defaultdict(set)
    for scope, targets in truth.targets.items():
        for target in targets:
            truly[target].add(scope)
        if scope not in truth.open_scopes:
            yield "callees", callees[scope] == set(targets)
    for target, scopes in truly.items():
        name = target.symbol.rpartition(".")[2]
        if name not in truth.open_names:
            kind = "unique" if bearers[name] == 1 else "ambiguous"
            yield f"callers, {kind}", callers[target] == scopes


def measured(package: str) -> dict[str, Any]:
    """The figures of one installed package."""
    print(package, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="knowledge-") as place:
        root = Path(place).resolve() / "tree"
        installed = Path(sysconfig.get_path("purelib")) / package
        shutil.copytree(installed, root / package, ignore=shutil.ignore_patterns("*.so", "*.pyc"))
        with closing(Index.open(root, cache=Path(place) / "cache", create=True)) as index:
            index.update()
            edges = list(index.edges())
        files = list(written_in(root))
        truth = truth_of(root, files)
    trusts = Counter(judgements(edges, files, truth))
    exact: dict[str, Counter[bool]] = defaultdict(Counter)
    for kind, right in sets(edges, files, truth):
        exact[kind][right] += 1
    best = {(one.source, one.target): one.trust for one in edges if one.kind == "calls"}
    found = Counter(
        best.get((scope, target), "none")
        for scope, targets in truth.targets.items()
        for target in targets
    )
    return {
        "lines": sum(file.text.count("\n") for file in files),
        "edges": {f"{trust} {verdict}": count for (trust, verdict), count in trusts.items()},
        "found_as": dict(found),
        "exact": {kind: [counts[True], counts.total()] for kind, counts in exact.items()},
    }


def summed(rows: dict[str, Any]) -> dict[str, Any]:
    """All packages together."""
    edges, found = Counter[str](), Counter[str]()
    exact: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows.values():
        edges.update(row["edges"])
        found.update(row["found_as"])
        for kind, (right, count) in row["exact"].items():
            exact[kind] = [exact[kind][0] + right, exact[kind][1] + count]
    return {"edges": dict(edges), "found_as": dict(found), "exact": dict(exact)}


def show(name: str, row: dict[str, Any]) -> None:
    """Print one line for each figure."""
    print(name)
    for trust in TRUSTS:
        right, wrong = (row["edges"].get(f"{trust} {one}", 0) for one in ("right", "wrong"))
        if right + wrong:
            told = f"{right / (right + wrong):.4f} of {right + wrong}"
            undecided = row["edges"].get(f"{trust} undecided", 0)
            print(f"  {trust:10} right {told}, {undecided} undecided")
    calls = sum(row["found_as"].values())
    shares = {trust: round(count / calls, 3) for trust, count in row["found_as"].items()}
    print(f"  of the server's {calls} edges: {shares}")
    for kind, (right, count) in sorted(row["exact"].items()):
        print(f"  {kind:18} exact {right / count:.3f} of {count}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="installed packages")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/edges-<commit>.json")
    options = parser.parse_args()
    if not SERVER.exists():
        raise SystemExit(f"there is no {SERVER}; run: pip install basedpyright")
    rows = {package: measured(package) for package in options.packages}
    told = {"packages": rows, "all": summed(rows)}
    if options.save:
        save("knowledge", told, kind="edges")
    if options.json:
        print(json.dumps(told))
        return
    for name, row in (*rows.items(), ("all", told["all"])):
        show(name, row)


if __name__ == "__main__":
    main()
