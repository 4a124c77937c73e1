"""JSON in what models write: whole, fenced, in the middle of prose, or broken."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from collegium.verification.blocks import code_blocks

# How many places a value may begin at: a text of braces alone must not be read from each of them.
STARTS = 64

# A backslash that JSON has no use for, or that begins a LaTeX command JSON would read as \f, \t,
# \b, \n, \r or \u. A pair of backslashes is right as it is, and matched so as to be passed over.
STRAY = re.compile(
    r'\\\\|\\(?=[^"\\/bfnrtu]|(?:frac|flo|tfrac|text|times|theta|tau|tan|to\b|triangle|beta|bar|'
    r"begin|big|binom|bmod|boxed|bullet|neq?\b|ne\b|not|nu\b|rangle|rho|right|rceil|rfloor|"
    r"underline|union|u(?![0-9a-fA-F]{4})))"
)
ANSWER_FIELD = re.compile(r"""["'](?:final[_ ]?)?answer["']\s{0,9}:\s{0,9}""", re.IGNORECASE)
FIELD_END = re.compile(r'"\s{0,9}(?:\}|,\s{0,9}\n?\s{0,9}"[^"\n]{1,60}"\s{0,9}:)')
NO_VALUE = (None, 0)


def json_value(text: str) -> Any | None:
    """The JSON value in `text`: all of it, a fenced block, or the first object or array in it."""
    sources = (text.strip(), *(block.source.strip() for block in code_blocks(text)[:STARTS]))
    for source in sources:
        value, end = _decoded(source, 0)
        if end == len(source) and end:
            return value
    return _first_container(text)


def answer_field(text: str) -> str | None:
    """The "answer" of the last JSON object in `text` that has one, also where it is broken JSON."""
    fields = list(ANSWER_FIELD.finditer(text))
    if not fields:
        return None
    start = fields[-1].end()
    value, end = _decoded(text, start)
    if not end:
        return _broken_value(text[start:])
    return value if isinstance(value, str) else text[start:end]


def _first_container(text: str) -> Any | None:
    position = -1
    for _ in range(STARTS):
        found = re.compile(r"[{\[]").search(text, position + 1)
        if found is None:
            return None
        position = found.start()
        value, end = _decoded(text, position)
        if end and value not in ([], {}):
            return value
    return None


def _decoded(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at `start` and the position after it, 0 where there is none."""
    try:
        value, end = DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return NO_VALUE
    written = text[start:end]
    if "\\" not in written or (mended := STRAY.sub(_doubled, written)) == written:
        return value, end
    return _mended(mended, value), end


def _mended(written: str, value: Any) -> Any:
    try:
        return DECODER.decode(written)
    except (ValueError, RecursionError):
        return value


def _broken_value(rest: str) -> str:
    """What stands where a value should be, up to what looks like the end of its object."""
    if rest[:1] not in {'"', "'"}:
        return rest.split("\n", 1)[0].rstrip(" \t\r,}`")
    inside = STRAY.sub(_doubled, rest[1:])
    end = FIELD_END.search(inside)
    inside = inside[: end.start()] if end else inside.split("```", 1)[0].rstrip(" \t\r\n,}'\"")
    return str(_mended(f'"{inside}"', inside))


def _doubled(backslash: re.Match[str]) -> str:
    return r"\\"


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# Lines may break inside strings, as models let them; NaN and Infinity are not JSON.
DECODER = json.JSONDecoder(strict=False, parse_constant=_refused)
