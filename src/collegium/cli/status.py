"""`collegium status`: how everything stands, once or all the time."""

from __future__ import annotations

import time
from itertools import compress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server
from collegium.cli.experiments import words_of
from collegium.cli.history import standing
from collegium.cli.terminal import harmless, say_json, stdout, verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Group
    from rich.table import Table

    from collegium.cli.history import Told

EVERY_S = 2.0
BAR = 4
COLUMNS = (
    "expert",
    "load",
    "inst.",
    "queries",
    "success",
    "p50/p95",
    "tokens/s",
    "cost",
    "rated",
    "rank",
)
# On a terminal with fewer columns these are left out; `--json` has them all.
WIDE = 116
LEFT_OUT = ("inst.", "tokens/s", "cost", "rated")


@verb
def status(
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C.")
    ] = False,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Forget the alarms of drift there are, first.")
    ] = False,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show how everything stands: experts, instances, experiments, drift, the record.

    Where collegium does not serve, it shows what is on record. With `--watch --json` there is one
    object a line.

    Examples:
    `collegium status --watch`

    `collegium status --url http://127.0.0.1:8100 --json`

    `collegium status --acknowledge`
    """
    del debug  # `verb` reads it
    if acknowledge:
        server(url, key_env, config).send("POST", ("drift", "acknowledge"))
    if not watch:
        _show(standing(url, key_env, config), as_json=as_json)
    elif as_json:
        while True:
            _show(standing(url, key_env, config), as_json=True)
            time.sleep(EVERY_S)
    else:
        _watch(lambda: standing(url, key_env, config))


def _show(told: Told, *, as_json: bool) -> None:
    if as_json:
        say_json({"source": told.source, **told.status})
    else:
        console = stdout()
        console.print(page_of(told, console.width))


def _watch(look: Callable[[], Told]) -> None:
    """Show it again and again in one place; where nobody watches, once."""
    from rich.live import Live  # noqa: PLC0415 -- 40 ms, only where something is shown

    console = stdout()
    if not console.is_terminal:
        console.print(page_of(look(), console.width))
        return
    with Live(page_of(look(), console.width), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(EVERY_S)
            live.update(page_of(look(), console.width), refresh=True)


def page_of(told: Told, width: int) -> Group:
    """How everything stands, for people with so many columns."""
    from rich.console import Group  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.text import Text  # noqa: PLC0415

    lines = [Text(harmless(line)) for line in lines_of(told.status)]
    head = [Text(harmless(told.note), style="yellow")] if told.note else []
    return Group(*head, table_of(told.status["experts"], width), *lines)


def table_of(rows: list[dict[str, Any]], width: int) -> Table:
    """Experts, and how each does; figures are those of late where there are any."""
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    shown = [name not in LEFT_OUT or width >= WIDE for name in COLUMNS]
    for name in compress(COLUMNS, shown):
        left = name in ("expert", "load")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    for row in rows:
        style = "dim" if row.get("lacks") else "bold"
        name = f"{row['name']} (draining)" if row.get("draining") else row["name"]
        cells = (Text(harmless(name), style=style), *map(Text, cells_of(row)))
        table.add_row(*compress(cells, shown))
    return table


def cells_of(row: dict[str, Any]) -> tuple[str, ...]:
    """What is told of an expert beside its name."""
    does: dict[str, Any] = row.get("performance") or {}
    lately: dict[str, Any] = does.get("now") or does
    return (
        _load(row),
        _number(row.get("instances"), "{:d}"),
        _number(does.get("queries"), "{:,}"),
        _share(lately.get("success") or does.get("success")),
        f"{_time(lately.get('p50_ms'))}/{_time(lately.get('p95_ms'))}",
        _number(lately.get("tokens_per_s"), "{:,.0f}"),
        _number(does.get("cost_usd"), "${:,.4f}"),
        _share(does.get("satisfaction")),
        _rank(row.get("rank")),
    )


def lines_of(told: dict[str, Any]) -> list[str]:
    """What there is to say beside the experts."""
    return [
        *([f"not ready: {told['reason']}"] if told.get("reason") else []),
        *(f"{one['name']}: {one['lacks']}" for one in told["experts"] if one.get("lacks")),
        *(line for one in told.get("fleet", ()) for line in _pool(one)),
        *(
            f"instance {one['label']}: it fails, and is left alone for now"
            for one in told.get("instances", ())
            if one["breaker"] == "open"
        ),
        *_evenness(told.get("evenness")),
        *(_experiment(one) for one in told.get("experiments", ()) if one["state"] == "running"),
        *(_drift(one) for one in told.get("drift", ()) if one.get("alarm")),
        *_learning(told.get("learning")),
        *_storage(told.get("storage")),
        *_configuration(told),
    ]


def _load(row: dict[str, Any]) -> str:
    if "load" not in row:
        return "-"
    share = min(1.0, row["load"] / max(1, row["max_load"]))
    full = round(share * BAR)
    return f"{'█' * full}{'░' * (BAR - full)} {row['load']:g}/{row['max_load']:g}"


def _share(told: dict[str, Any] | None) -> str:
    if not told:
        return "-"
    return f"{told['mean']:.0%} ({100 * told['low']:.0f}-{100 * told['high']:.0f})"


def _rank(rank: dict[str, Any] | None) -> str:
    if rank is None:
        return "-"
    return f"{rank['score']:.2f}" + ("" if rank["enough"] else " ?")


def _time(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds:.0f}ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f}s"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _pool(one: dict[str, Any]) -> list[str]:
    """What is wrong with the instances of an expert."""
    left_alone = one.get("quarantined") or ()
    return [
        *([f"instances of {one['expert']}: {one['note']}"] if one.get("note") else []),
        *(
            f"instance {label}: fails every look at it, and is asked no more"
            for label in left_alone
        ),
    ]


def _evenness(told: dict[str, Any] | None) -> list[str]:
    if told is None:
        return []
    load, counts = told["utilisation_cv"], told["count_cv"]
    return [f"evenness: load varies by {load:.0%} between experts, queries by {counts:.0%}"]


def _learning(told: dict[str, Any] | None) -> list[str]:
    if told is None:
        return []
    taught = told["taught"] or "nothing yet"
    return [f"learning: {told['outcomes']:,} outcomes; the gate goes by what was taught: {taught}"]


def _experiment(one: dict[str, Any]) -> str:
    return f"experiment {one['name']}: {words_of(one)}"


def _drift(one: dict[str, Any]) -> str:
    whose = f" of {one['expert']}" if one.get("expert") else ""
    return f"drift: {one['what']}{whose}: {one['alarm']['detail']}"


def _storage(told: dict[str, Any] | None) -> list[str]:
    if told is None:
        return []
    lost = f", {told['dropped']:,} dropped" if told["dropped"] else ""
    failing = f"; it fails: {told['failing']}" if told["failing"] else ""
    return [f"record: {told['where']}, {told['written']:,} written{lost}{failing}"]


def _configuration(told: dict[str, Any]) -> list[str]:
    if told.get("generation") is None:
        return []
    changes = f", {told['changes']} changes beside it" if told.get("changes") else ""
    source = told.get("config") or "defaults"
    refused = (
        [f"{source} was changed and is refused: {told['refused']}"] if told.get("refused") else []
    )
    return [f"configuration: {source}, generation {told['generation']}{changes}", *refused]
