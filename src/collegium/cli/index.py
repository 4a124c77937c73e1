"""`collegium index`: read a codebase, so that questions about it are answered."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium.cli import options
from collegium.cli.codebases import Lexical, opened
from collegium.cli.progress import megabytes, stages
from collegium.cli.roots import holds_everything
from collegium.cli.terminal import harmless, say, say_json, stderr, verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.knowledge.codebase import KnowledgeGraph
    from collegium.knowledge.index import Report

# So many of the things of one kind are named.
NAMED = 3


@verb
def index(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The folder of the codebase.")
    ] = Path(),
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and take up each change as it is made.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave vectors that are missing to another run.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Forget what the index has, and read all anew.")
    ] = False,
    lexical: Lexical = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Index a codebase: what it defines, who calls whom, and what its code and documents say.

    Only what changed since the last time is read. The index lies in the user's cache, never in the
    folder. Once this returns, every question about the codebase can be answered.

    Examples:
    `collegium index .`

    `collegium index ~/project --watch`
    """
    del debug  # `verb` reads it
    if holds_everything(path):
        _ask_back(path)
    begin = time.perf_counter()
    with opened(path, create=True, lexical=lexical or no_wait) as graph:
        if watch:
            _see_that_it_can_be_watched()
        with stages() as progress:
            report = (
                graph.rebuild(progress=progress) if rebuild else graph.update(progress=progress)
            )
            graph.embed(progress=progress)
        _tell(graph, report, time.perf_counter() - begin, as_json=as_json)
        if watch:
            _watch(graph, as_json=as_json)


def _ask_back(path: Path) -> None:
    """See that all of a home or a disk is meant; where nobody can be asked, say what it is."""
    what = harmless(f"{path.resolve()} is no codebase, but holds all that you have")
    if sys.stdin.isatty() and sys.stderr.isatty():
        typer.confirm(f"{what}. Index all of it?", abort=True, err=True)
    else:
        stderr().print(f"{what}: this may take long", style="yellow")


def _see_that_it_can_be_watched() -> None:
    from collegium.knowledge.index.following import can_follow  # noqa: PLC0415 -- as below

    can_follow()


def _watch(graph: KnowledgeGraph, *, as_json: bool) -> None:
    """Take changes up until interrupted, and say each in a line; vectors are made meanwhile."""
    from collegium.knowledge.following import Embedder  # noqa: PLC0415 -- the extra has to be there

    stderr().print(harmless(f"watching {graph.root}; Ctrl-C ends it"))
    with Embedder(graph) as embedder:
        for report in graph.index.follow(threading.Event()):
            embedder.changed()
            if as_json:
                say_json(_change(report, _damages(graph, report.damaged)))
            elif report:
                stderr().print(harmless(_changed(report, _damages(graph, report.damaged))))


def _damages(graph: KnowledgeGraph, files: Iterable[str]) -> dict[str, str]:
    """The lines of files that could not be read as their language, in words."""
    facts = {file: graph.index.facts(file) for file in files}
    return {file: _ranges(one.damaged) for file, one in facts.items() if one is not None}


def _ranges(lines: Sequence[int]) -> str:
    """Line numbers as people say them: "line 3", "lines 3-5, 9, 12 and 4 more"."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    word = "line" if len(lines) == 1 else "lines"
    return f"{word} {_few(['-'.join(map(str, run)) for run in runs])}"


def _change(report: Report, damages: Mapping[str, str]) -> dict[str, Any]:
    return {
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "damaged": damages,
        "took_ms": round(report.took_ms, 1),
    }


def _changed(report: Report, damages: Mapping[str, str]) -> str:
    parts = [
        f"{word} {_few([_with_damage(file, damages) for file in files])}"
        for word, files in (
            ("added", report.added),
            ("changed", report.changed),
            ("removed", report.removed),
        )
        if files
    ]
    return f"{'; '.join(parts)} ({report.took_ms:.0f} ms)"


def _with_damage(file: str, damages: Mapping[str, str]) -> str:
    return f"{file} (damaged: {damages[file]} could not be read)" if file in damages else file


def _tell(graph: KnowledgeGraph, report: Report, took_s: float, *, as_json: bool) -> None:
    told = summary_json(graph, report, took_s)
    if as_json:
        say_json(told)
        return
    say(harmless("\n".join(_lines(told))) + "\n")
    if report.note:
        stderr().print(harmless(report.note), style="yellow")


def summary_json(graph: KnowledgeGraph, report: Report, took_s: float) -> dict[str, Any]:
    """What an index knows now, and what the update did, as JSON has it."""
    summary = graph.summary()
    edges: dict[str, dict[str, int]] = defaultdict(dict)
    for (kind, trust), count in sorted(summary.edges.items()):
        edges[kind][trust] = count
    return {
        "root": str(graph.root),
        "index": str(graph.index.path),
        "size_bytes": graph.index.size_bytes,
        "took_s": round(took_s, 3),
        "files": dict(sorted(summary.files.items(), key=lambda one: (-one[1], one[0]))),
        "lines": summary.lines,
        "symbols": summary.symbols,
        "edges": dict(edges),
        "units": summary.units,
        "vectors": summary.vectors,
        "added": len(report.added),
        "changed": len(report.changed),
        "removed": len(report.removed),
        "skipped": dict(report.skipped),
        "damaged": _damages(graph, report.damaged),
        "note": report.note,
    }


def _lines(told: Mapping[str, Any]) -> list[str]:
    """The summary for people."""
    languages = ", ".join(f"{count:,} {language}" for language, count in told["files"].items())
    did = f"{told['added']:,} added, {told['changed']:,} changed, {told['removed']:,} removed"
    lines = [
        f"{told['root']}: {sum(told['files'].values()):,} files ({did}) in {told['took_s']:.1f} s",
        f"  files    {languages or 'none that can be read'}; {told['lines']:,} lines",
        f"  symbols  {told['symbols']:,}",
        f"  edges    {_edges(told['edges'])}",
        f"  vectors  {_vectors(told)}",
        f"  index    {megabytes(told['size_bytes'])} at {told['index']}",
    ]
    lines += _grouped(told["skipped"])
    if told["damaged"]:
        files = [f"{file} ({what} could not be read)" for file, what in told["damaged"].items()]
        lines.append(f"  damaged  {_few(files)}")
    return lines


def _vectors(told: Mapping[str, Any]) -> str:
    if not told["vectors"]:
        return f"none of {told['units']:,} units"
    return f"{told['vectors']:,} of {told['units']:,} units"


def _edges(edges: Mapping[str, Mapping[str, int]]) -> str:
    said = [
        f"{sum(by_trust.values()):,} {kind}"
        + "".join(
            f", {count:,} of them {trust}"
            for trust, count in by_trust.items()
            if trust != "resolved"
        )
        for kind, by_trust in edges.items()
    ]
    return "; ".join(said) or "none"


def _grouped(skipped: Mapping[str, str]) -> list[str]:
    """What was passed over, by reason, the commonest first."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for file, why in skipped.items():
        by_reason[why].append(file)
    counts = Counter({why: len(files) for why, files in by_reason.items()})
    return [
        f"  skipped  {count:,} {why}: {_few(by_reason[why])}" for why, count in counts.most_common()
    ]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
