"""Which files a Python needs, so that it can be shown these and no others."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from collegium.errors import SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ASK = """
import json, os, sys
mapped = set()
if os.path.exists("/proc/self/maps"):
    with open("/proc/self/maps") as maps:
        mapped = {line.split(None, 5)[5].strip() for line in maps if " /" in line}
base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
print(json.dumps({"base": base, "path": sys.path, "mapped": sorted(mapped)}))
"""
_PACKAGES = ("site-packages", "dist-packages")
_ELSEWHERE = ("/etc/ld.so.cache", "/usr/share/zoneinfo", "/dev/null", "/dev/urandom")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python without its packages.

    `readable` are the paths it needs with all beneath them, links among them, none beneath
    another; `hidden` are those beneath them that hold installed packages.
    """

    executable: str
    readable: tuple[str, ...]
    hidden: tuple[str, ...]

    @classmethod
    async def of(cls, python: str) -> Interpreter:
        """Ask the interpreter at `python`; SandboxUnavailable where it does not start."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(python, "-I", "-S", "-c", _ASK),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
            )
        except OSError as error:
            raise SandboxUnavailable(f"no Python starts at {python!r}: {error}") from error
        output, _ = await process.communicate()
        if process.returncode:
            raise SandboxUnavailable(f"{python!r} is not a Python that starts with -I -S")
        told = json.loads(output)
        return await asyncio.to_thread(cls._seen, told["base"], told["path"], told["mapped"])

    @classmethod
    def _seen(cls, executable: str, path: list[str], mapped: list[str]) -> Interpreter:
        libraries = (str(place) for top in ("/", "/usr") for place in Path(top).glob("lib*"))
        own = (str(home.parent) for home in map(Path, path) if home.name.startswith("python3"))
        wanted = (executable, *path, *own, *mapped, *libraries, *_ELSEWHERE)
        readable = _outermost(place for place in wanted if os.path.lexists(place))
        homes = (*map(Path, path), *Path("/usr").glob("lib*/python3*"))
        packages = {(home / name).resolve() for home in homes for name in _PACKAGES}
        hidden = {str(one) for one in packages if one.is_dir() and _is_beneath(one, readable)}
        return cls(executable, readable, tuple(sorted(hidden)))

    def grants(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The paths that may be read with all beneath them, and the directories only listed.

        For a guard that can grant, but not hide.
        """
        read: list[str] = []
        listed: list[str] = []
        waiting = [path for path in self.readable if not Path(path).is_symlink()]
        while waiting:
            path = waiting.pop()
            if path in self.hidden:
                continue
            if any(other.startswith(f"{path}/") for other in self.hidden):
                listed.append(path)
                waiting += [str(child) for child in Path(path).iterdir()]
            else:
                read.append(path)
        return tuple(read), tuple(listed)


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Those beneath no other of them, where a link counts for itself alone."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not _is_beneath(Path(path), kept):
            kept.append(path)
    return tuple(kept)


def _is_beneath(path: Path, others: Sequence[str]) -> bool:
    return any(str(parent) in others for parent in path.parents)
