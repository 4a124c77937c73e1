"""What the baselines search: the classes, functions and methods of a tree, with their text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from collegium.knowledge.facts import MODULE, TOP, FileFacts
from collegium.knowledge.languages import language_of
from collegium.knowledge.parse import parse

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KINDS = ("class", "interface", "enum", "function", "method")


@dataclass(frozen=True)
class Unit:
    """A symbol: where it is, and its source; of a class what stands before its first member."""

    file: str
    symbol: str
    signature: str
    doc: str
    text: str

    @cached_property
    def words(self) -> list[str]:
        """The terms of its place and its text."""
        return words(f"{self.file} {self.symbol} {self.text}")

    @property
    def head(self) -> str:
        """What an encoder reads of it: its name in words, its signature, and how it begins."""
        return f"{' '.join(words(self.symbol))} {self.signature} {self.doc} {self.text}"


def words(text: str) -> list[str]:
    """The identifiers of a text in small letters, whole and in parts."""
    found = []
    for word in _WORD.findall(text):
        parts = _PART.findall(word)
        found.append(word.lower())
        if len(parts) > 1:
            found.extend(part.lower() for part in parts)
    return found


def facts_of(root: Path) -> list[FileFacts]:
    """The facts of a tree's files, in the order of their paths."""
    places = sorted(path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    paths = {place.relative_to(root).as_posix(): place for place in places}
    return [parse(path, place.read_bytes()) for path, place in paths.items() if language_of(path)]


def units_of(root: Path, tree: list[FileFacts]) -> list[Unit]:
    """The units of a tree, among them one for the code at the top of each file."""
    return [unit for facts in tree for unit in _units(root, facts)]


def _units(root: Path, facts: FileFacts) -> Iterator[Unit]:
    lines = (root / facts.path).read_text("utf-8", errors="replace").splitlines()
    covered: set[int] = set()
    for place, symbol in enumerate(facts.symbols):
        if symbol.kind not in _KINDS:
            continue
        covered.update(range(symbol.start, symbol.end + 1))
        end = symbol.end
        if symbol.kind in _KINDS[:3]:
            members = [one.start for one in facts.symbols if one.parent == place]
            end = min(members, default=end + 1) - 1
        text = "\n".join(lines[symbol.start - 1 : max(end, symbol.line)])
        yield Unit(facts.path, symbol.path, symbol.signature, symbol.doc, text)
    rest = "\n".join(line for number, line in enumerate(lines, 1) if number not in covered)
    yield Unit(facts.path, MODULE, "", facts.doc, rest)


def scope_of(facts: FileFacts, scope: int) -> str:
    """The path of the function or class that a place belongs to."""
    while scope != TOP and facts.symbols[scope].kind not in _KINDS:
        scope = facts.symbols[scope].parent
    return MODULE if scope == TOP else facts.symbols[scope].path
