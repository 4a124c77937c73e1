"""Arithmetic that a question asks for outright, computed exactly.

A question is read whole or not at all: first as one of the forms that questions have ("is 97
prime", "average of 3, 5, 10"), else as one expression. An expression is rational as long as it can
be; what is not (square roots, logarithms, pi) is worked out with 80 digits and rounded where that
is said. Where mathematicians, spreadsheets and speakers differ ("-2^2", "half of 10 plus 4",
"200 + 10%") the question is refused.
"""

from collegium.experts.computing.arithmetic.computer import Arithmetic
from collegium.experts.computing.arithmetic.numerals import (
    in_digits,
    read_number,
    spelled_number,
)
from collegium.experts.computing.arithmetic.wanted import Wanted, in_form, same, wanted_form
from collegium.experts.computing.arithmetic.writing import rounded, written

__all__ = [
    "Arithmetic",
    "Wanted",
    "in_digits",
    "in_form",
    "read_number",
    "rounded",
    "same",
    "spelled_number",
    "wanted_form",
    "written",
]
