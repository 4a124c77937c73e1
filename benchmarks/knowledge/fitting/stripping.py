"""Source with less documentation, line for line, so that nothing else moves."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from collegium.knowledge.facts import MODULE, FileFacts
from collegium.knowledge.parse import parse

_MARKS = ("//", "/*", "*", "#!")
_WORD = re.compile(r"\w+(?!['\"\w])")
_BETWEEN = r"[\s/*!#]+"


class Stretch(NamedTuple):
    """The lines that document something, counted from 0; `instead` is what has to stand there."""

    path: str
    first: int
    end: int
    instead: str = ""


def stripped(facts: FileFacts, source: str, chosen: Collection[str]) -> str:
    """The source without what documents the symbols with these paths."""
    lines = source.split("\n")
    for one in stretches(facts, source):
        if one.path in chosen:
            lines[one.first : one.end] = [one.instead, *[""] * (one.end - one.first - 1)]
    return "\n".join(lines)


def thinned(facts: FileFacts, source: str, chance: random.Random) -> str:
    """The source with a random half of the words of all documentation."""

    def half(text: str) -> str:
        return _WORD.sub(lambda word: word.group() if chance.random() < 0.5 else "", text)

    return _edited(facts, source, lambda _, text: half(text))


def beheaded(facts: FileFacts, source: str, sentence: Callable[[str], str]) -> str:
    """The source without the first sentence, as `sentence` gives it, of all documentation."""
    said = {one.path: sentence(one.doc).split() for one in facts.symbols if one.doc}
    said[MODULE] = sentence(facts.doc).split()

    def headless(path: str, text: str) -> str:
        found = re.search(_BETWEEN.join(map(re.escape, said.get(path, ()))) or r"\Z", text)
        if found is None:
            return text
        gone = re.sub(r"[^\s/*#]", " ", found.group())
        return text[: found.start()] + gone + text[found.end() :]

    return _edited(facts, source, headless)


def documented(path: str, source: str) -> dict[str, str]:
    """What documents symbols, by their paths, and the file."""
    facts = parse(path, source.encode())
    return {MODULE: facts.doc, **{one.path: one.doc for one in facts.symbols if one.doc}}


def stretches(facts: FileFacts, source: str) -> Iterator[Stretch]:
    """Where documentation stands, of what can be told."""
    if facts.language == "python":
        yield from _within(facts, source)
        return
    lines = source.split("\n")
    for symbol in facts.symbols:
        first = _begin_above(lines, symbol.start - 1)
        if symbol.doc and first < symbol.start - 1:
            yield Stretch(symbol.path, first, symbol.start - 1)


def _edited(facts: FileFacts, source: str, edit: Callable[[str, str], str]) -> str:
    lines = source.split("\n")
    for one in stretches(facts, source):
        new = edit(one.path, "\n".join(lines[one.first : one.end])).split("\n")
        if len(new) == one.end - one.first:
            lines[one.first : one.end] = new
    return "\n".join(lines)


def _within(facts: FileFacts, source: str) -> Iterator[Stretch]:
    """Of Python: the first string of a body."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    lines = source.split("\n")
    paths = {one.line: one.path for one in facts.symbols} | {0: MODULE}
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
            continue
        if ast.get_docstring(node, clean=False) is None:
            continue
        first, head = node.body[0], 0 if isinstance(node, ast.Module) else node.lineno
        if first.lineno > head and head in paths:
            indent = lines[first.lineno - 1][: first.col_offset]
            instead = f"{indent}pass" if len(node.body) == 1 and head else ""
            yield Stretch(paths[head], first.lineno - 1, first.end_lineno or first.lineno, instead)


def _begin_above(lines: list[str], begin: int) -> int:
    """The first line of the comments that end right above a line."""
    at = begin
    while at and (line := lines[at - 1].strip()):
        if line.endswith("*/") and "/*" not in line:
            opened = at - 1
            while opened and "/*" not in lines[opened]:
                opened -= 1
            if not lines[opened].strip().startswith("/*"):
                break
            at = opened
        elif line.startswith(_MARKS):
            at -= 1
        else:
            break
    return at
