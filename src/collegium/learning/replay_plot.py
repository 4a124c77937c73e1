"""Accuracy against cost as a picture: single models, their front, and what is compared with them.

The only place that knows matplotlib, which the `replay` extra brings.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from collegium.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from collegium.learning.replay import Standing

# By format: what is left out of a file, so that the same figures always make the same file.
UNDATED: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "png": {},
    "pdf": {"CreationDate": None},
}
# Markers and colours of what is compared with single models; the first is the college.
COLLEGE = ("*", "#c0392b")
OTHERS = (("s", "#2c3e50"), ("v", "#7f8c8d"), ("P", "#2980b9"), ("X", "#8e44ad"), ("D", "#27ae60"))
GREY = "#9a9a9a"


def format_of(path: Path) -> str:
    """The format that a file's name asks for.

    Raises:
        DataError: there is none of that name.
    """
    name = path.suffix.lower().removeprefix(".")
    if name not in UNDATED:
        known = ", ".join(f".{one}" for one in UNDATED)
        raise DataError(f"cannot plot to {path}: its name has to end in one of {known}")
    return name


def draw(path: Path, standings: Sequence[Standing], singles: Sequence[Standing]) -> None:
    """Write a plot of accuracy against the cost of 1,000 prompts, whole or not at all.

    Args:
        path: where to; its suffix (.svg, .png, .pdf) is the format.
        standings: what is marked and named, the college first.
        singles: the single models; those on their Pareto front are named.

    Raises:
        DataError: the suffix is another, matplotlib is not installed, or it cannot be written.
    """
    kind = format_of(path)
    try:
        import matplotlib as mpl  # noqa: PLC0415 -- the `replay` extra, 600 ms
    except ImportError as error:
        raise DataError("plotting takes matplotlib: pip install 'collegium[replay]'") from error
    unfinished = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        with mpl.rc_context({"svg.hashsalt": "collegium"}):
            figure = figure_of(standings, singles)
            figure.savefig(unfinished, format=kind, metadata=UNDATED[kind])
        unfinished.replace(path)
    except OSError as error:
        raise DataError(f"cannot write the plot to {path}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def figure_of(standings: Sequence[Standing], singles: Sequence[Standing]) -> Any:
    """The plot, as a figure of matplotlib that is not written yet."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_xlabel("cost of 1,000 prompts in USD")
    axes.set_ylabel("accuracy")
    axes.margins(x=0.12, y=0.12)
    axes.grid(visible=True, which="major", color="#e6e6e6", linewidth=0.6)
    least = least_cost([*standings, *singles])
    _mark_singles(axes, singles, least)
    for one, (marker, colour) in zip(standings, _looks(len(standings)), strict=True):
        axes.scatter(
            [max(least, one.cost_usd * 1000)],
            [one.accuracy],
            s=190 if (marker, colour) == COLLEGE else 55,
            marker=marker,
            color=colour,
            label=one.name,
            zorder=4,
        )
    axes.legend(loc="lower right", fontsize=8, frameon=False)
    return figure


def front_of(singles: Sequence[Standing]) -> list[Standing]:
    """Those that none is both cheaper and at least as accurate as, the cheapest first."""
    front: list[Standing] = []
    for one in sorted(singles, key=lambda one: (one.cost_usd, -one.accuracy)):
        if not front or one.accuracy > front[-1].accuracy:
            front.append(one)
    return front


def least_cost(standings: Sequence[Standing]) -> float:
    """Where what costs nothing is drawn, which a logarithmic axis has no place for."""
    costs = [one.cost_usd * 1000 for one in standings if one.cost_usd > 0]
    return min(costs, default=1.0) / 2


def _mark_singles(axes: Any, singles: Sequence[Standing], least: float) -> None:
    if not singles:
        return
    costs = [max(least, one.cost_usd * 1000) for one in singles]
    axes.scatter(costs, [one.accuracy for one in singles], s=14, color=GREY, label="single models")
    front = front_of(singles)
    edge = [max(least, one.cost_usd * 1000) for one in front]
    axes.plot(
        [*edge, max(costs)],
        [*(one.accuracy for one in front), front[-1].accuracy],
        drawstyle="steps-post",
        color=GREY,
        linewidth=1,
    )
    for cost, one in zip(edge, front, strict=True):
        axes.annotate(
            one.name,
            (cost, one.accuracy),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
            rotation=-30,
            rotation_mode="anchor",
            fontsize=7,
            color="#555555",
            parse_math=False,
        )


def _looks(count: int) -> list[tuple[str, str]]:
    return [COLLEGE, *(OTHERS[place % len(OTHERS)] for place in range(count - 1))][:count]
