"""Figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping

Figures = Mapping[str, Mapping[str, float]]


def table(rows: Mapping[str, Figures], columns: Mapping[str, tuple[str, str]]) -> str:
    """Rows of figures as median (lowest to highest); a column: its heading, figure and form."""
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, figures in rows.items():
        cells = [_cell(figures.get(figure), form) for figure, form in columns.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: Mapping[str, float] | None, form: str) -> str:
    if value is None:
        return ""
    low, middle, high = (form.format(value[key]) for key in ("low", "median", "high"))
    return middle if low == high else f"{middle} ({low} to {high})"
