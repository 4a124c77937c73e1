"""Following a folder: the operating system tells what changes in it, and the index takes it up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from collegium.errors import IndexUnusable, MissingGrammar, TreeRefused
from collegium.knowledge.index.preparing import prepare
from collegium.knowledge.index.report import Stopped
from collegium.knowledge.tree import governs, is_source, refused_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from threading import Event

    from collegium.knowledge.index.index import Index
    from collegium.knowledge.index.report import Progress, Report, What

logger = logging.getLogger(__name__)

# A change waits so long for others that belong to it, and no longer than the second.
STEP_MS: Final = 10
GROUP_MS: Final = 400
# How often it is seen whether the folder itself is still the one that is followed.
LOOK_MS: Final = 500
# How often all is looked at where the system cannot watch it: too many folders, or none can be.
UNWATCHED_S: Final = 5.0
# How long an index that cannot be written is left alone before it is tried again.
AGAIN_S: Final = 5.0
# After more changes at once some may have been lost on the way: then everything is looked at.
MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Following:
    """Follows the folder of an index until `stop` is set; `progress` is told of each update."""

    index: Index
    stop: Event
    progress: Progress

    def reports(self) -> Iterator[Report]:
        """What updates find: of the first always, then of each that found something.

        A folder that is deleted is waited for; the index stays as it was until it is back.
        """
        try:
            yield self.index.update(progress=self._go_on)
            yield from self._later()
        except Stopped:
            return

    def _later(self) -> Iterator[Report]:
        while not self.stop.is_set():
            identity = _identity(self.index.root)
            if identity is None:
                self.stop.wait(LOOK_MS / 1000)
                continue
            for paths in self._changes(identity):
                report = self._taken_up(paths)
                if report:
                    yield report

    def _taken_up(self, paths: list[str] | None) -> Report | None:
        """The report of an update; None where the folder went away, which is seen when it is back.

        An index that cannot be written, since there is no room for example, is tried again.
        """
        told = ""
        while True:
            try:
                return self.index.update(paths, progress=self._go_on)
            except TreeRefused:
                return None
            except IndexUnusable as error:
                if str(error) != told:
                    logger.warning("%s; it is tried again", error)
                    told = str(error)
            if self.stop.wait(AGAIN_S):
                raise Stopped

    def _go_on(self, done: int, total: int, what: What) -> None:
        if self.stop.is_set():
            raise Stopped
        self.progress(done, total, what)

    def _changes(self, identity: tuple[int, int]) -> Iterator[list[str] | None]:
        """The paths that changed, batch by batch; None for all. Ends where the folder is another.

        All comes first, since until now nobody watched, and where the index has to be made anew.
        """
        first = True
        for changed in self._batches():
            if _identity(self.index.root) != identity:
                return
            whole = first or not self.index.is_sound
            paths = None if whole else relevant(self.index.root, changed)
            if paths is None or paths:
                yield paths
            if first:
                prepare(file.path for file in self.index.files())
            first = False

    def _batches(self) -> Iterator[set[str]]:
        """What changed, batch by batch, and every now and then, that nothing did.

        Ends where the root was deleted, since another in its place is not the one that is watched.
        Where the system cannot watch so much, every batch is that something in the root did.
        """
        can_follow()
        from watchfiles import Change, watch  # noqa: PLC0415 -- an extra, and only for who follows

        try:
            for changes in watch(
                self.index.root,
                watch_filter=None,
                debounce=GROUP_MS,
                step=STEP_MS,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                stop_event=self.stop,
                ignore_permission_denied=True,
            ):
                yield {path for _, path in changes}
                if (Change.deleted, str(self.index.root)) in changes:
                    return
        except FileNotFoundError:  # deleted just now
            self.stop.wait(LOOK_MS / 1000)
        except (OSError, RuntimeError):  # the second: it could not be watched any longer
            while not self.stop.wait(UNWATCHED_S):
                yield {str(self.index.root)}


def relevant(root: Path, changed: Iterable[str]) -> list[str] | None:
    """The paths, relative to the root, that may matter, sorted; None: everything may."""
    paths = set[str]()
    prefix = len(str(root).rstrip("/")) + 1
    for path in changed:
        inside = path[prefix:].replace("\\", "/")
        *folders, name = inside.split("/")
        if any(refused_by_name(folder) for folder in folders):
            continue
        if governs(name) or not inside:
            return None
        if not refused_by_name(name) or is_source(inside):
            paths.add(inside)
    return sorted(paths) if len(paths) <= MANY else None


def can_follow() -> None:
    """See whether a folder can be followed.

    Raises:
        MissingGrammar: what that takes is not installed.
    """
    try:
        import_module("watchfiles")
    except ImportError as error:
        raise MissingGrammar(
            "following a folder needs the extra: pip install 'collegium[knowledge]', "
            "or in a clone '.[knowledge]' (watchfiles is not installed)"
        ) from error


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        seen = folder.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino
