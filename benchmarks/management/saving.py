"""Result files of these benchmarks, each named by what it measured and the commit it was at."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def commit() -> str:
    """The first twelve digits of the commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
        cwd=HERE,
    ).stdout.strip()


def saved(name: str, result: dict[str, Any]) -> Path:
    """Write `results/<name>-<commit>.json`: a result, and when and how it was measured."""
    place = HERE / "results" / f"{name}-{commit()}.json"
    place.parent.mkdir(exist_ok=True)
    how = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        # Where somebody's data lies is nobody else's business.
        "arguments": [Path(one).name if "/" in one else one for one in sys.argv[1:]],
    }
    place.write_text(json.dumps({**how, **result}, indent=2) + "\n", "utf-8")
    return place
