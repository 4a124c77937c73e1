"""Records as rows of a table, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, TypeAlias, cast

import msgspec

from collegium.jsonvalues import is_object
from collegium.storage.records import Record, Stored
from collegium.types import EMPTY

# at, kind, query, expert, model, variant, origin, data
Row: TypeAlias = tuple[float, str, str, str, str, str, str, str]

COLUMNS = "number, at, kind, query, expert, model, variant, origin, data"


def row_of(record: Record, origin: str) -> Row:
    """The record as a row.

    Raises:
        ValueError, TypeError, OverflowError: it is no record, or its data is not JSON.
    """
    at = float(record.at)
    if not isfinite(at):
        raise ValueError(f"{at} is not a time")
    return (
        at,
        _storable(record.kind),
        _storable(record.query),
        _storable(record.expert),
        _storable(record.model),
        _storable(record.variant),
        origin,
        _json(record.data),
    )


def stored(row: Sequence[Any]) -> Stored:
    """The record of a row of `COLUMNS`."""
    number, at, kind, query, expert, model, variant, origin, data = row
    return Stored(number, Record(kind, at, query, expert, model, variant, _told(data)), origin)


def _told(data: Any) -> Mapping[str, Any]:
    """What a record has; nothing where somebody else has written something else."""
    try:
        told: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, TypeError):
        return EMPTY
    return told if is_object(told) else EMPTY


def _storable(text: str) -> str:
    """The text without what databases refuse: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _json(data: Mapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(data, enc_hook=_plain).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which a text of somebody may have
        told = json.dumps(data, ensure_ascii=False, allow_nan=False, default=_plain)
        return told.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError(f"{type(value).__name__} is not JSON")
