"""Where the index of a folder lies: in the user's cache, never in the folder."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from collegium.errors import IndexUnusable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700


def place_of(root: Path, makers: str, cache: Path | None = None) -> Path:
    """The file for the index of `root`, a real path; `cache` is the user's where it is None.

    Each version of the program, called by its `makers`, has a file of its own.
    """
    return _folder(cache) / f"{_name(root)}.{makers}.sqlite"


def places_of(root: Path, cache: Path | None = None) -> list[Path]:
    """The indexes of `root` that there are, whichever version made them, sorted."""
    return sorted(_folder(cache).glob(f"{_name(root)}.*.sqlite"))


def _folder(cache: Path | None) -> Path:
    if cache is None:
        from collegium.config.environment import cache_dir  # noqa: PLC0415 -- pydantic: 100 ms

        cache = cache_dir()
    return cache / "knowledge"


def _name(root: Path) -> str:
    digest = blake2b(os.fsencode(root), digest_size=8).hexdigest()
    name = "".join(letter if letter.isalnum() else "-" for letter in root.name)[:40]
    return f"{name or 'root'}-{digest}"


def make_folder(path: Path) -> None:
    """Make the folder of the index at `path`, for its owner alone.

    Raises:
        IndexUnusable: there cannot be one.
    """
    with translated(path):
        path.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone, unless there is one.

    Raises:
        IndexUnusable: there cannot be one.
    """
    with translated(path):
        if not path.exists():
            _clear(path)  # what was there before may have left its log
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))


def condemn(path: Path) -> None:
    """Leave a note that the index at `path` was found damaged, for whoever can mend it."""
    with suppress(OSError):
        _note(path).touch(PRIVATE_FILE)


def is_condemned(path: Path) -> bool:
    """Whether the index at `path` was found damaged."""
    return _note(path).exists()


def set_aside(path: Path) -> Path:
    """Rename a broken index to '.broken', in the place of an older one; its log goes.

    Raises:
        IndexUnusable: it cannot be renamed.
    """
    broken = _broken(path)
    with translated(path):
        condemn(path)  # who is killed here has left no index that looks sound
        _clear(path)
        path.replace(broken)
        _note(path).unlink(missing_ok=True)
    return broken


def delete(path: Path) -> None:
    """Delete an index, and whatever was kept beside it but its lock.

    Raises:
        IndexUnusable: it cannot be deleted.
    """
    with translated(path):
        _clear(path)
        for file in (path, _broken(path), _note(path)):
            file.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Delete the log of an index, and what goes with it."""
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _broken(path: Path) -> Path:
    return path.with_name(f"{path.name}.broken")


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")


@contextmanager
def translated(path: Path) -> Generator[None]:
    """What the file system says of the index at `path`, as this room says it.

    Raises:
        IndexUnusable: it said no.
    """
    try:
        yield
    except OSError as error:
        raise IndexUnusable(
            f"the index {path} cannot be used: {error.strerror or error}; make room or "
            "permission there, or choose another folder with COLLEGIUM_CACHE"
        ) from error
