"""`collegium experts rank|remove|drain|restore|scale`: who is on duty where collegium serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server
from collegium.cli.history import standing
from collegium.cli.terminal import harmless, say, say_json, stderr, stdout, verb

if TYPE_CHECKING:
    from rich.table import Table

Name = Annotated[str, typer.Argument(help="The expert's name or key.")]
MOST_INSTANCES = 1000


def register(verbs: typer.Typer) -> None:
    """Put these verbs among those of `collegium experts`."""
    for one in (rank, remove, drain, restore, scale):
        verbs.command(one.__name__)(one)


@verb
def rank(
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Rank the experts by success, free capacity and speed, with how sure each rank is.

    Where collegium does not serve, they are ranked by what is on record.

    Examples:
    `collegium experts rank`

    `collegium experts rank --url http://127.0.0.1:8100 --json`
    """
    del debug  # `verb` reads it
    told = standing(url, key_env, config)
    rows = sorted(
        (row for row in told.status["experts"] if row.get("rank")),
        key=lambda row: -float(row["rank"]["score"]),
    )
    if as_json:
        say_json({"source": told.source, "experts": rows})
        return
    if told.note:
        stderr().print(told.note)
    stdout().print(_ranking(rows))


@verb
def remove(
    name: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Also the last one who can do its work.")
    ] = False,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Take an expert off duty where collegium serves; it finishes what it has begun.

    `collegium experts restore` undoes it.

    Example:
    `collegium experts remove WineExpert`
    """
    del debug  # `verb` reads it
    server(url, key_env, config).send("DELETE", ("experts", name), force=force)
    say(f"{harmless(name)} is off duty\n")


@verb
def drain(
    name: Name,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Give an expert no more queries where collegium serves, and let it finish what it has.

    `collegium experts restore` undoes it.

    Example:
    `collegium experts drain coding`
    """
    del debug  # `verb` reads it
    row = server(url, key_env, config).send("POST", ("experts", name, "drain"))
    say(f"{harmless(row['name'])} gets no more queries; {row['load']:g} are being answered\n")


@verb
def restore(
    name: Name,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Give an expert queries again that was drained, or removed, where collegium serves.

    Example:
    `collegium experts restore coding`
    """
    del debug  # `verb` reads it
    row = server(url, key_env, config).send("POST", ("experts", name, "restore"))
    say(f"{harmless(row['name'])} gets queries again\n")


@verb
def scale(
    name: Name,
    instances: Annotated[
        str, typer.Argument(metavar="N|auto", help="How many instances; auto: as demand wants.")
    ],
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Give an expert so many instances of its model where collegium serves.

    Examples:
    `collegium experts scale coding 3`

    `collegium experts scale coding auto`
    """
    del debug  # `verb` reads it
    count = _count(instances)
    told = server(url, key_env, config).send(
        "POST", ("experts", name, "scale"), {"instances": count}
    )
    wanted = "as many instances as demand wants" if count is None else f"{count} wanted"
    note = f"; {told['note']}" if told["note"] else ""
    say(harmless(f"{told['name']}: {wanted}, {told['instances']} there{note}") + "\n")


def _count(instances: str) -> int | None:
    if instances == "auto":
        return None
    count = int(instances) if instances.isdecimal() else 0
    if not 1 <= count <= MOST_INSTANCES:
        raise typer.BadParameter(
            f"{instances!r} is neither 'auto' nor a number from 1 to {MOST_INSTANCES}"
        )
    return count


def _ranking(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "expert", "score", "between", "note"):
        table.add_column(name, justify="right" if name in ("", "score") else "left")
    for place, row in enumerate(rows, 1):
        told = row["rank"]
        table.add_row(
            str(place) if told["enough"] else "?",
            Text(harmless(row["name"]), style="bold"),
            f"{told['score']:.3f}",
            f"{told['low']:.3f} and {told['high']:.3f}",
            Text(harmless(told["why"])),
        )
    return table
