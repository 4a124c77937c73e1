"""`collegium store`: the record of what happened."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from collegium import config as configuration
from collegium.cli import options
from collegium.cli.keys import seconds
from collegium.cli.terminal import harmless, running, say, say_json, stderr, stdout, verb
from collegium.errors import StorageError

if TYPE_CHECKING:
    from rich.table import Table

    from collegium.storage.store import Holdings, Store

DAY_S = 86_400.0


def app() -> typer.Typer:
    """The verbs under `collegium store`."""
    verbs = typer.Typer(
        help="See, export and clear out the record of what happened.", no_args_is_help=True
    )
    verbs.command("status")(status)
    verbs.command("export")(export)
    verbs.command("vacuum")(vacuum)
    return verbs


@verb
def status(
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show what is on record: where, how much, of what, and since when.

    Example:
    `collegium store status --json`
    """
    del debug  # `verb` reads it

    def show(store: Store, _keep_days: float | None) -> None:
        holdings, standing = store.holdings(), store.standing()
        if as_json:
            say_json(
                {
                    "where": standing.where,
                    "failing": standing.failing,
                    "size_bytes": holdings.size_bytes,
                    "counts": holdings.counts,
                    "oldest": _date(holdings.oldest),
                    "newest": _date(holdings.newest),
                }
            )
            return
        stdout().print(_table(standing.where, holdings))
        if standing.failing:
            words = f"nothing can be written just now: {standing.failing}"
            stderr().print(harmless(words), style="yellow")

    _with_store(config, show)


@verb
def export(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; else to stdout.")
    ] = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only this kind (may be repeated)."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only the last 90m, 12h, 7d, 8w.")
    ] = None,
    form: Annotated[
        Literal["jsonl", "csv"], typer.Option("--format", help="As lines of JSON, or as CSV.")
    ] = "jsonl",
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Write the records out, oldest first; into a file whole or not at all.

    Examples:
    `collegium store export --since 7d --kind outcome --kind rating > week.jsonl`

    `collegium store export --format csv --out record.csv`
    """
    del debug  # `verb` reads it
    from collegium.cli.progress import counting  # noqa: PLC0415 -- only where it is asked for
    from collegium.storage.exporting import lines  # noqa: PLC0415
    from collegium.storage.records import KINDS  # noqa: PLC0415

    wanted = tuple(kinds or KINDS)
    if unknown := sorted(set(wanted) - set(KINDS)):
        raise typer.BadParameter(f"--kind {unknown[0]!r} is none of {', '.join(KINDS)}")
    after = None if since is None else time.time() - seconds(since)

    def write(store: Store, _keep_days: float | None) -> None:
        total = None
        if after is None:
            counts = store.holdings().counts
            total = sum(counts.get(kind, 0) for kind in wanted)
        with counting("exporting", total) as advance:
            told = _watched(lines(store.records(kinds=wanted, since=after), form), advance)
            if out is None:
                for line in told:
                    sys.stdout.write(line)
            else:
                _write_whole(out, told)

    _with_store(config, write)


@verb
def vacuum(
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Delete what is older than `storage.keep_days`, and give back the room.

    Servers that run go on; what they have to write waits meanwhile.

    Example:
    `collegium store vacuum`
    """
    del debug  # `verb` reads it

    def clear(store: Store, keep_days: float | None) -> None:
        before = store.holdings().size_bytes
        too_old = None if keep_days is None else time.time() - keep_days * DAY_S
        erased = 0 if too_old is None else store.erase(too_old)
        store.vacuum()
        after = store.holdings().size_bytes
        if as_json:
            say_json({"erased": erased, "bytes_before": before, "bytes_after": after})
        else:
            say(f"{erased:,} records deleted; {_size(before)} before, {_size(after)} now\n")

    _with_store(config, clear)


def _with_store(config: Path | None, work: Callable[[Store, float | None], None]) -> None:
    """Do `work` with the configured store, and the days for which it keeps records.

    Raises:
        StorageError: there is none, or it cannot be used.
    """
    from collegium.storage.opening import OFF, store_of  # noqa: PLC0415 -- only where it is used

    settings = configuration.load(configuration.find(config)).storage
    default = configuration.state_dir() / "record.sqlite3"
    url = settings.url or str(default)
    if url != OFF and "://" not in url and not Path(url).expanduser().exists():
        raise StorageError(f"there is no record at {url}; `collegium serve` begins one")
    store = store_of(settings, default, erasing=False)  # looking at what is too old keeps it
    if store is None:
        raise StorageError("there is no record: storage.url is 'off'")
    try:
        work(store, settings.keep_days)
    finally:
        running(store.aclose())


def _watched(told: Iterator[str], advance: Callable[[int], None]) -> Iterator[str]:
    for line in told:
        yield line
        advance(1)


def _write_whole(path: Path, told: Iterator[str]) -> None:
    unfinished = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.writelines(told)
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {str(path)!r}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _table(where: str, holdings: Holdings) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    oldest, newest = _date(holdings.oldest), _date(holdings.newest)
    since = f", {oldest} to {newest}" if oldest else ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    table.title = Text(harmless(f"{where}: {_size(holdings.size_bytes)}{since}"))
    table.title_justify = "left"
    table.add_column("kind")
    table.add_column("records", justify="right")
    for kind, count in holdings.counts.items():
        table.add_row(Text(kind), f"{count:,}")
    return table


def _date(at: float | None) -> str | None:
    """A time as ISO 8601 in UTC; None for none, or one that no calendar has."""
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return None


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
