"""Graphs of small trees."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def graph_of(files: Mapping[str, str], folder: Path) -> Iterator[KnowledgeGraph]:
    """The graph of files with these texts, written into a folder that is empty."""
    for path, text in files.items():
        file = folder / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    opened = KnowledgeGraph.open(folder / "tree", cache=folder / "cache", create=True)
    with closing(opened) as graph:
        graph.update()
        yield graph
