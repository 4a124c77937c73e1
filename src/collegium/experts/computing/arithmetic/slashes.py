"""Fractions written with a slash, kept whole where words would tear them apart.

"5/6 divided by 10/21" divides by a fraction, and "2 to the power of 1/2" has one for its exponent,
though the slash alone binds no tighter than a division.
"""

from __future__ import annotations

import re

from collegium.experts.computing.base import Uncomputable

_FRACTION = re.compile(r"(?<![\w.,/)!°^])[0-9]+/[0-9]+(?![\w/(!°]|[.,][0-9])")
_SIGN_BEHIND = re.compile(r"\s*(?:\^|\*\*|[²³!%])")
_POWER_BEHIND = re.compile(r"\s*(?:squared|cubed|raised|to the)\b")
_SIGN_BEFORE = re.compile(
    r"(?:\^|\*\*|\b(?:sqrt|cbrt|ln|log|log2|log10|sine?|cos(?:ine)?|tan))\s*\Z"
)
_DIVISION_BEFORE = re.compile(r"(?P<fraction>(?<![\w.,/^])[0-9]+/[0-9]+\s+)?[/÷](?P<space>\s*)\Z")
_TORN = re.compile(r"(?:divided by|\bover|÷|power(?: of)?|raised to)\s*[0-9.,]+/")


def kept_whole(text: str) -> str:
    """Return `text` with fractions in parentheses wherever that is how they are meant.

    Raises:
        Uncomputable: One has two readings: "12 / 3/4", "3/4 squared".
    """
    whole = _FRACTION.sub(_kept_whole, text)
    if _TORN.search(whole):
        raise Uncomputable(f"{text!r} divides by a quotient, or by its first number")
    return whole


def _kept_whole(fraction: re.Match[str]) -> str:
    before, behind = fraction.string[: fraction.start()], fraction.string[fraction.end() :]
    if _POWER_BEHIND.match(behind):
        raise Uncomputable(f"a power of {fraction[0]} may be one of its last number")
    if _SIGN_BEHIND.match(behind) or _SIGN_BEFORE.search(before):
        return fraction[0]
    division = _DIVISION_BEFORE.search(before)
    if division and not (division["fraction"] and division["space"]):
        raise Uncomputable(f"what is divided by {fraction[0]} may be divided by its first number")
    return f"({fraction[0]})"
