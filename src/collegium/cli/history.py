"""How everything stands: as a server tells it, else as far as the record has it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collegium import config as configuration
from collegium.cli.administration import TOLD_WITHIN_S, server
from collegium.cli.progress import counting
from collegium.errors import BackendUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from collegium.config import Config, ManagementConfig
    from collegium.storage.records import Stored
    from collegium.storage.store import Store

COUNTED = ("answer", "decision", "outcome", "rating", "roster", "verdict")


@dataclass(frozen=True, slots=True)
class Told:
    """How everything stands, as GET /api/status has it; `source` says who told it.

    `note` is for people, where it is not a server that told.
    """

    status: dict[str, Any]
    source: str
    note: str = ""


def standing(url: str | None, key_env: str, config: Path | None) -> Told:
    """What the server tells; where none serves and none was named, what the record does.

    Raises:
        BackendUnavailable: no server is there, and nothing is on record.
    """
    place = server(url, key_env, config, timeout_s=TOLD_WITHIN_S)
    try:
        return Told(place.get("status"), place.url)
    except BackendUnavailable as error:
        if url is not None:
            raise
        told = of_record(configuration.load(configuration.find(config)))
        if told is None:
            raise BackendUnavailable(f"{error}; and nothing is on record yet") from error
        return told


def of_record(settings: Config) -> Told | None:
    """How experts have done by the record; None where there is none, or nothing in it."""
    default = configuration.state_dir() / "record.sqlite3"
    url = settings.storage.url or str(default)
    if "://" not in url and not Path(url).expanduser().is_file():
        return None  # opening it would make one
    from collegium.storage.opening import store_of  # noqa: PLC0415 -- only where it is asked for

    store = store_of(settings.storage, default, erasing=False)  # it is only looked at
    if store is None:
        return None
    try:
        rows, stands = _rows(settings.moe.management, store), store.standing()
    finally:
        asyncio.run(store.aclose())
    if not rows:
        return None
    status = {"experts": rows, "storage": asdict(stands)}
    note = f"no collegium serves; this is what is on record in {stands.where}"
    return Told(status, stands.where, note)


def _rows(settings: ManagementConfig, store: Store) -> list[dict[str, Any]]:
    from collegium.management.ranking import rank  # noqa: PLC0415 -- only where it is asked for
    from collegium.management.tracker import PerformanceTracker  # noqa: PLC0415
    from collegium.shapes import performance_json, rank_json  # noqa: PLC0415

    tracker = PerformanceTracker(window_s=settings.window_s, half_life=settings.half_life)
    with counting("reading the record", None) as advance:
        tracker.replay(_counted(store, advance))
    performances = tracker.experts()
    ranks = {one.name: one for one in rank(performances, {}, settings.ranking)}
    return [
        {
            "name": one.name,
            "rank": rank_json(ranks[one.name]),
            "performance": performance_json(one),
        }
        for one in performances
    ]


def _counted(store: Store, advance: Callable[[int], None]) -> Iterator[Stored]:
    for stored in store.records(kinds=COUNTED):
        advance(1)
        yield stored
