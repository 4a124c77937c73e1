"""Records as lines of text, for other programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from collegium.storage.records import Stored

Format: TypeAlias = Literal["jsonl", "csv"]
COLUMNS = ("number", "at", "kind", "query", "expert", "model", "variant", "origin", "data")


def lines(records: Iterable[Stored], form: Format) -> Iterator[str]:
    """A line for each record, with its line feed; of CSV one with the columns' names before them.

    In CSV a record's data is one column, as JSON.
    """
    if form == "jsonl":
        for stored in records:
            yield msgspec.json.encode(_told(stored)).decode() + "\n"
        return
    yield _row(COLUMNS)
    for stored in records:
        told = _told(stored)
        data = msgspec.json.encode(told.pop("data")).decode()
        yield _row((*told.values(), data))


def _told(stored: Stored) -> dict[str, Any]:
    record = stored.record
    return {
        "number": stored.number,
        "at": record.at,
        "kind": record.kind,
        "query": record.query,
        "expert": record.expert,
        "model": record.model,
        "variant": record.variant,
        "origin": stored.origin,
        "data": record.data,
    }


def _row(fields: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()
