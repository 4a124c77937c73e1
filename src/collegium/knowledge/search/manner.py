"""What sort of text asks: a description of code, a change that is wanted, or a topic."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple


class Manner(NamedTuple):
    """How likely a text is each of three sorts; they sum to 1.

    A description tells what one thing does ("returns the first line that matches"), a change is a
    message of a commit or a report of a fault, a topic is a question or a few nouns ("how sessions
    are stored", "retry logic").
    """

    description: float
    change: float
    topic: float


def manner_of(text: str) -> Manner:
    """The sort of a text, by multinomial regression on how it begins and how long it is."""
    signs = signs_of(text)
    sums = [sum(LEANINGS[sign][sort] for sign in signs) for sort in range(len(Manner._fields))]
    powers = [math.exp(value) for value in sums]
    return Manner(*[power / sum(powers) for power in powers])


def signs_of(text: str) -> list[str]:
    """What is there in a text of that by which its sort is told."""
    words = [word.lower() for word in _WORD.findall(text)]
    first = words[0] if words else ""
    is_forbidden = words[:2] == ["do", "not"]
    told = {
        "always": True,
        "question word": first in _QUESTION_WORDS and "not" not in words[1:2],
        "question mark": text.rstrip().endswith("?"),
        "third person": bool(_THIRD_PERSON.match(first)),
        "imperative": first in _IMPERATIVES,
        "participle": bool(_PARTICIPLE.match(first)),
        "article": first in _ARTICLES,
        "3 words or fewer": len(words) < 4,
        "4 to 8 words": 4 <= len(words) <= 8,
        "16 words or more": len(words) >= 16,
        "several sentences": bool(_NEXT_SENTENCE.search(text)),
        "change begins": not _CHANGES.isdisjoint(words[:4]) or is_forbidden,
        "change": not _CHANGES.isdisjoint(words),
        "circumstance": not _CIRCUMSTANCES.isdisjoint(words) or is_forbidden,
        "prefix": bool(_PREFIX.match(text)),
        "code": bool(_CODE.search(text)),
    }
    return [sign for sign, is_there in told.items() if is_there]


_WORD: Final = re.compile(r"\w+")
_THIRD_PERSON: Final = re.compile(r"(?!this$|class$|is$|has$)[a-z]+[^s]s$")
_PARTICIPLE: Final = re.compile(r"[a-z]+ed$")
_NEXT_SENTENCE: Final = re.compile(r"[.!?]\s+\S")
_PREFIX: Final = re.compile(r"[\w./ -]{1,30}:\s")
_CODE: Final = re.compile(r"`|\(\)|[a-z][A-Z]|\w_\w|\w\.\w")
_ARTICLES: Final = frozenset({"a", "an", "the", "this"})
_QUESTION_WORDS: Final = frozenset(
    """
    are can could describe do does explain find give how is list should show tell what when where
    which who whom whose why
    """.split()
)
_IMPERATIVES: Final = frozenset(
    """
    add apply attempt build calculate call check clear close compute convert copy count create
    decode delete determine emit encode ensure execute extract fetch filter find format generate get
    handle init initialize invoke iterate join list load lookup make map mark merge move parse
    perform print process raise read receive reduce register remove render reset resolve retrieve
    return run save search send set show sort split start stop store test track try update validate
    wrap write yield
    """.split()
)
_CHANGES: Final = frozenset(
    """
    add added adds allow allows avoid backport backported breaks broken bug bugs bump cleanup clean
    crash crashes crashing deprecate deprecated disable disabled disallow drop dropped enable
    enforce fail failed failing fails failure fix fixed fixes fixing forbid harden improve improved
    improves incorrect incorrectly issue missing patch patched port ported prevent prevents refactor
    refactored regression reject rejects remove removed removes rename renamed replace replaced
    require revert reverted sanitize security support supports switch typo update updated updates
    use vulnerability workaround wrong wrongly
    """.split()
)
_CIRCUMSTANCES: Final = frozenset(
    """
    also anymore because could don during early gracefully instead longer no now previously properly
    should when would
    """.split()
)

# Fitted to first sentences of docstrings, messages of patches and questions about repositories.
LEANINGS: Final = {
    "always": (0.91, -0.64, -0.27),
    "question word": (-0.45, -1.32, 1.77),
    "question mark": (-0.78, -0.34, 1.11),
    "third person": (1.50, -1.11, -0.39),
    "imperative": (0.85, 0.26, -1.11),
    "participle": (0.29, 0.13, -0.41),
    "article": (1.05, -0.77, -0.28),
    "3 words or fewer": (-1.85, -0.54, 2.39),
    "4 to 8 words": (-0.71, 0.01, 0.71),
    "16 words or more": (0.18, 0.78, -0.97),
    "several sentences": (-0.90, 0.42, 0.47),
    "change begins": (-0.46, 0.86, -0.40),
    "change": (-0.40, 1.22, -0.83),
    "circumstance": (-0.28, 0.96, -0.69),
    "prefix": (-0.52, 0.57, -0.06),
    "code": (-0.14, 0.71, -0.57),
}
