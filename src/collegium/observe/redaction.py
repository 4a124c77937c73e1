"""What must not be written down: secrets are blanked, control characters made harmless."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BLANK = "[hidden]"
SHORTEST_SECRET = 6

# Keys of the house, keys of well-known hosts, whatever was sent as a bearer token, and who logs in
# by a URL. What stands before a key may be the "n" of a line feed in a JSON string.
_TOKENS = re.compile(
    r"cg-[\w-]{16,}"
    r"|(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:sk-|hf_|gsk_|xai-)(?=[\w-]*\d)[\w-]{16,}"
    r"|(?<=://)[^\s\"'/:@]*:[^\s\"'/@]+(?=@)"
    r"|(bearer[\s:=]+)[^\s\"'\\,]{6,}",
    re.IGNORECASE,
)
_SIGNS = ("cg-", "sk-", "hf_", "gsk_", "xai-", "bearer", "://")

_HARMLESS: dict[int, str] = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))},
    # These turn the line around, or break it.
    **{
        code: f"\\u{code:04x}"
        for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)
    },
    **{code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)},
    0x0A: "\\n",
    0x0D: "\\r",
    0x09: "\\t",
}


class Redactor:
    """Blanks what looks like a key, and the secrets it has been given, wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Blank these as well, from now on."""
        known = {one for one in secrets if len(one) >= SHORTEST_SECRET}
        # As they are, and as they look inside a JSON string.
        forms = known | {json.dumps(one)[1:-1] for one in known}
        self._known = tuple(sorted({*self._known, *forms}, key=len, reverse=True))

    def __call__(self, line: str) -> str:
        """The line without secrets."""
        for secret in self._known:
            if secret in line:
                line = line.replace(secret, BLANK)
        lowered = line.lower()
        # Looking for a few words is cheaper than the expression, which hardly ever finds anything.
        return _TOKENS.sub(_blanked, line) if any(sign in lowered for sign in _SIGNS) else line


def _blanked(found: re.Match[str]) -> str:
    return (found[1] or "") + BLANK


def harmless(text: str) -> str:
    """The text in one line, with its control characters written out."""
    return text.translate(_HARMLESS)
