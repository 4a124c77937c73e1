"""Reads a query once, for everyone who decides something about it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_object
from collegium.lexicon import Wording, read, reading_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.types import Query

# In this order: Japanese has Chinese characters too.
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
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
KEPT_TURNS = 4
_JSON_WANTED = re.compile(
    r"\bas json\b|\bin json\b|\bjson (?:only|object|array|format)\b|\bvalid json\b"
)
_CODE_WANTED = re.compile(
    r"\b(?:write|implement|create|generate|build|make|give|need|fix|refactor|rewrite|complete)\b"
    r".{0,60}\b(?:function|script|regex|class|method|query|program|code|component|endpoint|sql)\b",
    re.DOTALL,
)
_AMOUNT_WANTED = re.compile(
    r"\bhow (?:many|much|fast|long|far|old|tall|heavy|deep|often)\b"
    r"|\b(?:calculate|compute|evaluate)\b"
    r"|\bwhat(?:'s| is| are) (?:the (?:value|sum|area|total|probability|average|mean)\b|\d)"
    r"|\bfind the (?:value|number|sum|area|volume|probability)\b|\d ?% of \d"
)
# Without one of which the search for an amount, or for code to be made, finds nothing.
_ASKING = ("how ", "what", "find the", "calculate", "compute", "evaluate", "% of")
_MADE = tuple(
    "function script regex class method query program code component endpoint sql".split()
)
_SUMS = frozenset(("<word_problem>", "<formula>", "<sequence>"))
_CODE_SIGNS = frozenset(("<code_fence>", "<code>", "<stack_trace>", "<sql>"))
_DIFFICULTY = (-1.8027, 1.4002)
_CLAUSE = re.compile(r"[.;?!\n]|\b(?:and|but|if|then|unless|because|while|und|y|et)\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a query told.

    `kind` is the kind of task in a word,
    `complexity` its estimated difficulty from 0 to 1, `language` an ISO 639-1 code or
    'und'. `needs_tools` says that the answer takes something done (a sum, a run, a look-up) and not
    only said, `answer_form` what it will be: text, number, choice, code or json.

    `text` is what is asked, a short reply with the turn before it; `asked` the user's last turn
    alone, and `before` those before it, oldest first.
    """

    text: str
    wording: Wording
    kind: str
    has_code: bool
    complexity: float
    language: str
    needs_tools: bool = False
    answer_form: str = "text"
    asked: str = ""
    before: tuple[str, ...] = ()


class QueryClassifier:
    """Reads queries by their wording alone."""

    def read(self, query: Query) -> Reading:
        """What a query is like."""
        text = reading_text(query)
        wording = read(text)
        said = [message.text for message in query.messages if message.role == "user"]
        return Reading(
            text=text,
            wording=wording,
            needs_tools=bool(query.tools) or needs_tools(text[:4000], wording),
            answer_form=answer_form_of(query, text[:4000], wording),
            asked=query.text,
            before=tuple(turn for turn in said[:-1] if turn.strip())[-KEPT_TURNS:],
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


def needs_tools(text: str, wording: Wording) -> bool:
    """Whether the answer takes something computed, run or looked up."""
    signs = wording.signs
    sums = "<numbers>" in signs and _wants_amount(text.lower())
    return sums or bool(signs & _SUMS) or bool({"<table>", "<sql>", "<schema>", "<url>"} & signs)


def answer_form_of(query: Query, text: str, wording: Wording) -> str:
    """What the answer will be: json, choice, code, number or text."""
    asked_for: Any = query.sampling.get("response_format")
    kind = asked_for.get("type", "") if is_object(asked_for) else ""
    text, signs = text.lower(), wording.signs
    wants_json = "json" in text and _JSON_WANTED.search(text) is not None
    if wants_json or kind in ("json_object", "json_schema"):
        return "json"
    if signs & {"<choices>", "<short_choice>", "<long_choice>"}:
        return "choice"
    if "<sql>" in signs or _wants_code(text):
        return "code"
    if signs & {"<word_problem>", "<numbers>"} and _wants_amount(text):
        return "number"
    return "text"


def _wants_code(lowered: str) -> bool:
    return any(made in lowered for made in _MADE) and _CODE_WANTED.search(lowered) is not None


def _wants_amount(lowered: str) -> bool:
    may_be = any(asking in lowered for asking in _ASKING)
    return may_be and _AMOUNT_WANTED.search(lowered) is not None


def complexity_of(text: str, wording: Wording) -> float:
    """How difficult a query looks: the share of models, 0 to 1, that may be expected to fail.

    A logistic regression on `weight_of` alone, fitted on the recorded answers of 59 models to 2,727
    queries of five data sets (`benchmarks/routing/difficulty.py`). It orders queries; as a share it
    holds for data sets like those and should not be trusted far from them.
    """
    return 1 / (1 + math.exp(-_DIFFICULTY[0] - _DIFFICULTY[1] * math.log(weight_of(text, wording))))


def weight_of(text: str, wording: Wording) -> float:
    """How much there is to a query: its length, clauses, numbers and code; above 0."""
    clauses = len(_CLAUSE.findall(text))
    weight = wording.words / 60 + clauses / 8 + 0.5 * len(wording.signs & _CODE_SIGNS)
    weight += 0.5 * ("<numbers>" in wording.signs) + 0.5 * ("<formula>" in wording.signs)
    return max(weight, 0.01)


def language_of(text: str, wording: Wording) -> str:
    """The language, by script and by function words; 'und' where they do not tell."""
    if not text.isascii():
        letters = sum(map(str.isalpha, text)) or 1
        for language, script in _SCRIPTS:
            if len(script.findall(text)) / letters > 0.3:
                return language
    scores = {name: len(words & wording.grams) for name, words in _FUNCTION_WORDS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else "und"
