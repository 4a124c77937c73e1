"""Calls of which only the name is known, and many bear it, are told of and never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from knowledge_graphs import graph_of

from collegium.cli.graph import tell
from collegium.knowledge.search.answers import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.codebase import KnowledgeGraph

FILES = {
    "reply.js": "class Reply { send() {} }\nmodule.exports = Reply\n",
    "socket.js": "class Socket { send() {} }\nmodule.exports = Socket\n",
    "routes.js": (
        "const Reply = require('./reply')\n"
        "function sure() { new Reply().send() }\n"
        "function sendAny(reply) {\n  reply.send()\n  reply.send()\n}\n"
        "function closeAny(reply) { reply.close() }\n"
    ),
    "client.py": "def sendAny(reply):\n    reply.send()\n",
}
NOTE = (
    "2 more calls of something named `send` may be it too, and are not shown: "
    "many definitions bear that name"
)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    with graph_of(FILES, tmp_path_factory.mktemp("namesakes")) as graph:
        yield graph


def test_callers_say_how_many_calls_are_not_shown(graph: KnowledgeGraph) -> None:
    found = graph.callers("Reply.send")

    assert [one.symbol for one in found.found] == ["sure"]
    assert [(one.file, one.symbol, one.lines) for one in found.namesakes] == [
        ("routes.js", "sendAny", (4, 5))
    ]
    assert found.note == NOTE
    assert "2 more calls of something named `send`" in said(found)


def test_the_calls_are_shown_with_the_candidates(
    graph: KnowledgeGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(graph.callers("Reply.send"))
    assert "sendAny" not in capsys.readouterr().out

    tell(graph.callers("Reply.send"), candidates=True)
    assert "routes.js:4,5\tsendAny" in capsys.readouterr().out


def test_it_is_not_denied_that_a_call_by_name_alone_is_one(graph: KnowledgeGraph) -> None:
    told = said(graph.search("does sendAny call Reply.send?"))

    assert told.startswith("It cannot be told whether")
    assert said(graph.search("does closeAny call Reply.send?")).startswith("No")


def test_a_path_that_is_not_found_says_which_calls_were_not_followed(graph: KnowledgeGraph) -> None:
    assert graph.path("closeAny", "Reply.send").note == NOTE
    assert not graph.path("sure", "Reply.send").note


def test_what_else_uses_it_is_said_too(graph: KnowledgeGraph) -> None:
    assert NOTE in graph.references("Reply.send").note


def test_callees_name_what_many_bear(graph: KnowledgeGraph) -> None:
    found = graph.callees("sendAny (in routes.js)")

    assert found.note == "also called is something named `send`, a name that many definitions bear"
    assert not graph.callees("sure").note
