"""The program's working directory."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # the module of types takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 1024


def fill(work: str, files: dict[str, bytes]) -> None:
    """Write `files`, by names relative to the directory `work`."""
    for name, content in files.items():
        path = f"{work}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 -- see `remove`
        with open(path, "wb") as file:  # noqa: PTH123 -- see `remove`
            file.write(content)


def give(place: str, owner: int) -> None:
    """Make everything at `place` the owner's."""
    for folder, _, files in os.walk(place):
        for path in (folder, *(f"{folder}/{name}" for name in files)):
            os.chown(path, owner, owner)


def is_full(work: str, most: int) -> bool:
    """Whether there are more than `most` bytes, or too many files, in `work`."""
    size = count = 0
    waiting = [work]
    while waiting:
        for entry in _entries(waiting.pop()):  # which may grow while it is read
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            count += 1
            size += _size(entry)
            if size > most or count > MOST_FILES:
                return True
    return False


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:  # it was removed or locked meanwhile
        return


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:  # it was removed meanwhile
        return 0


def remove(place: str) -> None:
    """Remove `place` and what is in it; links are not followed."""
    for folder, folders, _ in os.walk(place):
        for name in folders:
            if not os.path.islink(f"{folder}/{name}"):  # noqa: PTH114 -- see below
                os.chmod(f"{folder}/{name}", 0o700)  # noqa: PTH101 -- see below
    # By hand: shutil and pathlib take 10 ms to import, and every program would wait for that.
    for folder, folders, files in os.walk(place, topdown=False):
        for name in (*files, *folders):
            path = f"{folder}/{name}"
            if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114 -- above
                os.rmdir(path)  # noqa: PTH106 -- above
            else:
                os.unlink(path)  # noqa: PTH108 -- above
    os.rmdir(place)  # noqa: PTH106 -- above
