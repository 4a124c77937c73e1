"""A coding agent asks about a codebase over the Model Context Protocol, as agents do it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import knowledge_shop
import pytest

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver.exceptions import ToolError

from collegium.knowledge.codebase import KnowledgeGraph
from collegium.knowledge.serving import Tools

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@asynccontextmanager
async def agent(tree: Path, cache: Path) -> AsyncGenerator[Client]:
    """A client that talks with `collegium mcp` in a process of its own."""
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "collegium", "mcp", "--path", str(tree), "--lexical"],
        env={**os.environ, "COLLEGIUM_CACHE": str(cache)},
    )
    with Path(os.devnull).open("w", encoding="utf-8") as quiet:  # noqa: ASYNC230 -- no wait
        async with Client(stdio_client(started, errlog=quiet)) as client:
            yield client


async def told(client: Client, tool: str, *, error: bool = False, **arguments: Any) -> str:
    """The text that a tool gives, which must be an error exactly where one is expected."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error is error, result
    (content,) = result.content
    assert content.type == "text"
    return content.text


async def test_an_agent_is_offered_tools_that_explain_themselves(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    async with agent(tree, tmp_path / "cache") as client:
        assert str(tree) in (client.instructions or "")
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {
            *("search", "where", "callers", "callees", "references", "subclasses", "importers"),
            *("bases", "overrides", "members", "imports", "path", "tests", "read_lines"),
        }
        for tool in tools.values():
            assert tool.description
            for parameter in tool.input_schema["properties"].values():
                assert parameter["description"]


async def test_an_agent_gets_exact_answers_and_searches(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    async with agent(tree, tmp_path / "cache") as client:
        assert "`main` (`shop/reports.py:10`)" in await told(client, "callers", name="Order.pay")
        assert "`round_up`" in await told(client, "callees", name="shop.pricing.total")
        assert "shop/pricing.py:4" in await told(client, "where", name="total")
        assert "SmallGift" in await told(client, "subclasses", name="Base", indirect=True)
        assert "`Base`" in await told(client, "bases", name="SmallGift", indirect=True)
        assert "`Base`" not in await told(client, "bases", name="SmallGift")
        assert "`GiftOrder.pay`" in await told(client, "overrides", name="Order.pay")
        assert "`Order.validate`" in await told(client, "members", name="Order")
        assert "shop/reports.py" in await told(client, "importers", name="Order")
        assert "`json`" in await told(client, "imports", name="shop/orders.py")
        assert "`shop/pricing.py:6`" in await told(client, "path", source="main", target="round_up")
        assert "No test uses `round_up`" in await told(client, "tests", name="round_up")
        assert "main" in await told(client, "references", name="Order")
        found = await told(client, "search", query="what all goods cost together", limit=1)
        assert "shop/pricing.py:4-6 total" in found
        assert "def total" in found
        read = await told(client, "read_lines", file="shop/pricing.py", start=1, end=2)
        assert read == "1\tRATE = 0.19\n2\t"


async def test_an_agent_reads_what_was_wrong_and_what_would_be_right(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    async with agent(tree, tmp_path / "cache") as client:
        assert "`round_up`" in await told(client, "callers", name="roundup", error=True)
        asked = {"file": "pricing.py", "start": 1, "end": 2}
        assert "shop/pricing.py" in await told(client, "read_lines", error=True, **asked)
        asked = {"file": "shop/pricing.py", "start": 500, "end": 501}
        assert "lines" in await told(client, "read_lines", error=True, **asked)
        assert "limit" in await told(client, "search", query="x", limit=0, error=True)


async def test_lines_that_are_not_there_are_not_made_up(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    (tree / "long.py").write_text("x = 1\n" * 1000)
    with closing(KnowledgeGraph.open(tree, cache=tmp_path / "cache", create=True)) as graph:
        graph.update()
        read = Tools(graph, lambda: None).read_lines
        lines = (await read("long.py", 999, 1100)).split("\n")
        assert lines == ["999\tx = 1", "1000\tx = 1"]
        with pytest.raises(ToolError, match="line 5 is before line 10"):
            await read("long.py", 10, 5)
        lines = (await read("long.py", 1, 900)).split("\n")
        assert (len(lines), lines[399]) == (401, "400\tx = 1")
        assert lines[400] == "(lines 401 to 900 are left out; ask for them apart)"


async def test_what_changes_while_an_agent_works_is_known_to_it(tmp_path: Path) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    async with agent(tree, tmp_path / "cache") as client:
        assert "shop/late.py" not in await told(client, "callers", name="round_up")
        (tree / "shop/late.py").write_text("from shop.pricing import round_up\nround_up(2)\n")
        async with asyncio.timeout(120):
            while "shop/late.py:2" not in await told(client, "callers", name="round_up"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def test_nothing_but_the_protocol_is_on_stdout_and_the_end_of_stdin_is_the_end(
    tmp_path: Path,
) -> None:
    tree = knowledge_shop.write(tmp_path / "tree")
    done = subprocess.run(
        [sys.executable, "-m", "collegium", "mcp", "--path", str(tree), "--lexical"],
        input=b"",
        capture_output=True,
        env={**os.environ, "COLLEGIUM_CACHE": str(tmp_path / "cache")},
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Traceback" not in done.stderr
