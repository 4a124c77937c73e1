"""Source without some of its documentation, line for line, so that nothing else moves."""

from __future__ import annotations

import ast
from collections.abc import Collection

from collegium.knowledge.facts import MODULE, FileFacts
from collegium.knowledge.parse import parse

_MARKS = ("//", "/*", "*", "#!", "///")


def stripped(facts: FileFacts, source: str, chosen: Collection[str]) -> str:
    """The source without what documents symbols with these paths.

    Where that fails for some reason, documentation stays: compare the facts of what comes out.
    """
    wanted = [one for one in facts.symbols if one.doc and one.path in chosen]
    lines = source.split("\n")
    if facts.language == "python":
        heads = {one.line for one in wanted}
        _strip_python(source, lines, heads | {0} if MODULE in chosen else heads)
    else:
        for symbol in wanted:
            _strip_above(lines, symbol.start - 1)
    return "\n".join(lines)


def still_documented(path: str, source: str) -> set[str]:
    """The paths of symbols that have documentation."""
    return {one.path for one in parse(path, source.encode()).symbols if one.doc}


def _strip_python(source: str, lines: list[str], at: set[int]) -> None:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
            continue
        if not node.body or ast.get_docstring(node, clean=False) is None:
            continue
        first = node.body[0]
        head = 0 if isinstance(node, ast.Module) else _line_of_name(node, lines)
        if first.lineno <= head or head not in at:
            continue
        end = first.end_lineno or first.lineno
        indent = lines[first.lineno - 1][: first.col_offset]
        lines[first.lineno - 1 : end] = [""] * (end - first.lineno + 1)
        if len(node.body) == 1 and head:
            lines[first.lineno - 1] = f"{indent}pass"


def _line_of_name(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]
) -> int:
    """The line of `def` or `class`, below its decorators."""
    at = node.lineno
    while at < len(lines) and node.name not in lines[at - 1]:
        at += 1
    return at


def _strip_above(lines: list[str], begin: int) -> None:
    """Blank the comment that ends right above a line, counted from 0."""
    at = begin - 1
    while at >= 0 and (line := lines[at].strip()):
        if line.endswith("*/") and "/*" not in line:
            end = at
            while at > 0 and "/*" not in lines[at]:
                at -= 1
            if not lines[at].strip().startswith("/*"):
                return
            lines[at : end + 1] = [""] * (end + 1 - at)
        elif line.startswith(_MARKS):
            lines[at] = ""
        else:
            return
        at -= 1
