"""The SQL that SQLite and PostgreSQL have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.storage.rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

STATE = "SELECT version, value FROM states WHERE name = :name"
PUT_STATE = """
    INSERT INTO states (name, version, value) VALUES (:name, :version, :value)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, value = excluded.value
"""
COUNTS = "SELECT kind, count(*), min(at), max(at) FROM events GROUP BY kind ORDER BY kind"
LATEST = "SELECT max(number) FROM events"
OLDEST = "SELECT min(at) FROM events"
FIRST_SINCE = "SELECT min(number) FROM events WHERE at >= :since"
ERASE = """
    DELETE FROM events WHERE number IN (
        SELECT number FROM events WHERE at < :before ORDER BY at LIMIT :most
    ) RETURNING number
"""


def selection(
    *,
    kinds: Sequence[str] = (),
    since: float | None = None,
    until: float | None = None,
    query: str = "",
    expert: str = "",
) -> tuple[str, dict[str, Any]]:
    """A statement for one page of records, and its values but for `after` and `most`."""
    # A page is to be found by number, without sorting: what is only a condition is written so that
    # no index is of use for it.
    told: tuple[tuple[str, str, float | str | None], ...] = (
        ("+at >= :since", "since", since),
        ("+at < :until", "until", until),
        ("query = :query", "query", query or None),
        ("expert = :expert", "expert", expert or None),
    )
    asked = [(condition, name, value) for condition, name, value in told if value is not None]
    of_kinds = {f"kind{place}": kind for place, kind in enumerate(kinds)}
    conditions = ["number > :after", *(condition for condition, _, _ in asked)]
    if len(kinds) == 1:
        conditions.append("kind = :kind0")
    elif kinds:
        conditions.append(f"kind || '' IN ({', '.join(f':{name}' for name in of_kinds)})")
    statement = (
        f"SELECT {COLUMNS} FROM events WHERE {' AND '.join(conditions)} "  # noqa: S608 -- our words only
        "ORDER BY number LIMIT :most"
    )
    return statement, {**{name: value for _, name, value in asked}, **of_kinds}
