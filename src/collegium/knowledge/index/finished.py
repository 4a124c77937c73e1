"""Whether an index was ever finished, seen without opening it for good."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from collegium.knowledge.index.files import is_read

if TYPE_CHECKING:
    from pathlib import Path


def is_finished(place: Path) -> bool:
    """Whether the index at `place` was filled once; one that is damaged now counts as if it was."""
    try:
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True)) as connection:
            return is_read(connection)
    except sqlite3.OperationalError:  # nothing was ever committed to it
        return False
    except sqlite3.DatabaseError:
        return True
