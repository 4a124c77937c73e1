"""Code taken out of a text that does not set it apart, and what people write around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from collegium.experts.computing.blocks import Block, Parts
from collegium.experts.computing.phrases import MAX_PROSE

if TYPE_CHECKING:
    from collections.abc import Iterator

_MASKED = re.compile(
    r"^[ \t]*assert[ \t]+(?P<expression>.+?)[ \t]*==[ \t]*(?:\?{1,3}|_{2,}|\[?MASK\]?|<[\w ]+>|…)"
    r"[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_CODE_LINE = re.compile(
    r"\s+\S|(?:def|class) \w+.*:|import \w+|from [\w.]+ import |@\w+|print\s?\(|assert .*[=(]"
    r"|(?:for|while|if|with|elif) .+:\s*(?:#.*)?$|(?:else|try|finally)\s*:|except\b.*:"
    r"|[\w.]+(?:, ?\w+)*(?:\[.*\])? ?[-+*/|&%]?=[^=]|[\w.]+\(.*\)\s*(?:#.*)?$|#|>>> |\.\.\. "
    r"|(?:return|del|global|raise) |(?:pass|break|continue)$"
)
_PROMPT = re.compile(r"^(?:>>>|\.\.\.) ?", re.MULTILINE)


def splits(text: str) -> Iterator[Parts]:
    """Yield ways to take apart a text in which the code is not set apart."""
    lines = text.split("\n")
    coded = [index for index, line in enumerate(lines) if _CODE_LINE.match(line)]
    if coded and len(coded) < len(lines):
        first, last = coded[0], coded[-1] + 1
        prose = "\n".join((*lines[:first], *lines[last:])).strip()
        yield Parts(prose, (Block("", "\n".join(lines[first:last])),))
    if ":" in text[:MAX_PROSE]:
        for colon in list(re.finditer(r":\s+", text[:MAX_PROSE]))[:3]:
            yield Parts(text[: colon.start()].strip(), (Block("", text[colon.end() :].strip()),))
    if len(text) <= MAX_PROSE:
        yield Parts(text, ())


def unprompted(source: str) -> str:
    """Return a session without its prompts; other code as it is."""
    if not source.lstrip().startswith(">>>"):
        return _dedented(source)
    lines = [line for line in source.strip().split("\n") if line.strip()]
    return _PROMPT.sub("", "\n".join(line.lstrip() for line in lines))


def _dedented(source: str) -> str:
    import textwrap  # noqa: PLC0415 -- only a question with code needs it

    return textwrap.dedent(source)


def unmasked(source: str) -> tuple[str, str | None]:
    """Return the code without its one assertion to be completed, and that assertion's left side."""
    found = list(_MASKED.finditer(source))
    if len(found) != 1:
        return source, None
    return source[: found[0].start()] + source[found[0].end() :], found[0]["expression"]
