"""Which tests reach a definition by way of other code: tests are counted, and not their helpers."""

from __future__ import annotations

import textwrap
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from pathlib import Path

GO = {
    "cmd.go": """
        package cmd
        type Command struct{}
        func (c *Command) Validate() {}
        func (c *Command) Run() { c.Validate() }
    """,
    "cmd_test.go": """
        package cmd
        func execute(c *Command) { c.Run() }
        func executeTwice(c *Command) { execute(c); execute(c) }
        func TestOne(t *T) { execute(&Command{}) }
        func TestTwo(t *T) { executeTwice(&Command{}) }
        func TestThree(t *T) { c := &Command{}; c.Run() }
        func again(c *Command) { again(c); c.Run() }
    """,
}
PYTHON = {
    "shop.py": """
        def price(): ...
        def pay(): price()
    """,
    "tests/test_shop.py": """
        from shop import pay
        class Till:
            def __init__(self): pay()
        def test_one(): Till()
        def test_two(): helped()
        def helped(): test_three()
        def test_three():
            class Purse:
                def pay(self): pay()
            pay()
        class TestTill:
            def setUp(self): pay()
    """,
}
JAVASCRIPT = {
    "shop.js": "export function price() {}\nexport function pay() { price() }\n",
    "shop.test.js": """
        import { pay } from './shop.js'
        function helped() { pay() }
        test('pays', () => { helped() })
    """,
}


@pytest.mark.parametrize(
    ("files", "name", "told"),
    [
        (GO, "Command.Validate", "4 tests reach it"),  # `again` nobody else calls: it may be one
        (PYTHON, "price", "4 tests reach it"),
        (
            JAVASCRIPT,
            "price",
            "one test reaches it by way of other code, such as code at the top of",
        ),
    ],
)
def test_what_calls_a_helper_of_tests_is_counted_in_its_place(
    files: dict[str, str], name: str, told: str, tmp_path: Path
) -> None:
    for path, text in files.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(textwrap.dedent(text), "utf-8")
    opened = KnowledgeGraph.open(tmp_path / "tree", cache=tmp_path / "cache", create=True)
    with closing(opened) as graph:
        graph.update()
        assert told in graph.tests(name).note
