"""Python literals by value: read without running anything, and written in one way."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Sequence, Set
from typing import Any, Final, cast

from collegium.jsonvalues import is_object

NOT_A_LITERAL: Final = object()

# Deeper or longer text is no literal here: reading it would take long or overflow the stack.
LONGEST = 20_000
DEEPEST = 40

# What Python's tokenizer warns of. Silencing a warning takes longer than most literals do.
WARNED_OF = re.compile(r"\\|\d(?:and|else|for|i[fns]|not|or)", re.IGNORECASE)
UNREADABLE = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def literal(source: str) -> Any:
    """The value of a Python literal, or `NOT_A_LITERAL`."""
    if len(source) > LONGEST or not _may_begin_literal(source):
        return NOT_A_LITERAL
    if WARNED_OF.search(source) is None:
        return _evaluated(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _evaluated(source)


def canonical(value: Any, depth: int = 0) -> str:
    """One way of writing a value: equal values of a kind are written the same.

    The order of dictionaries and sets does not count. Strings keep their quotes, so that '1' and 1
    differ; so do True and 1. What is nested deeper than 40 does not count.
    """
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    if isinstance(value, str | bytes):
        return repr(value)
    if depth > DEEPEST:
        return "..."
    if is_object(value):
        pairs = value.items()
        inside = sorted(f"{canonical(k, depth + 1)}: {canonical(v, depth + 1)}" for k, v in pairs)
        return f"{{{', '.join(inside)}}}"
    if isinstance(value, Set | Sequence):
        items = (canonical(item, depth + 1) for item in cast("Iterable[Any]", value))
        return _enclosed(cast("object", value), items)
    return repr(value)


def _enclosed(container: object, items: Iterable[str]) -> str:
    if isinstance(container, Set):
        return f"set{{{', '.join(sorted(items))}}}"
    return f"({', '.join(items)})" if isinstance(container, tuple) else f"[{', '.join(items)}]"


def _may_begin_literal(source: str) -> bool:
    return source[:1] in "([{'\"-+.0123456789" or source[:1] in "TFNbBruRU"


def _evaluated(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except UNREADABLE:
        return NOT_A_LITERAL
