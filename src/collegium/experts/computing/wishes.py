"""How somebody wants the answer said: "just the number", "yes or no", "no explanation".

None of it changes what is asked. What is computed is then said alone, and is not said at all where
it is not of the kind that was wished for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from collegium.lexicon.glances import folded

if TYPE_CHECKING:
    from collegium.experts.computing.base import Computed

# The kinds of answer wished for, all at once: bare (said alone), number, choice, word, day, date,
# time, fraction, decimal.
Wishes: TypeAlias = frozenset[str]

NO_WISHES: Wishes = frozenset()
MAX_WISH_CHARS = 120

_KINDS = {
    "number": r"numbers?|digits?|integer|figure|count|(?:numeric(?:al)?) (?:answer|value|result)",
    "choice": r"[\"']?yes[\"']? or [\"']?no[\"']?|yes\s?/\s?no|y/n",
    "word": "(?:(?:one|single) )?word(?: answer)?",
    "fraction": "fraction",
    "decimal": "decimal(?: number)?",
    "day": r"weekday|(?:week)?day name|name of the (?:week)?day|day of the week|day",
    "date": "date",
    "time": "time",
    "bare": r"answer|result|value|output|string|text|letter|name|rows?|list|solution"
    r"|query result",
}
_NOUN = "|".join(_KINDS.values())
# "Letters only" may say which are to be counted.
_PLAIN_NOUN = _NOUN.replace("(?:(?:one|single) )?word(?: answer)?", "one word").replace(
    "string|text|letter|name|rows?|list|", ""
)
_ALONE = r"only|alone|by itself|and nothing else|nothing else|is fine|is enough|will do|suffices"
_ONLY = r"just|only|simply|nothing but"
_SAY = (
    r"(?:(?:i|we) (?:just |only |really )?(?:need|want)|(?:give|return|output|write|state|provide"
    r"|tell|show|print|answer|reply|respond|say|present|enter)(?: me)?(?: back)?(?: your answer)?"
    r"(?: with| in| using| as)?|use"
    r"|(?:your|the) (?:answer|reply|response) should (?:only )?(?:be|contain))"
)
_WHICH = (
    r"(?:(?:the|a|an|one|its|your|that) )?(?:(?:final|single|exact|bare|plain|correct|resulting"
    r"|raw|reversed|sorted|new|simplified|converted|computed|whole|decimal) )*"
)
_THING = r"(?:explanations?|explaining|working|workings|steps?|units?|reasoning|commentary|words)"
_SMALL = rf"(?:{_THING}|commas?|(?:extra |other |additional )?text|punctuation|symbols?|quotes)"
_WITHOUT = r"(?:no|without|skip|omit|leave out|(?:don't|do not) (?:include|show|give|add|write))"
_MORE = (
    rf"(?:,? (?:and )?{_WITHOUT}(?: any)? {_SMALL}(?:(?:,| or| and|, or) (?:any |no )?{_SMALL})*)"
)
_WISH = (
    rf"(?:please )?(?:"
    rf"(?:{_SAY} )?(?:{_ONLY}) (?:{_SAY} )?{_WHICH}(?P<noun1>{_NOUN})(?: (?:{_ALONE}))?"
    rf"|(?:{_SAY} )?{_WHICH}(?P<noun2>{_PLAIN_NOUN})(?:,? (?:{_ALONE}))"
    rf"|{_SAY} (?:a |one |a single )(?P<noun3>number|integer|(?:single )?word|word)"
    rf"|(?:{_SAY} |in )?(?P<noun4>(?:one|single) word(?: answer)?|{_KINDS['choice']})"
    rf"|{_WITHOUT}(?: any)? (?P<thing>{_THING})(?:(?:,| or| and) {_THING})*"
    r"(?: (?:needed|required|necessary))?"
    rf"){_MORE}*(?:,? please)?"
)


# A wish ends in one of these, whatever stands behind it.
LAST_WORDS = frozenset(
    """
    number numbers digit digits integer figure count answer value result no n word fraction decimal
    weekday name week day date time output string text letter row rows list solution only alone
    itself else fine enough do suffices please explanation explanations explaining working workings
    step steps unit units reasoning commentary words comma commas punctuation symbol symbols quotes
    needed required necessary
    """.split()
)
_LETTERS = re.compile("[A-Za-z\u0130\u0131\u212a\u017f]+")


def without_last_wish(text: str) -> tuple[str, Wishes]:
    """Return `text` without the wish that it ends in, if it ends in one, and that wish."""
    start = max(0, len(text) - MAX_WISH_CHARS)
    if last_word(text[start:]) not in LAST_WORDS:
        return text, NO_WISHES
    found = _last().search(text[start:].replace("\u2019", "'"))
    return (text, NO_WISHES) if found is None else (text[: start + found.start()], _wishes(found))


def without_first_wish(text: str) -> tuple[str, Wishes]:
    """Return `text` without the wish that it begins with, if it begins with one, and that wish."""
    found = _first().match(text[:MAX_WISH_CHARS].replace("\u2019", "'"))
    return (text, NO_WISHES) if found is None else (text[found.end() :], _wishes(found))


def last_word(text: str) -> str:
    """The last letters of a text, in lower case, as patterns that ignore case read them."""
    letters = _LETTERS.findall(text)
    return folded(letters[-1]) if letters else ""


def is_wished_bare(prose: str) -> bool:
    """Whether `prose` says somewhere that no more than the answer is wanted."""
    return _anywhere().search(prose.replace("\u2019", "'")) is not None


def granted(computed: Computed, wishes: Wishes) -> Computed | None:
    """Return what is computed, said as it is wished; None where it is not of the kind wished."""
    if not wishes:
        return computed
    value = _number(computed.value) if "number" in wishes else computed.value
    if value is None or not all(_is_of_kind(kind, value) for kind in wishes):
        return None
    return replace(computed, value=value, text=value)


def _wishes(found: re.Match[str]) -> Wishes:
    noun = next((text for name, text in found.groupdict().items() if text and "noun" in name), "")
    kinds = {kind for kind, words in _KINDS.items() if re.fullmatch(words, noun, re.IGNORECASE)}
    if re.search(r"\bunits?\b", found[0], re.IGNORECASE):
        kinds = {"number"}
    return frozenset({"bare"} | kinds)


def _number(value: str) -> str | None:
    """The number in a value that is one: "5280" of "5280 ft", "64" of "$64", "FF"."""
    found = re.fullmatch(
        r"[$€£]?(-?[0-9][0-9.]*(?:/[0-9]+)?(?: \u00d7 10\^-?[0-9]+)?|[0-9A-F]+)"
        r"(?: ?[%A-Za-zµ°][^0-9,;]*[23²³]?)?",
        value,
    )
    return found[1] if found and not re.match("[A-F][a-z]", value) else None


def _is_of_kind(kind: str, value: str) -> bool:
    patterns = {
        "choice": "yes|no",
        "word": "[A-Za-z]+",
        "fraction": "-?[0-9]+/[0-9]+",
        "decimal": "-?[0-9.]+",
        "day": "[A-Z][a-z]+day",
        "date": r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}",
        "time": r"[0-9]{1,2}:[0-9]{2}(?: [AP]M)?",
    }
    return kind not in patterns or re.fullmatch(patterns[kind], value) is not None


@cache
def _last() -> re.Pattern[str]:
    return re.compile(rf"(?:\A|[\s,.;:?(\u2013\u2014-]+){_spaced(_WISH)}[\s).!]*\Z", re.IGNORECASE)


@cache
def _first() -> re.Pattern[str]:
    end = r"(?:\s*[:.;\u2013\u2014]\s*|,\s+|\s+-+\s+|\s*\n\s*)"
    return re.compile(rf"\s*{_spaced(_WISH)}{end}", re.IGNORECASE)


@cache
def _anywhere() -> re.Pattern[str]:
    wish = re.sub(r"\?P<\w+>", "?:", _spaced(_WISH))
    return re.compile(rf"(?:^|[\s,.;:?(\u2013\u2014-]){wish}(?=[\s).!,;:?]|$)", re.IGNORECASE)


def _spaced(pattern: str) -> str:
    """A pattern in which a space is any white space but a few."""
    return pattern.replace(" ", r"\s{1,3}")
