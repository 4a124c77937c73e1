"""Progress on a terminal; in a pipe a single line for what takes long, and nothing else."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from collegium.cli.terminal import stderr

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rich.console import Console
    from rich.progress import Progress, TaskID

MB: Final = 1_000_000


@contextmanager
def fetching() -> Generator[Callable[[str, int, int | None], None]]:
    """Shows fetches: give it the stage, the bytes so far and the bytes in all, if known."""
    console = stderr()
    bars = _bars(console, transfers=True)
    stages: dict[str, TaskID] = {}
    told: set[str] = set()

    def show(stage: str, done: int, total: int | None) -> None:
        if not console.is_terminal:
            if stage not in told:
                told.add(stage)
                size = f" ({megabytes(total)})" if total else ""
                console.print(f"{stage}{size}")
            return
        if stage not in stages:
            stages[stage] = bars.add_task(stage, total=total)
        bars.update(stages[stage], completed=done, total=total)

    with bars:
        yield show


@contextmanager
def counting(what: str, total: int | None) -> Generator[Callable[[int], None]]:
    """Shows how many of `total` are done; give it how many more are."""
    bar = _bars(stderr(), transfers=False)
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


@contextmanager
def stages() -> Generator[Callable[[int, int, str], None]]:
    """Shows work in stages: give it how many are done, how many there are, and the stage.

    Where there turns out to be no work, nothing is loaded for it.
    """
    with ExitStack() as showing:
        bars: list[Progress] = []
        shown: dict[str, TaskID] = {}

        def show(done: int, total: int, stage: str) -> None:
            if not bars:
                bars.append(showing.enter_context(_bars(stderr(), transfers=False)))
            if stage not in shown:
                shown[stage] = bars[0].add_task(stage)
            bars[0].update(shown[stage], completed=done, total=total or None)

        yield show


def _bars(console: Console, *, transfers: bool) -> Progress:
    """Progress bars, of bytes transferred or of things counted; nothing where nobody watches."""
    from rich import progress as parts  # noqa: PLC0415 -- 40 ms, which `route` need not spend

    done = (
        (parts.DownloadColumn(), parts.TransferSpeedColumn())
        if transfers
        else (parts.MofNCompleteColumn(),)
    )
    return parts.Progress(
        parts.TextColumn("{task.description}"),
        parts.BarColumn(),
        *done,
        parts.TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def megabytes(count: int) -> str:
    """A size in bytes as people say it: "93 MB", and "180 kB" where it is less than one."""
    return f"{count / 1e6:.0f} MB" if count >= MB else f"{math.ceil(count / 1e3)} kB"
