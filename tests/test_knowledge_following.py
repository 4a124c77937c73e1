"""Keeping a graph with its folder: vectors beside it, and what goes wrong meanwhile."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from collegium.errors import CollegiumError, IndexUnusable
from collegium.knowledge.codebase import KnowledgeGraph
from collegium.knowledge.following import Embedder, Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "shapes.py").write_text("def area(): pass\n")
    return root


@pytest.fixture
def graph(root: Path, tmp_path: Path) -> Iterator[KnowledgeGraph]:
    with closing(KnowledgeGraph.open(root, cache=tmp_path / "cache", create=True)) as graph:
        yield graph


def eventually(holds: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


def test_vectors_are_tried_again_with_the_next_change(
    graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []

    def refuse(**fields: Any) -> int:
        tried.append(1)
        raise IndexUnusable("there is no room")

    monkeypatch.setattr(graph, "embed", refuse)
    with Embedder(graph) as embedder:
        for count in (1, 2):
            embedder.changed()
            eventually(lambda: len(tried) == count)  # noqa: B023 -- it is waited for
    assert "is not found by its meaning: there is no room" in caplog.text


def test_edits_are_taken_up_while_vectors_are_made(
    root: Path, graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def embed(**fields: Any) -> int:
        begun.set()
        assert go_on.wait(120)
        return 0

    monkeypatch.setattr(graph, "embed", embed)
    with Follower(graph) as follower:
        assert follower.wait(120)
        assert begun.wait(120)
        (root / "late.py").write_text("def late(): pass\n")
        eventually(lambda: bool(graph.index.symbols_named("late")))
        go_on.set()


def test_a_graph_that_is_not_followed_is_looked_at_once(root: Path, graph: KnowledgeGraph) -> None:
    with Follower(graph, follow=False) as follower:
        assert follower.wait(120)
        assert [one.path for one in graph.index.files()] == ["shapes.py"]
        eventually(lambda: "collegium-follow" not in {one.name for one in threading.enumerate()})
        assert follower.doing == ""


def test_what_keeps_a_folder_from_being_followed_is_told_to_whoever_waits(
    root: Path, graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: Any, **fields: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(graph.index, "update", fail)
    with Follower(graph) as follower, pytest.raises(CollegiumError, match="is not followed"):
        follower.wait(120)
