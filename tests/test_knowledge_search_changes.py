"""What has to change: the search for a message of a change, or a report of a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collegium.knowledge.graph import Node
from collegium.knowledge.index import Index
from collegium.knowledge.search.retrieval import Retrieval

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {
    "shop/warehouse.py": """
        class Warehouse:
            timeout_s = 30
            shelves = ("north", "south")

            def lookup(self, number):
                return self.table[number]

            def close(self):
                self.table = None


        def shelf(number):
            return number // 100


        def order(number):
            return number
        """,
    "shop/poll.py": """
        def run(link):
            attempts = 0
            while attempts < 5:
                if link.closed:
                    raise ConnectionError("the warehouse is closed, order refused")
                attempts += 1
                link.retry(attempts)
        """,
    "shop/mail.py": """
        def send(address, text):
            print(address, text)


        def closing(letter):
            return letter + "Yours"
        """,
}


@pytest.fixture
def retrieval(tmp_path: Path) -> Iterator[Retrieval]:
    for name, text in FILES.items():
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("\n        ", "\n"), "utf-8")
    index = Index.open(tmp_path / "root", cache=tmp_path / "cache", create=True)
    index.update()
    yield Retrieval(index)
    index.close()


def found(retrieval: Retrieval, text: str, *named: Node) -> list[str]:
    return [hit.symbol for hit in retrieval.find(text, 5, named)]


def test_what_does_a_thing_comes_before_what_is_called_alike(retrieval: Retrieval) -> None:
    message = "Fix endless retry: refuse the order when the warehouse is closed"
    assert found(retrieval, message)[0] == "run"


def test_what_is_wanted_of_the_values_of_a_class_finds_the_class(retrieval: Retrieval) -> None:
    assert "Warehouse" in found(retrieval, "Fix: raise timeout_s and add east to the shelves")[:2]


def test_the_function_that_a_message_names_comes_first(retrieval: Retrieval) -> None:
    closing = Node("shop/mail.py", "closing")
    message = "Fix `closing`, which forgot the name of who writes"
    assert found(retrieval, message, closing)[0] == "closing"


def test_a_message_that_goes_on_is_found_by_its_first_sentence(retrieval: Retrieval) -> None:
    message = (
        "Support lookup of a number that is not in the table\n\n"
        "This was seen while an order was sent by mail, see the report.\n"
        "- the address and the letter stay as they were\n"
    )
    assert found(retrieval, message)[0] == "Warehouse.lookup"
