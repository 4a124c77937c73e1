"""A query run over tables in memory, in several worlds that differ as databases differ."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from collegium.experts.computing.relations import Cell, Relation
from collegium.experts.computing.sql_dialect import FUNCTIONS
from collegium.experts.computing.sql_tokens import Token, spelled

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

MAX_ROWS, MAX_BYTES, STEPS = 200, 200_000, 10_000

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?")
# What fills a table otherwise than by the values given, or not in every database.
_UNPLAIN = frozenset(
    "AUTOINCREMENT BIGSERIAL BIT BLOB BOOL BOOLEAN CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP ENUM"
    " GENERATED IDENTITY IGNORE JSON MONEY REPLACE SELECT SERIAL VIRTUAL WITH".split()
)


@dataclass(frozen=True, slots=True)
class World:
    """How a database may differ from SQLite as it comes.

    In the order in which rows are found, in whether letters have a case, in LIKE, and in how
    integers are divided and reals rounded.
    """

    backwards: bool = False
    caseless: bool = False
    strict_like: bool = False
    decimal: bool = False


WORLDS = (World(backwards=True), World(caseless=True), World(strict_like=True), World(decimal=True))


@dataclass(frozen=True, slots=True)
class Result:
    """What a query returns; `ordered` says that every world has the rows in this order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ordered: bool


def loaded(script: Sequence[Sequence[Token]]) -> tuple[Relation, ...] | None:
    """The tables that a script of CREATE TABLE and INSERT ... VALUES makes; None if it isn't that.

    None, too, where a value isn't of its column's type, or breaks a constraint.
    """
    import sqlite3  # noqa: PLC0415 -- only a question with SQL needs it

    if not all(map(fills, script)):
        return None
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.set_authorizer(_filling)
        try:
            for statement in script:
                connection.execute(spelled(statement))
        except (sqlite3.Error, sqlite3.Warning):
            return None
        connection.set_authorizer(None)
        return _read_back(connection)


def settled(
    tables: Sequence[Relation],
    query: Sequence[Token],
    *,
    clock: Callable[[], float],
    limit_s: float,
) -> Result | None:
    """Run a query in every world; None where it fails, or they disagree on the rows it returns."""
    until = clock() + limit_s
    first = _run(tables, query, World(), lambda: clock() > until)
    if first is None:
        return None
    ordered = True
    for world in WORLDS:
        other = _run(tables, query, world, lambda: clock() > until)
        if other is None or sorted(map(_key, other.rows)) != sorted(map(_key, first.rows)):
            return None
        ordered = ordered and [*map(_key, other.rows)] == [*map(_key, first.rows)]
    return replace(first, ordered=ordered)


def fills(statement: Sequence[Token]) -> bool:
    """Whether a statement makes a table, or puts given values into one, as any database would."""
    words = [token.upper for token in statement[:2]]
    plain = not any(token.kind == "word" and token.upper in _UNPLAIN for token in statement)
    return plain and words in (["CREATE", "TABLE"], ["INSERT", "INTO"])


def _filling(action: int, *about: str | None) -> int:
    """Allow what creating and filling tables takes, and no function, pragma or other file."""
    import sqlite3  # noqa: PLC0415 -- only a question with SQL needs it

    allowed = {
        sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_READ,
        sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_REINDEX,
        sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SELECT,
    }  # fmt: skip
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _reading(action: int, *about: str | None) -> int:
    """Allow to read, and the functions that every database has."""
    import sqlite3  # noqa: PLC0415 -- only a question with SQL needs it

    if action == sqlite3.SQLITE_FUNCTION:
        known = (about[1] or "").upper() in FUNCTIONS | {"LIKE"}
        return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _read_back(connection: sqlite3.Connection) -> tuple[Relation, ...] | None:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables: list[Relation] = []
    for (name,) in names:
        described = connection.execute(f"PRAGMA table_info({_quoted(name)})").fetchall()
        rows = connection.execute(f"SELECT * FROM {_quoted(name)}").fetchall()  # noqa: S608 -- quoted
        columns = tuple(str(column[1]) for column in described)
        declared = tuple(str(column[2]).upper() for column in described)
        keys = tuple(bool(column[5]) for column in described)
        fits = all(map(_fits, declared * len(rows), keys * len(rows), sum(rows, ())))
        if not fits:
            return None
        tables.append(Relation(name, columns, tuple(map(_kind, declared)), tuple(rows)))
    return tuple(tables)


