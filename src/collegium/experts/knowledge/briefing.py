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

# Of one passage so many lines, and of all of them so many characters: some 3,000 tokens. One may be
# so many times as long as if all that are still to come were equally long.
LONGEST_LINES, LONGEST_CHARS, LENIENCE = 60, 12_000, 2

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
    for at, finding in enumerate(findings):
        text, place = passage_of(finding, LENIENCE * left // (len(findings) - at + LENIENCE - 1))
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


def passage_of(finding: Finding, most_chars: int) -> tuple[str, Place]:
    """A finding as a model is given it, its first lines where it is long, and what that covers.

    It is no longer than `most_chars`, but for the line above it.
    """
    numbered: list[str] = []
    left = most_chars
    for number, line in enumerate(finding.snippet.split("\n")[:LONGEST_LINES], finding.start):
        text = f"{number:>5}  {line}"
        if numbered and len(text) > left:
            break
        numbered.append(text[:left])
        left -= len(text) + 1
    what = f"{finding.kind} {finding.symbol}".strip() if finding.symbol else "text"
    place = Place(finding.file, finding.start, finding.start + len(numbered) - 1)
    return "\n".join((f"{place} ({what})", *numbered)), place
