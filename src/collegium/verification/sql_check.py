"""Whether the SQL of an answer runs on the tables that the question describes."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.types import Verdict
from collegium.verification.extract import sql_statements

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from collegium.types import Query

LONGEST = 100_000
LIMIT_S = 1.0
ROWS = 10_000

# How many instructions SQLite runs before it asks whether there is still time.
INSTRUCTIONS = 2_000

TABLES = re.compile(r"\bcreate\s+(?:temp(?:orary)?\s+)?table\b", re.IGNORECASE)
# A statement ends with a semicolon outside quotes, or with a blank line or a fence.
SCHEMA = re.compile(
    r"\b(?:create\s+(?:temp(?:orary)?\s+)?table|insert\s+(?:or\s+\w{1,9}\s+)?into)\b"
    r"(?:'[^']{0,2000}'|\n(?!\s*\n)|[^;'`\n]){1,20000}(;?)",
    re.IGNORECASE,
)
SELECT = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|with)\b", re.IGNORECASE)
CERTAIN = re.compile(
    r"no such (?:column|table)|ambiguous column|misuse of aggregate", re.IGNORECASE
)
FOREIGN = re.compile(
    r"\bilike\b|::|\btop\s+\d|\binterval\b|\bextract\s*\(|\bdate_(?:trunc|sub|add|format)\b|"
    r"\blateral\b|\bqualify\b|\bpivot\b|\barray\b|\bunnest\b|\bfetch\s+first\b|\bauto_increment\b|"
    r"\bnvarchar\b|\bany\s*\(|\ball\s*\(|\brlike\b|\bregexp\b|\bdistinct\s+on\b|\bgrouping sets\b|"
    r"\brollup\b|\bdatediff\b|\bgetdate\b|\bdual\b|\bconnect by\b|\bapply\b|[@:]\w+|"
    r"\bstraight_join\b|\bfor update\b",
    re.IGNORECASE,
)


class SqlCheck:
    """Runs the SELECT statements of the answer on an SQLite database in memory."""

    name = "sql"

    def fits(self, query: Query, text: str) -> bool:
        """Where the answer holds a SELECT."""
        del query
        return "select" in text.lower()

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where a statement names what is not there or is no SQL, passed where all run."""
        statements = sql_statements(text[:LONGEST])
        selects = [sql for sql in statements if SELECT.match(sql)]
        if not selects:
            return Verdict("unknown", "no SELECT to run", self.name)
        schema = _schema(query)
        if not schema:
            return Verdict("unknown", "the question gives no tables", self.name)
        outcome, evidence = await asyncio.to_thread(_run, schema, selects)
        if outcome == "failed" and len(selects) < len(statements):
            outcome = "unknown"  # the other statements may make what is missing
        return Verdict(outcome, evidence, self.name)


@dataclass(frozen=True, slots=True)
class _Guard:
    """What a statement may do to the database: read, for so long."""

    ends: float

    def may(self, action: int, *_: str | None) -> int:
        import sqlite3  # noqa: PLC0415 -- loaded only where SQL is run

        reading = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
        allowed = action in reading or action == sqlite3.SQLITE_RECURSIVE
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    def is_over(self) -> int:
        return int(time.monotonic() > self.ends)


def _schema(query: Query) -> list[str]:
    text = "\n".join(m.text for m in query.messages if m.role != "assistant")[:LONGEST]
    return [_statement(found) for found in SCHEMA.finditer(text)] if TABLES.search(text) else []


def _statement(found: re.Match[str]) -> str:
    """The statement; one without a semicolon ends with its last bracket, and prose follows."""
    return found[0] if found[1] else found[0].rpartition(")")[0] + ")"


def _run(schema: Sequence[str], selects: Sequence[str]) -> tuple[str, str]:
    import sqlite3  # noqa: PLC0415 -- loaded only where SQL is run

    database = sqlite3.connect(":memory:")
    try:
        guard = _Guard(time.monotonic() + LIMIT_S)
        database.set_progress_handler(guard.is_over, INSTRUCTIONS)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000_000)
        for statement in schema:
            database.execute(statement)
    except (sqlite3.Error, sqlite3.Warning) as error:
        database.close()
        return "unknown", f"the tables of the question cannot be built: {error}"[:200]
    try:
        database.set_authorizer(guard.may)
        return _selected(database, selects)
    finally:
        database.close()


def _selected(database: sqlite3.Connection, selects: Sequence[str]) -> tuple[str, str]:
    import sqlite3  # noqa: PLC0415 -- loaded only where SQL is run

    counts: list[str] = []
    for statement in selects:
        try:
            rows = len(database.execute(statement).fetchmany(ROWS))
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            return _judged(statement, str(error))
        counts.append(f"{rows} row{'s' * (rows != 1)}")
    return "passed", f"it runs: {', '.join(counts)}"


def _judged(statement: str, error: str) -> tuple[str, str]:
    """Another dialect's SQL, or what takes too long, is not wrong; a missing column is."""
    said = f"SQLite says: {error}"[:200]
    if FOREIGN.search(statement) and not error.startswith(("no such column", "no such table")):
        return "unknown", f"{said}; it may be another dialect"
    if CERTAIN.search(error) or "syntax error" in error or "incomplete input" in error:
        return "failed", said
    return "unknown", said
