"""What a graph answers about a small codebase, and how it says it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import knowledge_shop
import pytest
from knowledge_graphs import graph_of

from collegium.errors import EmptyQuery, NotIndexed, UnknownSymbol
from collegium.knowledge.codebase import KnowledgeGraph, Question
from collegium.knowledge.search.answers import said
from collegium.knowledge.search.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from collegium.knowledge.codebase import Findings


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    folder = tmp_path_factory.mktemp("shop")
    graph = KnowledgeGraph.open(
        knowledge_shop.write(folder / "tree"), cache=folder / "cache", create=True
    )
    graph.update()
    yield graph
    graph.close()


def symbols(findings: Findings) -> set[str]:
    return {one.symbol for one in findings.found}


def test_callers_are_exact_and_say_where(shop: KnowledgeGraph) -> None:
    found = shop.search("What calls `Order.pay`?")
    assert found.exact
    assert {(one.file, one.symbol, one.lines) for one in found.found} == {
        ("shop/orders.py", "GiftOrder.pay", (24,)),
        ("shop/reports.py", "main", (10,)),
    }


def test_callees_of_a_class_are_those_of_its_constructor(shop: KnowledgeGraph) -> None:
    assert symbols(shop.callees("Order")) == {"total"}
    assert symbols(shop.callees("shop/pricing.py::total")) == {"round_up"}


def test_every_definition_of_an_ambiguous_name_has_its_own_group(shop: KnowledgeGraph) -> None:
    found = shop.callers("total")
    assert [target.file for target in found.targets] == ["shop/pricing.py", "shop/reports.py"]
    assert [one.symbol for one in found.of(0)] == ["Order.__init__"]
    assert [one.symbol for one in found.of(1)] == ["main"]


def test_a_place_tells_which_definition_is_meant(shop: KnowledgeGraph) -> None:
    for name in (
        "total (in shop/pricing.py)",
        "shop.pricing.total",
        "shop/pricing.py::total",
        "pricing.total",
        "/somewhere/else/shop/pricing.py::total",
        "shop/pricing.py:6",
    ):
        (target,) = shop.callers(name).targets
        assert (target.file, target.symbol) == ("shop/pricing.py", "total")


def test_a_place_without_the_name_is_where_answers_are_wanted(shop: KnowledgeGraph) -> None:
    found = shop.search("who calls `Order.pay` in shop/reports.py?")
    assert symbols(found) == {"main"}
    assert found.within == "shop/reports.py"


def test_subclasses_are_direct_ones_unless_all_are_wanted(shop: KnowledgeGraph) -> None:
    assert symbols(shop.subclasses("Order")) == {"GiftOrder"}
    assert symbols(shop.subclasses("Order", deep=True)) == {"GiftOrder", "SmallGift"}
    assert symbols(shop.search("all transitive subclasses of `Base`")) == {
        "Order",
        "GiftOrder",
        "SmallGift",
    }


def test_an_inherited_member_is_found_where_it_is_defined(shop: KnowledgeGraph) -> None:
    found = shop.where("GiftOrder.save")
    assert symbols(found) == {"Base.save"}
    assert "inherits" in found.note
    assert found.exact


def test_importers_are_files_and_know_reexports_and_what_lies_outside(
    shop: KnowledgeGraph,
) -> None:
    def files(name: str) -> set[str]:
        return {one.file for one in shop.importers(name).found}

    assert files("Order") == {"shop/__init__.py", "shop/reports.py"}
    assert files("shop.pricing") == {"shop/__init__.py", "shop/orders.py"}
    assert files("json") == {"shop/orders.py"}


def test_documents_that_name_something_are_found(shop: KnowledgeGraph) -> None:
    (section,) = shop.search("What documents `Order.pay`?").found
    assert (section.file, section.symbol) == ("docs/guide.md", "Paying")


def test_a_name_that_nothing_has_is_said_to_be_unknown_with_the_nearest(
    shop: KnowledgeGraph,
) -> None:
    found = shop.search("Who calls `roundup`?")
    assert not found.exact
    assert not found.found
    assert "`round_up`" in found.note
    with pytest.raises(UnknownSymbol, match="round_up"):
        shop.callers("roundup")


def test_a_plain_word_that_is_no_name_is_searched_for(shop: KnowledgeGraph) -> None:
    assert shop.search("who calls main?").intent == "callers"
    assert shop.search("who calls customers?").intent == "search"


def test_a_name_in_other_letters_is_found_and_said(shop: KnowledgeGraph) -> None:
    found = shop.where("ORDER")
    assert symbols(found) == {"Order"}
    assert "letters" in found.note


def test_everything_else_is_searched_by_words(shop: KnowledgeGraph) -> None:
    found = shop.search("what all goods cost together with taxes")
    assert found.intent == "search"
    assert not found.exact
    assert found.found[0].symbol == "total"
    assert found.found[0].file == "shop/pricing.py"
    assert "def total" in found.found[0].snippet
    assert found.found[0].why


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Table", "Table"),
        ("`Table`", "Table"),
        ("row", "row"),
        ("Table.row", "Table.row"),
        ("made.Table", "Table"),
    ],
)
def test_a_name_and_nothing_else_finds_first_what_is_called_so(
    tmp_path: Path, text: str, first: str
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/made.py").write_text(
        'class TableRow:\n    """A row of a table in a table: Table."""\n\n'
        'class TableTable(TableRow):\n    """Table table."""\n\n'
        "class Table:\n    x = 1\n\n    def row(self): ...\n\n"
        "def row(table): ...\n"
    )
    graph = KnowledgeGraph.open(tmp_path / "tree", cache=tmp_path / "cache", create=True)
    graph.update()
    assert graph.search(text).found[0].symbol == first
    graph.close()


async def test_a_search_may_be_awaited(shop: KnowledgeGraph) -> None:
    assert symbols(await shop.query_semantic("where is `round_up` defined?")) == {"round_up"}


def test_names_in_a_text_are_found_in_the_tree(shop: KnowledgeGraph) -> None:
    assert {node.symbol for node in shop.mentions("why does round_up use `Order.pay`?")} == {
        "round_up",
        "Order.pay",
    }
    assert [node.file for node in shop.mentions("look at shop/base.py")] == ["shop/base.py"]
    assert shop.mentions("what is the capital of France?") == ()
    assert shop.mentions("Order.pay." * 5000) == ()


def test_a_text_is_the_more_about_the_tree_the_more_of_its_words_are_names(
    shop: KnowledgeGraph,
) -> None:
    about = shop.strength("how does an order validate its goods before it is paid?")
    assert 0 == shop.strength("who wrote Hamlet?") < about <= 1
    assert Vocabulary([]).share("anything") == 0


def test_citations_can_be_checked(shop: KnowledgeGraph) -> None:
    assert shop.holds("shop/base.py", 1)
    assert not shop.holds("shop/base.py", 0)
    assert not shop.holds("shop/base.py", 99)
    assert not shop.holds("nothing.py", 1)
    assert shop.files_ending("base.py") == ("shop/base.py",)
    assert shop.files_ending("ase.py") == ()
    assert shop.snippet("shop/base.py", 1, 2).splitlines() == ["class Base:", "    def save(self):"]


def test_answers_are_sentences_and_lists_with_places(shop: KnowledgeGraph) -> None:
    callers = said(shop.search("What calls `Order.pay`?"))
    assert callers.startswith("2 places call `Order.pay` (`shop/orders.py:17`):")
    assert "- `main` (`shop/reports.py:10`)" in callers
    assert said(shop.where("round_up")).splitlines()[2] == (
        "- `round_up` (`shop/pricing.py:9`): `def round_up(amount)`"
    )
    assert said(shop.callers("GiftOrder")) == (
        "Nothing in this codebase calls `GiftOrder` (`shop/orders.py:22`).\n\n"
        "A class counts as called where it is instantiated."
    )
    assert said(shop.search("who calls `nobody_has_this`?")) == (
        "Nothing here is called `nobody_has_this`."
    )


def test_what_a_question_can_be_about_comes_before_what_only_bears_the_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.py").write_text("def pack():\n    pass\n\npack()\nopen = 1\n")
    (tmp_path / "tree/b.py").write_text("pack = 1\n\nclass Box:\n    def open(self): self.open()\n")
    graph = KnowledgeGraph.open(tmp_path / "tree", cache=tmp_path / "cache", create=True)
    graph.update()
    found = graph.where("pack")
    assert [(one.file, one.kind) for one in found.found] == [("a.py", "function")]
    assert [(one.file, one.kind) for one in found.others] == [("b.py", "variable")]
    assert [one.kind for one in graph.where("open").found] == ["variable"]
    assert [one.symbol for one in graph.callers("open").found] == ["Box.open"]
    graph.close()


def test_many_threads_may_ask_while_it_changes(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    graph = KnowledgeGraph.open(tree, cache=tmp_path / "cache", create=True)
    graph.update()

    def ask(turn: int) -> int:
        found = graph.search("what calls `round_up`?" if turn % 2 else "goods with taxes")
        assert graph.strength("round up the goods") > 0
        return len(found.found)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, turn) for turn in range(40)]
        for turn in range(5):
            text = f"from shop.pricing import round_up\nround_up({turn})\n"
            (tree / f"shop/late{turn}.py").write_text(text)
            graph.update()
        assert all(one.result() for one in asked)
    assert len(graph.callers("round_up").found) == 6
    graph.close()


def test_a_change_is_answered_after_an_update(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    graph = KnowledgeGraph.open(tree, cache=tmp_path / "cache", create=True)
    graph.update()
    before = graph.generation
    (tree / "shop/more.py").write_text("from shop.pricing import round_up\nround_up(2)\n")
    graph.update()
    assert graph.generation > before
    assert ("shop/more.py", "<module>") in {
        (one.file, one.symbol) for one in graph.callers("round_up").found
    }
    graph.close()


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Callable[[str], KnowledgeGraph]]:
    """Make the graph of a tree that is one file of Python, `post.py`."""
    graphs: list[KnowledgeGraph] = []

    def make(source: str) -> KnowledgeGraph:
        (tmp_path / "tree").mkdir()
        (tmp_path / "tree/post.py").write_text(source)
        graph = KnowledgeGraph.open(tmp_path / "tree", cache=tmp_path / "cache", create=True)
        graphs.append(graph)
        graph.update()
        return graph

    yield make
    for graph in graphs:
        graph.close()


CARRIERS = """
class Carrier:
    def send(self): ...
    def send_all(self): self.send()

