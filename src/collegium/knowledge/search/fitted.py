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
    "sense_score": 7.17,
    "meaning_score": 2.61,
    "module": -1.76,
    "called": 1.09,
    "meaning": 1.02,
    "name": 1.02,
    "sense_rank": 0.97,
    "meaning_rank": 0.84,
    "nested": -0.81,
    "body": 0.8,
    "anywhere": 0.71,
    "name_words": 0.55,
    "enum": -0.52,
    "words_rank": 0.49,
    "special": -0.4,
    "words_file": 0.38,
    "name_matched": 0.16,
    "meaning_file": 0.15,
    "private": -0.15,
    "class": 0.13,
    "function": 0.13,
    "size": -0.08,
    "words_score": 0.04,
}
DESCRIPTION_IN_WORDS: Final[Mapping[str, float]] = {
    "sense_score": 8.58,
    "anywhere": 1.73,
    "called": 1.45,
    "body": 1.01,
    "joined": 0.96,
    "sense_rank": 0.92,
    "nested": -0.91,
    "module": -0.78,
    "words_rank": 0.76,
    "name": 0.6,
    "words_around": 0.6,
    "file": 0.59,
    "words_within": 0.57,
    "special": -0.53,
    "words_file": 0.43,
    "name_words": 0.37,
    "function": 0.34,
    "name_matched": 0.29,
    "named_around": 0.21,
    "private": -0.21,
    "sense": 0.2,
    "size": -0.16,
    "words_score": 0.06,
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
TOPIC: Final[Mapping[str, float]] = {
    "words_file": 2.0,
    "sense_file": 1.0,
    "meaning_file": 1.0,
    "module": 0.5,
}
# What a text is known to name counts in any manner.
NAMED: Final[Mapping[str, float]] = {"named": 2.0, "named_around": 0.5, "named_file": 0.5}

# Stems of what is said of any change, whatever it changes.
CHANGE_WORDS: Final = frozenset(
    """
    add allow avoid backport bug chang commit correctly ensur fix handl improv instead issu mak
    merg new now patch properly refactor remov support test updat upstream use used using
    """.split()
)
