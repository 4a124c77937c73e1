"""`collegium evaluate replay`: what a mixture is worth, on recorded answers of real models."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collegium.cli import options
from collegium.cli.progress import counting
from collegium.cli.terminal import say, say_json, stdout, verb
from collegium.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.lab.report import Report

OBJECTIVES = ("parity", "quality", "balanced", "cheap", "fast")


@verb
def replay(
    fit: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of recorded answers to learn from.")
    ],
    judge: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder to be judged on; else halves of --fit."),
    ] = None,
    pool: Annotated[
        str | None, typer.Option(metavar="NAME", help="A pool of models that pools.json names.")
    ] = None,
    datasets: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="These data sets; else those whose final answers were recorded."
        ),
    ] = None,
    objective: Annotated[
        str, typer.Option(metavar="NAME", help="What it goes by: parity, quality, balanced, ...")
    ] = "parity",
    strategy: Annotated[
        str, typer.Option(metavar="NAME", help="How several answers become one.")
    ] = "cascade",
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="OUT.jsonl", help="Write who was called, answer and cost, by prompt."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="POLICY.json", help="Write what was learned, for moe.aggregation."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Plot accuracy against cost.")
    ] = None,
    verification: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Whether answers are checked.")
    ] = True,
    compute: Annotated[
        bool, typer.Option("--compute/--no-compute", help="Whether experts compute.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0, help="Draws halves and resamples.")] = 0,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Fit a mixture to recorded answers, and judge it on prompts that it was not fitted to.

    A college, as it would serve, answers every prompt with models that say what was recorded. It
    pays for each answer that it sees. `parity` is the cheapest that is not worse than the best
    single model, `quality` the most accurate that costs no more.

    Example:
    `collegium evaluate replay --fit answers/ --pool cheap --objective quality --plot pareto.svg`
    """
    del debug  # `verb` reads it
    if objective not in OBJECTIVES:
        raise ConfigError(f"no objective called {objective!r}; there are: {', '.join(OBJECTIVES)}")
    _check_written(decisions, save, plot)
    from collegium.lab.replaying import Lab  # noqa: PLC0415 -- numpy, and all that serves
    from collegium.learning.recordings import pool_of, read_recordings  # noqa: PLC0415

    models = pool_of(fit, pool) if pool else None
    named = tuple(filter(None, (datasets or "").split(",")))
    learned = read_recordings(fit, models=models, datasets=named)
    judged = read_recordings(judge, models=models, datasets=named) if judge else None
    lab = Lab(objective, strategy, verification=verification, compute=compute, seed=seed)

    async def tried() -> Report:
        prompts = len((judged or learned).prompts)
        with counting("prompts", prompts) as done:
            if judged is None:
                return await lab.halves(learned, done)
            return await lab.judge(judged, await lab.fit(learned), done)

    report = asyncio.run(tried())
    if decisions is not None:
        lines = (json.dumps(one.row(), ensure_ascii=False) for one in report.decisions)
        text = "".join(f"{line}\n" for line in lines)
        _write(decisions, lambda path: path.write_text(text, "utf-8"))
    if save is not None:
        _write(save, report.policy.save)
    if plot is not None:
        from collegium.learning.replay_plot import draw  # noqa: PLC0415 -- matplotlib

        draw(plot, report.standings, report.singles)
    if as_json:
        say_json({"objective": objective, "strategy": strategy, **report.as_data(seed)})
    else:
        _show(report, objective, seed)


def _check_written(decisions: Path | None, save: Path | None, plot: Path | None) -> None:
    """Refuse what could not be written, before the work is done for nothing."""
    for path in filter(None, (decisions, save, plot)):
        if not path.absolute().parent.is_dir():
            raise DataError(f"cannot write {path}: its folder does not exist")
        if path.is_dir():
            raise DataError(f"cannot write {path}: it is a folder")
    if plot is not None:
        from collegium.learning.replay_plot import format_of  # noqa: PLC0415

        format_of(plot)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        write(unfinished)
        unfinished.replace(path)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _show(report: Report, objective: str, seed: int) -> None:
    """The report as a table."""
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415

    data = report.as_data(seed)
    single = report.single
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "accuracy", "against best", "cost / 1000", "of best's"):
        table.add_column(name, justify="right" if name else "left")
    for one in report.standings:
        table.add_row(
            one.name,
            f"{one.accuracy:.1%}",
            f"{(one.accuracy - single.accuracy) * 100:+.1f}",
            f"${one.cost_usd * 1000:.3f}",
            f"{one.cost_usd / max(single.cost_usd, 1e-12):.0%}",
        )
    stdout().print(table)
    low, high = data["gain_interval"]
    say(
        f"{data['prompts']} prompts; {data['gain'] * 100:+.1f} points on the best single model "
        f"({low * 100:+.1f} to {high * 100:+.1f}) at {data['cost_ratio']:.0%} of its cost\n"
    )
    for what, names in report.unseen.items():
        if names:
            say(f"unseen {what}, which take the prior: {', '.join(names)}\n")
    alone = report.policy.alone.get(objective)
    if alone:
        say(f"no cascade was better than {alone} alone, which is what is asked\n")
    if report.overlap:
        say(f"{report.overlap} of these prompts were fitted to: the figures flatter\n")
    if data["failures"]:
        say(f"{data['failures']} prompts had no answer\n")
