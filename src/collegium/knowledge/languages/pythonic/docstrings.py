"""Types that docstrings tell, in the three usual layouts: Sphinx fields, Google's, numpydoc's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.grammar import Hints
from collegium.knowledge.languages.pythonic.names import CHAIN
from collegium.knowledge.parsing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collegium.knowledge.parsing.reading import Reading

_RESULT: Final = ""
_NONE: Final = "<None>"
# ":type x: Foo", ":param Foo x:", ":rtype: Foo"
_TYPE_FIELD: Final = re.compile(r"^[ \t]*:(?:type\s+\*{0,2}(\w+)|rtype):[ \t]*(.+)$", re.MULTILINE)
_PARAM_FIELD: Final = re.compile(r"^[ \t]*:param[ \t]+([^:\n]+?)[ \t]+\*{0,2}(\w+):", re.MULTILINE)
_SECTION: Final = re.compile(
    r"^(Args|Arguments|Parameters|Returns?|Yields?):?[ \t]*$", re.MULTILINE
)
# "    x (Foo, optional): what it is" and "x : Foo, optional"
_GOOGLE: Final = re.compile(r"^[ \t]+\*{0,2}(\w+)[ \t]*\(([^()\n]+)\):", re.MULTILINE)
_NUMPY: Final = re.compile(r"^[ \t]*\*{0,2}(\w+)[ \t]+:[ \t]+(.+)$", re.MULTILINE)
_ROLE: Final = re.compile(r":[\w:]+:`~?(?:[^`<]*<)?([\w.]+)>?`|`~?([\w.]+)`")
_OR: Final = re.compile(r"\s*(?:\bor\b|\||,)\s*")
_NO_TYPE: Final = frozenset({"optional", ""})
_NOTHING: Final = Hints({})


def hints(reading: Reading, doc: str) -> Hints:
    """Return the types that a docstring tells of parameters and of the result."""
    if ":" not in doc:
        return _NOTHING
    found = {name: kind for name, written in _told(doc) if (kind := _type(written))}
    returns = found.pop(_RESULT, "")
    return Hints(found, returns)


def _told(doc: str) -> Iterator[tuple[str, str]]:
    if "type" in doc:
        for field in _TYPE_FIELD.finditer(doc):
            yield field[1] or _RESULT, field[2]
    if ":param" in doc:
        for field in _PARAM_FIELD.finditer(doc):
            yield field[2], field[1]
    section = _SECTION.search(doc) if "Arg" in doc or "Parameters" in doc else None
    if section is not None and section[1] in {"Args", "Arguments", "Parameters"}:
        for entry in (*_GOOGLE.finditer(doc, section.end()), *_NUMPY.finditer(doc, section.end())):
            yield entry[1], entry[2]


def _type(written: str) -> str:
    """Return an expression for a type in prose, '' where it is more than names."""
    names = [
        name for name in _OR.split(_ROLE.sub(r"\1\2", written).strip()) if name not in _NO_TYPE
    ]
    if not names or not all(CHAIN.match(name) for name in names):
        return ""
    return writing.either(_NONE if name == "None" else name for name in names)
