"""`collegium experiments`: what is tried out on a part of the traffic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server, told_in
from collegium.cli.terminal import harmless, say, say_json, stdout, verb
from collegium.errors import ConfigError
from collegium.jsonvalues import is_object

if TYPE_CHECKING:
    from rich.table import Table


def app() -> typer.Typer:
    """The verbs under `collegium experiments`."""
    verbs = typer.Typer(
        help="Try something out on a part of the traffic, and see whether it is better.",
        no_args_is_help=True,
    )
    verbs.command("start")(start)
    verbs.command("status")(status)
    verbs.command("stop")(stop)
    return verbs


@verb
def start(
    plan: Annotated[
        Path | None, typer.Argument(metavar="PLAN.yaml", help="The file of its plan.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What it is called, without a file.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="What the challenger has otherwise: moe.router.top_k=2 (may be repeated).",
        ),
    ] = None,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Begin an experiment where collegium serves: by a file, or by what is to be changed.

    Examples:
    `collegium experiments start plan.yaml`

    `collegium experiments start --name two --changes moe.router.top_k=2`
    """
    del debug  # `verb` reads it
    if (plan is None) == (name is None):
        raise typer.BadParameter("say which: a file with its plan, or --name and --changes")
    if plan is not None and changes:
        raise typer.BadParameter("--changes go with --name; those of a file are in the file")
    asked = told_in(plan, "plan") if plan else {"name": name, "changes": changes_of(changes or [])}
    told = server(url, key_env, config).send("POST", ("experiments",), asked)
    if as_json:
        say_json(told)
    else:
        say(f"{harmless(told['name'])} runs; `collegium experiments status` says how it stands\n")


@verb
def status(
    name: Annotated[str | None, typer.Argument(help="Of one experiment.")] = None,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show the experiments that run and those that have ended, with their verdicts.

    Example:
    `collegium experiments status`
    """
    del debug  # `verb` reads it
    place = server(url, key_env, config)
    rows = [place.get("experiments", name)] if name else place.get("experiments")["data"]
    if as_json:
        say_json(rows[0] if name else {"experiments": rows})
    elif rows:
        stdout().print(_table(rows))
    else:
        say("nothing has been tried out yet\n")


@verb
def stop(
    name: Annotated[str, typer.Argument(help="The experiment.")],
    promote: Annotated[
        bool, typer.Option("--promote", help="Have the challenger take over.")
    ] = False,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """End an experiment where collegium serves; everything stays as it was, or as was tried out.

    Examples:
    `collegium experiments stop two`

    `collegium experiments stop two --promote`
    """
    del debug  # `verb` reads it
    told = server(url, key_env, config).send("DELETE", ("experiments", name), promote=promote)
    if as_json:
        say_json(told)
    else:
        say(f"{harmless(name)}: {harmless(told['state'])}; {harmless(words_of(told))}\n")


def words_of(told: dict[str, Any]) -> str:
    """What has come of an experiment, or what can be said of it so far."""
    compared = told.get("comparisons") or [{"words": "nothing can be said yet"}]
    return "; ".join((told["verdict"] or compared[0]["words"], *told.get("warnings", ())))


def changes_of(told: list[str]) -> dict[str, Any]:
    """Changes such as `moe.router.top_k=2`, as the configuration has them.

    Raises:
        ConfigError: one is not of that shape, or changes what another one does.
    """
    made: dict[str, Any] = {}
    for one in told:
        path, separator, value = one.partition("=")
        steps = path.split(".")
        if not separator or not all(steps):
            raise ConfigError(f"--changes {one!r} is not of the shape moe.router.top_k=2")
        _put(made, steps, _parsed(f"value: {value}", "--changes")["value"], one)
    if not made:
        raise ConfigError("there is nothing to try out; say what, with --changes KEY=VALUE")
    return made


def _parsed(text: str, source: str) -> dict[str, Any]:
    from collegium.config.document import parse  # noqa: PLC0415 -- needs YAML

    parsed = parse(text, source=source)
    if parsed.problems:
        raise parsed.error(parsed.problems)
    return parsed.data  # type: ignore[no-any-return]


def _put(made: dict[str, Any], steps: list[str], value: Any, told: str) -> None:
    *before, last = steps
    for step in before:
        below: object = made.setdefault(step, {})
        if not is_object(below):
            raise ConfigError(f"--changes {told!r} is within what another one changes")
        made = below
    if last in made:
        raise ConfigError(f"--changes {told!r} changes what another one does")
    made[last] = value


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("experiment", "state", "mode", "verdict"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            Text(harmless(row["name"]), style="bold"),
            Text(row["state"]),
            Text(row["mode"]),
            Text(harmless(words_of(row))),
        )
    return table
