"""How sure an expert is that a query is about its code."""

from __future__ import annotations

import re
from math import exp, log
from typing import TYPE_CHECKING

from collegium.knowledge.letters import composed

if TYPE_CHECKING:
    from collegium.knowledge.codebase import KnowledgeGraph
    from collegium.knowledge.graph import Node

# Fitted on questions about four projects from PyPI beside queries for other experts; NAMED was set
# by hand, since few of them name anything (docs/decisions/0014).
BASE, WORDS, STRENGTH, NAMED = -3.04, 1.59, 6.15, 6.0
LEAST = 0.02
# A name of several words, which no prose has by chance.
COMPOUND = re.compile(r"[^\W_]_[^\W_]|[a-z0-9][A-Z]")


def bid(words: float, text: str, graph: KnowledgeGraph | None) -> float:
    """The probability, from 0 to 1, that a query is about the code of a graph.

    `words` is the same by the vocabulary alone, and all there is to go by without a graph. With
    one, the words that the text shares with its names count, and whether it names something there.
    """
    if graph is None:
        return words
    words, text = min(max(words, LEAST), 1 - LEAST), composed(text)
    named = any(_says(text, node) for node in graph.mentions(text))
    logit = BASE + WORDS * log(words / (1 - words)) + STRENGTH * graph.strength(text)
    return 1 / (1 + exp(-logit - NAMED * named))


def _says(text: str, node: Node) -> bool:
    """Whether a text has the name of a node as no prose would have it by chance."""
    name = node.symbol or node.file.rpartition("/")[2]
    if name in text and "." in name:
        return True
    last = name.rpartition(".")[2]
    return last in text and COMPOUND.search(last) is not None
