"""Keeping what is known of a codebase the same as its folder, in threads beside the questions."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError
from collegium.knowledge.index.report import Stopped

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from collegium.knowledge.codebase import KnowledgeGraph
    from collegium.knowledge.index import Report

logger = logging.getLogger(__name__)


class Background(ABC):
    """Work beside the questions. It is started and stopped once, best as a context manager."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def stop(self) -> None:
        """End, and wait for that."""


class Embedder(Background):
    """Computes the vectors of a graph in a thread, each time that something has changed."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph
        self._stop, self._changed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._embed, name="collegium-embed", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def changed(self) -> None:
        """Have vectors computed that are missing now."""
        self._changed.set()

    def stop(self) -> None:
        """End, within a batch; what is done stays."""
        self._stop.set()
        self._changed.set()
        self._thread.join()

    def _embed(self) -> None:
        try:
            while self._changed.wait() and not self._stop.is_set():
                self._changed.clear()
                self._embed_once()
        except Exception:  # an encoder may be other people's code; words and graph go on
            logger.exception("%s is not found by its meaning", self._graph.root)

    def _embed_once(self) -> None:
        try:
            self._graph.embed(stop=self._stop)
        except CollegiumError as error:  # the next change may find it mended
            logger.warning("%s is not found by its meaning: %s", self._graph.root, error)


class Follower(Background):
    """Takes up what changes in the folder of a graph, and computes its vectors meanwhile.

    Each has a thread of its own, since vectors take minutes where words take milliseconds. Any
    thread may ask the graph meanwhile.

    Args:
        graph: what is kept up to date.
        follow: whether it goes on after the first look at the folder.
    """

    def __init__(self, graph: KnowledgeGraph, *, follow: bool = True) -> None:
        self._graph, self._follow = graph, follow
        self._stop, self._ready = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="collegium-follow", daemon=True)
        self._embedder = Embedder(graph)
        self.doing = ""
        self.failure: CollegiumError | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._embedder.start()

    def stop(self) -> None:
        """End, soon; an update that is being done is as if it had not been begun."""
        self._stop.set()
        self._embedder.stop()
        self._thread.join()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was in the folder at the beginning can be asked for; if it can.

        Raises:
            CollegiumError: the folder cannot be followed.
        """
        ready = self._ready.wait(timeout_s)
        if self.failure is not None:
            raise self.failure
        return ready

    def _keep(self) -> None:
        try:
            if self._follow:
                for report in self._graph.index.follow(self._stop, progress=self._tell):
                    self._took_up(report)
            else:
                self._took_up(self._graph.update(progress=self._tell))
        except Stopped:
            logger.debug("reading %s ends early, since it is no longer wanted", self._graph.root)
        except CollegiumError as error:
            logger.warning("%s is not followed any more: %s", self._graph.root, error)
            self.failure = error
        except Exception as error:  # nobody else sees this thread end
            logger.exception("%s is not followed any more", self._graph.root)
            self.failure = CollegiumError(f"{self._graph.root} is not followed: {error}")
        finally:
            self.doing = ""
            self._ready.set()

    def _took_up(self, report: Report) -> None:
        first = not self._ready.is_set()
        self.doing = ""
        self._ready.set()
        if report or first:
            self._embedder.changed()
            self._graph.renew()

    def _tell(self, done: int, total: int, what: str) -> None:
        self.doing = f"{what}, {done} of {total}" if total else what
        if self._stop.is_set():
            raise Stopped
