"""A decision as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from collegium.types import Decision


def decision_table(decision: Decision) -> Table:
    """Everybody who was considered, and how each stood."""
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "expert", "score", "gate", "own", "load", "note"):
        table.add_column(
            name, justify="right" if name in ("score", "gate", "own", "load") else "left"
        )
    for candidate in decision.ranking:
        chosen = candidate in decision.chosen
        table.add_row(
            "→" if chosen else "",
            Text(candidate.key, style="bold" if chosen else ""),
            f"{candidate.score:.2f}",
            f"{candidate.gate:.2f}",
            f"{candidate.assessment:.2f}",
            f"{candidate.load:.0%}",
            Text(candidate.note),
        )
    return table
