"""What overrides a method, over one step and over any number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from collegium.knowledge.codebase import Findings

CODE = """
class Column:
    def render(self): ...

class TextColumn(Column):
    def render(self): ...

class TaskColumn(TextColumn):
    def render(self): ...
"""


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    folder: Path = tmp_path_factory.mktemp("columns")
    (folder / "columns.py").write_text(CODE, "utf-8")
    graph = KnowledgeGraph.open(folder, cache=folder.with_name("cache"), create=True)
    graph.update()
    yield graph
    graph.close()


def symbols(findings: Findings) -> list[str]:
    return [one.symbol for one in findings.found]


def test_what_overrides_by_way_of_another_is_counted(columns: KnowledgeGraph) -> None:
    found = columns.ask("overrides", "Column.render")

    assert symbols(found) == ["TextColumn.render"]
    assert found.note == "one more overrides it by way of this (`--all`)"


def test_all_that_overrides_can_be_asked_for(columns: KnowledgeGraph) -> None:
    both = ["TextColumn.render", "TaskColumn.render"]

    assert symbols(columns.ask("overrides", "Column.render", deep=True)) == both
    assert symbols(columns.search("what overrides `Column.render` transitively?")) == both
    assert not columns.ask("overrides", "Column.render", deep=True).note
    assert not columns.ask("overrides", "TextColumn.render").note
