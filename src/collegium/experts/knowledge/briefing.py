"""What a model is given to read before it answers a question about a codebase."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from collegium.experts.knowledge.citing import Place
from collegium.types import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.knowledge.codebase import Finding
    from collegium.types import Query

# Of one passage so many lines, and of all of them so many characters: some 3,000 tokens.
LONGEST_LINES, LONGEST_CHARS = 60, 12_000

TOLD = (
    "Passages of the codebase in {name}, found for the question below. Each begins with its file "
    "and lines, and each of its lines with its number.\n\n{passages}\n\n"
    "Answer from these passages only, and cite file and line as `file:line` for what you say. "
    "Where they do not tell, say so.\n\nQuestion: {question}"
)


def briefed(
    query: Query, findings: Sequence[Finding], name: str
) -> tuple[Query, tuple[Place, ...]]:
    """The query with passages before its last question, and the places that those are of."""
    passages: list[str] = []
    places: list[Place] = []
    left = LONGEST_CHARS
    for finding in findings:
        text, place = passage_of(finding)
        if passages and len(text) > left:
            break
        passages.append(text)
        places.append(place)
        left -= len(text)
    last = query.messages[-1]
    told = TOLD.format(name=name, passages="\n\n".join(passages), question=last.text)
    asked = Message(last.role, _in_place_of_text(last, told), last.extra)
    return replace(query, messages=(*query.messages[:-1], asked)), tuple(places)


def _in_place_of_text(message: Message, text: str) -> str | list[Mapping[str, Any]]:
    """The content of a message with another text; its pictures and other parts stay."""
    if message.content is None or isinstance(message.content, str):
        return text
    others = [part for part in message.content if part.get("type") != "text"]
    return [{"type": "text", "text": text}, *others]


def passage_of(finding: Finding) -> tuple[str, Place]:
    """A finding as a model is given it, its first lines where it is long, and what that covers."""
    lines = finding.snippet.splitlines()[:LONGEST_LINES]
    end = finding.start + max(len(lines), 1) - 1
    numbered = "\n".join(f"{number:>5}  {line}" for number, line in enumerate(lines, finding.start))
    what = f"{finding.kind} {finding.symbol}".strip() if finding.symbol else "text"
    place = Place(finding.file, finding.start, end)
    return f"{place} ({what})\n{numbered}", place
