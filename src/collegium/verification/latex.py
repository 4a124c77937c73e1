"""LaTeX in answers, written in one plain way."""

from __future__ import annotations

import re

# What only changes how a formula looks.
LOOKS = re.compile(
    r"\\(?:left|right|displaystyle|limits|[bB]igg?[lr]?|q?quad)(?![a-zA-Z])|\\[,;:! ]|~"
)
DELIMITERS = re.compile(r"\\[()\[\]]|\$\$?(?!\d)|(?<!\\)\$(?=\d[^$]*\$)")
WORDS = re.compile(r"\\(?:text(?:bf|it|rm|tt)?|math(?:rm|bf|it)|mbox|operatorname)\s?\{([^{}]*)\}")
FRACTIONS = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
BARE_FRACTION = re.compile(r"\\frac\s?(\d)\s?(\d)")
BARE_ROOT = re.compile(r"\\sqrt\s?(\w)")
ESCAPED = re.compile(r"\\([$%&#_{}])")
DEGREES = re.compile(r"\^\s?\{?\s?(?:\\circ|\\degree)\s?\}?|\\degree(?![a-zA-Z])")


def plain_latex(formula: str) -> str:
    """`formula` without delimiters, spacing and text commands, every fraction a plain frac."""
    formula = LOOKS.sub(" ", DELIMITERS.sub("", formula))
    formula = DEGREES.sub("°", WORDS.sub(r" \1", formula))
    formula = BARE_FRACTION.sub(r"\\frac{\1}{\2}", FRACTIONS.sub(r"\\frac", formula))
    formula = ESCAPED.sub(r"\1", BARE_ROOT.sub(r"\\sqrt{\1}", formula))
    return unboxed(formula).strip() or formula


def boxed(text: str) -> str | None:
    """What is in the last box of `text`, braces balanced; None where there is none."""
    boxes = list(BOXED.finditer(text))
    return balanced(text, boxes[-1].end()) if boxes else None


def balanced(text: str, start: int) -> str:
    """`text` from `start`, which is after an open brace, up to the brace that closes it."""
    depth = 1
    for brace in BRACE.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1 if brace[0] == "}" else 0
        if not depth:
            return text[start : brace.start()]
    return text[start:].split("\n", 1)[0]


def unboxed(formula: str) -> str:
    """What the box holds that `formula` is."""
    whole = BOXED.match(formula)
    return balanced(formula, whole.end()) if whole else formula


BOXED = re.compile(r"\\f?boxed\s{0,3}\{")
BRACE = re.compile(r"\\[{}]|[{}]")
