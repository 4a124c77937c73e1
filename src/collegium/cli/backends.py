"""`collegium backends list|put|remove`: where models are, at a collegium that serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server, told_in
from collegium.cli.terminal import harmless, say, say_json, stdout, verb

if TYPE_CHECKING:
    from rich.table import Table

Name = Annotated[str, typer.Argument(help="The backend's name, as in NAME/MODEL.")]


def app() -> typer.Typer:
    """The verbs under `collegium backends`; alone it lists them."""
    verbs = typer.Typer(invoke_without_command=True)
    verbs.callback()(backends)
    verbs.command("list")(listing)
    verbs.command("put")(put)
    verbs.command("remove")(remove)
    return verbs


def backends(context: typer.Context) -> None:
    """List, put and remove backends, where models are, of a collegium that serves.

    Alone it lists them.

    Examples:
    `collegium backends list --url http://127.0.0.1:8100`

    `collegium backends put farm --address http://farm:8000/v1`
    """
    if context.invoked_subcommand is None:
        listing()


@verb
def listing(
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show where the models are of a collegium that serves.

    Examples:
    `collegium backends list`

    `collegium backends list --url http://127.0.0.1:8100 --json`
    """
    del debug  # `verb` reads it
    rows = server(url, key_env, config).get("backends")["data"]
    if as_json:
        say_json({"backends": rows})
    elif rows:
        stdout().print(_table(rows))
    else:
        say("there are no backends; `collegium backends put` makes one\n")


@verb
def put(
    name: Name,
    address: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where it is: what /chat/completions is added to."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="http, openai, ollama or vllm: all four are the same.  [http]"),
    ] = None,
    replicas: Annotated[
        list[str] | None,
        typer.Option(
            "--replica",
            metavar="URL",
            help="A further address that has the same models (may be repeated).",
        ),
    ] = None,
    api_key_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help="The variable of the server that holds its API key."),
    ] = None,
    capacity: Annotated[
        int | None,
        typer.Option(min=1, help="Requests at once, for each model at each address."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="ENTRY.yaml", help="All about it instead, as under backends.NAME."),
    ] = None,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Add a backend where collegium serves, or put it in the place of the one of that name.

    It replaces that one whole. An API key of the server's goes to a new address only by the
    server's own configuration file. `collegium config rollback` undoes it.

    Examples:
    `collegium backends put farm --address http://farm:8000/v1 --capacity 32`

    `collegium backends put local --file entry.yaml`
    """
    del debug  # `verb` reads it
    if (file is None) == (address is None):
        raise typer.BadParameter("say where it is: its --address, or a --file with all about it")
    options_of_http = {
        "url": address,
        "kind": kind,
        "replicas": replicas,
        "api_key_env": api_key_env,
        "capacity": capacity,
    }
    given = {key: value for key, value in options_of_http.items() if value}
    if file is not None and given:
        raise typer.BadParameter("all about it is in the --file; leave out the other options")
    entry = told_in(file, "backend") if file else {"kind": "http", **given}
    told = server(url, key_env, config).send("PUT", ("backends", name), entry)
    say_json(told) if as_json else say(harmless(f"{name} is a backend: {_where(told)}") + "\n")


@verb
def remove(
    name: Name,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Take a backend away where collegium serves; refused as long as something needs it.

    What is being answered by its models is finished. `collegium config rollback` undoes it.

    Example:
    `collegium backends remove farm`
    """
    del debug  # `verb` reads it
    told = server(url, key_env, config).send("DELETE", ("backends", name))
    say_json(told) if as_json else say(f"{harmless(name)} is no backend any more\n")


def _where(row: dict[str, Any]) -> str:
    """What a backend's models are had from: addresses, a file, or files on the server's machine."""
    if "url" in row:
        return ", ".join((row["url"], *row["replicas"]))
    return str(row["path"]) if "path" in row else "on the server's machine"


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("backend", "kind", "at once", "API key in", "where"):
        table.add_column(name, justify="right" if name == "at once" else "left")
    for row in rows:
        table.add_row(
            Text(harmless(row["name"]), style="bold"),
            Text(row["kind"]),
            str(row.get("capacity") or row.get("slots") or ""),
            Text(harmless(row.get("api_key_env") or "")),
            Text(harmless(_where(row))),
        )
    return table
