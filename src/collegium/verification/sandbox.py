"""Running a program that nobody trusts, behind walls that were tried first.

The program has a process of its own, no network, no files but Python's and its own, and bounds on
time, memory, processes, disk and output. What holds it is in `collegium.verification.isolation`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from collegium.errors import SandboxUnavailable
from collegium.verification.isolation import seccomp, trial
from collegium.verification.isolation.interpreter import Interpreter
from collegium.verification.isolation.process import Ending, launch

if TYPE_CHECKING:
    from collections.abc import Mapping

WAYS = (("namespaces", "seccomp"), ("landlock", "seccomp"))
"""The means of isolation that are tried, the best first."""

_WORK_FILES = 4  # the working directory holds as much as this many of the largest files


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use. Memory and CPU are counted for each process, threads as processes.

    Of stdout and stderr the first `output_bytes` each are kept.
    """

    wall_s: float = 5.0
    cpu_s: int = 4
    memory_mb: int = 512
    file_mb: int = 8
    processes: int = 16
    output_bytes: int = 65_536


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended.

    `exit_code` is negative for a signal, and None when its time was up.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    timed_out: bool
    elapsed_ms: float

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, and well."""
        return self.exit_code == 0 and not self.timed_out


@dataclass(frozen=True, slots=True)
class Isolation:
    """What holds a program here. Where nothing is proved to, `why` says what was missing."""

    proved: bool
    means: tuple[str, ...]
    why: str


class Sandbox:
    """A place where Python source is run that nobody trusts.

    Isolation is proved once, by a program that tries to get out. Where it cannot be proved nothing
    is run, unless `unsafe`: then programs run with the limits alone, as the user who runs this.
    `means` forces one way of isolating, of those `WAYS` names or a part of one.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        unsafe: bool = False,
        python: str = sys.executable,
        means: tuple[str, ...] | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._unsafe = unsafe
        self._python = python
        self._ways = WAYS if means is None else (means,)
        self._interpreter: Interpreter | None = None
        self._isolation: Isolation | None = None
        self._proving = asyncio.Lock()

    async def isolation(self) -> Isolation:
        """What holds a program here, found by trying to get out; tried once."""
        async with self._proving:  # whoever comes meanwhile waits for the same trial
            if self._isolation is None:
                self._isolation = await self._prove()
            return self._isolation

    async def run(
        self,
        source: str,
        *,
        stdin: str = "",
        files: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Ran:
        """Run Python source in an empty working directory that holds `files`, by relative names.

        Python is started with -I -S: no packages, and modules among `files` are imported only when
        the source puts "." on `sys.path`. Nothing of the program is left when this returns or is
        cancelled. Raises SandboxUnavailable where isolation is not proved, and ValueError for a
        file name that leads out of the directory.
        """
        files = files or {}
        _refuse_leading_out(files)
        isolation = await self.isolation()
        if not isolation.proved and not self._unsafe:
            raise SandboxUnavailable(f"programs are not run here: {isolation.why}")
        ending = await self._launch(
            source, isolation.means, limits or self._limits, stdin=stdin, files=files
        )
        if ending.what in {"refused", "lost"}:
            raise SandboxUnavailable(f"the program was not run: {ending.why}")
        return _ran(ending)

    async def _prove(self) -> Isolation:
        if sys.platform != "linux":
            return Isolation(False, (), f"isolation needs Linux, and this is {sys.platform}")
        reasons: list[str] = []
        for means in self._ways:
            why = await self._tried(means)
            if not why:
                return Isolation(True, means, "")
            reasons.append(f"by {' and '.join(means) or 'nothing'}: {why}")
        return Isolation(False, (), "; ".join(reasons))

    async def _tried(self, means: tuple[str, ...]) -> str:
        """Why `means` do not hold a program; nothing when they do."""
        if not means:
            return "nothing holds a program"
        machine = os.uname().machine
        if "seccomp" in means and not seccomp.supported(machine):
            return f"the system calls of {machine!r} are not known"
        limits = Limits(wall_s=10)
        more = {
            "own_world": "namespaces" in means,
            "processes": limits.processes,
            "limits": {
                "RLIMIT_AS": limits.memory_mb << 20,
                "RLIMIT_CPU": limits.cpu_s,
                "RLIMIT_FSIZE": limits.file_mb << 20,
            },
        }
        try:
            python = await self._asked()
            with trial.outside(python.readable, **more) as program:
                ending = await self._launch(program, means, limits)
        except SandboxUnavailable as error:
            return str(error)
        if ending.what != "ended" or ending.exit_code != 0:
            last = ending.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            return ending.why or last or f"the trial ended with {ending.exit_code}"
        told = ending.stdout.decode("utf-8", "replace").strip()
        return "" if told == trial.HELD else f"a program could {told}"

    async def _asked(self) -> Interpreter:
        if self._interpreter is None:
            self._interpreter = await Interpreter.of(self._python)
        return self._interpreter

    async def _launch(
        self,
        source: str,
        means: tuple[str, ...],
        limits: Limits,
        *,
        stdin: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Ending:
        if os.name != "posix":
            raise SandboxUnavailable(f"programs are run on POSIX systems, and this is {os.name!r}")
        python = await self._asked()
        orders = {
            **_bounds(limits),
            **_walls(python, means),
            "program": _bytes(source),
            "stdin": _bytes(stdin),
            "files": {name: _bytes(text) for name, text in (files or {}).items()},
            "folder": tempfile.gettempdir(),
        }
        return await launch(
            python.executable,
            orders,
            wall_s=limits.wall_s,
            output_bytes=limits.output_bytes,
        )


def _walls(python: Interpreter, means: tuple[str, ...]) -> dict[str, Any]:
    readable, listed = python.grants() if "landlock" in means else (python.readable, ())
    own_world = "namespaces" in means
    calls = seccomp.program(os.uname().machine, own_world=own_world) if "seccomp" in means else b""
    return {
        "means": means,
        "python": python.executable,
        "readable": readable,
        "listed": listed,
        "hidden": python.hidden,
        "filter": calls,
    }


def _bounds(limits: Limits) -> dict[str, Any]:
    bounds = {**asdict(limits), "work_mb": _WORK_FILES * limits.file_mb}
    del bounds["output_bytes"]  # the launcher does not read the output
    return bounds


def _ran(ending: Ending) -> Ran:
    late = ending.what == "late"
    return Ran(
        None if late else ending.exit_code,
        ending.stdout.decode("utf-8", "replace"),
        ending.stderr.decode("utf-8", "replace"),
        late,
        ending.elapsed_ms,
    )


def _refuse_leading_out(files: Mapping[str, str]) -> None:
    for name in files:
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
            raise ValueError(f"{name!r} is not the name of a file in the working directory")


def _bytes(text: str) -> bytes:
    # Half a surrogate pair is the program's mistake, which its Python will name.
    return text.encode("utf-8", "surrogatepass")
