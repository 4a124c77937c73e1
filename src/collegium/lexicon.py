"""The wording of a text: its words and phrases, how it opens, and the shapes in it.

A vocabulary weighs these. Its terms are

- `word` and `two words`, up to four: whole words, never parts of others;
- `stem*`: any word that begins so (four letters or more);
- `^write`, `^how many`: the words that open the text, after "please", "can you" and the like;
- `<sql>`, `<code_fence>`, ...: shapes, of which `SIGNS` has the list.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.types import Query

HEAD_CHARS, TAIL_CHARS = 6000, 2000
HEAD_WORDS, TAIL_WORDS = 60, 30
MAX_PHRASE = 4
MIN_STEM = 4
BODY_WEIGHT = 0.35

# Scripts that write no spaces are taken a character at a time, so that phrases match as words do.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]"
    r"|\w[\w'’+#]*(?:[.\-]\w[\w'’+#]*)*"
)
_POLITE = frozenset(
    (
        "please kindly can could would will you hi hello hey dear help me i need to want "
        "you'd like just ok okay so now and then us let's lets let the a an also bitte kannst "
        "du por favor puedes s'il vous plaît peux tu pouvez "
    ).split()
)

_SHAPES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "<code_fence>": re.compile(r"```|~~~"),
        "<code>": re.compile(
            r"(?m)^\s*(?:def |class |import |from \w+ import|public |private |func |fn |let |const "
            r"|var |#include|return\b|package |if \(|for \(|while \(|\}\s*$|@\w+\s*$)"
            r"|[;{]\s*$|=>|\w+\(\w*\)\s*[{:;]|</?\w+[^>]*>"
        ),
        "<traceback>": re.compile(
            r"Traceback|\w+(?:Error|Exception)\b|\bat \w+[\w.]*\(|segfault|stack trace|errno",
            re.IGNORECASE,
        ),
        "<sql>": re.compile(
            r"\bselect\b[\s\S]{1,200}\bfrom\b|\bcreate table\b|\binsert into\b|\bgroup by\b"
            r"|\border by\b|\bleft join\b|\binner join\b",
            re.IGNORECASE,
        ),
        "<table>": re.compile(r"(?m)^\s*\|.+\|.+\|\s*$|(?:^[^,\n]+(?:,[^,\n]+){2,}\n){2,}|\t\S+\t"),
        "<schema>": re.compile(r"\b\w+\s*\(\s*\w+(?:\s*,\s*\w+){2,}\s*\)"),
        "<json>": re.compile(r'\{\s*"\w+"\s*:|\[\s*\{'),
        "<formula>": re.compile(
            r"\$[^$\n]{1,80}\$|\\(?:frac|sqrt|sum|int|begin|cdot|times)\b"
            r"|\d\s*[+*/^×÷]\s*\d|\d\s*-\s*\d+\s*=|\b[a-z]\^\d|[∫∑√≤≥π]|\b[xyz]\s*=\s*|\bf\(x\)"
        ),
        "<choices>": re.compile(r"(?m)^\s*\(?[A-Da-d][).:]\s|\s\(?A[).]\s.*\s\(?B[).]\s"),
        "<path>": re.compile(
            r"\b[\w\-]+(?:/[\w\-.]+)+\.\w{1,5}\b|\b\w+\.(?:py|js|ts|go|rs|java|c|h|cpp|rb|php|css|html|sh|yml|yaml|toml)\b"
        ),
        "<identifier>": re.compile(
            r"`[^`\n]+`|\b[a-z]+(?:_[a-z0-9]+)+\b|\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+\b"
            r"|\b\w+\.\w+\(|\b\w+\(\)"
        ),
        "<url>": re.compile(r"https?://"),
        "<quote>": re.compile(r"[\"“„«「][^\"”“»」]{15,}[\"”»」]"),
        "<list>": re.compile(r"(?m)^\s*(?:[-*•]|\d+[.)])\s+\S[^\n]*\n\s*(?:[-*•]|\d+[.)])\s"),
        "<blank>": re.compile(r"_{3,}|\[blank\]|\[[A-Z][^\]]{2,}\]"),
        "<money>": re.compile(r"[$€£¥]\s?\d|\d\s?(?:dollars|euros|usd|eur)\b", re.IGNORECASE),
        "<colon_text>": re.compile(r":\s*\n+\s*\S|:\s+[\"“„«]"),
        "<who_when>": re.compile(
            r"^\W*(?:who|when|where|which|what year|in (?:what|which))\b", re.IGNORECASE
        ),
        "<first_person>": re.compile(r"\b(?:I|I'm|I've|my|me)\b"),
    }
)

SIGNS: tuple[str, ...] = (*_SHAPES, "<numbers>", "<passage>", "<short>", "<question>", "<long>")


@dataclass(frozen=True, slots=True)
class Wording:
    """How a text is worded: `grams` of where its request stands, `body` of the rest, `signs`."""

    grams: frozenset[str]
    body: frozenset[str]
    signs: frozenset[str]
    words: int


@dataclass(frozen=True)
class Vocabulary:
    """The terms by which queries of one kind are known, each with its weight.

    Raises:
        ConfigError: a term is empty, has more than four words, or names no sign; or a weight is
            not a finite number.
    """

    terms: Mapping[str, float]

    def __post_init__(self) -> None:
        compiled = {compiled_term(term): float(weight) for term, weight in self.terms.items()}
        for term, weight in self.terms.items():
            if not math.isfinite(weight):
                raise ConfigError(f"the weight of the term {term!r} is {weight}, not a number")
        object.__setattr__(self, "terms", MappingProxyType(compiled))

    def evidence(self, wording: Wording) -> float:
        """The weights of the terms that are there; those only in the body count for less."""
        return sum(weight for _, weight in self._found(wording))

    def matches(self, wording: Wording) -> tuple[tuple[str, float], ...]:
        """The terms that are there, with what each adds, strongest first."""
        return tuple(sorted(self._found(wording), key=lambda found: -found[1]))

    def _found(self, wording: Wording) -> list[tuple[str, float]]:
        grams, body, signs = wording.grams, wording.body, wording.signs
        found: list[tuple[str, float]] = []
        for term, weight in self.terms.items():
            if term in grams or term in signs:
                found.append((term, weight))
            elif term in body:
                found.append((term, weight * BODY_WEIGHT))
        return found


def assess(evidence: float) -> float:
    """An expert's own confidence, from 0.03 up to below 1, of the evidence it found."""
    return 0.03 + 0.96 * (1 - math.exp(-max(0.0, evidence) / 3.0))


