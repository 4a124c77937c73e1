"""Run both tiers of the tests and record the outcome by commit; not those of the heavy extras.

    python benchmarks/test_all.py

Writes `benchmarks/tests/results/<commit>.json`: how many passed, failed and were skipped, and the
seconds it took. Ends as pytest does.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from saving import commit, save

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Run, record, and end as the tests did."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        everything = ["-m", "not extras", f"--junitxml={report}"]
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *everything], cwd=ROOT, check=False
        ).returncode
        suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 -- we wrote it
    assert suite is not None, "pytest wrote no report"  # noqa: S101
    counts = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    result = {
        "commit": commit(),
        "python": platform.python_version(),
        **counts,
        "seconds": round(time.perf_counter() - started, 1),
    }
    save("tests", result)
    print(json.dumps(result))
    sys.exit(code)


if __name__ == "__main__":
    main()
