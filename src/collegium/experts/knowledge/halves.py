"""A question that asks for something exact first, and then why or how that is."""

from __future__ import annotations

import re
from typing import Final

_WHY: Final = (
    r"(?:and\s+(?:why|how|what\s+for)|und\s+(?:warum|wieso|weshalb|wie|wozu)|et\s+(?:pourquoi|comment)"
    r"|y\s+(?:por\s+qu[eé]|para\s+qu[eé]|c[oó]mo))"
)
# Nothing may stand after it: "who calls X, and why does it fail?" asks about something else.
_THEN: Final = re.compile(rf"(?<=\S)(?:\s*[,;?]\s*|\s+){_WHY}(?:\s+so)?[\s?!.]*$", re.IGNORECASE)


def exact_half(text: str) -> str:
    """What a text asks before it asks why or how, as a question; empty where it asks no such."""
    then = _THEN.search(text)
    return f"{text[: then.start()].rstrip()}?" if then else ""
