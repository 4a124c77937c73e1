"""Parquet files as plain rows; the only place that knows pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path


def rows_of(
    path: Path, columns: Sequence[str], *, where: tuple[str, Collection[str]] | None = None
) -> list[dict[str, Any]]:
    """The rows of a file, of each the columns named.

    Args:
        path: the file.
        columns: the columns to read.
        where: a column and the values in it whose rows are wanted; None means every row.

    Raises:
        DataError: pyarrow is not installed, the file cannot be read, or it lacks a column.
    """
    try:
        import pyarrow  # noqa: PLC0415 -- the `replay` extra
        from pyarrow import compute, parquet  # noqa: PLC0415
    except ImportError as error:
        raise DataError(
            "reading recorded answers takes pyarrow: pip install 'collegium[replay]'"
        ) from error
    try:
        there = set(parquet.read_schema(path).names)
        for column in columns:
            if column not in there:
                raise DataError(f"{path} lacks the column {column!r}; it has {sorted(there)}")
        table = parquet.read_table(path, columns=list(columns))
        if where is not None:
            column, values = where
            wanted = pyarrow.array(list(values), type=table[column].type)
            table = table.filter(compute.is_in(table[column], value_set=wanted))
        rows: list[dict[str, Any]] = table.to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    return rows
