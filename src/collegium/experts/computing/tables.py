"""What a query over given tables returns, or a table comes to, without a model."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import TYPE_CHECKING

from collegium.experts.computing import table_sums
from collegium.experts.computing.base import Computed, asked
from collegium.experts.computing.relations import Cell, Relation, is_dressed
from collegium.experts.computing.sql_dialect import portable
from collegium.experts.computing.sql_tokens import Token, spelled
from collegium.experts.computing.sql_worlds import Result, loaded, settled
from collegium.experts.computing.table_plans import SqlPlan, TablePlan
from collegium.experts.computing.table_questions import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collegium.types import Query

MAX_CHARS, MAX_VALUE, LIMIT_S = 20_000, 2_000, 1.0


class SqlComputer:
    """Runs the SQL in a question over the tables in it, and adds up tables where that is asked.

    It answers only what SQLite, PostgreSQL and MySQL would all answer. `clock` gives seconds.
    """

    name = "sql"

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def reads(self, query: Query) -> SqlPlan | TablePlan | None:
        """Return what to compute where the whole question is that, else None."""
        heard = asked(query, limit=MAX_CHARS, ending=False)
        return read(heard.text) if heard else None

    async def compute(self, plan: object) -> Computed | None:
        """Compute a plan; None where it fails, takes over a second, or isn't settled by data."""
        if isinstance(plan, SqlPlan):
            return await asyncio.to_thread(_queried, plan, self._clock)
        if isinstance(plan, TablePlan):
            found = table_sums.computed(plan)
            return found and _computed(*found, _how(plan), bare=plan.bare)
        raise TypeError(f"a plan is what `reads` returned, not {plan!r}")


def _how(plan: TablePlan) -> str:
    return f"computed exactly over the table's {len(plan.table.rows)} rows"


def _queried(plan: SqlPlan, clock: Callable[[], float]) -> Computed | None:
    made = loaded(plan.script)
    tables = (*made, *plan.tables) if made is not None else ()
    if not tables or not _suits(tables, plan.query):
        return None
    result = settled(tables, plan.query, clock=clock, limit_s=LIMIT_S)
    if result is None:
        return None
    said = _counted(result) if plan.counts else _said(result, plan.query)
    if said is None or len(said[0]) > MAX_VALUE:
        return None
    value, sentence = said
    how = f"ran {spelled(plan.query)} in SQLite"
    return _computed(value, sentence, how, bare=plan.bare)


def _computed(value: str, sentence: str, how: str, *, bare: bool) -> Computed:
    return Computed(value, value if bare else f"{sentence}\nAnswer: {value}", how)


def _suits(tables: Sequence[Relation], query: Sequence[Token]) -> bool:
    """Whether every database would hold these tables alike, and read the query alike."""
    cells = [cell for table in tables for row in table.rows for cell in row]
    types: dict[str, set[str]] = {}
    for table in tables:
        for column, kind in zip(table.columns, table.types, strict=True):
            types.setdefault(column.upper(), set()).add(kind)
    if any(is_dressed(cell) for cell in cells):
        return False
    # Where a NULL comes in an order is each database's own.
    words = {token.upper for token in query if token.kind == "word"}
    nulls = None in cells or bool(words & {"LEFT", "RIGHT", "FULL"})
    if nulls and "ORDER" in words:
        return False
    plain = all(cell.isascii() for cell in cells if isinstance(cell, str))
    return portable(query, types, plain=plain)


def _counted(result: Result) -> tuple[str, str]:
    count = str(len(result.rows))
    return count, f"The query returns {count} rows."


def _said(result: Result, query: Sequence[Token]) -> tuple[str, str] | None:
    """The rows in brief, and in a sentence or a Markdown table."""
    rows = [[_cell(cell) for cell in row] for row in result.rows]
    if not rows:
        return "no rows", "The query returns no rows."
    if any("|" in cell or "\n" in cell or ";" in cell for row in rows for cell in row):
        return None
    value = "; ".join(" | ".join(row) for row in rows)
    if len(rows) == len(rows[0]) == 1:
        return value, f"The query returns `{value}`."
    table = "\n".join(f"| {' | '.join(row)} |" for row in ([*result.columns], _rule(result), *rows))
    return value, f"The query returns{_order(result, query)}:\n\n{table}\n"


def _rule(result: Result) -> list[str]:
    return ["---"] * len(result.columns)


def _order(result: Result, query: Sequence[Token]) -> str:
    if result.ordered or len(result.rows) == 1:
        return ""
    if query and any(token.upper == "ORDER" for token in query):
        return ", rows that tie in any order"
    return ", in no particular order"


def _cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return table_sums.shown(Fraction(f"{cell:.12g}"))[0]
    return "NULL" if cell is None else str(cell)
