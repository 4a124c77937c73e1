"""A question about what a query returns, or what a table comes to, read whole into a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from collegium.experts.computing.blocks import parts
from collegium.experts.computing.phrases import MAX_PROSE, readings
from collegium.experts.computing.relations import Relation, csv_table, markdown_tables
from collegium.experts.computing.sql_dialect import portable
from collegium.experts.computing.sql_tokens import statements, tokens
from collegium.experts.computing.sql_worlds import fills
from collegium.experts.computing.table_phrases import ASKS, asks, closer, opener, signed
from collegium.experts.computing.table_plans import SqlPlan, Statement, TablePlan
from collegium.experts.computing.table_sums import settles
from collegium.experts.computing.wishes import is_wished_bare

if TYPE_CHECKING:
    from collections.abc import Sequence

_GIVEN = re.compile(r"\bselect\b|--:?[ \t]{0,3}\||\|[ \t]{0,3}:?--|\bcsv\b", re.IGNORECASE)
# A header of names and a row, set apart by commas.
_CSV = re.compile(
    r"^[A-Za-z_][\w ]{0,30}(?:,[A-Za-z_][\w ]{0,30})+\n[^,\n]+(?:,[^,\n]*)+$", re.MULTILINE
)
_SQL = re.compile(
    r"(?:^[ \t]*|(?<=:)[ \t]{1,3})(?:CREATE\s+TABLE"
    r"|INSERT\s+INTO|SELECT\b(?=[^;]*\bFROM\b)|WITH\s+(?:RECURSIVE\s+)?\w+"
    r"\s*(?:\([^)]*\))?\s+AS\s*\().*?(?:;|(?=\n\s*\n)|(?=\n(?:what|which|how|predict|give)\b)|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_INLINE = re.compile(
    r"(?:\b(?:the|this|following|my)\s+)*(?:\b(?:sql\s+)?(?:query|statement)\s*:?\s*)?"
    r"`((?:SELECT|WITH)\s[^`]*)`",
    re.IGNORECASE,
)
_SQL_BLOCK = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:CREATE|INSERT|SELECT|WITH)\b", re.IGNORECASE)
_DIALECTS = frozenset({"", "sql", "sqlite", "sqlite3", "mysql", "postgres", "postgresql", "pgsql"})
_TABLES = frozenset({"", "markdown", "md", "csv", "text", "table"})


@dataclass(slots=True)
class _Given:
    """What a text gives besides its prose."""

    prose: str
    script: list[Statement] = field(default_factory=list[Statement])
    tables: list[Relation] = field(default_factory=list[Relation])

    def take(self, script: str) -> str:
        self.script.extend(statements(script))
        return ""


def read(text: str) -> SqlPlan | TablePlan | None:
    """Read a question; None where it isn't wholly about what given data comes to."""
    given = _given(text) if _GIVEN.search(text) or _CSV.search(text) else None
    question = signed(given.prose) if given and len(given.prose) <= MAX_PROSE else None
    if given is None or question is None:
        return None
    bare = is_wished_bare(given.prose)
    for reading in readings(question, opener(), closer()):
        plan = _read(reading or ("the result" if bare else ""), given)
        if plan:
            return replace(plan, bare=bare)
    return None


def _read(reading: str, given: _Given) -> SqlPlan | TablePlan | None:
    for kind in ASKS:
        for pattern in asks(kind):
            found = pattern.fullmatch(reading)
            plan = _plan(kind, found.groupdict(), given) if found else None
            if plan:
                return plan
    return None


