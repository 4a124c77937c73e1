"""Words that are spelled in two ways, the British and the American."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A word of prose: no name that code would have in just these letters.
_WORD: Final = re.compile(r"(?<![\w.])[A-Za-z][a-z]{4,}(?![\w(]|\.\w)")
# What stands in one spelling, and what in the other.
_TWINS: Final = tuple(
    (re.compile(one), other)
    for one, other in (
        (r"our(?=$|[a-z]{1,6}$)", "or"),
        (r"or(?=$|[a-z]{1,6}$)", "our"),
        (r"(?<=[a-z]{2}[iy])s(?=e$|e[dsr]|ing|ation|able)", "z"),
        (r"(?<=[a-z]{2}[iy])z(?=e$|e[dsr]|ing|ation|able)", "s"),
        (r"re(?=s?$)", "er"),
        (r"er(?=s?$)", "re"),
        (r"ll(?=ing|e[dr])", "l"),
        (r"(?<=[a-z]{2}[aeiou])l(?=ing|e[dr])", "ll"),
    )
)


def respelled(text: str, *, is_known: Callable[[str], bool]) -> str:
    """The text, each word of prose that is not known in its other spelling if that one is."""

    def twin(match: re.Match[str]) -> str:
        word = match.group()
        if is_known(word):
            return word
        return next((other for other in _twins(word.lower()) if is_known(other)), word)

    return _WORD.sub(twin, text)


def _twins(word: str) -> Iterator[str]:
    for here, there in _TWINS:
        for match in here.finditer(word):
            yield word[: match.start()] + there + word[match.end() :]
