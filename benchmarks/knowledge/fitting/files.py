"""The files of a tree that questions are made of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from collegium.knowledge.facts import MODULE, TOP, FileFacts, Symbol
from collegium.knowledge.languages import language_of
from collegium.knowledge.parse import parse
from collegium.knowledge.parsing.encoding import text_of
from collegium.knowledge.search.purpose import is_shown, is_trial
from collegium.knowledge.tree import Tree

PROSE = ("markdown", "restructuredtext")
MEANT = ("class", "interface", "enum", "function", "method", "module")
MOST_FILES = 250


class File(NamedTuple):
    """A file of a tree, read."""

    path: str
    source: str
    facts: FileFacts

    def symbols(self) -> Iterator[Symbol]:
        """What it defines, and before that the file itself."""
        lines = self.facts.lines
        yield Symbol("module", MODULE, MODULE, TOP, 1, 1, max(1, lines), 1, doc=self.facts.doc)
        yield from self.facts.symbols

    @property
    def is_code(self) -> bool:
        """Whether it is code that does the work: no document, no test, no example."""
        if self.facts.language in PROSE:
            return False
        return not is_trial(self.path) and not is_shown(self.path)


def files_of(root: Path) -> list[File]:
    """What is indexed of a tree; of a large one not the tests, and then not all folders."""
    paths = [path for path in sorted(Tree(root).walk().files) if language_of(path)]
    if len(paths) > MOST_FILES:
        paths = [path for path in paths if not is_trial(path) and not is_shown(path)]
    if len(paths) > MOST_FILES:
        folders = sorted({path.rpartition("/")[0] for path in paths})
        random.Random(len(folders)).shuffle(folders)
        by = {one: [path for path in paths if path.rpartition("/")[0] == one] for one in folders}
        paths = [path for one in folders for path in by[one]][:MOST_FILES]
    found = []
    for path in paths:
        source = (root / path).read_bytes()
        found.append(File(path, text_of(source), parse(path, source)))
    return found
