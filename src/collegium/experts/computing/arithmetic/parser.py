"""Expressions read by the usual precedence, and refused where people read them in two ways."""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType

from collegium.experts.computing.arithmetic.nodes import (
    Applied,
    Name,
    Node,
    Number,
    applies,
    is_whole,
)
from collegium.experts.computing.arithmetic.numerals import DIGITS, number_of
from collegium.experts.computing.arithmetic.powers import bounded
from collegium.experts.computing.base import Uncomputable

MAX_TOKENS, MAX_DEPTH = 300, 40

_FUNCTIONS = MappingProxyType(
    {name: name for name in "sqrt cbrt ln log2 log10 sin cos tan abs factorial exp".split()}
    | {"sine": "sin", "cosine": "cos", "tangent": "tan"}
)
_TOKEN = re.compile(
    r"\s*(?:0(?:x[0-9a-f]+|b[01]+|o[0-7]+)(?![\w.])"
    rf"|(?P<number>(?:{DIGITS})(?:e[+-]?[0-9]{{1,3}}(?![0-9]))?)(?![0-9.]|,[0-9])"
    r"|[a-z]+(?:2|10)?(?![\w.])|[-+*/^()!%°])"
)


def parsed(text: str, unknown: str = "") -> Node:
    """Return the expression that all of `text` is.

    `unknown` is the letter of an equation's unknown, which may be multiplied without a sign.

    Raises:
        Uncomputable: It is no expression, or one that has two readings.
    """
    return _Parser(_tokens(text.strip(), unknown), unknown).parse()


def _tokens(text: str, unknown: str) -> list[str]:
    """Split `text` into numbers, words and signs.

    Raises:
        Uncomputable: Something in it is none of these.
    """
    position, tokens = 0, list[str]()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or len(tokens) >= MAX_TOKENS:
            raise Uncomputable(f"{text[position : position + 20]!r} is not part of an expression")
        following = text[match.end() : match.end() + 1]
        if match["number"] and following.isalpha() and following != unknown:
            raise Uncomputable(f"{text[match.start() : match.end() + 1]!r} is not a number")
        tokens.append(match[0].strip())
        position = match.end()
    return tokens


class _Parser:
    """Goes through tokens once, from the loosest operators to the tightest."""

    def __init__(self, tokens: list[str], unknown: str) -> None:
        self._tokens = tokens
        self._unknown = unknown
        self._position, self._depth = 0, 0

    def parse(self) -> Node:
        """Return the whole expression."""
        node = self._sum()
        if self._position < len(self._tokens):
            raise Uncomputable(f"{self._next!r} was not expected")
        return node

    @property
    def _next(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        """Take what is next if it is one of `signs`."""
        if (found := self._next) not in signs:
            return ""
        self._position += 1
        return found

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._take("+", "-"):
            right = self._product()
            if any(applies(operand, "%", "mod") for operand in (node, right)):
                raise Uncomputable("a sum with a percentage or a remainder has two readings")
            node = Applied(sign, (node, right))
        return node

    def _product(self) -> Node:
        node, divided = self._signed(), False
        while True:
            if sign := self._take("*", "/", "mod"):
                node, divided = self._multiplied(node, sign), divided or sign == "/"
            elif self._take("%"):
                node = self._percent(node)
            elif self._touches():
                if divided:
                    raise Uncomputable("1/2x has two readings")
                node = Applied("*", (node, self._power()))
            else:
                return node

    def _multiplied(self, left: Node, sign: str) -> Node:
        right = self._signed()
        if sign == "mod" and applies(left, "*", "/", "mod", "-1"):
            raise Uncomputable("a remainder of a product or a negative number has two readings")
        if sign != "mod" and applies(left, "mod"):
            raise Uncomputable("a remainder in a product has two readings")
        return Applied(sign, (left, right))

    def _percent(self, node: Node) -> Node:
        """Read a percent sign: before a whole number that follows at once it means a remainder."""
        if self._next[:1].isdigit():
            if not is_whole(node):
                raise Uncomputable("20% 50 has two readings")
            return Applied("mod", (node, self._power()))
        if not isinstance(node, Number):
            raise Uncomputable("the percentage of an expression has two readings")
        return Applied("%", (node,))

    def _touches(self) -> bool:
        """Whether a factor follows without a sign, which only equations may have: 2x, 3(x + 1)."""
        return bool(self._unknown) and self._next in {self._unknown, "("}

    def _signed(self) -> Node:
        if self._take("-"):
            node = self._signed()
            if applies(node, "^") and not _has_odd_exponent(node):
                raise Uncomputable("-2^2 has two readings")
            return Applied("-1", (node,))
        return self._signed() if self._take("+") else self._power()

    def _power(self) -> Node:
        node = self._factorial()
        if self._take("^"):
            return Applied("^", (node, self._signed()))
        return node

    def _factorial(self) -> Node:
        node = self._atom()
        while sign := self._take("!", "°"):
            if self._next == "!":
                raise Uncomputable("3!! has two readings")
            node = Applied("factorial" if sign == "!" else sign, (node,))
        return node

    def _atom(self) -> Node:
        word = self._next
        self._position += 1
        if word == "(":
            return self._inside()
        if word in _FUNCTIONS:
            return self._function(_FUNCTIONS[word])
        if word in {"pi", "e"} or (word and word == self._unknown):
            return Name(word)
        if word[:2] in {"0x", "0b", "0o"}:
            return Number(Fraction(int(word, 0)))
        if word[:1].isdigit() or word[:1] == ".":
            return Number(bounded(number_of(word)))
        raise Uncomputable(f"{word!r} is not a number")

    def _inside(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Uncomputable(f"more than {MAX_DEPTH} parentheses inside each other")
        node = self._sum()
        if not self._take(")"):
            raise Uncomputable("a parenthesis is not closed")
        self._depth -= 1
        return Applied("()", (node,))  # kept: what stands in parentheses has one reading

    def _function(self, name: str) -> Node:
        if self._next == "(":
            return Applied(name, (self._factorial(),))
        node = Applied(name, (self._signed(),))
        if self._next not in {"", ")"}:
            raise Uncomputable("the square root of 16 plus 9 has two readings")
        return node


def _has_odd_exponent(node: Node) -> bool:
    exponent = node.operands[1] if isinstance(node, Applied) else None
    return isinstance(exponent, Number) and exponent.value % 2 == 1
