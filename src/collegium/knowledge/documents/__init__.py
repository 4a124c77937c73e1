"""Documents: their sections by heading, and the names of code that they mention.

Rooms: `outline` (headings to sections), `markdown` and `restructuredtext` (which lines are
headings, and which prose), `mentions` (names of code in prose).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.documents import markdown, restructuredtext
from collegium.knowledge.documents.outline import outlined
from collegium.knowledge.languages import language_of

if TYPE_CHECKING:
    from collegium.knowledge.facts import FileFacts

__all__ = ["sections"]


def sections(path: str, text: str) -> FileFacts:
    """Return the sections of a document as symbols, and the names of code that each mentions."""
    language = language_of(path) or "text"
    lines = text.split("\n")
    read = markdown.read if language == "markdown" else restructuredtext.read
    return outlined(path, language, len(lines) - (lines[-1] == ""), read(lines))
