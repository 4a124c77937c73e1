"""The college that a command line asks for."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium import config as configuration
from collegium.cli.terminal import harmless, stderr
from collegium.errors import StorageError
from collegium.system import Collegium, this_machine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path


def college(
    config: Path | None,
    *,
    model: str | None = None,
    offline: bool = False,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Collegium:
    """The college of a configuration file, or of the one found where it should be."""
    surroundings = replace(this_machine(), offline=offline, progress=progress)
    return Collegium.from_config(config, model=model, surroundings=surroundings)


@asynccontextmanager
async def recorded(college: Collegium) -> AsyncGenerator[None]:
    """Have what happens written into the record, so that it can be rated and counted.

    A record that cannot be used keeps nobody from an answer.
    """
    from collegium.storage.opening import store_of  # noqa: PLC0415 -- many need no record
    from collegium.storage.recorder import Recorder  # noqa: PLC0415

    config = college.lineup.config or configuration.Config()
    keeping = config.storage
    try:
        store = store_of(keeping, configuration.state_dir() / "record.sqlite3")
    except StorageError as error:
        stderr().print(harmless(f"not recorded: {error}"), style="yellow")
        store = None
    if store is None:
        yield
        return
    college.events.subscribe(Recorder(store, vectors=keeping.vectors, texts=keeping.texts))
    try:
        yield
    finally:
        await store.aclose()
