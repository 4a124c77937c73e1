"""What PyYAML says about text that is not YAML, in plain words."""

from __future__ import annotations

import re

import yaml


def in_plain_words(error: yaml.YAMLError, text: str) -> str:
    """Where a YAML error in `text` is and what it means: `line:column: words`."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        column = error.position - (before.rfind("\n") + 1) + 1
        words = f"the character U+{ord(text[error.position]):04X} may not be in YAML; remove it"
        return f"{before.count(chr(10)) + 1}:{column}: {words}"
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"1:1: {' '.join(str(error).split())}"
    said = " ".join(f"{error.context or ''}: {error.problem or ''}".split())
    for pattern, begins, words in _PLAIN:
        found = re.search(pattern, said)
        if found:
            mark = error.context_mark if begins else error.problem_mark
            return f"{_place(mark or error.problem_mark)}: {found.expand(words)}"
    return f"{_place(error.problem_mark or error.context_mark)}: {said.removeprefix(': ')}"


def _place(mark: yaml.Mark | None) -> str:
    return f"{mark.line + 1}:{mark.column + 1}" if mark is not None else "1:1"


# What PyYAML says, whether the place is where the trouble begins rather than where it shows, and
# what that means.
_PLAIN = (
    (r"found character '\\t'", False, "a tab is here; indent with spaces"),
    (
        r"found character '(.)' that cannot start",
        False,
        r"text that begins with '\1' must be in quotes",
    ),
    (
        r"mapping values are not allowed here",
        False,
        "a ':' is where none can be; is the line indented like those around it? Text with ': ' in "
        "it must be in quotes",
    ),
    (r"could not find expected ':'", True, "a key is here, and no ':' after it"),
    (r"scanning a quoted scalar: found unexpected end", True, "this quote is never closed"),
    (
        r"unknown escape character",
        False,
        r"a '\\' in double quotes begins an escape; use single quotes",
    ),
    (r"parsing a flow sequence", True, "this '[' is not closed, or a comma is missing in it"),
    (r"parsing a flow mapping", True, "this '{' is not closed, or a comma is missing in it"),
    (r"parsing a flow node", False, "a value is missing, or a '[' or '{' is not closed"),
    (r"found undefined alias '(.*)'", False, r"'*\1' refers to '&\1', which is nowhere before it"),
    (
        r"parsing a block (mapping|collection)",
        False,
        "this line is indented unlike those around it, or text is after the end of a value",
    ),
    (r"expected a single document", False, "a second document begins here; remove the '---'"),
    (r"expected '<document start>'", False, "text is here, where only the end or a '---' can be"),
    (r"scanning a directive", False, "a line that begins with '%' means nothing here; remove it"),
)
