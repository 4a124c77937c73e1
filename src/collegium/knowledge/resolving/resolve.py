"""Resolving files one by one, or many in one run over a tree that stands still."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from collegium.knowledge.resolving.edges import Resolver
from collegium.knowledge.resolving.homes import home_of
from collegium.knowledge.resolving.interpreter import Interpreter
from collegium.knowledge.resolving.parts import without_own
from collegium.knowledge.resolving.shape import Shape
from collegium.knowledge.resolving.sources import Resolution, Sources
from collegium.knowledge.resolving.world import Circular, World

if TYPE_CHECKING:
    from collegium.knowledge.facts import FileFacts
    from collegium.knowledge.resolving.homes.base import Home


def resolve(path: str, sources: Sources) -> Resolution:
    """Return the edges that leave a file, and all that they depend on; nothing else does."""
    with closing(Run(sources)) as run:
        return run.resolve(path)


class Run:
    """Resolves files of a tree that does not change meanwhile; what one needed the next has.

    It is closed once.
    """

    def __init__(self, sources: Sources) -> None:
        """Ask nothing yet."""
        self._shared = _Reading(World(sources))

    def close(self) -> None:
        """Let go of what was learned."""
        self._shared.world.forget()

    def resolve(self, path: str) -> Resolution:
        """Return just what `resolve(path, sources)` returns, sooner."""
        world = self._shared.world
        facts = world.sources.facts(path)
        if facts is None:
            return Resolution((), frozenset())
        try:
            return self._shared.resolution(facts)
        except Circular:
            apart = world.apart()
            try:
                return _Reading(apart).resolution(facts)
            finally:
                apart.forget()


class _Reading:
    """A world with a reader for each language."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._readers: dict[Home, Interpreter] = {}

    def resolution(self, facts: FileFacts) -> Resolution:
        """Resolve one file. Raises Circular."""
        self.world.begin()
        home = home_of(facts.language)
        if home not in self._readers:
            self._readers[home] = Interpreter(self.world, home)
        self._readers[home].begin()
        shape = Shape(facts, home, inside=True)
        edges = Resolver(self._readers[home], shape, facts).edges()
        return Resolution(edges, without_own(self.world.reads(), facts.path))
