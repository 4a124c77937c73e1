"""Which folder's index is asked where nobody names one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from collegium.cli.roots import nearest
from collegium.errors import TreeRefused
from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from pathlib import Path


def test_the_index_of_a_folder_above_counts_if_it_is_a_project_or_lies_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLEGIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in ("home", "home/code", "home/code/in", "other", "other/in", "project/in"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "project/go.mod").write_text("module x")
    for folder in ("", "home", "home/code", "other", "project"):
        with closing(KnowledgeGraph.open(tmp_path / folder, create=True)) as graph:
            graph.update()

    def asked_in(folder: str) -> str:
        monkeypatch.chdir(tmp_path / folder)
        return nearest().relative_to(tmp_path).as_posix()

    assert asked_in("home/code/in") == "home/code"
    assert asked_in("home") == "home"
    assert asked_in("other/in") == "other/in"
    assert asked_in("other") == "other"
    assert asked_in("project/in") == "project"


def test_an_index_above_that_was_never_finished_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLEGIUM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "project/in").mkdir(parents=True)
    (tmp_path / "project/.git").mkdir()
    monkeypatch.chdir(tmp_path / "project/in")
    with closing(KnowledgeGraph.open(tmp_path / "project", create=True)) as graph:
        assert nearest() == tmp_path / "project/in"
        graph.update()
    assert nearest() == tmp_path / "project"
    (place,) = (tmp_path / "cache/knowledge").glob("*.sqlite")
    place.write_bytes(b"damaged, but it was wanted" * 100)
    assert nearest() == tmp_path / "project"


def test_a_question_in_a_folder_that_was_deleted_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(TreeRefused, match="deleted"):
        nearest()
    monkeypatch.undo()
