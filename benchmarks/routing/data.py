"""Labelled queries: JSON lines with `text`, `labels` (acceptable experts, the primary first)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One query, who may answer it, and where it is from."""

    text: str
    labels: tuple[str, ...]
    source: str
    language: str


def load(path: Path) -> list[Row]:
    """Every row of a file.

    Raises:
        SystemExit: the file cannot be read, or a line is not such a row; the message says which.
    """
    rows: list[Row] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    rows.append(_row(line, f"{path}:{number}"))
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"cannot read {path}: {error}") from error
    if not rows:
        raise SystemExit(f"{path} has no rows")
    return rows


def _row(line: str, place: str) -> Row:
    try:
        row = json.loads(line)
        text, labels = row["text"], tuple(row["labels"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise SystemExit(f"{place}: not a row with 'text' and 'labels': {error!r}") from error
    if not isinstance(text, str) or not text.strip() or not labels:
        raise SystemExit(f"{place}: 'text' must say something, 'labels' must name an expert")
    return Row(text, labels, str(row.get("source", "?")), str(row.get("lang", "?")))
