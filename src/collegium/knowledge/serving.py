"""A server of the Model Context Protocol: tools by which a coding agent asks about a codebase."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Final

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from collegium.errors import CollegiumError
from collegium.knowledge.following import Follower
from collegium.knowledge.search.answers import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.knowledge.codebase import Finding, Findings, KnowledgeGraph

# More lines than this are not read at once: an agent can ask again.
MOST_LINES: Final = 400
INSTRUCTIONS: Final = (
    "Answers about the codebase in {root}. For who calls, defines, inherits or imports something, "
    "the tools named so give complete, exact answers: use them instead of text search. `search` "
    "finds code and documents by what they do. Paths are relative to the codebase; lines count "
    "from 1. A name may be qualified: `Type.method`, `pkg.module.f`, `path/to/file.py::f`."
)

Name = Annotated[
    str,
    Field(
        description="A function, class, method or module: `f`, `Type.method`, `pkg.module.f`, "
        "or `path/to/file.py::f` where several bear the name."
    ),
]
Asked = Annotated[
    str, Field(description="What the code does, a bug report, an identifier, or a question.")
]
Limit = Annotated[int, Field(ge=1, le=100, description="How many results, at most.")]
Deep = Annotated[bool, Field(description="Also those that inherit over several steps.")]
File = Annotated[str, Field(description="A file's path, relative to the codebase.")]
Start = Annotated[int, Field(ge=1, description="The first line.")]
End = Annotated[int, Field(ge=1, description="The last line, included.")]


async def serve(graph: KnowledgeGraph) -> None:
    """Serve over stdin and stdout until they close, and follow the folder meanwhile."""
    with Follower(graph) as follower:
        await server(graph, follower.wait).run_stdio_async()


def server(graph: KnowledgeGraph, wait: Callable[[], object]) -> MCPServer:
    """The server with its tools; `wait` returns once the graph can be asked."""
    made = MCPServer(
        "collegium",
        title="collegium: knowledge of a codebase",
        instructions=INSTRUCTIONS.format(root=graph.root),
        version=version("collegium"),
        log_level="WARNING",
    )
    for tool in Tools(graph, wait).all():
        made.add_tool(tool, structured_output=False)
    return made


class Tools:
    """The tools; the docstring of each is what an agent reads."""

    def __init__(self, graph: KnowledgeGraph, wait: Callable[[], object]) -> None:
        self._graph, self._wait = graph, wait

    def all(self) -> list[Callable[..., object]]:
        """Every tool, the likeliest first."""
        return [
            *(self.search, self.where, self.callers, self.callees, self.references),
            *(self.subclasses, self.bases, self.overrides, self.members),
            *(self.importers, self.imports, self.path, self.tests, self.read_lines),
        ]

    async def search(self, query: Asked, limit: Limit = 10) -> str:
        """Find code and documents by meaning, words or identifiers.

        Use it when you do not know the name of what you look for. Returns places with their first
        lines, best first. A question such as "what calls X?", "how does X reach Y?" or "which tests
        cover X?" gets its exact answer.
        """
        return await self._told(lambda: _listed(self._graph.search(query, limit)))

    async def where(self, name: Name) -> str:
        """Find where a name is defined: every definition, with file, line and signature."""
        return await self._told(lambda: said(self._graph.where(name)))

    async def callers(self, name: Name) -> str:
        """List everything that calls a function, method or class, with the line of each call.

        Complete for calls that can be told from the source. Listed apart are calls of a method that
        it overrides, and those of which only the name fits. Use it before you change a signature or
        remove something.
        """
        return await self._told(lambda: said(self._graph.callers(name)))

    async def callees(self, name: Name) -> str:
        """List the definitions of this codebase that a function, method or class calls."""
        return await self._told(lambda: said(self._graph.callees(name)))

    async def references(self, name: Name) -> str:
        """List everything that uses a name in any way: calls, mentions in code, inheritance."""
        return await self._told(lambda: said(self._graph.references(name)))

    async def subclasses(self, name: Name, indirect: Deep = False) -> str:
        """List the classes that inherit from a class, or implement an interface or a trait."""
        return await self._told(lambda: said(self._graph.subclasses(name, deep=indirect)))

    async def bases(self, name: Name, indirect: Deep = False) -> str:
        """List the classes that a class inherits from, or the interfaces that it implements."""
        return await self._told(lambda: said(self._graph.ask("bases", name, deep=indirect)))

    async def overrides(self, name: Name) -> str:
        """List the methods that override a method directly."""
        return await self._told(lambda: said(self._graph.ask("overrides", name)))

    async def members(self, name: Name) -> str:
        """List what a file or a class defines itself, with lines and signatures."""
        return await self._told(lambda: said(self._graph.members(name)))

    async def importers(self, name: Name) -> str:
        """List the files that import a module, a package, or something that is defined in one."""
        return await self._told(lambda: said(self._graph.importers(name)))

    async def imports(self, name: Name) -> str:
        """List what a file or module imports, from this codebase and from elsewhere."""
        return await self._told(lambda: said(self._graph.ask("imports", name)))

    async def path(self, source: Name, target: Name) -> str:
        """Show how one function comes to call another: the shortest chain of calls, with lines."""
        return await self._told(lambda: said(self._graph.path(source, target)))

    async def tests(self, name: Name) -> str:
        """List the tests that use a definition themselves, and say how many reach it by others."""
        return await self._told(lambda: said(self._graph.tests(name)))

    async def read_lines(self, file: File, start: Start, end: End) -> str:
        """Read lines of a file, each with its number, as they were when it was last indexed."""
        return await self._told(lambda: self._lines(file, start, end))

    async def _told(self, answer: Callable[[], str]) -> str:
        """What a question gives, asked in a thread; what is wrong is for the agent to read."""
        try:
            await asyncio.to_thread(self._wait)
            return await asyncio.to_thread(answer)
        except CollegiumError as error:
            raise ToolError(str(error)) from error

    def _lines(self, file: str, start: int, end: int) -> str:
        path = file.removeprefix("./")
        count = self._graph.lines_of(path)
        if not count:
            near = ", ".join(self._graph.files_ending(path.rpartition("/")[2])[:5])
            raise ToolError(f"there is no file {file!r} here" + (f"; there is {near}" * bool(near)))
        if start > count:
            raise ToolError(f"{path} has {count} lines, and {start} is beyond them")
        if end < start:
            raise ToolError(f"line {end} is before line {start}; the first comes first")
        end = min(end, count)
        last = min(end, start + MOST_LINES - 1)
        text = self._graph.snippet(path, start, last)
        lines = [f"{at}\t{line}" for at, line in enumerate(text.split("\n"), start)]
        if last < end:
            lines.append(f"(lines {last + 1} to {end} are left out; ask for them apart)")
        return "\n".join(lines)


def _listed(findings: Findings) -> str:
    """What a search found with the first lines of each; what the graph knows as it says it."""
    if findings.intent != "search" or not findings.found:
        return said(findings)
    return "\n\n".join(map(_shown, findings.found))


def _shown(one: Finding) -> str:
    symbol = one.symbol or "the whole file"
    return f"{one.file}:{one.start}-{one.end} {symbol} ({one.why})\n```\n{one.snippet}\n```"
