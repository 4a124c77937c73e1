"""The tables, as numbered steps: each is made once, and never changed after it was released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from collegium.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; `number` is the version of the schema once it is done."""

    number: int
    statements: tuple[str, ...]


@cache
def migrations(dialect: str) -> tuple[Migration, ...]:
    """The steps for 'sqlite' or 'postgres', out of `migrations/DIALECT/NNNN_name.sql`."""
    folder = files("collegium.storage") / "migrations" / dialect
    scripts = sorted(
        (script for script in folder.iterdir() if script.name.endswith(".sql")),
        key=lambda script: script.name,
    )
    return tuple(
        Migration(int(script.name[:4]), _statements(script.read_text(encoding="utf-8")))
        for script in scripts
    )


def check_known(version: int, dialect: str, where: str) -> None:
    """See that a schema is one that this program knows.

    Raises:
        StorageError: the version is newer than this program.
    """
    latest = migrations(dialect)[-1].number
    if version > latest:
        raise StorageError(
            f"the record at {where} has schema {version}, and this version of collegium knows "
            f"schemas up to {latest}; update collegium, or name another storage.url"
        )


def migrate(version: int, dialect: str, run: Callable[[str], object], where: str) -> int:
    """Do what is missing since `version`, and return the version that is reached.

    To be called within a transaction that keeps others from doing the same.

    Raises:
        StorageError: the version is newer than this program.
    """
    check_known(version, dialect, where)
    steps = migrations(dialect)
    for step in steps:
        if step.number > version:
            for statement in step.statements:
                run(statement)
    return steps[-1].number


def _statements(script: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in script.split(";\n") if part.strip())
