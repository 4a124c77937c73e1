"""Names whose letters can be written in several ways, and texts of any length."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from collegium.knowledge.codebase import MOST_CHARS, KnowledgeGraph
from collegium.knowledge.letters import compatible, composed

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE, TWO = "caf\u00e9", "cafe\u0301"  # composed, and with the accent apart
FILES = {
    "brew.py": f'def {ONE}_noir():\n    """Pour."""\n\n\ndef \ufb01lter(): ...\n',
    "bar.py": f"from brew import {TWO}_noir, filter\n"
    f"\n\ndef serve():\n    {TWO}_noir()\n    filter()\n",
    "bar.js": f"function {TWO}Noir() {{}}\nfunction serve() {{ {TWO}Noir(); }}\n",
    "menu.md": f"# Menu\n\nServed by `{TWO}_noir`, with cr\u00e8me.\n",
}


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    folder = tmp_path_factory.mktemp("bar")
    (folder / "tree").mkdir()
    for path, text in FILES.items():
        (folder / "tree" / path).write_text(text, "utf-8")
    graph = KnowledgeGraph.open(folder / "tree", cache=folder / "cache", create=True)
    graph.update()
    yield graph
    graph.close()


@pytest.mark.parametrize("name", [ONE, TWO])
def test_a_name_is_one_however_its_letters_are_written(bar: KnowledgeGraph, name: str) -> None:
    found = bar.search(f"who calls `{name}_noir`?")
    assert [(one.file, one.symbol) for one in found.found] == [("bar.py", "serve")]
    assert found.note == ""
    assert [one.file for one in bar.where(f"{name}Noir").found] == ["bar.js"]
    assert [one.file for one in bar.search(f"which docs mention `{name}_noir`?").found] == [
        "menu.md"
    ]
    assert [node.file for node in bar.mentions(f"see {name}_noir")] == ["brew.py"]
    assert bar.strength(f"{name} noir") == bar.strength(f"{ONE} noir") > 0
    hits = bar.retrieve(f"{name} noir", 2).found
    assert {one.symbol for one in hits} == {f"{ONE}_noir", f"{ONE}Noir"}


def test_python_takes_a_ligature_for_its_letters(bar: KnowledgeGraph) -> None:
    assert [one.symbol for one in bar.callers("filter").found] == ["serve"]


def test_what_is_shown_is_what_is_written(bar: KnowledgeGraph) -> None:
    assert TWO in bar.snippet("bar.py", 5, 5)


def test_letters_are_composed_and_names_made_compatible() -> None:
    assert composed(TWO) == ONE
    assert compatible("\ufb01t \u00bd \u2026") == "fit \u00bd \u2026"
    assert unicodedata.is_normalized("NFC", compatible(TWO))


def test_of_a_long_text_the_beginning_is_read_and_that_is_said(bar: KnowledgeGraph) -> None:
    long = f"pour {'x ' * MOST_CHARS}"
    found = bar.search(long)
    assert found.found[0].symbol == f"{ONE}_noir"
    assert "first 10,000 characters" in found.note
    assert bar.search(long[:MOST_CHARS]).note == ""
    late = f"{'x ' * MOST_CHARS} {ONE}_noir"
    assert bar.mentions(late) == ()
    assert bar.strength(late) == 0
    assert bar.reads(late) is None
    assert bar.search(" \n" * MOST_CHARS + "who calls `filter`?").exact
