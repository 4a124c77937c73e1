"""Progress on a terminal; in a pipe a single line for what takes long, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from collegium.cli.terminal import stderr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def fetching() -> Iterator[Callable[[str, int, int | None], None]]:
    """Shows fetches: give it the stage, the bytes so far and the bytes in all, if known."""
    console = stderr()
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    stages: dict[str, int] = {}

    def show(stage: str, done: int, total: int | None) -> None:
        if not console.is_terminal:
            if stage not in stages:
                stages[stage] = 0
                size = f" ({megabytes(total)})" if total else ""
                console.print(f"{stage}{size}")
            return
        if stage not in stages:
            stages[stage] = bars.add_task(stage, total=total)
        bars.update(stages[stage], completed=done, total=total)

    with bars:
        yield show


@contextmanager
def counting(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Shows how many of `total` are done; give it how many more are."""
    console = stderr()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


def megabytes(count: int) -> str:
    """A size in bytes as people say it."""
    return f"{count / 1e6:.0f} MB"
