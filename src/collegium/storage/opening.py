"""A store out of a URL."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from collegium.config.environment import secret
from collegium.errors import StorageError
from collegium.storage.archive import Archive
from collegium.storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.config.managing import StorageConfig
    from collegium.storage.database import Database
    from collegium.storage.store import Store

OFF = "off"
POSTGRES = ("postgresql", "postgres")


def open_store(
    url: str,
    *,
    queue: int = 10_000,
    keep_days: float | None = 90.0,
    clock: Callable[[], float] = time.time,
) -> Store:
    """The store at a SQLite file's path, or at postgresql://USER:PASSWORD@HOST:PORT/DATABASE.

    What may pass (a lock, a full disk, a server that is away) does not keep it from being opened:
    `standing()` says so, and it is tried again.

    Raises:
        StorageError: it can never be used: no such URL, something else in its place, a newer
            schema, a missing extra.
    """
    return Archive(database_of(url), queue=queue, keep_days=keep_days, clock=clock)


def store_of(
    config: StorageConfig,
    default: Path | None,
    *,
    erasing: bool = True,
    secret: Callable[[str], str | None] = secret,
    clock: Callable[[], float] = time.time,
) -> Store | None:
    """The configured store; where none is, a SQLite file at `default`; None for 'off' or neither.

    Args:
        config: what is configured.
        default: the file of the user's own.
        erasing: whether what is too old is deleted meanwhile.
        secret: gives the password that a named variable holds.
        clock: seconds since 1970.

    Raises:
        StorageError: it can never be used.
    """
    url = config.url or (None if default is None else str(default))
    if url is None or url == OFF:
        return None
    if config.password_env is not None and "://" in url:
        url = with_password(url, secret(config.password_env) or "")
    keep_days = config.keep_days if erasing else None
    return open_store(url, queue=config.queue, keep_days=keep_days, clock=clock)


def with_password(url: str, password: str) -> str:
    """The address of a database, with the password for its user."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def database_of(url: str) -> Database:
    """The database that a URL means; nothing is opened yet.

    Raises:
        StorageError: it means none, or the extra for it is missing.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return SqliteDatabase(Path(url).expanduser())
    if scheme not in POSTGRES:
        raise StorageError(
            f"storage.url begins with {scheme!r}; it is a SQLite file's path, or begins with "
            "postgresql://"
        )
    from collegium.storage.postgres import PostgresDatabase  # noqa: PLC0415 -- needs an extra

    return PostgresDatabase(url)
