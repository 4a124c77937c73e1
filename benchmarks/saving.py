"""Result files, named by the commit they were measured at."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def commit() -> str:
    """The first twelve digits of the commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    ).stdout.strip()


def save(benchmark: str, result: dict[str, Any], *, kind: str = "") -> None:
    """Write `<benchmark>/results/<commit>.json`, a kind before the commit if there is one."""
    folder = Path(__file__).parent / benchmark / "results"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{kind}{'-' if kind else ''}{commit()}.json"
    place.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
