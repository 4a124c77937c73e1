"""How long `collegium` takes from import to a routed decision, and what it imports for that.

    python benchmarks/startup/run.py [--runs 15] [--json] [--save]

Measured are whole processes, warm: the interpreter alone, `collegium --version`, and
`collegium route QUERY`, which is everything `ask` does before it calls a model. Printed are the
median and the quartiles of `--runs` runs of each, taken in turn, so that a change of the machine's
speed meets all alike.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

ROOT = Path(__file__).parent.parent.parent
QUERY = "Write a Python function that reverses a linked list"
COMMANDS = {
    "interpreter alone": [sys.executable, "-c", "pass"],
    "collegium --version": [sys.executable, "-m", "collegium", "--version"],
    "collegium route QUERY": [sys.executable, "-m", "collegium", "route", "--json", QUERY],
}
TARGET_S = 0.4


def timed(command: list[str]) -> float:
    """Seconds that a process takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


def imports(command: list[str], most: int = 8) -> list[tuple[str, float]]:
    """The modules that cost most to import, with their own milliseconds."""
    whole = [command[0], "-X", "importtime", *command[1:]]
    told = subprocess.run(whole, check=True, capture_output=True, text=True, cwd=ROOT).stderr
    rows = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", told)
    costs = sorted(((name, int(own) / 1000) for own, name in rows), key=lambda row: -row[1])
    return costs[:most]


def measure(runs: int) -> dict[str, Any]:
    """Every command's seconds, in turn."""
    for command in COMMANDS.values():
        timed(command)
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            seconds[name].append(timed(command))
    quartiles = {name: statistics.quantiles(values, n=4) for name, values in seconds.items()}
    return {
        "python": platform.python_version(),
        "runs": runs,
        "seconds": {
            name: {"q1": round(q[0], 4), "median": round(q[1], 4), "q3": round(q[2], 4)}
            for name, q in quartiles.items()
        },
        "dearest_imports_ms": imports(COMMANDS["collegium route QUERY"]),
        "target_s": TARGET_S,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true", help="write results/<commit>.json")
    options = parser.parse_args()
    result = measure(options.runs)
    if options.save:
        save("startup", result)
    if options.json:
        print(json.dumps(result))
        return
    print(f"Python {result['python']}, {options.runs} runs each, warm; target {TARGET_S} s")
    for name, row in result["seconds"].items():
        print(f"  {name:24} {row['median']:.3f} s  (quartiles {row['q1']:.3f} to {row['q3']:.3f})")
    print("dearest imports of route:")
    for name, milliseconds in result["dearest_imports_ms"]:
        print(f"  {milliseconds:6.1f} ms  {name}")


if __name__ == "__main__":
    main()
