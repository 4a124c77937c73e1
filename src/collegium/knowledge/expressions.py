"""The little language of expressions that facts are written in (see `facts`), read into tuples.

A prefix (`*E`, `>E`, `!E`) holds less tightly than what follows an expression: "*a.b" is an element
of a.b, "(*a).b" the b of an element of a. Tuples begin with what they are:

    ("name", n)                       ("attribute", E, n)         ("call", E, (E or keyword, ...))
    ("keyword", n, E) in calls        ("item", E, (E, ...))       ("index", 0) in items
    ("element", E)   *                ("enter", E)   >            ("await", E)   !
    ("either", E, E, ...)             ("literal", n, (E, ...))    ("unknown",)
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

Expr: TypeAlias = tuple[Any, ...]

UNKNOWN: Final[Expr] = ("unknown",)
_TOKEN: Final = re.compile(r"\s*(?:([\w$#@]+)|(.))", re.DOTALL)
_CHAIN: Final = re.compile(r"(?!\d)[\w$#@]+(?:\.[\w$#@]+)*\Z")
_PREFIXES: Final = {"*": "element", ">": "enter", "!": "await"}
_CLOSING: Final = {"(": ")", "[": "]", "<": ">"}
_MARK: Final = re.compile(r"[.(\[<*>!]")
DEEPEST: Final = 50  # no expression that is read nests deeper than this


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> Expr:
    """Read an expression; what is not one, or is nested too deep, is ("unknown",)."""
    if len(text) > DEEPEST and len(_MARK.findall(text)) > DEEPEST:
        return UNKNOWN
    if _CHAIN.match(text):
        return _chain(text)
    try:
        return _Reader(text).whole()
    except ValueError:
        return UNKNOWN


def _chain(text: str) -> Expr:
    first, *names = text.split(".")
    expression: Expr = UNKNOWN if first == "_" else ("name", first)
    for name in names:
        expression = ("attribute", expression, name)
    return expression


def written(expression: Expr) -> str:  # noqa: PLR0911 -- one for each kind
    """Return the text of an expression, as `parse` reads it."""
    match expression:
        case ("name", name):
            return str(name)
        case ("index", place):
            return str(place)
        case ("keyword", name, value):
            return f"{name}={written(value)}"
        case ("attribute", of, name):
            return f"{_operand(of)}.{name}"
        case ("call", function, arguments):
            return f"{_operand(function)}({_list(arguments)})"
        case ("item", of, indices):
            return f"{_operand(of)}[{_list(indices)}]"
        case ("either", *options):
            return f"({' | '.join(map(written, options))})"
        case ("literal", kind, held):
            return f"<{kind} {_list(held)}>" if held else f"<{kind}>"
        case ("element" | "enter" | "await" as kind, of):
            return next(mark for mark, name in _PREFIXES.items() if name == kind) + written(of)
        case _:
            return "_"


def _operand(expression: Expr) -> str:
    text = written(expression)
    return f"({text})" if expression[0] in _PREFIXES.values() else text


def _list(expressions: tuple[Expr, ...]) -> str:
    return ", ".join(map(written, expressions))


class _Reader:
    """Reads from left to right; ValueError where the text is no expression."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = [word or mark for word, mark in _TOKEN.findall(text.rstrip())]
        self._tokens.append("")
        self._place = 0

    def whole(self) -> Expr:
        expression = self.expression()
        self._expect("")
        return expression

    def expression(self) -> Expr:
        prefix = _PREFIXES.get(self._tokens[self._place])
        if prefix is not None:
            self._place += 1
            return (prefix, self.expression())
        return self._followed(self._atom())

    def _followed(self, expression: Expr) -> Expr:
        while True:
            if self._skip("."):
                expression = ("attribute", expression, self._word())
            elif self._skip("("):
                expression = ("call", expression, self._several("("))
            elif self._skip("["):
                expression = ("item", expression, self._several("["))
            else:
                return expression

    def _atom(self) -> Expr:
        if self._skip("("):
            return self._options()
        if self._skip("<"):
            return ("literal", self._word(), self._several("<"))
        word = self._word()
        if word == "_":
            return UNKNOWN
        return ("index", int(word)) if word.isdecimal() else ("name", word)

    def _options(self) -> Expr:
        options = [self.expression()]
        while self._skip("|"):
            options.append(self.expression())
        self._expect(")")
        return options[0] if len(options) == 1 else ("either", *options)

    def _several(self, opening: str) -> tuple[Expr, ...]:
        closing = _CLOSING[opening]
        several: list[Expr] = []
        while not self._skip(closing):
            several.append(self._argument())
            if not self._skip(","):
                self._expect(closing)
                break
        return tuple(several)

    def _argument(self) -> Expr:
        name = self._tokens[self._place]
        if self._tokens[self._place + 1 : self._place + 2] == ["="]:
            self._place += 2
            return ("keyword", name, self.expression())
        return self.expression()

    def _word(self) -> str:
        word = self._tokens[self._place]
        if not word or not (word[0].isalnum() or word[0] in "_$#@"):
            raise ValueError(word)
        self._place += 1
        return word

    def _skip(self, mark: str) -> bool:
        found = self._tokens[self._place] == mark
        self._place += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise ValueError(self._tokens[self._place])
