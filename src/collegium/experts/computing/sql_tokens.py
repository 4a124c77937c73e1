"""SQL as words: enough of it to tell its statements and its clauses apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN = re.compile(
    r"(?P<skip>\s+|--[^\n]*|/\*.*?\*/)|(?P<string>'(?:[^']|'')*')|(?P<quoted>\"[^\"]*\"|\[[^\]\n]{0,80}\])"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>[^\W\d]\w*|`\w+`)"
    r"|(?P<sign><>|!=|<=|>=|==|\|\||::|->>?|<<|>>|.)",
    re.DOTALL,
)
_CLAUSES = ("FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT")
_ENDS = frozenset((*_CLAUSES, "INTERSECT", "OFFSET", "FETCH"))


@dataclass(frozen=True, slots=True)
class Token:
    """A word of SQL: `kind` is string, quoted, number, word or sign; `text` is as it is written."""

    kind: str
    text: str

    @property
    def upper(self) -> str:
        """The text in capitals, a name without its backticks."""
        return self.text.upper().strip("`")


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT: its items, and what follows WHERE, GROUP BY, HAVING and ORDER BY."""

    items: tuple[tuple[Token, ...], ...]
    where: tuple[Token, ...]
    group: tuple[Token, ...]
    having: tuple[Token, ...]
    order: tuple[Token, ...]


def tokens(source: str) -> tuple[Token, ...]:
    """The words of `source`, without spaces and comments."""
    found = ((match.lastgroup or "", match[0]) for match in _TOKEN.finditer(source))
    return tuple(Token(kind, text) for kind, text in found if kind != "skip")


def statements(source: str) -> tuple[tuple[Token, ...], ...]:
    """The statements of a script, without the semicolons between them."""
    found, current = list[tuple[Token, ...]](), list[Token]()
    for token in (*tokens(source), Token("sign", ";")):
        if token.text != ";":
            current.append(token)
        elif current:
            found.append(tuple(current))
            current = []
    return tuple(found)


def spelled(words: Sequence[Token]) -> str:
    """The words as SQL again."""
    text = ""
    for before, token in zip((None, *words), words, strict=False):
        glued = token.text in {")", ",", "."} or (before and before.text in {"(", "."})
        called = token.text == "(" and before and before.kind == "word"
        text += token.text if not before or glued or called else f" {token.text}"
    return text


def selects(words: Sequence[Token]) -> Iterator[Select]:
    """Every SELECT in a statement, the ones in brackets too."""
    for index, token in enumerate(words):
        if token.upper == "SELECT":
            yield _select(words[index + 1 :])


def split(words: Sequence[Token], sign: str = ",") -> tuple[tuple[Token, ...], ...]:
    """The words between the signs that stand in no brackets."""
    found, current, depth = list[tuple[Token, ...]](), list[Token](), 0
    for token in words:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == sign:
            found.append(tuple(current))
            current = []
        else:
            current.append(token)
    return (*found, tuple(current)) if current else tuple(found)


def _select(rest: Sequence[Token]) -> Select:
    clauses: dict[str, list[Token]] = {"ITEMS": []}
    clause, depth = "ITEMS", 0
    for token in rest:
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0:
            break
        if depth == 0 and token.kind == "word" and token.upper in _ENDS:
            clause = token.upper
            if clause in {"UNION", "EXCEPT", "INTERSECT"}:
                break
            clauses[clause] = []
        elif not (clause in {"GROUP", "ORDER"} and token.upper == "BY" and not clauses[clause]):
            clauses[clause].append(token)
    part = {name: tuple(words) for name, words in clauses.items()}
    return Select(
        split(part["ITEMS"]),
        part.get("WHERE", ()),
        part.get("GROUP", ()),
        part.get("HAVING", ()),
        part.get("ORDER", ()),
    )
