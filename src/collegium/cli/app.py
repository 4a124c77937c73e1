"""The application: every verb under its name."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

# Where each verb is: a module here, and in it the verb itself, or `app` for several under one name.
VERBS: Final = {
    "ask": "ask:ask",
    "route": "route:route",
    "serve": "serve:serve",
    "index": "index:index",
    "search": "search:search",
    "graph": "graph:app",
    "mcp": "mcp:mcp",
    "status": "status:status",
    "rate": "rate:rate",
    "experts": "experts:app",
    "backends": "backends:app",
    "experiments": "experiments:app",
    "store": "store:app",
    "train": "train:train",
    "evaluate": "evaluate:app",
    "doctor": "doctor:doctor",
    "config": "config:app",
    "models": "models:app",
    "keys": "keys:app",
}


class Verbs(Mapping[str, Any]):
    """The verbs by name, each imported only when it is looked up: all take half a second."""

    def __getitem__(self, name: str) -> Any:
        module, _, part = VERBS[name].partition(":")
        found = getattr(import_module(f"collegium.cli.{module}"), part)
        if not gc.isenabled():  # as `main` has it, while much is imported
            gc.freeze()
            gc.enable()
        alone = _application(TyperGroup)
        if part == "app":
            alone.add_typer(found(), name=name)
        else:
            alone.command(name)(found)
        return typer.main.get_group(alone).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Application(TyperGroup):
    """The group of all verbs."""

    def __init__(self, **settings: Any) -> None:
        settings["commands"] = Verbs()
        super().__init__(**settings)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all verbs, in the order in which help shows them."""
        del ctx
        return list(self.commands)


def build() -> typer.Typer:
    """The application with all its verbs."""
    app = _application(Application)

    @app.callback()
    def _options(
        version: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ) -> None:
        pass

    return app


def _application(group: type[TyperGroup]) -> typer.Typer:
    return typer.Typer(
        name="collegium",
        cls=group,
        help="A mixture of experts: one question, the few experts who should answer, one answer.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version  # noqa: PLC0415 -- costs 20 ms, asked for rarely

        print(f"collegium {version('collegium')}")  # noqa: T201
        raise typer.Exit
