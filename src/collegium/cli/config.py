"""`collegium config`: check, show and describe the configuration, or change what is in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from collegium import config as configuration
from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server
from collegium.cli.terminal import harmless, say, say_json, stderr, verb


def app() -> typer.Typer:
    """The verbs under `collegium config`."""
    verbs = typer.Typer(
        help="Check, show and describe the configuration; have a server read it, or go back.",
        no_args_is_help=True,
    )
    for one in (check, schema, show, reload, rollback):
        verbs.command(one.__name__)(one)
    return verbs


@verb
def check(config: options.ConfigFile = None, debug: options.Debug = False) -> None:
    """Say every mistake in the configuration, each with its place and what would be right.

    Example:
    `collegium config check --config team.yaml`
    """
    del debug  # `verb` reads it
    path = configuration.find(config)
    settings = configuration.load(path)
    for entry in settings.moe.experts:
        if entry.knowledge and not Path(entry.knowledge.path).expanduser().is_dir():
            told = f"{entry.name}: there is no folder {entry.knowledge.path} yet"
            stderr().print(harmless(told), style="yellow")
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


@verb
def reload(
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Have a collegium that serves read its configuration file again, and say what has changed.

    A file that is wrong is refused whole. Most servers read it by themselves when it changes.

    Example:
    `collegium config reload --url http://127.0.0.1:8100`
    """
    del debug  # `verb` reads it
    _changed(server(url, key_env, config).send("POST", ("config", "reload")), as_json=as_json)


@verb
def rollback(
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Have a collegium that serves go back to what was in force before its last change.

    That may have been a change of the file, of an expert, a backend or a short name, or what an
    experiment has promoted. The file stays as it is.

    Example:
    `collegium config rollback --url http://127.0.0.1:8100`
    """
    del debug  # `verb` reads it
    _changed(server(url, key_env, config).send("POST", ("config", "rollback")), as_json=as_json)


def _changed(told: dict[str, Any], *, as_json: bool) -> None:
    """Say what has changed of a server's configuration."""
    if as_json:
        say_json(told)
        return
    words = f"changed: {', '.join(told['changed'])}" if told["changed"] else "nothing has changed"
    say(harmless(f"{words}; generation {told['generation']} is in force") + "\n")
