"""The codebase of an expert: opened when first asked for, kept up while it is wanted."""

from __future__ import annotations

import asyncio
import shlex
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.errors import CollegiumError, IndexUnusable, NotIndexed
from collegium.knowledge.codebase import KnowledgeGraph
from collegium.knowledge.following import Follower

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collegium.encoders.base import Encoder

# So long a college waits, when it opens, for words and graph of a codebase that is new to it.
PATIENCE_S = 10.0
# And so long an answer waits until what changed while nobody looked has been taken up.
LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How a codebase is kept: its `root`, the user's `cache`, whether changes are followed.

    `encoder` makes the encoder when it is first wanted; None: nothing is found by its meaning.
    """

    root: Path
    cache: Path
    follow: bool = True
    encoder: Callable[[], Encoder] | None = None


class Keeper:
    """Keeps one codebase: its index is opened when first asked for, and made when it is opened.

    A folder that is not there when it is opened is taken up once it is, when somebody asks for it.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._graph: KnowledgeGraph | None = None
        self._follower: Follower | None = None
        self._lock = threading.Lock()
        self._refused = ""
        self._wanted = False

    @property
    def graph(self) -> KnowledgeGraph | None:
        """The graph as it is now; None where nothing has been indexed yet."""
        with self._lock:
            if self._graph is None:
                self._graph = self._made(create=self._wanted)
                self._begin()
            return self._graph if self._graph is not None and self._can_be_asked() else None

    @property
    def lacks(self) -> str:
        """Why nothing can be asked of it; empty where it can."""
        if self.graph is not None:
            return ""
        follower = self._follower
        if follower is not None and follower.failure is not None:
            return str(follower.failure)
        if follower is not None and follower.doing:
            return f"{self.terms.root} is being indexed: {follower.doing}"
        command = f"`collegium index {shlex.quote(str(self.terms.root))}`"
        return self._refused or (
            f"no codebase has been indexed at {self.terms.root} ({command} does it; `ask` and "
            "`serve` do it by themselves)"
        )

    async def open(self) -> None:
        """Begin to keep the index with the files; a new one is waited for, up to 10 s.

        What keeps it from being kept is what it `lacks` then.
        """
        if self._wanted:
            return
        new = self.graph is None
        with self._lock:
            self._wanted = True
            self._graph = self._graph or self._made(create=True)
            self._begin()
        if new and self._follower is not None:
            await self._looked(self._follower, PATIENCE_S)

    async def current(self) -> KnowledgeGraph:
        """The graph, once what changed before it was opened has been taken up, or 2 s later.

        Raises:
            NotIndexed: there is none yet.
        """
        if self._follower is not None:
            await self._looked(self._follower, LOOK_S)
        graph = self.graph
        if graph is None:
            raise NotIndexed(self.lacks)
        return graph

    async def aclose(self) -> None:
        """Follow it no more, and close the index."""
        with self._lock:
            self._wanted = False
            follower, self._follower = self._follower, None
        if follower is not None:
            await asyncio.to_thread(follower.stop)
        with self._lock:
            graph, self._graph = self._graph, None
            if graph is not None:
                graph.close()

    def _begin(self) -> None:
        """Have the graph kept, if there is one by now and that is wanted."""
        if self._wanted and self._follower is None and self._graph is not None:
            self._follower = Follower(self._graph, follow=self.terms.follow)
            self._follower.start()

    def _can_be_asked(self) -> bool:
        """Whether there is a sound index of the whole folder."""
        assert self._graph is not None  # noqa: S101 -- it was looked
        try:
            if self._graph.index.is_sound:
                self._refused = ""
                return self._graph.index.is_read
        except IndexUnusable as error:
            self._refused = str(error)
        else:
            self._refused = f"the index of {self.terms.root} cannot be used until it is made anew"
        return False

    async def _looked(self, follower: Follower, timeout_s: float) -> None:
        try:
            await asyncio.to_thread(follower.wait, timeout_s)
        except CollegiumError:
            return  # it is told by `lacks`; what was known before can still be asked

    def _made(self, *, create: bool) -> KnowledgeGraph | None:
        terms = self.terms
        try:
            made = KnowledgeGraph.open(
                terms.root, encoder=terms.encoder, cache=terms.cache, create=create
            )
        except NotIndexed:
            self._refused = ""
            return None
        except CollegiumError as error:
            self._refused = str(error)
            return None
        self._refused = ""
        return made
