"""Names of code in prose: in spans of code, and in the roles of Sphinx."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 10_000  # letters of a line
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
# A name with its parts, and what a call of it may be given: "Client.get(url)", "Vec::push".
_NAME: Final = re.compile(r"[~!.@]?([^\W\d][\w$]*(?:(?:\.|::|#)[^\W\d][\w$]*)*)(?:\([^()]*\))?\Z")
_TITLED: Final = re.compile(r".*<([^<>]+)>\Z")
_JOIN: Final = re.compile(r"::|#")


def mentioned(prose: str) -> Iterator[str]:
    """Yield the names in the spans of code of a line of prose, their parts joined by "."."""
    if "`" in prose:
        for span in _SPAN.finditer(prose[:_LONGEST]):
            name = name_in(span[2])
            if name:
                yield name


def name_in(code: str) -> str:
    """Return the one name that a span of code consists of, '' where it is more than that."""
    titled = _TITLED.match(code)
    name = _NAME.match((titled[1] if titled else code).strip())
    return _JOIN.sub(".", name[1]) if name else ""