def _kind(declared: str) -> str:
    """One of the three types that matter here: what a declared type holds."""
    if "INT" in declared:
        return "INTEGER"
    numeric = ("REAL", "FLOA", "DOUB", "DEC", "NUM")
    return "REAL" if any(name in declared for name in numeric) else "TEXT"


def _fits(declared: str, key: bool, value: Cell) -> bool:
    """Whether any database would take the value, as it is, into a column of the declared type."""
    kind = _kind(declared)
    if value is None:
        return not key
    if kind == "TEXT" and ("DATE" in declared or "TIME" in declared):
        return isinstance(value, str) and _ISO.fullmatch(value) is not None
    if kind == "TEXT":
        return isinstance(value, str) and value == value.rstrip()
    return isinstance(value, int) or (kind == "REAL" and isinstance(value, float))


def _run(
    tables: Sequence[Relation],
    query: Sequence[Token],
    world: World,
    is_late: Callable[[], bool],
) -> Result | None:
    import sqlite3  # noqa: PLC0415 -- only a question with SQL needs it

    with closing(sqlite3.connect(":memory:")) as connection:
        for table in tables:
            _fill(connection, table, world)
        _prepare(connection, world)
        connection.set_progress_handler(is_late, STEPS)
        try:
            cursor = connection.execute(_spelled_in(query, world))
            rows = cursor.fetchmany(MAX_ROWS + 1)
        except (sqlite3.Error, sqlite3.Warning, OverflowError):
            return None
        if len(rows) > MAX_ROWS:
            return None
        return Result(tuple(column[0] for column in cursor.description), tuple(rows), ordered=True)


def _fill(connection: sqlite3.Connection, table: Relation, world: World) -> None:
    collation = " COLLATE NOCASE" if world.caseless else ""
    columns = ", ".join(
        f"{_quoted(column)} {kind}{collation if kind == 'TEXT' else ''}"
        for column, kind in zip(table.columns, table.types, strict=True)
    )
    marks = ", ".join("?" * len(table.columns))
    connection.execute(f"CREATE TABLE {_quoted(table.name)} ({columns})")
    rows = table.rows[::-1] if world.backwards else table.rows
    connection.executemany(f"INSERT INTO {_quoted(table.name)} VALUES ({marks})", rows)  # noqa: S608 -- quoted


def _prepare(connection: sqlite3.Connection, world: World) -> None:
    import sqlite3  # noqa: PLC0415 -- only a question with SQL needs it

    connection.execute(f"PRAGMA case_sensitive_like = {int(world.strict_like)}")
    if world.decimal:
        connection.create_function("round", 1, _rounded, deterministic=True)
        connection.create_function("round", 2, _rounded, deterministic=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
    connection.set_authorizer(_reading)


def _rounded(value: Any, digits: int = 0) -> float | None:
    """Round as a database rounds decimals: the digits that are written, halves away from zero."""
    if value is None:
        return None
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _spelled_in(query: Sequence[Token], world: World) -> str:
    if not world.decimal:
        return spelled(query)
    return spelled([Token("sign", "* 1.0 /") if token.text == "/" else token for token in query])


def _key(row: Sequence[Cell]) -> tuple[tuple[str, Cell], ...]:
    """A row to be compared and sorted by: numbers to nine digits, whatever their type."""
    return tuple(
        (
            ("", round(float(cell), 9))
            if isinstance(cell, int | float)
            else (type(cell).__name__, cell or "")
        )
        for cell in row
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
