"""Formulas of school mathematics, read by a small grammar.

sum     = product (("+" | "-") product)*
product = signed (("*" | "/" | "of" | nothing) signed)*
signed  = ("-" | "+")* power
power   = atom ["%"] ["^" signed]
atom    = number | name | "(" sum ")" | "sqrt" atom
"""

# ruff: noqa: RUF001 -- the signs of mathematics

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from collegium.verification.latex import FRACTIONS, LOOKS
from collegium.verification.plain_numbers import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longer formulas are not read: nothing here may take long.
TOKENS = 80

TOKEN = re.compile(
    rf"(?P<number>{PLAIN})"
    r"|(?P<word>[^\W\d_]+|°)"
    r"|(?P<times>\*\*|[-+*/^()\[\]{}%]|\\[a-zA-Z]+)"
    r"|(?P<equal>(?<![=!<>:+*/-])=(?![=>])|≈)"
    r"|(?P<other>[^\s])"
)
CLOSING = {"(": ")", "[": "]", "{": "}"}
SIGNS = str.maketrans(
    {"×": "*", "⋅": "*", "·": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "−": "-", "–": "-"}
    | {"√": " sqrt ", "²": "^2", "³": "^3", "≅": "≈", "\u00a0": " "}
)
COMMANDS = {
    "\\times": "*", "\\cdot": "*", "\\div": "/", "\\approx": "≈", "\\sqrt": " sqrt ",
    "\\%": "%", "\\$": "$", "\\(": " ", "\\)": " ", "\\[": " ", "\\]": " ",
}  # fmt: skip
COMMAND = re.compile(r"\\(?:times|cdot|div|approx|sqrt)(?![a-zA-Z])|\\[%$()\[\]]")
BRACKET_SIZE = re.compile(r"\\(?:left|right|[bB]igg?[lr]?)(?![a-zA-Z])")
FRAC = re.compile(r"\\frac\s?\{([^{}]{1,80})\}\s?\{([^{}]{1,80})\}")
WORDS = re.compile(r"\\(?:text|mathrm|mbox|textbf)\s?\{([^{}]{0,80})\}")


class NotAFormula(ValueError):
    """The text is no formula of the grammar, or one that can be read in two ways."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a formula: its kind (number, word, sign, equal, other), and where it stands."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Node:
    """A formula: `sign` is number, name, sqrt or an operator, over `parts`."""

    sign: str
    parts: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)
    name: str = ""


def plain(text: str) -> str:
    """`text` with one sign for each operation, its LaTeX fractions and commands written out."""
    if not text.isascii():
        text = text.translate(SIGNS)
    if "\\" not in text:
        return text
    text = FRACTIONS.sub(r"\\frac", WORDS.sub(r" \1 ", text))
    text = BRACKET_SIZE.sub("", text)
    text = COMMAND.sub(lambda found: COMMANDS[found[0]], text)
    for _ in range(3):  # fractions in fractions
        text = FRAC.sub(r"((\1)/(\2))", text)
    return LOOKS.sub(" ", text)


def tokens(text: str) -> list[Token]:
    """The words of a plain formula, or of prose around formulas."""
    return [
        Token(
            "sign" if found.lastgroup == "times" else str(found.lastgroup), found[0], *found.span()
        )
        for found in TOKEN.finditer(text)
    ]


def parsed(words: Sequence[Token], names: str = "") -> Node:
    """The formula that all of `words` are; `names` are the letters that may stand in it.

    Raises `NotAFormula`.
    """
    if not 0 < len(words) <= TOKENS:
        raise NotAFormula(f"{len(words)} words, where 1 to {TOKENS} are read")
    reader = _Reader(words, names)
    node = reader.sum()
    if reader.position != len(words):
        raise NotAFormula(f"{words[reader.position].text!r} is not expected")
    return node


class _Reader:
    """Reads a formula from left to right, one method for a rule of the grammar."""

    def __init__(self, words: Sequence[Token], names: str) -> None:
        self._words = words
        self._names = names
        self.position = 0

    def sum(self) -> Node:
        node = self._product()
        while self._next() in {"+", "-"}:
            node = Node(self._take(), (node, self._product()))
        return node

    def _product(self) -> Node:
        node, divided = self._signed(), False
        while True:
            following = self._next()
            if following in {"*", "/"}:
                divided = divided or following == "/"
                node = Node(self._take(), (node, self._signed()))
            elif following in {"of", "x", "X"} and not self._is_name():
                self.position += 1
                node = Node("*", (node, self._signed()))
            elif following in CLOSING or self._is_name() or following == "sqrt":
                if divided or (following in CLOSING and not self._touches()):
                    raise NotAFormula("a/b(c) and a (b) can be read in two ways")
                node = Node("*", (node, self._power()))
            else:
                return node

    def _signed(self) -> Node:
        if self._next() == "+":
            self.position += 1
            return self._signed()
        if self._next() != "-":
            return self._power()
        self.position += 1
        return Node("-", (Node("number"), self._signed()))

    def _power(self) -> Node:
        node = self._atom()
        if self._next() == "%":
            self.position += 1
            node = Node("/", (node, Node("number", value=Fraction(100))))
        if self._next() in {"^", "**"}:
            self.position += 1
            return Node("^", (node, self._signed()))
        return node

    def _atom(self) -> Node:
        if self.position == len(self._words):
            raise NotAFormula("it ends too early")
        word = self._words[self.position]
        named = self._is_name()
        self.position += 1
        if word.kind == "number":
            return Node("number", value=Fraction(word.text.replace(",", "")))
        if named:
            return Node("name", name=word.text)
        if word.text == "sqrt":
            return Node("sqrt", (self._atom(),))
        if word.text in CLOSING:
            return self._bracketed(CLOSING[word.text])
        raise NotAFormula(f"{word.text!r} is not expected")

    def _bracketed(self, closing: str) -> Node:
        node = self.sum()
        if self._next() != closing:
            raise NotAFormula("a bracket is not closed")
        self.position += 1
        return node

    def _is_name(self) -> bool:
        following = self._next()
        return len(following) == 1 and following in self._names

    def _touches(self) -> bool:
        before, following = self._words[self.position - 1 : self.position + 1]
        return before.end == following.start

    def _next(self) -> str:
        return self._words[self.position].text if self.position < len(self._words) else ""

    def _take(self) -> str:
        self.position += 1
        return self._words[self.position - 1].text
