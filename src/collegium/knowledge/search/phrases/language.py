"""What a language's table of questions consists of."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.knowledge.facts import SymbolKind

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
    "members",
    "tests",
    "path",
]


class Language(NamedTuple):
    """The words of each kind, a line a kind, and the phrases of each intent, a line a phrase.

    A word is of one kind, and may be an "opener", which begins a request, as well. Kinds with a
    meaning of their own: "noise" says nothing; "whole" is the codebase; "thing" may stand beside a
    name; "role" is a thing as well, but only there; "deep" asks for what is more than a step away,
    "heirs" and "forebears" do both that and what "sub" and "base" do.

    Some rows tell more of words: an "article" is noise too, "things" are each a thing in the
    plural; "one" and "several" are verbs of other rows that are in the singular or the plural.

    In the phrases of `pairs`, `A` is what does something with `X`, by its name. `definitions` are
    the things that are kinds of symbols.
    """

    words: str
    phrases: dict[Intent, str]
    pairs: Mapping[Intent, str] = MappingProxyType({})
    definitions: Mapping[SymbolKind, str] = MappingProxyType({})
    capital_nouns: bool = False
