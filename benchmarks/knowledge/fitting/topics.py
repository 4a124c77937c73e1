"""Questions for topics: sections of documents that name code, asked without the names."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from files import MEANT, PROSE, File
from sentences import END, WORD, is_asked, without_names

from collegium.knowledge.search.names import names_in
from collegium.knowledge.search.terms import STOP_WORDS

Question = dict[str, Any]
MOST_TOPICS, MOST_BEARERS, MOST_MEANT = 12, 2, 4
# As people ask for a topic: half of them by nothing but its name.
FORMS = (
    *("{}",) * 6,
    "how does {} work?",
    "how does {} work internally",
    "how is {} handled?",
    "where is {} implemented",
    "explain {}",
    "what is done for {}?",
)
_HEADING = re.compile(
    r"^(#{1,6})\s+(.*?)\s*#*\s*$|^([^\n]{3,80})\n(?:={3,}|-{3,}|~{3,})\s*$", re.MULTILINE
)
_FENCED = re.compile(r"```.*?```|~~~.*?~~~|^(?: {4}|\t).*$|\.\. \w+::.*$", re.DOTALL | re.MULTILINE)
_OF_VERSIONS = re.compile(r"(?i)change|news|history|release|migrat|licen")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|<?https?://\S+")


def topics(files: list[File], tree: str, chance: random.Random) -> list[Question]:
    """Sections that name code, without the names; meant are the files of what they name."""
    bearers: dict[str, set[str]] = defaultdict(set)
    for file in files:
        if file.is_code and file.facts.symbols:
            bearers[file.path.rpartition("/")[2]].add(file.path)
            for symbol in file.facts.symbols:
                if symbol.kind in MEANT:
                    bearers[symbol.name].add(file.path)
                    bearers[symbol.path].add(file.path)
    made: dict[str, Question] = {}
    for file in files:
        if file.facts.language not in PROSE or _OF_VERSIONS.search(file.path):
            continue
        for heading, body in sections(file.source):
            prose = _LINK.sub(r"\1", _FENCED.sub("", body))
            meant = named(f"{heading}. {prose}", bearers)
            if 1 <= len(meant) <= MOST_MEANT:
                gold = [{"file": path} for path in sorted(meant)]
                told = {"tree": tree, "manner": "topic", "gold": gold}
                for how, text in asked_of(heading, prose):
                    made.setdefault(text, {**told, "how": how, "text": text})
    found = list(made.values())
    chance.shuffle(found)
    return found[:MOST_TOPICS]


def named(text: str, bearers: Mapping[str, set[str]]) -> set[str]:
    """The files of what a text names in the form of code, where few bear the name."""
    found: set[str] = set()
    for name in names_in(text):
        whole = name.text.removesuffix("()")
        own = bearers.get(whole) or bearers.get(whole.rpartition(".")[2], set())
        if len(own) <= MOST_BEARERS:
            found |= own
    return found


def sections(source: str) -> Iterator[tuple[str, str]]:
    """Headings of a document with the text below each."""
    marks = list(_HEADING.finditer(source))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        end = following.start() if following else len(source)
        yield (mark[2] or mark[3] or "").strip(), source[mark.end() : end]


def asked_of(heading: str, body: str) -> Iterator[tuple[str, str]]:
    """What might be asked by somebody who has not read a section: its heading, or how it begins."""
    said = " ".join(without_names(END.split(body.strip(), maxsplit=1)[0]).split())
    title = " ".join(without_names(heading).split())
    if is_asked(said) and len(said.split()) > 5:
        yield "begin", f"{title}: {said}" if len(WORD.findall(title)) > 1 else said
    spoken = [word for word in WORD.findall(title) if word.lower() not in STOP_WORDS]
    if len(spoken) > 1 and title.isascii():
        yield "heading", FORMS[crc32(title.encode()) % len(FORMS)].format(title.lower())
