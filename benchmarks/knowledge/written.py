"""What Python files write: their definitions and their calls, read by the standard library's `ast`.

Lambdas and comprehensions belong to the function around them, and decorators to what is around
the function they decorate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MODULE = "<module>"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Definition:
    """A function or a class: where its name stands, and whether it is read as an attribute."""

    file: str
    path: str
    line: int
    column: int
    is_property: bool


@dataclass(frozen=True)
class Call:
    """A call, and where the last name of what it calls stands; column -1: it is no name."""

    file: str
    scope: str
    name: str
    line: int
    column: int


@dataclass
class Written:
    """One file."""

    file: str
    text: str
    definitions: list[Definition] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    imports: set[int] = field(default_factory=set)  # the lines of import statements
    decorators: set[int] = field(default_factory=set)


def written_in(root: Path) -> Iterator[Written]:
    """The files under a folder that this Python can read."""
    for path in sorted(root.rglob("*.py")):
        text = path.read_bytes().decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        file = Written(path.relative_to(root).as_posix(), text)
        _Reader(file).visit(tree)
        yield file


class _Reader(ast.NodeVisitor):
    def __init__(self, file: Written) -> None:
        self._file, self._lines, self._scope = file, file.text.split("\n"), list[str]()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._define(node, "class")
        self._outside(*node.decorator_list, *node.bases, *node.keywords)
        self._inside(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        while isinstance(called, ast.Subscript):
            called = called.value
        name, line, end = "", called.lineno, -1
        if isinstance(called, ast.Name):
            name, end = called.id, called.end_col_offset or 0
        elif isinstance(called, ast.Attribute):
            name, line, end = called.attr, called.end_lineno or 0, called.end_col_offset or 0
        column = self._column(line, end) - len(name) if name else -1
        self._file.calls.append(Call(self._file.file, self._here, name, line, column))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node)

    def _import(self, node: ast.stmt) -> None:
        self._file.imports.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))

    def _function(self, node: _Function) -> None:
        self._define(node, "def")
        self._outside(*node.decorator_list, node.args, *([node.returns] if node.returns else []))
        self._inside(node)

    def _outside(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)

    def _inside(self, node: _Function | ast.ClassDef) -> None:
        self._scope.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()

    def _define(self, node: _Function | ast.ClassDef, keyword: str) -> None:
        marks = [ast.unparse(one) for one in node.decorator_list]
        self._file.decorators.update(one.lineno for one in node.decorator_list)
        start = self._lines[node.lineno - 1].index(
            keyword, self._column(node.lineno, node.col_offset)
        )
        column = self._lines[node.lineno - 1].index(node.name, start + len(keyword))
        attribute = any("property" in one or one.endswith(".setter") for one in marks)
        path = ".".join([*self._scope, node.name])
        self._file.definitions.append(
            Definition(self._file.file, path, node.lineno, column, attribute)
        )

    @property
    def _here(self) -> str:
        return ".".join(self._scope) or MODULE

    def _column(self, line: int, offset: int) -> int:
        """`ast` counts bytes of UTF-8, the protocol units of UTF-16."""
        before = self._lines[line - 1].encode()[:offset].decode(errors="replace")
        return len(before.encode("utf-16-le")) // 2
