"""Whether what an answer cites is among the passages it was given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from collegium.types import Verdict
from collegium.verification.extract import citations

if TYPE_CHECKING:
    from collegium.types import Query

LONGEST_PROMPT = 400_000
TOLD = 3

PASSAGE = re.compile(
    r"^[ \t>*#]{0,6}(?:\[(?:passage |source |doc(?:ument)? )?#?(\d{1,4})\]|"
    r"(?:passage|source|document)\s#?(\d{1,4})\s?[:.\n])",
    re.IGNORECASE | re.MULTILINE,
)
QUOTED = re.compile(r"[\"“«]([^\"“”«»]{16,2000})[\"”»][\s.,;:)]{0,3}")
FOLDED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": "-", "–": "-", "\u00a0": " "})  # noqa: RUF001 -- typographic marks


class CitationCheck:
    """Looks up every numbered citation, and every quotation that stands before one."""

    name = "citations"

    def fits(self, query: Query, text: str) -> bool:
        """Where passages with numbers were given and the answer cites by number."""
        return "[" in text and any(PASSAGE.search(m.text[:LONGEST_PROMPT]) for m in query.messages)

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where a passage does not exist, or does not hold what is quoted from it."""
        passages = passages_of(query)
        cited = {c.source: c for c in citations(text) if c.source.startswith("[")}
        if not cited or not passages:
            return Verdict("unknown", "nothing is cited", self.name)
        problems = [f"there is no passage {number}" for number in cited if number not in passages]
        problems += _misquoted(text, passages)
        if problems:
            return Verdict("failed", "; ".join(problems[:TOLD]), self.name)
        return Verdict("passed", f"all {len(cited)} cited passages exist", self.name)


def passages_of(query: Query) -> dict[str, str]:
    """The numbered passages of the conversation, each under its number in brackets: "[1]"."""
    found: dict[str, str] = {}
    for message in query.messages:
        if message.role == "assistant":
            continue
        text = message.text[:LONGEST_PROMPT]
        marks = list(PASSAGE.finditer(text))
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        for mark, end in zip(marks, ends, strict=True):
            found[f"[{int(mark[1] or mark[2])}]"] = text[mark.end() : end]
    return found


def _misquoted(text: str, passages: dict[str, str]) -> list[str]:
    """What is said to be in a passage and is not."""
    at = {citation.start: citation.source for citation in citations(text)}
    folded = {number: _folded(passage) for number, passage in passages.items()}
    problems: list[str] = []
    for quotation in QUOTED.finditer(text):
        source = at.get(quotation.end())
        wanted = _folded(quotation[1]).strip(" .,;:!?")
        if source in folded and not _holds(folded[source], wanted):
            problems.append(f'passage {source} does not say "{quotation[1][:60]}"')
    return problems


def _holds(passage: str, wanted: str) -> bool:
    """Whether the passage has every part of a quotation, which may leave words out."""
    parts = re.split(r"\s?(?:\[\s?)?(?:\.\.\.|…)(?:\s?\])?\s?", wanted)
    return all(part in passage for part in parts)


def _folded(text: str) -> str:
    return " ".join(text.translate(FOLDED).casefold().split())
