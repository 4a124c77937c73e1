"""Tables as people write them, in Markdown and CSV, and as a database holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Cell: TypeAlias = "int | float | str | None"

MAX_CELLS = 20_000

_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_TITLE = re.compile(
    r"\s*(?:#+\s*|\*\*)?(?:table(?: name)?:?\s+)?[`\"*]*(?P<name>[A-Za-z_]\w*)[`\"*]*"
    r"(?:\s+table)?\s*:?(?:\*\*)?\s*",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,15})")
_REAL = re.compile(r"-?\d{1,15}\.\d{1,12}")
# What a person reads as a number and a database doesn't, and what says that there is no value.
_DRESSED = re.compile(
    r"[$€£]\s?-?\d.*|-?\d[\d.]*\s?%|\d{1,3}(?:,\d{3})+(?:\.\d+)?|-|n/?a|", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table: its name, '' where none is given, its columns with their SQL types, and its rows."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def markdown_tables(text: str) -> tuple[str, tuple[Relation, ...]] | None:
    """Take the Markdown tables out of `text`: what is left, and the tables.

    A line before a table that is no more than a name is its name. None where a table is uneven.
    """
    lines, left, tables, at = text.split("\n"), list[str](), list[Relation](), 0
    while at < len(lines):
        if not _begins_table(lines, at):
            left.append(lines[at])
            at += 1
            continue
        end = at + 2
        while end < len(lines) and "|" in lines[end]:
            end += 1
        table = relation(_title(left), [_cells(line) for line in (lines[at], *lines[at + 2 : end])])
        if table is None:
            return None
        tables.append(table)
        at = end
    return "\n".join(left).strip(), tuple(tables)


def csv_table(source: str) -> Relation | None:
    """The table that `source` is, by commas; None where it is no even table of two columns up."""
    import csv  # noqa: PLC0415 -- only a question with a table needs it

    lines = [line for line in source.strip().split("\n") if line.strip()]
    if len(lines) < 2 or "," not in lines[0] or lines[0].lstrip()[:1] in {"[", "{", "("}:
        return None
    return relation("", [[cell.strip() for cell in row] for row in csv.reader(lines)])


def relation(name: str, cells: Sequence[Sequence[str]]) -> Relation | None:
    """A table of cells, the first row its header; None where it is uneven or a name is missing."""
    header, *body = cells
    width = len(header)
    folded = {column.casefold() for column in header}
    if not body or len(folded) != width or "" in folded or any(len(row) != width for row in body):
        return None
    if width * len(body) > MAX_CELLS:
        return None
    columns = [_typed([row[index] for row in body]) for index in range(width)]
    rows = tuple(zip(*(values for _, values in columns), strict=True))
    return Relation(name, tuple(header), tuple(kind for kind, _ in columns), rows)


def is_dressed(cell: Cell) -> bool:
    """Whether a cell is a number in words for people (`$5`, `1,000`, `5%`), or empty."""
    return isinstance(cell, str) and _DRESSED.fullmatch(cell) is not None


def _begins_table(lines: list[str], at: int) -> bool:
    return "|" in lines[at] and at + 1 < len(lines) and _RULE.fullmatch(lines[at + 1]) is not None


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`*") for cell in line.strip().strip("|").split("|")]


def _title(left: list[str]) -> str:
    """The name that the lines before a table end in, taken off them; '' where there is none."""
    while left and not left[-1].strip():
        left.pop()
    found = _TITLE.fullmatch(left[-1]) if left else None
    if found is None:
        return ""
    left.pop()
    return found["name"]


def _typed(values: list[str]) -> tuple[str, list[Cell]]:
    """A column's SQL type, and its values in it."""
    given = [value for value in values if value.upper() != "NULL"]
    if given and all(_INTEGER.fullmatch(value) for value in given):
        return "INTEGER", [None if value.upper() == "NULL" else int(value) for value in values]
    if given and all(_INTEGER.fullmatch(value) or _REAL.fullmatch(value) for value in given):
        return "REAL", [None if value.upper() == "NULL" else float(value) for value in values]
    return "TEXT", [None if value.upper() == "NULL" else value for value in values]
