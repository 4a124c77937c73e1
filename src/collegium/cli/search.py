"""`collegium search`: find the code that a question is about, or its exact answer."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from math import isfinite
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

import typer

from collegium.cli import options
from collegium.cli.codebases import AsItIs, Lexical, TreePath, codebase, findings_json
from collegium.cli.graph import no_path, show, tell
from collegium.cli.progress import stages
from collegium.cli.queries import query_text
from collegium.cli.terminal import harmless, say, say_json, stderr, verb
from collegium.errors import DataError, EmptyQuery, QueryError
from collegium.jsonvalues import is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from collegium.knowledge.codebase import Finding, Findings, KnowledgeGraph

SOME_LINES_BAD = 4
FOR_PEOPLE, FOR_A_LINE = 10, 100
BY_WORDS = "found by words alone; `collegium index {root}` lets it be found by meaning too"
NO_QUERY = "the query is empty; it needs a question, a name or some words"


@verb
def search(
    query: Annotated[
        str | None, typer.Argument(help="What to find; `-` or nothing reads it from a pipe.")
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Answer every line of a file (`-`: of stdin)."),
    ] = None,
    path: TreePath = None,
    root: Annotated[
        Path | None, typer.Option("--root", metavar="PATH", help="The same as --path.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many a search finds, at most: 10, and 100 for a line of a batch. What "
            "the graph answers is always complete.",
        ),
    ] = None,
    lexical: Lexical = False,
    as_it_is: AsItIs = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Search a codebase in any words. Questions of the graph are answered exactly.

    Lines of a batch are `{"qid", "query"}`. One line of JSON comes out for each, in order:
    `{"qid", "ranked", "answer", "latency_ms"}`, where only questions of the graph have an answer.
    Lines that are bad are named on stderr, with their numbers, and left out.

    Examples:
    `collegium search "where are sessions closed after an error?"`

    `collegium search "what calls Client.send?" --json`

    `collegium search --batch questions.jsonl --root ~/project > answers.jsonl`
    """
    del debug  # `verb` reads it
    if batch is not None and query is not None:
        raise typer.BadParameter("give a query or --batch, not both")
    if path is not None and root is not None:
        raise typer.BadParameter("give --path or --root, not both; they mean the same")
    text = query_text(query) if batch is None else ""
    if batch is not None:
        with (
            _opened(batch) as lines,
            codebase(path or root, lexical=lexical, as_it_is=as_it_is) as graph,
        ):
            _batch(graph, lines, limit or FOR_A_LINE)
        return
    if not text.strip():
        raise EmptyQuery(NO_QUERY)
    with codebase(path or root, lexical=lexical, as_it_is=as_it_is) as graph:
        findings = graph.search(text, limit or FOR_PEOPLE)
        if findings.intent != "search" and not findings.exact:
            show(findings, as_json=as_json)
        elif as_json:
            say_json(findings_json(findings))
        else:
            _tell(findings)
            if findings.intent == "search" and not lexical and not graph.goes_by_meaning:
                stderr().print(harmless(BY_WORDS.format(root=graph.root)))


def _tell(findings: Findings) -> None:
    if findings.intent == "path" and findings.exact and not findings.found:
        say(harmless(no_path(findings)) + "\n")
    elif findings.intent != "search":
        tell(findings)
    elif findings.found:
        width = get_terminal_size().columns if sys.stdout.isatty() else None
        say(shown(findings.found, width))
    if findings.intent == "search" and findings.note:
        stderr().print(harmless(findings.note))


def shown(found: Iterable[Finding], width: int | None) -> str:
    """What a search found, a line each: where, what it is, and why it was found.

    These are apart by tabs, or in columns for a terminal of a width, where reasons that do not fit
    have lines of their own. A place is never broken.
    """
    rows = [_row(one) for one in found]
    if width is None:
        return "".join("\t".join(row) + "\n" for row in rows)
    places, names = (max(len(row[at]) for row in rows) for at in (0, 1))
    lines = [f"{place:{places}}  {name:{names}}  {why}".rstrip() for place, name, why in rows]
    if max(map(len, lines)) > width:
        lines = [f"{place}  {name}\n    {why}".rstrip() for place, name, why in rows]
    return "\n".join(lines) + "\n"


def _row(one: Finding) -> tuple[str, str, str]:
    place, name, why = (
        " ".join(harmless(text).split()) for text in (f"{one.file}:{one.line}", one.name, one.why)
    )
    return place, name, why


class Asked(NamedTuple):
    """A line of a batch."""

    qid: Any
    text: str


def _batch(graph: KnowledgeGraph, lines: BinaryIO, limit: int) -> None:
    """Answer the lines of a batch; those that are bad are named on stderr and left out."""
    with stages() as progress:
        graph.embed(progress=progress)
    graph.warm()
    console, bad = stderr(), 0
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            asked = parse_line(raw, number)
        except QueryError as error:
            bad += 1
            console.print(harmless(str(error)), style="yellow")
            continue
        say_json(_answered(graph, asked, limit))
    if bad:
        raise typer.Exit(SOME_LINES_BAD)


def parse_line(raw: bytes, number: int) -> Asked:
    """The question in a line of a batch.

    Raises:
        QueryError: it is none; the message names the line.
    """
    try:
        value = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise QueryError(f"line {number}: it is no JSON: {error}") from error
    if not is_object(value) or not isinstance(value.get("query"), str) or "qid" not in value:
        raise QueryError(f'line {number}: it has to be {{"qid": ..., "query": "..."}}')
    if not _is_qid(value["qid"]):
        raise QueryError(f"line {number}: its qid has to be a string or a number")
    if not value["query"].strip():
        raise EmptyQuery(f"line {number}: {NO_QUERY}")
    return Asked(value["qid"], value["query"])


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no number there")


def _is_qid(value: object) -> bool:
    """Whether it can be said again, in JSON that everybody reads."""
    if isinstance(value, float):
        return isfinite(value)  # 1e999 is none
    return isinstance(value, str | int) and not isinstance(value, bool)


def _answered(graph: KnowledgeGraph, asked: Asked, limit: int) -> dict[str, Any]:
    """The line that answers a question; the places of an exact answer come without lines."""
    begin = time.perf_counter()
    findings = graph.search(asked.text, limit, lines=0)
    latency_ms = (time.perf_counter() - begin) * 1000
    told: dict[str, Any] = {"qid": asked.qid, "ranked": list(_places(findings.found))}
    if findings.intent != "search":
        told["answer"] = told["ranked"]
    return {**told, "latency_ms": round(latency_ms, 3)}


def _places(found: Iterable[Finding]) -> Iterator[dict[str, str]]:
    """The files and symbols of the tree among what was found, each once."""
    places = dict.fromkeys((one.file, one.symbol) for one in found if one.file)
    for file, symbol in places:
        yield {"file": file, "symbol": symbol} if symbol else {"file": file}


def _opened(batch: Path) -> AbstractContextManager[BinaryIO]:
    if str(batch) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return batch.open("rb")
    except OSError as error:
        raise DataError(f"cannot read {batch}: {error.strerror or error}") from error
