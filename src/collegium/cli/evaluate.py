"""`collegium evaluate`: how good the decisions are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collegium.cli import options
from collegium.cli.college import college
from collegium.cli.progress import counting
from collegium.cli.replay import replay
from collegium.cli.terminal import running, say, say_json, stdout, verb
from collegium.errors import DataError, QueryError
from collegium.types import Query

if TYPE_CHECKING:
    from rich.console import RenderableType

    from collegium.learning.dataset import Example
    from collegium.learning.measures import Judged
    from collegium.system import Collegium


def app() -> typer.Typer:
    """The verbs under `collegium evaluate`."""
    verbs = typer.Typer(help="Say how good decisions are.", no_args_is_help=True)
    verbs.callback()(_evaluate)
    verbs.command("routing")(routing)
    verbs.command("replay")(replay)
    return verbs


def _evaluate() -> None:
    """Say how good decisions are."""


@verb
def routing(
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE.jsonl", help="Labelled queries (may be repeated)."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a report with plots.")
    ] = None,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Route labelled queries, and compare with who should have had them.

    A line is `{"text": ..., "labels": ["best", "also_right"]}`, with a "source" and a "lang" where
    they are known. Every query goes the way of `collegium route --assume-ready`.

    Example:
    `collegium evaluate routing --data queries.jsonl --html report.html`
    """
    del debug  # `verb` reads it
    if not data:
        raise typer.BadParameter("say which queries to route: --data FILE.jsonl")
    from collegium.learning.dataset import check_labels, read_examples  # noqa: PLC0415

    if html is not None and not html.absolute().parent.is_dir():
        raise DataError(f"cannot write the report to {html}: its folder does not exist")
    examples = [one for path in data for one in read_examples(path)]
    team = college(config)
    check_labels(examples, (expert.key for expert in team.router.roster))
    judged: list[Judged] = []
    running(_route(team, examples, judged))
    _show(judged, as_json=as_json)
    if html is not None:
        _write(html, judged, ", ".join(path.name for path in data))
        if not as_json:
            say(f"report: {html}\n")


def _show(judged: list[Judged], *, as_json: bool) -> None:
    from collegium.learning.measures import summary  # noqa: PLC0415 -- numpy

    if as_json:
        from collegium.learning.measures import by_group, confusion  # noqa: PLC0415

        say_json(
            {
                **summary(judged),
                "by_source": by_group(judged, "source"),
                "by_language": by_group(judged, "language"),
                "confusion": confusion(judged),
            }
        )
        return
    console = stdout()
    for table in _tables(judged):
        console.print(table)


async def _route(team: Collegium, examples: list[Example], judged: list[Judged]) -> None:
    from collegium.learning.measures import Judged as Row  # noqa: PLC0415

    try:
        with counting("routing", len(examples)) as advance:
            for number, one in enumerate(examples, 1):
                try:
                    decision = await team.decide(Query.of(one.text), assume_ready=True)
                except QueryError as error:
                    raise DataError(f"query {number} cannot be routed: {error}") from error
                ranking = tuple(candidate.key for candidate in decision.ranking)
                judged.append(Row(one.labels, ranking, decision.confidence, one.source, one.lang))
                advance(1)
    finally:
        await team.aclose()


def _write(path: Path, judged: list[Judged], name: str) -> None:
    from collegium.learning.report import page  # noqa: PLC0415

    unfinished = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        unfinished.write_text(page(judged, title=f"Routing of {name}"), "utf-8", "replace")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DataError(f"cannot write the report to {path}: {error.strerror}") from error


def _tables(judged: list[Judged]) -> list[RenderableType]:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from collegium.learning.measures import by_group, confusion, summary  # noqa: PLC0415

    told = summary(judged)
    low, high = told["accuracy_any_95"]
    figures = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    for name, value in (
        ("queries", f"{told['n']:,}"),
        ("accuracy, any acceptable", f"{told['accuracy_any']:.3f}  [{low:.3f}, {high:.3f}]"),
        ("accuracy, the best", f"{told['accuracy_primary']:.3f}"),
        ("top-2", f"{told['top_2']:.3f}"),
        ("macro-F1", f"{told['macro_f1']:.3f}"),
        ("calibration error (ECE)", f"{told['ece']:.3f}"),
    ):
        figures.add_row(name, value)
    shown: list[RenderableType] = [figures]
    counts = confusion(judged)
    keys = sorted({*counts, *(key for row in counts.values() for key in row)})
    if len(keys) <= 16:
        matrix = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="best expert, and who was chosen")
        matrix.add_column("")
        for key in keys:
            matrix.add_column(key[:9], justify="right")
        for key in keys:
            row = counts.get(key, {})
            cells = (Text(str(row.get(one) or "·"), style="bold" * (one == key)) for one in keys)
            matrix.add_row(Text(key), *cells)
        shown.append(matrix)
    for field in ("source", "language"):
        groups = by_group(judged, field)
        if len(groups) > 1:
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
            for name in (field, "queries", "accuracy"):
                table.add_column(name, justify="left" if name == field else "right")
            for name, one in sorted(groups.items(), key=lambda item: item[1]["accuracy_any"]):
                accuracy = f"{one['accuracy_any']:.3f}"
                table.add_row(Text(name or "not said"), f"{one['n']:.0f}", accuracy)
            shown.append(table)
    return shown
