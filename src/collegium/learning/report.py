"""A routing report as one HTML page: figures, tables and plots, with nothing to load."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from collegium.learning.measures import by_group, confusion, reliability, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from collegium.learning.measures import Judged

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #667085; --line: #d9dee7; --fill: #3b6fd4;
  --bad: #c2503a; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #364152;
  --fill: #7aa2f7; --bad: #f0816b; --back: #12161f; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
td:first-child, th:first-child { text-align: left; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
.figure { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1rem; }
.figure b { display: block; font-size: 1.4rem; } .figure span, .note { color: var(--soft); }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.grid { overflow-x: auto; }
"""


def page(rows: Sequence[Judged], *, title: str) -> str:
    """The report of some decisions.

    Args:
        rows: each decision beside what was acceptable; at least one.
        title: the heading.
    """
    told = summary(rows)
    parts = [
        f"<h1>{escape(title)}</h1>",
        _figures(told),
        "<h2>Confidence against truth</h2>",
        "<p class=note>Each dot is a tenth of the decisions. On the line, what is said to be right "
        "in 80 of 100 cases is right in 80 of 100.</p>",
        _reliability(reliability(rows)),
        "<h2>Where queries went</h2>",
        "<p class=note>Rows: the best expert. Columns: who was chosen. A choice of any acceptable "
        "expert counts as the best.</p>",
        _confusion(confusion(rows)),
        "<h2>By expert</h2>",
        _bars(told["recall"].items()),
    ]
    for field, heading in (("source", "By source"), ("language", "By language")):
        groups = by_group(rows, field)
        if len(groups) > 1:
            parts += [f"<h2>{heading}</h2>", _groups(groups)]
    body = "\n".join(parts)
    return (
        f"<!doctype html>\n<html lang=en><meta charset=utf-8><title>{escape(title)}</title>\n"
        f"<style>{_STYLE}</style>\n<body>\n{body}\n</body></html>\n"
    )


def _figures(told: Mapping[str, Any]) -> str:
    low, high = told["accuracy_any_95"]
    shown = (
        ("queries", f"{told['n']:,}"),
        ("accuracy, any acceptable", f"{told['accuracy_any']:.1%}"),
        ("its 95 % interval", f"{low:.1%} to {high:.1%}"),
        ("accuracy, the best", f"{told['accuracy_primary']:.1%}"),
        ("top-2", f"{told['top_2']:.1%}"),
        ("macro-F1", f"{told['macro_f1']:.3f}"),
        ("calibration error", f"{told['ece']:.3f}"),
    )
    cells = (f"<div class=figure><b>{value}</b><span>{name}</span></div>" for name, value in shown)
    return f"<div class=figures>{''.join(cells)}</div>"


def _reliability(points: Iterable[tuple[float, float, int]]) -> str:
    size, edge = 320, 40

    def at(x: float, y: float) -> tuple[float, float]:
        return edge + x * size, edge / 2 + (1 - y) * size

    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    marks = [f"<line x1={x0} y1={y0} x2={x1} y2={y1} stroke='var(--line)' stroke-dasharray=4 />"]
    marks.append(
        f"<rect x={x0} y={y1} width={size} height={size} fill=none stroke='var(--line)' />"
    )
    for tick in (0, 0.25, 0.5, 0.75, 1):
        (x, _), (_, y) = at(tick, 0), at(0, tick)
        marks.append(f"<text x={x:.0f} y={y0 + 16:.0f} text-anchor=middle>{tick:.0%}</text>")
        marks.append(f"<text x={x0 - 6:.0f} y={y + 4:.0f} text-anchor=end>{tick:.0%}</text>")
    for sure, right, count in points:
        x, y = at(sure, right)
        marks.append(
            f"<circle cx={x:.1f} cy={y:.1f} r=5 fill='var(--fill)'>"
            f"<title>said {sure:.1%}, right {right:.1%}, {count} decisions</title></circle>"
        )
    width, height = size + 2 * edge, size + 1.6 * edge
    return (
        f"<svg width={width:.0f} height={height:.0f} role=img aria-label='confidence and truth'>"
        f"{''.join(marks)}</svg>"
    )


def _confusion(table: Mapping[str, Mapping[str, int]]) -> str:
    keys = sorted({*table, *(chosen for row in table.values() for chosen in row)})
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    lines = [f"<tr><th></th>{head}</tr>"]
    for wanted in keys:
        row = table.get(wanted, {})
        total = sum(row.values()) or 1
        cells: list[str] = []
        for chosen in keys:
            count = row.get(chosen, 0)
            colour = "--fill" if chosen == wanted else "--bad"
            share = round(70 * count / total)
            back = f"color-mix(in srgb, var({colour}) {share}%, transparent)"
            cells.append(f"<td style='background:{back}'>{count or ''}</td>")
        lines.append(f"<tr><th>{escape(wanted)}</th>{''.join(cells)}</tr>")
    return f"<div class=grid><table>{''.join(lines)}</table></div>"


def _bars(values: Iterable[tuple[str, float]]) -> str:
    lines = [
        f"<tr><td>{escape(name)}</td><td><svg width=260 height=14>"
        f"<rect width={260 * value:.0f} height=14 rx=3 fill='var(--fill)' /></svg></td>"
        f"<td>{value:.1%}</td></tr>"
        for name, value in values
    ]
    return f"<table>{''.join(lines)}</table>"


def _groups(groups: Mapping[str, Mapping[str, float]]) -> str:
    ordered = sorted(groups.items(), key=lambda item: item[1]["accuracy_any"])
    lines = ["<tr><th></th><th>queries</th><th>accuracy</th></tr>"]
    lines += [
        f"<tr><td>{escape(name or 'not said')}</td><td>{row['n']:.0f}</td>"
        f"<td>{row['accuracy_any']:.1%}</td></tr>"
        for name, row in ordered
    ]
    return f"<table>{''.join(lines)}</table>"