class Courier(Carrier):
    def send(self): super().send()

class Pigeon(Courier):
    def send(self): Courier.send(self)

class Relay(Courier):
    def __init__(self, next: Carrier):
        self.next = next
    def send(self): self.next.send()

def post(carrier: Carrier):
    carrier.send()

def fly():
    Pigeon().send()
"""


def test_calls_of_what_a_method_overrides_are_told_apart_from_its_own(
    known: Callable[[str], KnowledgeGraph],
) -> None:
    graph = known(CARRIERS)
    found = graph.callers("Pigeon.send")
    assert symbols(found) == {"fly"}
    through = {one.base.symbol: {each.symbol for each in one.found} for one in found.through}
    assert through == {"Carrier.send": {"Carrier.send_all", "Relay.send", "post"}}
    assert all(each.trust == "inherited" for one in found.through for each in one.found)
    text = said(found)
    head = "Through `Carrier.send` (`post.py:3`), which `Pigeon.send` (`post.py:10`) overrides:"
    assert text.index("`fly`") < text.index(head) < text.index("`post`")
    assert graph.callers("Carrier.send").through == ()
    assert graph.callers("Relay.__init__").through == ()
    assert graph.callers("send").through == ()  # all of them are asked about


def test_what_is_called_through_a_base_lies_where_answers_are_wanted(
    known: Callable[[str], KnowledgeGraph],
) -> None:
    graph = known(CARRIERS)
    assert graph.answer(Question("callers", "Pigeon.send", within="post.py")).through
    assert graph.answer(Question("callers", "Pigeon.send", within="other.py")).through == ()


def test_overloads_are_one_target_and_every_place_of_it_a_definition(
    known: Callable[[str], KnowledgeGraph],
) -> None:
    graph = known(
        "from typing import overload\n"
        "@overload\ndef pack(box: int) -> int: ...\n"
        "@overload\ndef pack(box: str) -> str: ...\n"
        "def pack(box): return box\n"
        "pack(1)\n"
    )
    found = graph.callers("pack")
    assert [one.symbol for one in found.targets] == ["pack"]
    assert [one.lines for one in found.found] == [(7,)]
    assert [one.line for one in graph.where("pack").found] == [3, 5, 6]


def test_a_bare_name_is_what_bears_it_at_the_top_and_the_others_can_be_asked_for(
    known: Callable[[str], KnowledgeGraph],
) -> None:
    graph = known("def get(): ...\n\nclass Box:\n    def get(self): ...\n\nget()\nBox().get()\n")
    for found in (graph.where("get"), graph.callers("get")):
        assert [one.symbol for one in found.targets] == ["get"]
        assert [one.symbol for one in found.others] == ["Box.get"]
        assert "write `Box.get`" in found.note
    assert [one.lines for one in graph.callers("Box.get").found] == [(7,)]
    assert graph.where("Box.get").note == ""


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Carier.send", "the names most like it are `Carrier.send`, "),
        ("Courier.sent", "the names most like it are `Courier.send`, "),
        ("pidgeon", "the name most like it is `Pigeon`"),
        ("posst.fly", "the name most like it is `post.fly`"),
        ("unheard_of_entirely", "nothing here is called `unheard_of_entirely`$"),
    ],
)
def test_the_nearest_names_are_alike_in_full(
    known: Callable[[str], KnowledgeGraph], written: str, nearest: str
) -> None:
    with pytest.raises(UnknownSymbol, match=nearest):
        known(CARRIERS).where(written)


def test_of_many_definitions_of_a_name_those_with_an_answer_are_told_first(
    known: Callable[[str], KnowledgeGraph],
) -> None:
    boxes = [
        f"class Box{at}:\n    def get(self): {'pass' if at else 'helper()'}\n" for at in range(60)
    ]
    text = said(known("def helper(): ...\n" + "".join(boxes)).callees("get"))
    assert text.startswith("60 definitions are called `get`.\n\n`Box0.get` (`post.py:3`) calls one")
    assert text.count("\n\n") == 3
    assert "Nothing was found for `Box1.get`" in text
    assert text.endswith("and 9 more.")


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_query_is_refused(shop: KnowledgeGraph, text: str) -> None:
    with pytest.raises(EmptyQuery, match="empty"):
        shop.search(text)


PACKAGES = {
    "go.mod": "module example.org/paper\n\ngo 1.21\n",
    "paper.go": "package paper\n\ntype Sheet struct{}\n\nfunc (s *Sheet) Fold() {}\n",
    "ink/ink.go": (
        'package ink\n\nimport "example.org/paper"\n\nfunc Print(s *paper.Sheet) {\n\ts.Fold()\n}\n'
    ),
    "cmd/main.go": (
        'package main\n\nimport "example.org/paper/ink"\n\nfunc main() {\n\tink.Print(nil)\n}\n'
    ),
    "web/view.js": "function View() {}\nView.prototype.draw = function draw() {};\n"
    "module.exports = View;\n",
    "web/page.js": 'const View = require("./view");\nconst view = new View();\n',
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    with graph_of(PACKAGES, tmp_path_factory.mktemp("packages")) as graph:
        yield graph


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("who calls paper.Sheet.Fold?", ["ink/ink.go Print"]),
        ("who calls (*Sheet).Fold?", ["ink/ink.go Print"]),
        ("where is `example.org/paper/ink.Print` defined?", ["ink/ink.go Print"]),
        ("which files import `example.org/paper`?", ["ink/ink.go "]),
        ("which files import `paper`?", ["ink/ink.go "]),
        ("which files import `paper/ink`?", ["cmd/main.go "]),
        ("where is View.prototype.draw defined?", ["web/view.js View.draw"]),
        ("what imports `./view`?", ["web/page.js "]),
        ("which files require web/view.js?", ["web/page.js "]),
    ],
)
def test_names_are_those_that_each_language_gives(
    packages: KnowledgeGraph, question: str, found: list[str]
) -> None:
    answer = packages.search(question)
    assert [f"{one.file} {one.symbol}" for one in answer.found] == found, answer.note


def test_a_folder_without_an_index_is_said_to_be_without(tmp_path: Path) -> None:
    with pytest.raises(NotIndexed, match="collegium index"):
        KnowledgeGraph.open(tmp_path, cache=tmp_path / "cache")
    assert os.listdir(tmp_path) == []  # noqa: PTH208 -- no index, nor a folder for one


def test_a_question_about_a_name_that_says_nothing_is_an_answer_to_read(
    shop: KnowledgeGraph,
) -> None:
    assert not shop.search("who calls `()a`?").exact
    with pytest.raises(EmptyQuery):
        shop.callers("()")
    with pytest.raises(EmptyQuery):
        shop.path("", "main")
