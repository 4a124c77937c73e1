"""What a table comes to: sums, averages, extremes and counts, exactly."""

from __future__ import annotations

import operator
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING

from collegium.experts.computing.relations import Cell, Relation, is_dressed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from collegium.experts.computing.table_plans import TablePlan

DECIMALS = 4

_AGGREGATES: Mapping[str, str] = {
    **dict.fromkeys(("sum", "total"), "sum"),
    **dict.fromkeys(("average", "mean"), "average"),
    **dict.fromkeys(("max", "maximum", "highest", "largest", "greatest", "biggest"), "maximum"),
    **dict.fromkeys(("min", "minimum", "lowest", "smallest", "least"), "minimum"),
    "median": "median",
}
_COMPUTED: Mapping[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "sum": lambda values: sum(values, Fraction(0)),
    "average": lambda values: sum(values, Fraction(0)) / len(values),
    "maximum": max,
    "minimum": min,
    "median": median,
}
# Written out, longest first, as what stands between a column's name and a value.
_SIGN = re.compile(
    r"\s*(?:(?P<least>>=|(?:is |of )?at least)|(?P<most><=|(?:is |of )?at most)"
    r"|(?P<over>>|(?:is )?(?:greater than|more than|higher than|above|over))"
    r"|(?P<under><|(?:is )?(?:less than|lower than|fewer than|below|under))"
    r"|(?P<equal>==?|is equal to|equal to|equals|is|of|))\s*(?P<value>.+)",
    re.IGNORECASE,
)
_COMPARED: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "equal": operator.eq,
    "over": operator.gt,
    "under": operator.lt,
    "least": operator.ge,
    "most": operator.le,
}
_SUMMARY = re.compile(r"(?:grand |sub)?totals?|sums?|averages?|means?|all|overall", re.IGNORECASE)
_GOES_ON = re.compile(r"[.?!]\s|\n")
_PEOPLE = frozenset("name employee student person player customer member".split())
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?")


def settles(plan: TablePlan) -> bool:
    """Whether the columns that a plan names are there."""
    named = (plan.words[name] for name in ("column", "wanted") if name in plan.words)
    condition = plan.words.get("condition")
    if condition and (
        _GOES_ON.search(condition) or _led_by_column(plan.table, condition)[0] is None
    ):
        return False
    if "agg" in plan.words and _aggregate_named(plan.words["agg"]) is None:
        return False
    if plan.kind == "person" and _person(plan.table) is None:
        return False
    return all(_column(plan.table, name) is not None for name in named)


def computed(plan: TablePlan) -> tuple[str, str] | None:
    """Return the value and a sentence with it; None where the table doesn't settle it."""
    if any(_is_summary(cell) for row in plan.table.rows for cell in row):
        return None
    match plan.kind:
        case "rows":
            count = len(plan.table.rows)
            return str(count), f"The table has {count} rows, its header not counted."
        case "matching":
            return _matching(plan.table, plan.words)
        case "extreme":
            return _extreme(plan.table, plan.words, _column(plan.table, plan.words["wanted"]))
        case "person":
            return _extreme(plan.table, plan.words, _person(plan.table))
        case _:
            return _aggregate(plan.table, plan.words)


def shown(number: Fraction) -> tuple[str, bool]:
    """A number as people write it, and whether that is exact: else it is rounded to 4 decimals."""
    tenths = number * 10**6
    exact = tenths.denominator == 1
    decimal = Decimal(number.numerator) / Decimal(number.denominator)
    if not exact:
        decimal = decimal.quantize(Decimal(1).scaleb(-DECIMALS), ROUND_HALF_UP)
    text = f"{decimal:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text), exact


def _aggregate(table: Relation, words: Mapping[str, str]) -> tuple[str, str] | None:
    name = _aggregate_named(words["agg"])
    index = _column(table, words["column"])
    values = _numbers(table, index) if name and index is not None else None
    if name is None or index is None or values is None:
        return None
    value, exact = shown(_COMPUTED[name](values))
    rounded = "" if exact else f", rounded to {DECIMALS} decimals"
    return value, f"The {name} of {table.columns[index]} is {value}{rounded}."


def _aggregate_named(words: str) -> str | None:
    return _AGGREGATES.get(" ".join(words.lower().split()))


def _extreme(
    table: Relation, words: Mapping[str, str], wanted: int | None
) -> tuple[str, str] | None:
    """The one row's value in one column whose value in another is the largest or the smallest."""
    index = _column(table, words["column"])
    name = _aggregate_named(words["agg"])
    values = _numbers(table, index) if index is not None else None
    if wanted is None or values is None or name not in {"maximum", "minimum"}:
        return None
    best = _COMPUTED[name](values)
    found = [row[wanted] for row, value in zip(table.rows, values, strict=True) if value == best]
    labels = [row[wanted] for row in table.rows]
    if len(found) != 1 or len(set(labels)) != len(labels) or found[0] is None:
        return None
    return str(found[0]), f"It is {found[0]}, with {words['column']} {shown(best)[0]}."


def _matching(table: Relation, words: Mapping[str, str]) -> tuple[str, str] | None:
    index, rest = _led_by_column(table, words["condition"])
    found = _SIGN.fullmatch(rest)
    if index is None or found is None:
        return None
    sign = next(name for name in _COMPARED if found[name] is not None)
    value = found["value"].strip(" '\"`")
    if table.types[index] == "TEXT":
        count = _equal([row[index] for row in table.rows], value) if sign == "equal" else None
    else:
        count = _compared(_numbers(table, index), sign, value)
    if count is None:
        return None
    return str(count), f"There are {count} rows with {' '.join(words['condition'].split())}."


def _led_by_column(table: Relation, condition: str) -> tuple[int | None, str]:
    """The column whose name a condition begins with, and the rest of it."""
    for index in sorted(range(len(table.columns)), key=lambda each: -len(table.columns[each])):
        name = table.columns[index]
        if (
            _folded(condition[: len(name)]) == _folded(name)
            and condition[len(name) :][:1] in " =<>"
        ):
            return index, condition[len(name) :]
    return None, ""


def _compared(numbers: Sequence[Fraction] | None, sign: str, value: str) -> int | None:
    if numbers is None or not _NUMBER.fullmatch(value):
        return None
    return sum(_COMPARED[sign](each, Fraction(value)) for each in numbers)


def _equal(cells: Sequence[Cell], value: str) -> int | None:
    """How many cells are the value; None where letters' case or being part of a cell matters."""
    folded = value.casefold()
    if any(isinstance(cell, str) and folded in cell.casefold() and cell != value for cell in cells):
        return None
    return cells.count(value) or None


def _column(table: Relation, words: str) -> int | None:
    """The one column of that name, letters' case and underscores aside."""
    folded = [_folded(column) for column in table.columns]
    return folded.index(_folded(words)) if folded.count(_folded(words)) == 1 else None


def _person(table: Relation) -> int | None:
    """The one column that says who a row is about."""
    found = [index for index, name in enumerate(table.columns) if _folded(name) in _PEOPLE]
    return found[0] if len(found) == 1 else None


def _folded(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def _numbers(table: Relation, index: int) -> list[Fraction] | None:
    """A column's numbers; None where a cell is none."""
    cells = [row[index] for row in table.rows]
    if any(cell is None or isinstance(cell, str) or is_dressed(cell) for cell in cells):
        return None
    return [Fraction(repr(cell)) for cell in cells if cell is not None]


def _is_summary(cell: Cell) -> bool:
    return isinstance(cell, str) and _SUMMARY.fullmatch(cell) is not None
