"""Where a name stands in the code that no definition is known to bear: a key, a field, a string."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import MODULE
from collegium.knowledge.graph import Node
from collegium.knowledge.search.ends import definition
from collegium.knowledge.search.names import written
from collegium.knowledge.search.places import lies_in
from collegium.knowledge.search.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collegium.knowledge.facts import Symbol
    from collegium.knowledge.index import Index
    from collegium.knowledge.search.findings import Finding
    from collegium.knowledge.search.phrases import Intent

# What can be asked of a name that only stands somewhere.
ABOUT_PLACES: Final[frozenset[Intent]] = frozenset({"where", "references", "callers"})
MOST: Final = 100  # definitions in which it stands; with more, it is a word like any other


def standing(index: Index, name: str, place: str) -> list[Finding]:
    """The definitions of code in which a name stands as a word, with the lines, as candidates.

    At most MOST of them, the first by file and line.
    """
    said = written(name)
    if not said.parts:
        return []
    spelled = r"(?:\.|::|->|#)".join(map(re.escape, said.parts))
    word = re.compile(rf"(?<![\w$]){spelled}(?![\w$])")
    found: list[Finding] = []
    for file, text in index.code_holding(said.parts[-1]):
        inside = all(lies_in(file, each) for each in (place, said.place) if each)
        if inside and word.search(text):
            found += _in_file(index, file, text, word)
            if len(found) >= MOST:
                break
    return found[:MOST]


def _in_file(index: Index, file: str, text: str, word: re.Pattern[str]) -> Iterator[Finding]:
    ends = [match.start() for match in re.finditer(r"\n", text)]
    symbols = index.symbols_of(file)
    by_path = defaultdict[str, set[int]](set)
    for match in word.finditer(text):
        line = bisect_right(ends, match.start()) + 1
        by_path[_around(symbols, line)].add(line)
    for path, several in by_path.items():
        lines = tuple(sorted(several))
        node = Node(file, path)
        told = definition(index, Target(node, index.symbol(file, path)))
        yield replace(told, line=lines[0], lines=lines, trust="candidate", why="the word is there")


def _around(symbols: Sequence[Symbol], line: int) -> str:
    """The path of the innermost definition around a line."""
    around = [one for one in symbols if one.start <= line <= one.end and one.kind != "variable"]
    return min(around, key=lambda one: one.end - one.start).path if around else MODULE
