"""What was verified, kept beside each model file: it need not be read whole at every start.

A stamp holds while the file has the size and the time of writing it had when it was verified.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from collegium.backends.catalogue import ModelFile
from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def holds(stamp: Path, file: ModelFile, place: Path) -> bool:
    """Whether the stamp says that what lies at `place` now is `file`."""
    known = _read(stamp)
    try:
        return known.get("sha256") == file.sha256 and known.get("seen") == _seen(place)
    except OSError:
        return False


def write(stamp: Path, file: ModelFile, place: Path) -> None:
    """Say that what lies at `place` was found to be `file`.

    Raises:
        OSError: the stamp cannot be written.
    """
    seen = _seen(place)
    fresh = stamp.with_name(f"{stamp.name}.new")
    record = {**asdict(file), "size_bytes": seen[0], "seen": seen}
    fresh.write_text(json.dumps(record, indent=1), "utf-8")
    fresh.replace(stamp)


def recorded(stamp: Path) -> ModelFile | None:
    """The model file that a stamp is of; None if it is no stamp of ours."""
    known = _read(stamp)
    try:
        return ModelFile(
            name=str(known["name"]),
            source=str(known["source"]),
            sha256=str(known["sha256"]),
            size_bytes=int(known["size_bytes"]),
            licence=str(known["licence"]),
            note=str(known["note"]),
        )
    except (ConfigError, LookupError, TypeError, ValueError):
        return None


def _seen(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _read(stamp: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(stamp.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}