def compiled_term(term: str) -> str:
    """A term as `read` writes it.

    Raises:
        ConfigError: it is no term.
    """
    bare = term.strip().lower()
    if bare.startswith("<"):
        if bare not in SIGNS:
            raise ConfigError(f"there is no sign {term!r}; there are: {', '.join(SIGNS)}")
        return bare
    opener, stem = bare.startswith("^"), bare.endswith("*")
    words = _WORD.findall(bare.strip("^*"))
    if not words or len(words) > MAX_PHRASE:
        raise ConfigError(f"the term {term!r} has {len(words)} words; it must have 1 to 4")
    if stem and len(words[-1]) < MIN_STEM:
        raise ConfigError(f"the stem {term!r} is short; it needs {MIN_STEM} letters or more")
    return "^" * opener + " ".join(words) + "*" * stem


def reading_text(query: Query) -> str:
    """The text to know a query by: what is asked now, and the question before a short reply."""
    said = [message.text for message in query.messages if message.role == "user"]
    if len(said) > 1 and len(_WORD.findall(said[-1][:200])) < 5:
        return f"{said[-2]}\n{said[-1]}"
    return said[-1] if said else query.text


def read(text: str) -> Wording:
    """How a text is worded. Of a long one, the first 6,000 and the last 2,000 characters."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    return _read(text)


@lru_cache(maxsize=128)
def _read(text: str) -> Wording:
    # The memo is of a pure function: ten experts and the gate read the same query.
    words = _WORD.findall(text.lower().replace("’", "'"))
    if len(words) > HEAD_WORDS + TAIL_WORDS:
        request = [*words[:HEAD_WORDS], "\n", *words[-TAIL_WORDS:]]
        body = _grams(words[HEAD_WORDS:-TAIL_WORDS])
    else:
        request, body = words, set[str]()
    return Wording(
        frozenset(_grams(request) | _openers(words)),
        frozenset(body),
        frozenset(_signs(text, words)),
        len(words),
    )


def _grams(words: list[str]) -> set[str]:
    grams = set(words)
    for size in range(2, MAX_PHRASE + 1):
        grams |= {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}
    for word in set(words):
        grams |= {f"{word[:size]}*" for size in range(MIN_STEM, min(len(word), 12) + 1)}
    return grams


def _openers(words: list[str]) -> set[str]:
    """The first words, and the first that are not politeness."""
    start = next((i for i, word in enumerate(words[:12]) if word not in _POLITE), 0)
    openers: set[str] = set()
    for first in {0, start}:
        for size in range(1, MAX_PHRASE + 1):
            openers.add("^" + " ".join(words[first : first + size]))
    return openers - {"^"}


def _signs(text: str, words: list[str]) -> set[str]:
    signs = {sign for sign, shape in _SHAPES.items() if shape.search(text)}
    count = len(words)
    if sum(word[0].isdigit() for word in words) >= 2:
        signs.add("<numbers>")
    if count > 100 or len(text) > 600 or (count > 45 and ":" in text and "\n" in text):
        signs.add("<passage>")
    if count > 40:
        signs.add("<long>")
    if count <= 6:
        signs.add("<short>")
    if text.rstrip().endswith(("?", "？", "؟")):
        signs.add("<question>")
    return signs
