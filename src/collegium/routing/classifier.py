"""Reads a query once, for everyone who decides something about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.lexicon import Wording, read, reading_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.types import Query

# In this order: Japanese has Chinese characters too.
_SCRIPTS: tuple[tuple[str, str, str], ...] = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("zh", "\u4e00", "\u9fff"),
    ("ar", "\u0600", "\u06ff"),
    ("he", "\u0590", "\u05ff"),
    ("hi", "\u0900", "\u097f"),
    ("th", "\u0e00", "\u0e7f"),
    ("el", "\u0370", "\u03ff"),
    ("ru", "\u0400", "\u04ff"),
)
# Words that sentences of a language can hardly do without, and other languages can.
_FUNCTION_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset(words.split())
        for language, words in {
            "en": "the is of and to what how my this are with for it that",
            "de": "der die das und ist ein eine nicht mit für wie ich mir den auf",
            "fr": "le la les est une des et pour dans que je mon avec sur du",
            "es": "el los las es una que por para cómo mi del y con qué un",
            "pt": "o os uma não para com como meu do da em que você são",
            "it": "il gli è una che per con come mio della di non sono del",
            "nl": "het een de van is niet met voor mijn hoe dat ik wat",
            "pl": "jest nie się jak na do że mój czy dla co",
            "tr": "bir ve bu nasıl için ne mı mi ile",
            "vi": "là của và cho một không tôi có những này",
            "id": "yang dan untuk dengan ini saya tidak apa bagaimana",
        }.items()
    }
)
_CODE_SIGNS = frozenset(("<code_fence>", "<code>", "<stack_trace>", "<sql>"))
_CLAUSE = re.compile(r"[.;?!\n]|\b(?:and|but|if|then|unless|because|while|und|y|et)\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a query told.

    `vector` is its embedding, where an encoder read it too. `kind` is the kind of task in a word,
    `complexity` a rough estimate of its difficulty from 0 to 1, `language` an ISO 639-1 code or
    'und'.
    """

    text: str
    wording: Wording
    kind: str
    has_code: bool
    complexity: float
    language: str
    vector: Sequence[float] | None = None


class QueryClassifier:
    """Reads queries by their wording alone."""

    def read(self, query: Query) -> Reading:
        """What a query is like."""
        text = reading_text(query)
        wording = read(text)
        return Reading(
            text=text,
            wording=wording,
            kind=kind_of(wording),
            has_code=bool(wording.signs & _CODE_SIGNS),
            complexity=complexity_of(text[:8000], wording),
            language=language_of(text[:2000], wording),
        )


def kind_of(wording: Wording) -> str:
    """The kind of task: sql, code, math, choice, text, question, chat or other."""
    signs = wording.signs
    for sign, kind in (
        ("<sql>", "sql"),
        ("<code_fence>", "code"),
        ("<stack_trace>", "code"),
        ("<formula>", "math"),
        ("<code>", "code"),
        ("<choices>", "choice"),
        ("<passage>", "text"),
        ("<question>", "question"),
    ):
        if sign in signs:
            return kind
    return "chat" if "<short>" in signs else "other"


def complexity_of(text: str, wording: Wording) -> float:
    """How much there is to a query: its length, clauses, numbers and code, squeezed into 0 to 1."""
    clauses = len(_CLAUSE.findall(text))
    weight = wording.words / 60 + clauses / 8 + 0.5 * len(wording.signs & _CODE_SIGNS)
    weight += 0.5 * ("<numbers>" in wording.signs) + 0.5 * ("<formula>" in wording.signs)
    return weight / (weight + 2)


def language_of(text: str, wording: Wording) -> str:
    """The language, by script and by function words; 'und' where they do not tell."""
    if not text.isascii():
        letters = sum(map(str.isalpha, text)) or 1
        for language, first, last in _SCRIPTS:
            if sum(first <= character <= last for character in text) / letters > 0.3:
                return language
    scores = {name: len(words & wording.grams) for name, words in _FUNCTION_WORDS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else "und"
