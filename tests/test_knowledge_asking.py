"""What a graph says of two names, of members, and of the tests of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from knowledge_graphs import graph_of

from collegium.knowledge.search import paths
from collegium.knowledge.search.answers import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.codebase import Findings, KnowledgeGraph

FILES = {
    "mill.py": """
class Wheel:
    def turn(self):
        self.grind()

    def grind(self): ...


class StoneWheel(Wheel):
    SIZE = 3

    def __init__(self):
        weigh(self)

    def grind(self):
        sieve()


def weigh(wheel):
    note("weight")


def note(text): ...


def sieve():
    def shake(): ...
    shake()
    again()


def again():
    sieve()


def start():
    StoneWheel()
    thing.turn()


def run(wheel: Wheel):
    wheel.turn()


def unused(): ...
""",
    "tests/test_mill.py": """
from mill import StoneWheel, sieve, start


def test_start():
    start()


def test_sieve():
    sieve()
    assert StoneWheel.SIZE
""",
    "go.mod": "module example.org/mill\n",
    "wheel.go": "package mill\n\ntype Axle struct{}\n\nfunc (a *Axle) Turn() {}\n",
    "more.go": "package mill\n\nfunc (a *Axle) Stop() {}\n\nfunc Axles() {}\n",
    "lib.rs": "pub fn pour() {}\n\nmod tests {\n    use super::*;\n    fn pours() { pour(); }\n}\n",
}


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    with graph_of(FILES, tmp_path_factory.mktemp("mill")) as graph:
        yield graph


def symbols(findings: Findings) -> list[str]:
    return [one.symbol for one in findings.found]


def test_whether_one_calls_another_is_answered_with_the_line(mill: KnowledgeGraph) -> None:
    found = mill.search("does `Wheel.turn` call `Wheel.grind`?")
    assert found.exact
    assert [(one.symbol, one.lines) for one in found.found] == [("Wheel.turn", (4,))]
    assert said(found).startswith("Yes, `Wheel.turn` (`mill.py:3`) calls `Wheel.grind`")
    assert "`mill.py:4`" in said(found)


def test_that_one_does_not_call_another_is_an_answer_too_and_by_way_of_what_it_does(
    mill: KnowledgeGraph,
) -> None:
    found = mill.search("does `start` call `weigh`?")
    assert found.exact
    assert not found.found
    assert said(found).startswith("No: ")
    assert "by way of `StoneWheel`" in found.note
    assert said(mill.search("does `unused` call `weigh`?")).endswith(
        "calls `weigh` (`mill.py:19`)."
    )


def test_what_only_bears_the_name_is_no_yes_and_no_no(mill: KnowledgeGraph) -> None:
    found = mill.search("does `start` call `Wheel.turn`?")
    assert not found.found
    assert [one.symbol for one in found.perhaps] == ["start"]
    assert "cannot be told" in said(found)


def test_that_a_constructor_runs_where_its_type_is_made_is_said(mill: KnowledgeGraph) -> None:
    found = mill.callers("StoneWheel.__init__")
    assert not found.found
    assert "it runs where `StoneWheel` is instantiated" in found.note


def test_what_stands_in_a_type_is_done_by_the_type(mill: KnowledgeGraph) -> None:
    assert symbols(mill.search("does `StoneWheel` call `sieve`?")) == ["StoneWheel.grind"]
    assert symbols(mill.search("is `StoneWheel` a subclass of `Wheel`?")) == ["StoneWheel"]
    assert symbols(mill.search("is `Wheel` a subclass of `StoneWheel`?")) == []
    assert [one.file for one in mill.search("does tests/test_mill.py import mill.py?").found] == [
        "tests/test_mill.py"
    ]


def test_a_name_that_nothing_has_is_told_in_a_question_about_two(mill: KnowledgeGraph) -> None:
    for text in ("does `nobody_here` call `note`?", "does `start` call `nobody_here`?"):
        question = mill.reads(text)
        assert question is not None
        assert not mill.knows(question)
        found = mill.search(text)
        assert not found.exact
        assert found.note.startswith("nothing here is called `nobody_here`")


def test_a_path_is_the_shortest_chain_of_calls(mill: KnowledgeGraph) -> None:
    found = mill.search("how does `start` reach `note`?")
    assert found.exact
    assert symbols(found) == ["start", "StoneWheel", "weigh", "note"]
    assert said(found).splitlines()[2:] == [
        "1. `start` (`mill.py:36`)",
        "2. `StoneWheel` (`mill.py:9`), called at `mill.py:37`",
        "3. `weigh` (`mill.py:19`), called at `mill.py:13`",
        "4. `note` (`mill.py:23`), called at `mill.py:20`",
    ]


def test_a_path_leads_to_a_constructor_by_its_type(mill: KnowledgeGraph) -> None:
    found = mill.path("start", "StoneWheel.__init__")
    assert symbols(found) == ["start", "StoneWheel"]
    assert found.exact


def test_a_path_may_go_through_what_overrides_where_there_is_no_other(
    mill: KnowledgeGraph,
) -> None:
    found = mill.search("path from `run` to `sieve`")
    assert symbols(found) == ["run", "Wheel.turn", "Wheel.grind", "StoneWheel.grind", "sieve"]
    assert [one.trust for one in found.found].count("inherited") == 1
    assert "overrides `Wheel.grind`" in said(found)


def test_there_is_no_path_where_there_is_none_and_one_in_a_circle_ends(
    mill: KnowledgeGraph,
) -> None:
    none = mill.search("is `start` reachable from `note`?")
    assert (none.exact, none.found) == (True, ())
    assert said(none).startswith("No calls that the source tells lead from `note`")
    assert symbols(mill.search("path from `again` to `again`")) == ["again", "sieve", "again"]


def test_a_path_is_looked_for_among_so_many_definitions(
    mill: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "MOST_VISITED", 2)
    found = mill.search("how does `start` reach `note`?")
    assert not found.exact
    assert "definitions that were looked at" in said(found)


def test_members_are_what_is_defined_right_in_a_file_or_type(mill: KnowledgeGraph) -> None:
    assert symbols(mill.search("what methods does `StoneWheel` have?")) == [
        "StoneWheel.__init__",
        "StoneWheel.grind",
    ]
    assert "StoneWheel.SIZE" in symbols(mill.search("members of `StoneWheel`"))
    assert "`Wheel`" in mill.search("members of `StoneWheel`").note
    assert symbols(mill.search("which classes are in mill.py?")) == ["Wheel", "StoneWheel"]
    functions = symbols(mill.search("functions defined in mill.py"))
    assert "sieve" in functions
    assert not {"sieve.shake", "Wheel"} & set(functions)
    assert "Wheel.turn" not in symbols(mill.search("what does mill.py define?"))
    assert "Wheel.turn" in symbols(mill.search("which methods are in mill.py?"))


def test_methods_of_a_type_may_stand_in_other_files(mill: KnowledgeGraph) -> None:
    assert symbols(mill.search("what methods does `Axle` have?")) == ["Axle.Turn", "Axle.Stop"]


def test_tests_are_those_that_use_something_themselves(mill: KnowledgeGraph) -> None:
    found = mill.search("which tests cover `sieve`?")
    assert symbols(found) == ["test_sieve"]
    assert found.exact
    none = mill.search("is `weigh` tested?")
    assert not none.found
    assert "one test reaches it by way of other code, such as `test_start`" in none.note
    assert symbols(mill.search("which tests cover `pour`?")) == ["tests.pours"]
