"""Which bindings of a name reach a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.knowledge.facts import Binding

MOST: Final = 24  # bindings that are taken together; more of them say nothing in earnest
DENIAL: Final = "<not "  # how the annotation of a narrowing begins that says what it is not


def innermost(narrowings: Sequence[Binding]) -> Binding | None:
    """Return the innermost of the narrowings of a line, of several the last one written."""
    return max(reversed(narrowings), key=_line, default=None)


def reaching(bindings: Sequence[Binding], line: int, *, blocks: bool) -> tuple[list[Binding], bool]:
    """Return those of bindings in order that may hold on a line, and whether one surely does.

    A binding whose block (`until`) ended before the line may hold or not; any other puts an end
    to all before it. On its own line a binding holds unless its value reads the old one, as in
    `x = x.next()`. A line of 0 means anywhere: all may hold. A "parameter", and with `blocks`
    whatever is bound in a block, is not there after it.
    """
    if not line:
        anywhere = [each for each in bindings if each.value or each.how != "narrow"]
        return anywhere[:MOST], False
    found: list[Binding] = []
    before = bisect_right(bindings, line, key=_line)
    for place in range(before - 1, -1, -1):
        binding = bindings[place]
        if binding.how == "narrow":
            continue
        lasts = not binding.until or binding.until >= line
        gone = not lasts and (blocks or binding.how == "parameter")
        if gone or (binding.line == line and _reads_itself(binding)):
            continue
        found.append(binding)
        if lasts:
            return found[::-1], True
        if len(found) == MOST:
            break
    return found[::-1], False


def _line(binding: Binding) -> int:
    return binding.line


def _reads_itself(binding: Binding) -> bool:
    return bool(re.search(rf"(?<![\w.]){re.escape(binding.target)}\b", binding.value))
