"""A walk over a folder that opens none of its files but those that say what to ignore.

Links are never followed: what they lead to within the tree is met at its own place, once, and what
lies outside of the tree is not part of it.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from collegium.errors import TreeRefused
from collegium.knowledge.languages import language_of
from collegium.knowledge.tree.folders import refused_by_name, refused_by_neighbours
from collegium.knowledge.tree.ignoring import Ignoring, around

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Self

LIMIT_BYTES: Final = 1_000_000
# So common, and so surely no source, that nobody wants to read of it.
BYTECODE: Final = "__pycache__"


class Found(NamedTuple):
    """What tells cheaply that a file is still the one that was read."""

    size: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, seen: os.stat_result) -> Self:
        """What the file system says of a file."""
        # What unpacks or copies files sets when they were modified, as it likes; nobody sets when
        # they were changed, but Windows does not know that.
        changed_ns = seen.st_mtime_ns if sys.platform == "win32" else seen.st_ctime_ns
        return cls(seen.st_size, changed_ns, seen.st_ino)


@dataclass(slots=True)
class Walk:
    """The files to read, and what is passed over and why; paths relative to the root, with '/'.

    A folder that is passed over as a whole ends in '/'.
    """

    files: dict[str, Found] = field(default_factory=dict[str, Found])
    skipped: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that was entered; `path` ends in '/', or is '' for the root."""

    path: str
    entries: dict[str, os.DirEntry[str]]
    rules: Ignoring


class Tree:
    """The source files of a folder.

    Args:
        root: the folder.
        limit_bytes: larger files are not read.

    Raises:
        TreeRefused: it is missing, is no folder, or may not be read.
    """

    def __init__(self, root: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.root = real_folder(root)
        self.limit_bytes = limit_bytes

    def walk(self) -> Walk:
        """All files, in the order of their paths.

        Raises:
            TreeRefused: the root is not there any more, or may not be read.
        """
        found = Walk()
        self._descend(self._top(), found)
        return _sorted(found)

    def look(self, paths: Iterable[str]) -> Walk:
        """What a walk would find at these paths and below them; what is gone is not in it.

        Raises:
            TreeRefused: the root is not there any more, or may not be read.
        """
        found = Walk()
        entered: dict[str, _Folder | None] = {"": self._top()}
        for path in paths:
            above, _, name = path.rpartition("/")
            folder = self._reach(f"{above}/" if above else "", entered)
            if folder is not None and name in folder.entries:
                inner = self._take(folder, folder.entries[name], found)
                if inner is not None:
                    self._descend(inner, found)
        return _sorted(found)

    def _top(self) -> _Folder:
        entries = _listed(self.root)
        if isinstance(entries, str):
            raise TreeRefused(f"{self.root} cannot be read: {entries}")
        return _Folder("", entries, around(self.root).within(self.root, "", entries))

    def _descend(self, folder: _Folder, found: Walk) -> None:
        waiting = [folder]
        while waiting:
            folder = waiting.pop()
            for entry in folder.entries.values():
                inner = self._take(folder, entry, found)
                if inner is not None:
                    waiting.append(inner)

    def _reach(self, path: str, entered: dict[str, _Folder | None]) -> _Folder | None:
        """The folder at `path`, entered step by step; None where the walk does not come."""
        if path not in entered:
            above, _, name = path[:-1].rpartition("/")
            folder = self._reach(f"{above}/" if above else "", entered)
            entry = folder.entries.get(name) if folder is not None else None
            inner = None
            if folder is not None and entry is not None:
                inner = self._take(folder, entry, Walk())
            entered[path] = inner
        return entered[path]

    def _take(self, folder: _Folder, entry: os.DirEntry[str], found: Walk) -> _Folder | None:
        """Note a file, or why it is passed over; a folder to go on with is returned."""
        path = folder.path + entry.name
        if not _is_text(path):
            found.skipped[ascii(path)[1:-1]] = "its name is not UTF-8"
        elif entry.is_symlink():
            if is_source(path):
                found.skipped[path] = "a link"
        elif entry.is_dir(follow_symlinks=False):
            inner = self._enter(folder, entry)
            if isinstance(inner, _Folder):
                return inner
            if entry.name != BYTECODE:
                found.skipped[f"{path}/"] = inner
        elif is_source(path):
            self._note(folder, entry, found)
        return None

    def _enter(self, folder: _Folder, entry: os.DirEntry[str]) -> _Folder | str:
        path = f"{folder.path}{entry.name}/"
        refused = refused_by_name(entry.name) or _by_rule(folder, path)
        if refused:
            return refused
        entries = _listed(self.root / path)
        if isinstance(entries, str):
            return entries
        kept = bool(folder.rules.layers)
        refused = refused_by_neighbours(
            *(entry.name, entries.keys(), folder.entries.keys()), kept=kept
        )
        if refused and not folder.rules.asks_for(path):
            return refused
        return _Folder(path, entries, folder.rules.within(self.root, path, entries))

    def _note(self, folder: _Folder, entry: os.DirEntry[str], found: Walk) -> None:
        path = folder.path + entry.name
        ignored = _by_rule(folder, path)
        if ignored:
            found.skipped[path] = ignored
            return
        try:
            seen = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # it went away
        except OSError as error:
            found.skipped[path] = _why(error)
            return
        if not stat.S_ISREG(seen.st_mode):
            found.skipped[path] = "not a regular file"
        elif seen.st_size > self.limit_bytes:
            found.skipped[path] = f"larger than {self.limit_bytes:,} bytes"
        else:
            found.files[path] = Found.of(seen)


def real_folder(path: Path) -> Path:
    """The folder that a path means, links resolved.

    Raises:
        TreeRefused: it is missing, is no folder, or may not be read.
    """
    try:
        real = path.resolve(strict=True)
        is_folder = real.is_dir()
    except FileNotFoundError:
        raise TreeRefused(f"{path} does not exist; name the folder of a codebase") from None
    # RuntimeError: links that lead in a circle; ValueError: no file system has such a name
    except (OSError, RuntimeError, ValueError) as error:
        raise TreeRefused(f"{path} cannot be read: {_why(error)}") from error
    if not is_folder:
        raise TreeRefused(f"{path} is a file; name the folder that it lies in")
    if not os.access(real, os.R_OK | os.X_OK):
        raise TreeRefused(f"{path} may not be read by this user")
    return real


def _by_rule(folder: _Folder, path: str) -> str:
    rule = folder.rules.names(path)
    return f"ignored by {rule}" if rule else ""


def _listed(folder: Path) -> dict[str, os.DirEntry[str]] | str:
    """What is in a folder, by name, or why that cannot be told."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError as error:
        return _why(error)


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "not readable"
    said = error.strerror if isinstance(error, OSError) else None
    return (said or str(error)).lower()


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_source(path: str) -> bool:
    """Whether a file may be source: by its name, or having no ending, by its first line."""
    return language_of(path) is not None or "." not in path.rpartition("/")[2]


def _sorted(found: Walk) -> Walk:
    return Walk(dict(sorted(found.files.items())), dict(sorted(found.skipped.items())))