def _given(text: str) -> _Given | None:
    taken = parts(text)
    if taken is None:
        return None
    given = _Given(taken.prose)
    for block in taken.blocks:
        if _SQL_BLOCK.match(block.source) and block.language in _DIALECTS:
            given.take(block.source)
        elif block.language not in _TABLES or not _take_table(given, block.source):
            return None
    outside = markdown_tables(given.prose)
    if outside is None:
        return None
    given.prose, tables = outside
    given.tables.extend(tables)
    inline = _INLINE.findall(given.prose)
    given.prose = _INLINE.sub("the query", given.prose)
    given.prose = _SQL.sub(lambda found: given.take(found[0]), given.prose).strip()
    for query in inline:
        given.take(query)
    given.prose = re.sub(r"^\s*-- ?", "", given.prose, flags=re.MULTILINE)
    if not given.tables and ("csv" in given.prose.lower() or _CSV.search(given.prose)):
        _take_csv_lines(given)
    return given


def _take_table(given: _Given, source: str) -> bool:
    inside = markdown_tables(source)
    if inside is not None and inside[1] and not inside[0]:
        given.tables.extend(inside[1])
        return True
    table = csv_table(source)
    if table is not None:
        given.tables.append(table)
    return table is not None


def _take_csv_lines(given: _Given) -> None:
    """Take the run of lines with commas, three or more, that is the only one."""
    lines = given.prose.split("\n")
    commas = [index for index, line in enumerate(lines) if re.search(r"\S,\S", line)]
    if len(commas) < 3 or commas[-1] - commas[0] + 1 != len(commas):
        return
    table = csv_table("\n".join(lines[commas[0] : commas[-1] + 1]))
    if table is not None:
        given.tables.append(table)
        given.prose = "\n".join((*lines[: commas[0]], *lines[commas[-1] + 1 :])).strip()


def _plan(kind: str, caught: dict[str, str | None], given: _Given) -> SqlPlan | TablePlan | None:
    if kind in {"inline", "inline counts"}:
        words = tokens(caught["sql"] or "")
        counts = kind == "inline counts"
        script = (*given.script, words)
        return _sql_plan(given, script, counts=counts) if _is_query(words) else None
    if kind in {"returns", "counts"}:
        return _sql_plan(given, given.script, counts=kind == "counts")
    if len(given.tables) != 1 or given.script:
        return None
    named = {name: text.strip(" `'\"") for name, text in caught.items() if text}
    plan = TablePlan(given.tables[0], kind, named)
    return plan if settles(plan) else None


def _sql_plan(
    given: _Given, script: Sequence[Statement], *, counts: bool = False
) -> SqlPlan | None:
    """The plan of the one query at the end of a script, over tables that hold something."""
    if not script or not _is_query(script[-1]) or any(map(_is_query, script[:-1])):
        return None
    *setup, query = script
    sources = _sources(query)
    made = {words[2].upper for words in setup if words[0].upper == "CREATE" and len(words) > 2}
    filled = any(words[0].upper == "INSERT" for words in setup)
    tables = _named(given.tables, sources - made)
    names = made | {table.name.upper() for table in tables}
    if not sources or not sources <= names or (made and not filled):
        return None
    if not all(map(fills, setup)) or not portable(query, {}, plain=True):
        return None
    return SqlPlan(tuple(setup), tables, query, counts)


def _is_query(words: Statement) -> bool:
    return len(words) > 1 and words[0].upper in {"SELECT", "WITH"}


def _sources(query: Statement) -> set[str]:
    """The tables that a query reads, without the ones it defines itself."""
    pairs = [*zip(query, query[1:], query[2:], strict=False)]
    defined = {
        name.upper for name, word, bracket in pairs if word.upper == "AS" and bracket.text == "("
    }
    first = {name.upper for word, name in pairwise(query)
             if word.upper in {"FROM", "JOIN"} and name.kind == "word"}  # fmt: skip
    return first - defined


def _named(tables: Sequence[Relation], missing: set[str]) -> tuple[Relation, ...]:
    """The tables, a single nameless one under the one name that the query has for it."""
    if len(tables) == 1 and len(missing) == 1 and not tables[0].name:
        return (replace(tables[0], name=next(iter(missing)).lower()),)
    return tuple(table for table in tables if table.name)
