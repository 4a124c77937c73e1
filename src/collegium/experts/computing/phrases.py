"""Questions recognised whole, by phrases that are written much as they sound.

In a phrase a space is any white space, `(a|b)` is a choice, `[ a]` may be missing, `{word}` stands
for another phrase of the grammar, `<name>` catches whatever stands there, and `<_>` is
any one word that does not begin a question. Brackets that are meant themselves are written « and ».
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from collegium.experts.computing.asides import CODING
from collegium.experts.computing.courtesies import without_courtesies, without_inner_courtesies
from collegium.experts.computing.wishes import without_last_wish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_PROSE, MAX_CLOSERS = 1_200, 6

_STOP = r"(?:\s*[?.!:]+)?"
_BRACKETS = (("«", r"\("), ("»", r"\)"))
_CLOSERS = (
    "[many ](thanks|thank you)[ in advance| a lot| very much]",
    "please",
    "[please ][just |only ](answer|reply|respond|give|provide|output|return|write|state|tell me)"
    " [me ][with ][only |just |exactly ](the|its|that)"
    " [exact |final |correct |resulting |returned |printed ]"
    "(output|value|answer|result|literal|number)[,][ and nothing else| nothing else| only]",
    "[just |only ]the [exact |final ](output|value|answer|result)[ only| please|, please]",
    "(no|without)[ an| any| further] explanation[s][ needed| required| necessary][,][ please]",
    "[please ](do not|don't) explain[ it| anything]",
    "[please |let's ]think [it through |this through |carefully ]step by step",
    "without (running|executing) (it|the code)",
    "be (exact|precise)",
)


def phrase(
    template: str, words: Mapping[str, str] | None = None, *, end: str = _STOP
) -> re.Pattern[str]:
    """Compile a phrase; what it catches is a group of that name, without backticks around it.

    `end` is the pattern of what may close it.
    """
    spelled = template
    while words and "{" in spelled:
        spelled = re.sub(r"\{(\w+)\}", lambda found: f"({words[found[1]]})", spelled)
    pattern = re.sub(r"[.*+?^$\\]", lambda found: "\\" + found[0], spelled)
    for sign, meaning in (("(", "(?:"), ("[", "(?:"), ("]", ")?"), (" ", r"\s+"), *_BRACKETS):
        pattern = pattern.replace(sign, meaning)
    pattern = pattern.replace("<_>", r"`*(?!(?:what|which|how|who|where|if|and)\b)\w+`*")
    caught = re.sub(r"<(\w+)>", r"`*(?P<\1>[^\\s`](?:.*?[^\\s`])??)`*", pattern)
    return re.compile(caught + end, re.IGNORECASE | re.DOTALL)


def phrases(
    templates: Iterable[str], words: Mapping[str, str] | None = None
) -> tuple[re.Pattern[str], ...]:
    """Compile several phrases of one grammar."""
    return tuple(phrase(template, words) for template in templates)


def either(
    templates: Iterable[str], words: Mapping[str, str] | None = None, *, end: str = _STOP
) -> re.Pattern[str]:
    """Compile the choice between several phrases that catch nothing."""
    found = (phrase(template, words, end=end) for template in templates)
    return re.compile("|".join(f"(?:{one.pattern})" for one in found), re.IGNORECASE | re.DOTALL)


def readings(prose: str, opener: re.Pattern[str], closer: re.Pattern[str]) -> Iterator[str]:
    """Yield `prose` without courtesies and openers, then with one closer less each time."""
    spoken = re.sub(r"\n\s*\n", "\n", prose.replace("\u2019", "'"))
    left = without_courtesies(without_inner_courtesies(spoken), ending=False, idle=CODING)
    while (rest := _after(opener, left)) is not None:
        left = without_courtesies(rest, ending=False, idle=CODING)
    yield left
    for _ in range(MAX_CLOSERS):
        rest = _without_closer(left, closer)
        if rest is None:
            return
        left = rest
        yield left


@cache
def _polite_closer() -> re.Pattern[str]:
    return either(_CLOSERS)


def _without_closer(prose: str, closer: re.Pattern[str]) -> str | None:
    rest, wishes = without_last_wish(prose)
    if wishes:
        return rest.rstrip()
    return _before(_polite_closer(), prose) or _before(closer, prose) or None


def _after(opener: re.Pattern[str], prose: str) -> str | None:
    found = opener.match(prose)
    rest = prose[found.end() :] if found else ""
    return rest.lstrip(" ,:\t\n") if rest and (rest[0] in ",:" or rest[0].isspace()) else None


def _before(closer: re.Pattern[str], prose: str) -> str | None:
    """The prose before a closer at its end: a closer begins a line, a sentence or a clause."""
    for start in _STARTS.finditer(prose):
        if closer.fullmatch(prose, start.end()):
            return prose[: start.start() + 1].rstrip(" ,;\n(")
    return None


_STARTS = re.compile(r"[\s?.!:;,(]\s*(?=[\w§¶¤])")
