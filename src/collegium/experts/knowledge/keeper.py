"""Has the index of a codebase made, and keeps it with the files, in threads of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError, NotIndexed
from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collegium.encoders.base import Encoder

logger = logging.getLogger(__name__)

# So long a college waits, when it opens, for words and graph of a codebase that is new to it.
PATIENCE_S = 10.0
# And so long an answer waits until what changed while nobody looked has been taken up.
LOOK_S = 2.0


class _Stopped(Exception):
    """The college closes: what is being done need not be finished."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a codebase is kept: its `root`, the folder of the indexes, whether changes are followed.

    `encoder` makes the encoder when it is first wanted; None: nothing is told by its meaning.
    """

    root: Path
    cache: Path
    follow: bool = True
    encoder: Callable[[], Encoder] | None = None


class Keeper:
    """Keeps one codebase: opens its index when it is first asked for, and makes it when opened.

    Everything it starts ends with `aclose`; then it can be opened again.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._graph: KnowledgeGraph | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._fresh = threading.Event()
        self._wanted = threading.Event()
        self._threads: tuple[threading.Thread, ...] = ()
        self._encoder: Encoder | None = None
        self.doing = ""
        self.failure = ""

    @property
    def graph(self) -> KnowledgeGraph | None:
        """The graph as it is now; None where nothing has been indexed yet."""
        if self._graph is None:
            with self._lock:
                self._graph = self._graph or self._opened(create=False)
        return self._graph

    @property
    def lacks(self) -> str:
        """Why nothing can be asked of it; empty where it can."""
        if self.graph is not None:
            return ""
        if self.failure:
            return self.failure
        if self.doing:
            return f"{self.terms.root} is being indexed: {self.doing}"
        return f"no codebase has been indexed at {self.terms.root}; collegium index PATH does it"

    async def open(self) -> None:
        """Begin to keep the index with the files; a new one is waited for, up to 10 s."""
        if self._threads:
            return
        self._stop.clear()
        self._fresh.clear()
        known = self.graph is not None
        self._threads = (
            threading.Thread(target=self._keep, name="collegium-codebase", daemon=True),
            threading.Thread(target=self._understand, name="collegium-vectors", daemon=True),
        )
        for thread in self._threads:
            thread.start()
        if not known:
            await asyncio.to_thread(self._fresh.wait, PATIENCE_S)

    async def current(self) -> KnowledgeGraph:
        """The graph, once what changed before it was opened has been taken up, or 2 s later.

        Raises:
            NotIndexed: there is none yet.
        """
        if self._threads and not self._fresh.is_set():
            await asyncio.to_thread(self._fresh.wait, LOOK_S)
        graph = self.graph
        if graph is None:
            raise NotIndexed(self.lacks)
        return graph

    async def aclose(self) -> None:
        """Stop following, and close the index."""
        self._stop.set()
        self._wanted.set()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._threads = ()
        with self._lock:
            if self._graph is not None:
                self._graph.close()
                self._graph = None

    def _opened(self, *, create: bool) -> KnowledgeGraph | None:
        try:
            return self._open_graph(create=create)
        except NotIndexed:
            return None
        except CollegiumError as error:
            self.failure = str(error)
            return None

    def _open_graph(self, *, create: bool) -> KnowledgeGraph:
        terms = self.terms
        encoder = self._its_encoder if terms.encoder is not None else None
        return KnowledgeGraph.open(terms.root, encoder=encoder, cache=terms.cache, create=create)

    def _its_encoder(self) -> Encoder | None:
        if self._encoder is None and self.terms.encoder is not None:
            self._encoder = self.terms.encoder()
        return self._encoder

    def _keep(self) -> None:
        """Make the index what the files are, and go on with them until it is to stop."""
        try:
            graph = self.graph or self._made()
            graph.index.update(progress=self._tell)
            self._taken_up()
            if self.terms.follow:
                for report in graph.index.follow(stop=self._stop):
                    if report.changed:
                        self._wanted.set()
        except _Stopped:
            logger.debug("indexing %s ends, since the college closes", self.terms.root)
        except CollegiumError as error:
            logger.warning("the codebase at %s is not followed: %s", self.terms.root, error)
            self.failure = str(error)
        except Exception:  # whatever ends this thread must be told, since nobody else sees it
            logger.exception("the codebase at %s is not followed any more", self.terms.root)
            self.failure = f"the codebase at {self.terms.root} could not be read"
        finally:
            self._taken_up()

    def _made(self) -> KnowledgeGraph:
        """The graph of an index that was not there; nobody is told of it before it is whole."""
        self._tell(0, 0, "looking")
        graph = self._open_graph(create=True)
        graph.index.update(progress=self._tell)
        with self._lock:
            self._graph = graph
        return graph

    def _taken_up(self) -> None:
        self.doing = ""
        self._fresh.set()
        self._wanted.set()

    def _tell(self, done: int, total: int, what: str) -> None:
        self.doing = f"{what}, {done} of {total}" if total else what
        if self._stop.is_set():
            raise _Stopped

    def _understand(self) -> None:
        """Make the vectors that are missing, now and after every change."""
        while not self._stop.is_set():
            self._wanted.wait()
            self._wanted.clear()
            graph = self._graph
            if self._stop.is_set() or graph is None or self.terms.encoder is None:
                continue
            try:
                graph.index.embed(self._its_encoder(), stop=self._stop)
            except Exception:  # an encoder may be other people's code; words and graph go on
                logger.exception("%s is not understood by its meaning", self.terms.root)
                return
