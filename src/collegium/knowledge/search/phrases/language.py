"""What a language's table of questions consists of."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Intent: TypeAlias = Literal[
    "callers",
    "callees",
    "where",
    "subclasses",
    "bases",
    "importers",
    "imports",
    "references",
    "documents",
    "overrides",
]


class Language(NamedTuple):
    """The words of each kind, a line a kind, and the phrases of each intent, a line a phrase.

    A word is of one kind, and may be an "opener", which begins a request, as well. Kinds with a
    meaning of their own: "noise" says nothing; "whole" is the codebase; "thing" may stand beside a
    name; "role" is a thing as well, but only there; "deep" asks for what is more than a step away.
    """

    words: str
    phrases: dict[Intent, str]
