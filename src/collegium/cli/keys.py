"""`collegium keys`: who may use the gateway."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from collegium import config as configuration
from collegium.cli import options
from collegium.cli.terminal import harmless, running, say, say_json, stderr, stdout, verb

if TYPE_CHECKING:
    from rich.table import Table

    from collegium.gateway.security.keyfile import KeyFile
    from collegium.gateway.security.keys import Key, Limits

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST_S = 100 * 365 * 86_400
MOST_USD = 1e9

KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys-file", metavar="FILE", help="The file of keys; else gateway.keys_file, the user's."
    ),
]


def app() -> typer.Typer:
    """The verbs under `collegium keys`."""
    verbs = typer.Typer(help="Make, list and revoke keys of the gateway.", no_args_is_help=True)
    verbs.command("create")(create)
    verbs.command("list")(listing)
    verbs.command("revoke")(revoke)
    return verbs


@verb
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what for.")],
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long it is valid: 90m, 12h, 30d, 8w.")
    ] = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="It may administer the gateway, too.")
    ] = False,
    models: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Only such models: auto, 'ollama/*' (may be repeated)."
        ),
    ] = None,
    rpm: Annotated[int | None, typer.Option(min=1, help="Requests in a minute, at most.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Tokens in a minute, at most.")] = None,
    budget: Annotated[
        float | None, typer.Option(metavar="USD", help="What it may spend, in USD.")
    ] = None,
    per: Annotated[
        Literal["day", "month", "total"] | None,
        typer.Option(help="What the budget is for; months and days are those of UTC.  [month]"),
    ] = None,
    parallel: Annotated[int | None, typer.Option(min=1, help="Requests at once, at most.")] = None,
    keys_file: KeysFile = None,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept.

    Servers that run know it within a second.

    Examples:
    `collegium keys create alice --expires 30d --rpm 60 --budget 5.00 --per month`

    `collegium keys create ci --models auto --models 'ollama/*' --parallel 4`
    """
    del debug  # `verb` reads it
    from collegium.gateway.security.keys import Limits  # noqa: PLC0415 -- the gateway's libraries

    if per is not None and budget is None:
        raise typer.BadParameter("--per says what a --budget is for, and there is none")
    if budget is not None and not 0 < budget <= MOST_USD:
        raise typer.BadParameter(f"--budget {budget:g} is not an amount above 0 in USD")
    limits = Limits(
        requests_per_minute=rpm,
        tokens_per_minute=tpm,
        max_parallel=parallel,
        budget_usd=budget,
        period=per or "month",
    )
    valid_s = None if expires is None else seconds(expires)
    file = _file(keys_file, config)

    async def work() -> None:
        key, secret = await file.create(
            name,
            permissions=("use", "admin") if admin else ("use",),
            models=models or (),
            limits=limits,
            valid_s=valid_s,
        )
        if as_json:
            say_json({"key": secret, **_row(key)})
        else:
            say(f"{secret}\n")
        stderr().print(f"the key {key.name!r} is in {file.path}; it is not shown again")

    running(work())


@verb
def listing(
    keys_file: KeysFile = None,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show the keys there are, by their beginnings, and what each may do.

    Example:
    `collegium keys list --json`
    """
    del debug  # `verb` reads it
    file = _file(keys_file, config)
    rows = [_row(key) for key in file.read().keys]
    if as_json:
        say_json({"file": str(file.path), "keys": rows})
    elif rows:
        stdout().print(_table(rows))
    else:
        stderr().print(f"there are no keys in {file.path}; make one with `collegium keys create`")


@verb
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID|NAME", help="The key's id or name.")],
    keys_file: KeysFile = None,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Withdraw a key, for good. Servers that run refuse it within a second.

    Example:
    `collegium keys revoke alice`
    """
    del debug  # `verb` reads it
    file = _file(keys_file, config)

    async def work() -> None:
        key = await file.revoke(name)
        say(f"{key.id}\n")
        stderr().print(f"the key {key.name!r} ({key.prefix}...) is revoked")

    running(work())


def seconds(told: str) -> int:
    """A length of time such as 90m, 12h, 30d or 8w, in seconds."""
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", told.strip())
    length_s = int(found[1]) * UNITS_S[found[2]] if found else 0
    if not 0 < length_s <= LONGEST_S:
        raise typer.BadParameter(f"{told!r} is not a length of time such as 90m, 12h, 30d or 8w")
    return length_s


def _file(keys_file: Path | None, config: Path | None) -> KeyFile:
    from collegium.gateway.security.keyfile import (  # noqa: PLC0415 -- the gateway's libraries
        KeyFile,
        keys_path,
    )

    if keys_file is None:
        settings = configuration.load(configuration.find(config))
        keys_file = keys_path(settings.gateway.keys_file)
    return KeyFile(keys_file)


def _row(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "state": key.state(),
        "created": key.created.isoformat(),
        "expires": key.expires and key.expires.isoformat(),
        "revoked": key.revoked and key.revoked.isoformat(),
        "permissions": list(key.permissions),
        "models": list(key.models),
        "limits": _limits(key.limits),
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "max_parallel": limits.max_parallel,
        "budget_usd": limits.budget_usd,
        "period": limits.period if limits.budget_usd is not None else None,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("name", "id", "key", "state", "may", "models", "limits", "expires"):
        table.add_column(name, no_wrap=name in {"id", "key", "state", "expires"})
    for row in rows:
        table.add_row(
            Text(harmless(row["name"]), style="bold"),
            Text(row["id"]),
            Text(f"{row['prefix']}..."),
            Text(row["state"]),
            Text(", ".join(row["permissions"])),
            Text(harmless(", ".join(row["models"])) or "all"),
            Text(_in_words(row["limits"])),
            Text((row["expires"] or "never")[:10]),
        )
    return table


def _in_words(limits: dict[str, Any]) -> str:
    budget, period = limits["budget_usd"], limits["period"]
    per = "in all" if period == "total" else f"a {period}"
    words = (
        (limits["requests_per_minute"], "{:,} rpm"),
        (limits["tokens_per_minute"], "{:,} tpm"),
        (limits["max_parallel"], "{:,} at once"),
        (budget, f"${{:,.2f}} {per}"),
    )
    return ", ".join(told.format(limit) for limit, told in words if limit is not None) or "none"
