"""A name that nothing is known to bear is answered by where it stands in the code, if it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from knowledge_graphs import graph_of

from collegium.cli.graph import tell
from collegium.errors import UnknownSymbol
from collegium.knowledge.search.answers import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.codebase import KnowledgeGraph

FILES = {
    "errors.js": (
        "const make = require('x')\n"
        "const codes = {\n  ERR_TOO_LARGE: make('ERR_TOO_LARGE'),\n  ERR_TOO: make(1)\n}\n"
        "module.exports = codes\n"
    ),
    "parser.js": (
        "const { ERR_TOO_LARGE } = require('./errors')\n"
        "function parse (body) {\n  throw new ERR_TOO_LARGE()\n}\n"
    ),
    "notes.md": "# Errors\n\n`ERR_TOO_LARGE` is thrown, and ERR_OF_DOCUMENTS is not.\n",
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    with graph_of(FILES, tmp_path_factory.mktemp("standing")) as graph:
        yield graph


def test_where_a_key_stands_is_told_as_what_may_be_meant(graph: KnowledgeGraph) -> None:
    found = graph.references("ERR_TOO_LARGE")

    assert not found.exact
    assert not found.found
    assert [(one.file, one.symbol, one.lines) for one in found.perhaps] == [
        ("errors.js", "<module>", (3,)),
        ("parser.js", "<module>", (1,)),
        ("parser.js", "parse", (3,)),
    ]
    assert {one.trust for one in found.perhaps} == {"candidate"}
    assert found.note == (
        "nothing known here is called `ERR_TOO_LARGE`; as a word it stands on 3 lines of the code"
    )


def test_the_places_are_listed_wherever_it_is_said(
    graph: KnowledgeGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    found = graph.where("ERR_TOO_LARGE")
    tell(found)

    assert "parser.js:3\tparse" in capsys.readouterr().out
    assert said(found).endswith("\n- `parse` (`parser.js:3`)")
    assert said(graph.search("who calls `ERR_TOO_LARGE`?")).startswith("Nothing known here")


def test_a_place_says_where_to_look(graph: KnowledgeGraph) -> None:
    found = graph.where("ERR_TOO_LARGE (in errors.js)")

    assert [one.file for one in found.perhaps] == ["errors.js"]


@pytest.mark.parametrize("name", ["ERR_OF_DOCUMENTS", "ERR_TOO_LARG", "codes.ERR_TOO_LARGE"])
def test_what_stands_nowhere_in_the_code_is_not_there(graph: KnowledgeGraph, name: str) -> None:
    with pytest.raises(UnknownSymbol, match="nothing here is called"):
        graph.where(name)


def test_what_takes_a_definition_is_not_asked_of_a_word(graph: KnowledgeGraph) -> None:
    with pytest.raises(UnknownSymbol, match="nothing here is called"):
        graph.callees("ERR_TOO_LARGE")
