"""Numbers that the ranking goes by, fitted on repositories that are named in the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# BM25F, in the order of `units.Field`: what a term in it says, and the discount of a long one.
FIELD_WEIGHTS: Final = (24.0, 3.0, 2.0, 6.0, 1.5, 0.8, 1.0, 0.7, 0.3)
FIELD_DISCOUNTS: Final = (0.7, 0.5, 0.5, 0.7, 0.5, 0.5, 0.5, 0.3, 0.6)
SATURATION: Final = 4.0

# What each column of the evidence counts, by the manner in which a text asks. Those of what speaks
# for a unit were held above 0: a document that matches never counts against what it documents.
DESCRIPTION: Final[Mapping[str, float]] = {
    "meaning": 3.72,
    "module": -2.51,
    "called": 2.15,
    "body": 1.91,
    "enum": -1.81,
    "anywhere": 1.17,
    "interface": 1.07,
    "meaning_score": 1.03,
    "name_matched": 1.01,
    "words": 0.99,
    "members": 0.97,
    "nested": -0.87,
    "special": -0.83,
    "words_around": 0.81,
    "name": 0.75,
    "words_file": 0.65,
    "meaning_rank": 0.65,
    "words_rank": 0.54,
    "function": 0.50,
    "joined": 0.42,
    "class": 0.26,
    "meaning_around": 0.20,
    "meaning_within": 0.14,
    "file": 0.13,
    "size": -0.13,
    "meaning_file": 0.13,
    "name_words": 0.12,
    "private": -0.08,
    "method": 0.08,
}
DESCRIPTION_IN_WORDS: Final[Mapping[str, float]] = {
    "module": -2.38,
    "anywhere": 2.12,
    "enum": -2.04,
    "body": 1.99,
    "called": 1.95,
    "name_matched": 1.59,
    "words": 1.47,
    "words_around": 1.31,
    "words_rank": 1.10,
    "interface": 1.07,
    "nested": -0.97,
    "words_file": 0.84,
    "members": 0.83,
    "special": -0.75,
    "name": 0.61,
    "function": 0.48,
    "class": 0.33,
    "size": -0.28,
    "file": 0.18,
    "private": -0.12,
    "words_within": 0.11,
    "words_score": 0.10,
    "method": 0.04,
}
CHANGE: Final[Mapping[str, float]] = {
    "called": 2.17,
    "words_rank": 2.02,
    "anywhere": 2.00,
    "where": 1.97,
    "words_around": 1.42,
    "body": 1.16,
    "file": 1.04,
    "joined": 0.96,
    "words": 0.81,
    "class": -0.68,
    "nested": -0.58,
    "module": -0.49,
    "said": 0.35,
    "size": 0.34,
    "function": 0.31,
    "name_matched": 0.29,
    "interface": -0.27,
    "enum": -0.18,
    "name_words": 0.18,
    "method": 0.17,
    "private": 0.15,
    "words_file": 0.10,
    "words_score": 0.10,
    "special": 0.10,
}
# What a topic adds to a description: whole files are about it.
TOPIC: Final[Mapping[str, float]] = {"words_file": 2.0, "meaning_file": 2.0, "module": 1.5}
# What a text is known to name counts in any manner.
NAMED: Final[Mapping[str, float]] = {"named": 2.0, "named_around": 0.5, "named_file": 0.5}

# Stems of what is said of any change, whatever it changes.
CHANGE_WORDS: Final = frozenset(
    """
    add allow avoid backport bug chang commit correctly ensur fix handl improv instead issu mak
    merg new now patch properly refactor remov support test updat upstream use used using
    """.split()
)
