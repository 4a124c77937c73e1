"""What gets out of the sandbox, and what a check in it costs.

    python benchmarks/mixture/sandbox.py [--runs 200] [--save] [--json]

Every escape of `tests/escapes.py` is tried with every means of isolation, as root (where root runs
this) and as a plain user, in a process of its own. The overhead is that of `print(1)` in the
sandbox beside a bare `python -I -S -c pass`, taken by turns so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
sys.path.append(str(Path(__file__).parents[2] / "tests"))  # and the escapes beside the tests
import escapes
from saving import save

import collegium
from collegium.verification.sandbox import WAYS, Sandbox

SOMEBODY = 65533


def contained(user: str, means: tuple[str, ...]) -> dict[str, Any]:
    """For every escape whether it was contained, or why nothing could be tried."""
    away = user == "plain" and os.geteuid() == 0
    python = escapes.interpreter_for_all() if away or "landlock" in means else sys.executable
    if python is None:
        return {"unproved": f"the program's user could not start {sys.executable}"}
    somebody: dict[str, Any] = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}
    done = subprocess.run(
        [python, "-B", escapes.__file__, *means],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
        env={
            "PYTHONPATH": str(Path(collegium.__file__).parent.parent),
            "OF_THE_USER": escapes.SECRET,
            "HOME": str(Path.home()),
        },
        **(somebody if away else {}),
    )
    told: dict[str, Any] = json.loads(done.stdout)
    if "unproved" in told:
        return told
    return {name: not harm for name, harm in told["got_out"].items()}


async def overhead(means: tuple[str, ...], runs: int) -> dict[str, Any]:
    """How long a check takes, and a bare start of Python, in milliseconds."""
    python = escapes.interpreter_for_all() if "landlock" in means else sys.executable
    if python is None:
        return {"unproved": f"the program's user could not start {sys.executable}"}
    sandbox = Sandbox(means=means, python=python)
    began = time.perf_counter()
    isolation = await sandbox.isolation()
    proof_ms = 1000 * (time.perf_counter() - began)
    if not isolation.proved:
        return {"unproved": isolation.why}
    bare: list[float] = []
    checked: list[float] = []
    for _ in range(runs):
        bare.append(await start(python))
        began = time.perf_counter()
        ran = await sandbox.run("print(1)")
        checked.append(1000 * (time.perf_counter() - began))
        if ran.stdout != "1\n":
            raise SystemExit(f"the sandbox does not compute: {ran}")
    differences = [one - other for one, other in zip(checked, bare, strict=True)]
    return {
        "runs": runs,
        "proof_ms": round(proof_ms, 1),
        "bare_ms": percentiles(bare),
        "checked_ms": percentiles(checked),
        "overhead_ms": percentiles(differences),
    }


async def start(python: str) -> float:
    """The time that a bare Python takes to start and end, in milliseconds."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(python, "-I", "-S", "-c", "pass")
    await process.wait()
    return 1000 * (time.perf_counter() - began)


def percentiles(values: list[float]) -> dict[str, float]:
    """The median and the 99th percentile."""
    cuts = quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


def measure(runs: int) -> dict[str, Any]:
    """Everything, by user and means."""
    users = ("root", "plain") if os.geteuid() == 0 else ("plain",)
    return {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "contained": {
            user: {" + ".join(means): contained(user, means) for means in WAYS} for user in users
        },
        "overhead": {" + ".join(means): asyncio.run(overhead(means, runs)) for means in WAYS},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/sandbox-<commit>.json")
    options = parser.parse_args()
    result = measure(options.runs)
    if options.save:
        save("mixture", result, kind="sandbox")
    if options.json:
        print(json.dumps(result))
        return
    for user, ways in result["contained"].items():
        for means, told in ways.items():
            if "unproved" in told:
                print(f"{user:6} {means}: not tried, {told['unproved']}")
                continue
            print(f"{user:6} {means}: {sum(told.values())} of {len(told)} contained")
            for name, held in told.items():
                print(f"    {'yes' if held else 'NO ':4} {name}")
    for means, row in result["overhead"].items():
        print(f"{means}: {row}")


if __name__ == "__main__":
    main()
