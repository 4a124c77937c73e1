"""The forms of questions about texts, written much as they sound."""

from __future__ import annotations

import re
from types import MappingProxyType

ORDINALS = MappingProxyType(
    {
        word: number
        for number, word in enumerate(
            "first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1
        )
    }
    | {"last": 0}
)
NOUN = "(?:word|string|text|sentence|phrase|name|line|paragraph|quote|title)"
_KINDS = MappingProxyType(
    {
        # In quotation marks, or one bare word.
        "text": f"(?:(?:the |this )?(?:following )?{NOUN}:? )?(?P<given>§0§|[a-z]{{3,}})",
        "letter": "(?:the )?(?:letters? )?(?P<letter>§0§|[a-z])(?:'?s)?",
        "first word": "(?:the word )?(?P<given>§0§|[a-z]{2,})",
        "second word": "(?:the word )?(?P<other>§1§|[a-z]{2,})",
        "second": f"(?:(?:the |this )?(?:following )?{NOUN}:? )?(?P<given>§1§|[a-z]{{3,}})",
        "colon": f"(?:(?:the|this|these|following) )*(?:{NOUN}|words|names)?"
        ": (?P<given>§0§) after colon",
        "how many": "(?:how many|count(?: of)?(?: the)?(?: number of)?"
        "|(?:what is |what's )?(?:the )?number of)",
        "are in": "(?:(?:are|is) )?(?:there )?(?:are )?(?:in|does)",
        "are there": "(?:(?:are|is|do you see)(?: there)?(?: in (?:it|total))?)",
        "counted": "(?P<what>letters?|vowels?|consonants?)",
        "characters": "(?P<what>characters?)",
        "apart": "(?:(?P<apart>different|distinct|unique) )?",
        "spaces": r"(?:,? \(?(?P<spaces>(?:including|counting|with|without|excluding|not counting)"
        r"(?: the| all)? spaces?)\)?)?",
        "what is": "(?:(?:what is|what's|which is|find|get|give) )?(?:the )?",
        "ordinal": f"(?P<ordinal>{'|'.join(ORDINALS)}|[0-9]{{1,4}}(?:st|nd|rd|th))",
        "times": "(?P<times>[0-9]{1,3})",
        "case": r"(?P<case>(?:upper|lower)[ -]?case|capital letters|capitals|all caps)",
    }
)
_WAYS = MappingProxyType(
    {
        # In quotation marks, or one word that is said to be one.
        "sure": (
            f"(?:(?:the |this )?(?:following )?{NOUN}:? )?(?P<given>§0§)",
            "the (?:word|string|name):? (?P<given>[a-z]+)",
        ),
        "plural letter": (
            "(?:the )?(?:letters? )?(?P<letter>[a-z])'s",
            "(?:the )?(?P<letter>[b-hj-tv-z])s",
            "(?:the )?letters? (?P<letter>[a-z])",
        ),
    }
)


def patterns_of(form: str) -> list[re.Pattern[str]]:
    """Return the patterns that a form stands for: one for each way of giving."""
    kind = re.search(r"(?<!\?P)<([a-z ]+)>", form)
    if kind is None:
        return [re.compile(form, re.IGNORECASE)]
    ways = _WAYS.get(kind[1]) or (f"(?:{_KINDS[kind[1]]})",)
    return [p for way in ways for p in patterns_of(form[: kind.start()] + way + form[kind.end() :])]
