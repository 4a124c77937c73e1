"""`collegium config`: check, show and describe the configuration."""

from __future__ import annotations

import json

import typer

from collegium import config as configuration
from collegium.cli import options
from collegium.cli.terminal import say, verb


def app() -> typer.Typer:
    """The verbs under `collegium config`."""
    verbs = typer.Typer(help="Check, show and describe the configuration.", no_args_is_help=True)
    verbs.command("check")(check)
    verbs.command("schema")(schema)
    verbs.command("show")(show)
    return verbs


@verb
def check(config: options.ConfigFile = None, debug: options.Debug = False) -> None:
    """Say every mistake in the configuration, each with its place and what would be right.

    Example:
    `collegium config check --config team.yaml`
    """
    del debug  # `verb` reads it
    path = configuration.find(config)
    configuration.load(path)
    say(f"{path}: right\n" if path else "no configuration file: the defaults are in force\n")


@verb
def schema(debug: options.Debug = False) -> None:
    """Print the JSON schema of the configuration, for editors.

    Example:
    `collegium config schema > config.schema.json`
    """
    del debug  # `verb` reads it
    say(json.dumps(configuration.schema(), indent=2, ensure_ascii=False) + "\n")


@verb
def show(config: options.ConfigFile = None, debug: options.Debug = False) -> None:
    """Print the configuration in force, defaults and all; secrets are only named.

    Example:
    `collegium config show > collegium.yaml`
    """
    del debug  # `verb` reads it
    say(configuration.to_yaml(configuration.load(configuration.find(config))))
