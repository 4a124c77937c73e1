"""How much memory there is, and how much a model's process takes of it; in megabytes of 2^20."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MB = 1 << 20
# A process of llama.cpp beside the model and its context: code, buffers, tokens on their way.
PROCESS_MB = 128.0
# What a token of context takes goes about with the square root of a model's size: 23 kB where the
# file has 94 MB (SmolLM2 135M), 128 kB where it has 4.6 GB (Llama 3 8B).
TOKEN_KB, TOKEN_FILE_MB = 23.0, 94.0
# Where a control group says that it has no limit, it says so with a number as large as this.
NO_LIMIT = 1 << 60


def available_mb(root: Path = Path("/")) -> float | None:
    """What a new process could have now, by the machine and by the control group; None: unknown.

    `root` is where /proc and /sys are.
    """
    known = [*_machine_mb(root), *_groups_mb(root)]
    return min(known) if known else _asked_mb()


def expected_mb(file_bytes: int, tokens: int) -> float:
    """What the process of a model will take, by the size of its file and its tokens of context.

    It is an estimate, rather too high than too low: the file, the context, and a constant.
    """
    file_mb = file_bytes / MB
    token_kb = TOKEN_KB * sqrt(file_mb / TOKEN_FILE_MB)
    return file_mb + tokens * token_kb / 1024 + PROCESS_MB


def peak_mb(pid: int, root: Path = Path("/")) -> float | None:
    """The most that a process has taken so far, with what it shares with others; None: unknown."""
    return _kilobytes(root / "proc" / str(pid) / "status", "VmHWM")


def _machine_mb(root: Path) -> Iterator[float]:
    known = _kilobytes(root / "proc/meminfo", "MemAvailable")
    if known is not None:
        yield known


def _groups_mb(root: Path) -> Iterator[float]:
    """What is left of the limit of each control group, version 1 or 2, that this process is in."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        names = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if controllers
            else ("memory.max", "memory.current", "inactive_file")
        )
        top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            yield from _left_mb(folder, *names)
            if folder == top:
                break


def _left_mb(group: Path, limit: str, usage: str, reclaimable: str) -> Iterator[float]:
    most, used = _read(group / limit).strip(), _read(group / usage).strip()
    if not (most.isdigit() and used.isdigit()) or int(most) >= NO_LIMIT:
        return
    rows = (line.split() for line in _read(group / "memory.stat").splitlines())
    cached = next((int(row[1]) for row in rows if row[0] == reclaimable), 0)
    yield max(0.0, (int(most) - int(used) + cached) / MB)


def _asked_mb() -> float | None:
    """What psutil says, where there is no /proc and it is installed."""
    try:
        import psutil  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415 -- no requirement
    except ImportError:
        return None
    return float(psutil.virtual_memory().available) / MB  # pyright: ignore


def _kilobytes(file: Path, name: str) -> float | None:
    """A line 'NAME:  123 kB' of a file, in megabytes."""
    for line in _read(file).splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
