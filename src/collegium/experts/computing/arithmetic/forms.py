"""The forms of questions, written much as they sound.

What stands between < and > is one of the `_KINDS`, or else a pattern itself; what stands inside
<name:kind> is given to the builder by that name.
"""

from __future__ import annotations

import re
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from collegium.experts.computing.arithmetic.numerals import ATOM, DIGITS, INTEGER
from collegium.experts.computing.base import Builder, Computed, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

Forms: TypeAlias = tuple[tuple[str, Builder], ...]

_KINDS = MappingProxyType(
    {
        "number": ATOM,
        "whole": INTEGER,
        "money": rf"[$€£]?(?:{DIGITS})",
        "text": ".+?",
        "term": r"[0-9.,/^*()\- ]*[0-9)]",
        "order": "ascending|descending|increasing|decreasing",
        "first": "smallest|largest|lowest|highest",
        "series": "(?:positive )?integers|natural numbers|counting numbers|positive whole numbers"
        "|(?:positive )?odd (?:numbers|integers)|(?:positive|natural) even numbers",
        "span": "(?:even |odd |natural |whole )?(?:integers|numbers)",
        "more": "larger|bigger|greater|smaller|less|higher|lower|largest|biggest|smallest",
        "base": r"binary|octal|decimal|denary|hex(?:adecimal)?|base[ \-]?[0-9]{1,2}",
        "digits": "0x[0-9a-f]+|0b[01]+|0o[0-7]+|[0-9a-f]+",
        "equation": r"[0-9a-z+\-*/^(). \u2212²\u00d7·]+=[0-9a-z+\-*/^(). \u2212²\u00d7·]+",
        "letter": "[a-z]",
        "the": "(?:the )?",
        "%": " ?(?:%|percent|per cent)",
        "percentage": "(?:(?:many )?percent(?:age)?|per cent|%)",
        "check": "(?:(?:check |determine |find out |say )?(?:if|whether) |is )(?:the number )?",
        "form": "(?: ?(?:number|form|notation|format|representation|value|system))?",
        "factorization": "prime[ -]factori[sz]ation|factori[sz]ation into primes",
        "factorize": "(?:prime )?factor(?:i[sz]e)?",
        "into primes": "(?: into (?:its )?(?:primes|prime factors|prime numbers))?",
        "listing": "(?:list )?(?:all )?(?:of )?(?:the )?(?:positive )?",
        "which": "(?:which|what)(?: number| one| 1| of these)?(?: numbers?)?(?: is|'s) (?:the )?",
        "introduced": "(?:(?:here are|here's|these are|given|for|consider|take|with|i have|we have"
        "|i got|the|my|our|these|this|following|test|exam|quiz|numbers|values|scores|grades|marks"
        "|results|data|set|list|of|are|is):? )*",
        "several": r"-?[0-9](?:[0-9.,;/& -]|and )*[0-9]",
        "asked": "(?:so )?(?:(?:can|could|would|will) you )?(?:please )?"
        "(?:what(?:'s|s| is| are)|find|give(?: me)?|calculate|compute|determine)"
        "(?: me)? ",
        "their": "(?:the |their |its )",
        "of them": "(?: of (?:these|those|them|the numbers|the list|all of them)"
        "(?: numbers| values| scores)?)?",
        "told to compute": "(?:find|calculate|compute|work out|determine) ",
        "how many ways": "(?:in )?how many (?:different )?ways (?:can (?:i|you|we|one)|are there to"
        "|to) ",
        "sum of": "(?:add (?:up )?|(?:the )?sum of )(?:all )?(?:of )?(?:the )?",
    }
)


def compiled(forms: Forms) -> tuple[tuple[re.Pattern[str], Builder], ...]:
    """Return the forms as patterns, each with its builder."""
    return tuple((_pattern(form), build) for form, build in forms)


def outright(compute: Callable[..., Computed]) -> Builder:
    """Return the builder of plans that compute with the parts of a question as they stand."""

    def build(**parts: str) -> Plan:
        return partial(compute, **parts)

    return build


def _pattern(form: str) -> re.Pattern[str]:
    def spelled_out(match: re.Match[str]) -> str:
        name, kind = match[1], match[2]
        pattern = _KINDS.get(kind, kind)
        return f"(?P<{name[:-1]}>{pattern})" if name else f"(?:{pattern})"

    return re.compile(re.sub(r"<([a-z]+:)?([^<>]+)>", spelled_out, form))
