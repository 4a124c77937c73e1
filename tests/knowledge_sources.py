"""A tree of source files in memory, as the resolver asks it."""

from __future__ import annotations

import posixpath
import textwrap
from typing import TYPE_CHECKING

from collegium.knowledge import parse
from collegium.knowledge.resolving import Interface, Run, interface_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.facts import FileFacts
    from collegium.knowledge.graph import Edge, EdgeKind


class Tree:
    """The files of a tree with their sources; each answer is worked out when asked."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Parse all files."""
        self.files = {
            path: parse.parse(path, textwrap.dedent(text).encode()) for path, text in files.items()
        }
        self._interfaces: dict[str, Interface] = {}
        self._places = {"", *self.files}
        for path in self.files:
            while path := posixpath.dirname(path):
                self._places.add(path)

    def facts(self, path: str) -> FileFacts | None:
        """Return all of a file."""
        return self.files.get(path)

    def interface(self, path: str) -> Interface | None:
        """Return what others may know of a file."""
        if path not in self._interfaces and path in self.files:
            self._interfaces[path] = interface_of(self.files[path])
        return self._interfaces.get(path)

    def bearers(self, name: str) -> Sequence[str]:
        """Return the files with a symbol of this name."""
        return sorted(
            path
            for path, facts in self.files.items()
            if any(symbol.name == name for symbol in facts.symbols)
        )

    def exists(self, path: str) -> bool:
        """Return whether there is this file or folder."""
        return path in self._places

    def folder(self, path: str) -> Sequence[str]:
        """Return the files directly in a folder."""
        return sorted(file for file in self.files if posixpath.dirname(file) == path)

    def files_named(self, tail: str) -> Sequence[str]:
        """Return the files of this last part."""
        return sorted(file for file in self.files if posixpath.basename(file) == tail)

    def edges(self) -> list[Edge]:
        """Return the edges of all files."""
        run = Run(self)
        return [edge for path in sorted(self.files) for edge in run.resolve(path).edges]


def pairs(edges: Sequence[Edge], kind: EdgeKind, *trusts: str) -> set[tuple[str, str]]:
    """Return the edges of one kind as (source, target), each "file:symbol" or what is outside."""
    return {
        (named(edge.source.file, edge.source.symbol), named(edge.target.file, edge.target.symbol))
        for edge in edges
        if edge.kind == kind and edge.trust in (trusts or ("resolved", "inherited"))
    }


def named(file: str, symbol: str) -> str:
    """Return one name for a node."""
    return f"{file}:{symbol}" if file and symbol else file or symbol
