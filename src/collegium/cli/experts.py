"""`collegium experts`: who is on duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.cli import options
from collegium.cli.college import college
from collegium.cli.terminal import running, say_json, stdout, verb
from collegium.experts.model_expert import ModelExpert

if TYPE_CHECKING:
    from rich.table import Table

    from collegium.experts.base import Expert
    from collegium.system import Collegium


@verb
def experts(
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show the experts: whether each is ready, what it can do, and which models it answers with.

    Example:
    `collegium experts --json`
    """
    del debug  # `verb` reads it
    running(_show(college(config), as_json=as_json))


async def _show(team: Collegium, *, as_json: bool) -> None:
    if team.staff is not None:
        await team.staff.settle()
    rows = [_row(expert) for expert in team.router.roster]
    await team.aclose()
    if as_json:
        say_json({"experts": rows})
    else:
        stdout().print(_table(rows))


def _row(expert: Expert) -> dict[str, Any]:
    model = expert if isinstance(expert, ModelExpert) else None
    return {
        "key": expert.key,
        "name": expert.name,
        "description": model.description if model else "",
        "ready": not expert.not_ready,
        "lacks": expert.not_ready,
        "fallback": expert.fallback,
        "models": list(model.pool.names) if model and model.pool else [],
        "max_load": expert.max_load,
        "capabilities": [
            {
                "name": capability.name,
                "confidence_threshold": capability.confidence_threshold,
                "max_load": capability.max_load,
                "average_latency_ms": capability.average_latency_ms,
            }
            for capability in expert.capabilities
        ],
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("expert", "name", "can", "models", "state"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            Text(row["key"], style="bold"),
            Text(row["name"]),
            Text(", ".join(one["name"] for one in row["capabilities"])),
            Text(", ".join(row["models"])),
            Text(("ready" if row["ready"] else row["lacks"]) + (", fallback" * row["fallback"])),
        )
    return table
