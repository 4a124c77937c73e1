"""Numbers that the ranking goes by, fitted on repositories that are named in the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# BM25F, in the order of `units.Field`: what a term in it says, and the discount of a long one.
FIELD_WEIGHTS: Final = (24.0, 3.0, 2.0, 6.0, 1.5, 0.8, 1.0, 0.7, 0.3)
FIELD_DISCOUNTS: Final = (0.7, 0.5, 0.5, 0.7, 0.5, 0.5, 0.5, 0.3, 0.6)
SATURATION: Final = 4.0
# The same for what is wanted of a change: its message names what goes wrong as often as the code
# that does it, so that names say little more than the rest, and what is said twice not much more.
PLAIN_WEIGHTS: Final = (2.0, 2.0, 3.0, 1.0, 0.5, 1.0, 0.5, 1.5, 0.0)
PLAIN_DISCOUNT: Final = 0.3
PLAIN_SATURATION: Final = 1.2

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
    "function": 2.33,
    "method": 2.33,
    "anywhere_file": 1.91,
    "plain": 1.54,
    "said": 1.45,
    "members": 1.31,
    "plain_within": 1.03,
    "plain_around": 0.99,
    "plain_rank": 0.95,
    "sense_rank": 0.72,
    "body": 0.61,
    "sense": 0.48,
    "name_words": 0.46,
    "class": 0.45,
    "sense_around": 0.40,
    "joined": 0.31,
    "private": 0.26,
    "size": 0.21,
    "file": 0.15,
    "interface": -0.13,
    "nested": 0.12,
    "name_matched": 0.08,
    "plain_score": 0.08,
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
