"""The index of one folder."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.errors import NotIndexed
from collegium.knowledge.index.collecting import collecting_seldom
from collegium.knowledge.index.files import next_generation
from collegium.knowledge.index.following import Following
from collegium.knowledge.index.lock import alone
from collegium.knowledge.index.place import is_condemned, make_folder
from collegium.knowledge.index.questions import Questions
from collegium.knowledge.index.report import SILENT
from collegium.knowledge.index.store import Damaged, Missing, Store
from collegium.knowledge.index.versions import Places, delete_unused, makers
from collegium.knowledge.tree import LIMIT_BYTES, Tree
from collegium.storage.connections import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from threading import Event
    from typing import Self

    from collegium.knowledge.index.report import Progress, Report
    from collegium.knowledge.search.semantic import Encoder


class Index(Questions):
    """What is known of the files below `root`, in one SQLite file in the user's cache.

    Made by `Index.open`. All threads may ask; other processes may ask and update at the same time.
    """

    def __init__(self, tree: Tree, places: Places, *, clock: Callable[[], int]) -> None:
        super().__init__(Store(places.own, makers()))
        self._tree, self._places, self._clock = tree, places, clock
        self._note = ""

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        cache: Path | None = None,
        create: bool = False,
        limit_bytes: int = LIMIT_BYTES,
        clock: Callable[[], int] = time.time_ns,
    ) -> Self:
        """The index of a folder.

        Where `create` is true and there is none yet, it is an empty one. In the place of one that
        is damaged it is an empty one too: that is set aside, and the report of the next update says
        so. Other versions of the program have indexes of their own: a new one takes the vectors of
        the last, and deletes those that were not kept up for a month.

        Args:
            root: the folder.
            cache: where indexes lie; the user's cache where it is None.
            create: whether one is begun where there is none that can be used.
            limit_bytes: larger files are not read.
            clock: tells the time in nanoseconds, as the file system has it.

        Raises:
            NotIndexed: `create` is false, and there is none that can be used.
            TreeRefused: the folder is missing, is none, or may not be read.
            IndexUnusable: the index cannot be opened or made.
        """
        tree = Tree(root, limit_bytes=limit_bytes)
        index = cls(tree, Places(tree.root, cache), clock=clock)
        if create:
            index._begin()
        else:
            index._find()
        return index

    @property
    def root(self) -> Path:
        """The folder, links resolved."""
        return self._tree.root

    @property
    def path(self) -> Path:
        """The file of the index."""
        return self._store.path

    @property
    def is_sound(self) -> bool:
        """Whether there is a file that nobody has found damaged. A look at the file system only."""
        return self.path.is_file() and not is_condemned(self.path)

    @property
    def size_bytes(self) -> int:
        """How large the file of the index and its log are."""
        with suppress(FileNotFoundError):
            return self._store.log_bytes + self.path.stat().st_size
        return 0

    def update(self, paths: Sequence[str] | None = None, *, progress: Progress = SILENT) -> Report:
        """Take up what changed in the folder, or only at these paths and below them.

        Another process that is at it is waited for. Until all is done, everybody sees the world
        as it was before.

        Raises:
            TreeRefused: the folder is gone; then the index is as it was.
            IndexUnusable: the index cannot be written.
        """
        with self._alone(progress):
            try:
                report = self._updated(paths, progress)
            except Damaged as damage:
                self._make_anew(damage)
                report = self._updated(None, progress)
        return self._noted(report)

    def rebuild(self, *, progress: Progress = SILENT) -> Report:
        """Read the folder anew, and forget everything that was known but the vectors.

        Until all is done, everybody sees the world as it was before; who ends it early leaves that.

        Raises:
            TreeRefused: the folder is gone; then the index is as it was.
            IndexUnusable: the index cannot be written.
        """
        from collegium.knowledge.index.writing import forget  # noqa: PLC0415 -- not to ask

        with self._alone(progress):
            self._make_sound()
            try:
                with self._store.writing() as connection, transaction(connection):
                    forget(connection, next_generation(connection))
                    report = self._update_over(connection, None, progress)
            except Damaged as damage:
                self._make_anew(damage)
                report = self._updated(None, progress)
        return self._noted(report)

    def embed(
        self,
        encoder: Encoder,
        *,
        progress: Progress = SILENT,
        stop: Event | None = None,
    ) -> int:
        """Compute the vectors that are missing, newest changes first; how many.

        Beside it everybody may ask and update. What is done stays, also where it is killed; a
        `stop` that is set ends it within a batch.

        Raises:
            IndexUnusable: the index cannot be read or written.
        """
        from collegium.knowledge.index.embedding import Embedding  # noqa: PLC0415 -- not to ask

        stopped = (lambda: False) if stop is None else stop.is_set
        try:
            return Embedding(self._store, encoder, progress, stopped).run()
        except Damaged as damage:
            raise self._store.unusable(damage) from damage

    def follow(self, stop: Event, *, progress: Progress = SILENT) -> Iterator[Report]:
        """Update whenever something changes in the folder, until `stop` is set.

        The report of the first update comes always, then of each that found something. An index
        that was deleted, or found damaged, is made anew. Blocks between reports, so it is for a
        thread of its own.

        Raises:
            TreeRefused: the folder is gone at the beginning; later it is waited for.
            IndexUnusable: the index cannot be written at the beginning; later that is logged, and
                tried again.
        """
        return Following(self, stop, progress).reports()

    def snapshot(self) -> AbstractContextManager[object]:
        """Within it, all that this thread asks is answered from the world that held at first."""
        return self._store.snapshot()

    def close(self) -> None:
        """Let the file go; asking again opens it again."""
        self._store.close()

    def _updated(self, paths: Sequence[str] | None, progress: Progress) -> Report:
        if self._make_sound() or not self.is_read:
            paths = None  # there is nothing yet that these could be added to
        promptly = paths is not None  # some edits, which somebody waits to see
        with self._store.writing(promptly=promptly) as connection:
            report = self._update_over(connection, paths, progress)
        if paths is None:
            delete_unused(self._places.others(), self._clock())
        return report

    def _update_over(
        self, connection: sqlite3.Connection, paths: Sequence[str] | None, progress: Progress
    ) -> Report:
        from collegium.knowledge.index.updating import Update  # noqa: PLC0415 -- not to ask

        with collecting_seldom():
            return Update(connection, self._tree, progress, self._clock).run(paths)

    def _noted(self, report: Report) -> Report:
        """A report with what befell the index, which is told once."""
        note, self._note = self._note, ""
        return replace(report, note=note)

    def _begin(self) -> None:
        """See that there is an index, without waiting for anybody where there is."""
        try:
            self._store.check()
        except (Missing, Damaged):
            with self._alone(SILENT):
                self._make_sound()

    def _find(self) -> None:
        """See that there is an index that was filled."""
        try:
            self._store.check()
            why = "" if self.is_read else "it was never finished"
        except Missing as missing:
            why = str(missing)
            if self._places.others():
                why = "it was made only by another version of collegium"
        except Damaged as damage:
            why = str(damage)
        if why:
            self.close()
            raise NotIndexed(
                f"there is no index of {self.root} to be used ({why}); make it: "
                f"collegium index {self.root}"
            )

    @contextmanager
    def _alone(self, progress: Progress) -> Generator[None]:
        make_folder(self.path)
        with alone(self.path, lambda: progress(0, 0, "waiting")):
            yield

    def _make_sound(self) -> bool:
        """See that there is an index that this version can use; whether it is a new one."""
        try:
            self._store.check()
        except Missing:
            self._store.create(first_generation=self._clock() // 1_000_000_000)
            for other in self._places.others()[:1]:
                self._store.take_vectors(other)
        except Damaged as damage:
            self._make_anew(damage)
        else:
            return False
        return True

    def _make_anew(self, damage: Damaged) -> None:
        aside = self._store.set_aside()
        self._note = f"the index was made anew, since {damage}; the old one is {aside}"
        self._store.create(first_generation=self._clock() // 1_000_000_000)
