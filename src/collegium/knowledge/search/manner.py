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
    signs = _signs(text)
    sums = [sum(_LEANINGS[sign][sort] for sign in signs) for sort in range(len(Manner._fields))]
    powers = [math.exp(value) for value in sums]
    return Manner(*[power / sum(powers) for power in powers])


def _signs(text: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(text)]
    first = words[0] if words else ""
    told = {
        "always": True,
        "question word": first in _QUESTION_WORDS,
        "question mark": text.rstrip().endswith("?"),
        "third person": bool(_THIRD_PERSON.match(first)),
        "imperative": first in _IMPERATIVES,
        "participle": bool(_PARTICIPLE.match(first)),
        "article": first in _ARTICLES,
        "3 words or fewer": len(words) < 4,
        "4 to 8 words": 4 <= len(words) <= 8,
        "16 words or more": len(words) >= 16,
        "several sentences": bool(_NEXT_SENTENCE.search(text)),
        "change begins": not _CHANGES.isdisjoint(words[:4]),
        "change": not _CHANGES.isdisjoint(words),
        "circumstance": not _CIRCUMSTANCES.isdisjoint(words),
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
    crash crashes crashing deprecate deprecated disable disabled drop dropped enable fail failed
    failing fails failure fix fixed fixes fixing harden improve improved improves incorrect
    incorrectly issue missing prevent refactor refactored regression reject remove removed removes
    rename renamed require revert reverted support supports typo update updated updates use
    workaround wrong wrongly
    """.split()
)
_CIRCUMSTANCES: Final = frozenset("anymore instead longer no now previously should when".split())

# Fitted to first sentences of docstrings, messages of patches and questions about repositories.
_LEANINGS: Final = {
    "always": (0.28, 0.19, -0.47),
    "question word": (-0.65, -1.01, 1.66),
    "question mark": (0.04, -0.10, 0.06),
    "third person": (1.70, -0.57, -1.13),
    "imperative": (1.09, 0.26, -1.35),
    "participle": (0.52, -0.59, 0.07),
    "article": (1.62, -0.90, -0.73),
    "3 words or fewer": (-1.70, -1.25, 2.96),
    "4 to 8 words": (-0.51, -0.68, 1.19),
    "16 words or more": (0.53, 0.66, -1.19),
    "several sentences": (-0.57, 1.17, -0.61),
    "change begins": (-0.33, 1.03, -0.70),
    "change": (-0.18, 0.81, -0.64),
    "circumstance": (0.12, 0.37, -0.49),
    "prefix": (-0.82, 0.98, -0.16),
    "code": (0.39, 0.04, -0.43),
}
