"""How sure an expert is that a query is about its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collegium.knowledge.codebase import KnowledgeGraph


def bid(words: float, text: str, graph: KnowledgeGraph | None) -> float:
    """The probability, from 0 to 1, that a query is about the code of a graph.

    `words` is the same by the vocabulary alone. What the text names of the graph's symbols and
    files, and how well its passages match, are independent evidence of it.
    """
    if graph is None:
        return words
    return 1 - (1 - words) * (1 - graph.strength(text))
