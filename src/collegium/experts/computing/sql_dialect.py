"""Whether a query means the same to every database: to SQLite, PostgreSQL and MySQL.

Only what can be seen in the query is looked at here; what shows in the result (the order of rows,
the case of letters, division of integers) is found by running it in several worlds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from collegium.experts.computing.sql_tokens import Select, Token, selects, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

AGGREGATES = frozenset("AVG COUNT MAX MIN SUM".split())
FUNCTIONS = AGGREGATES | frozenset(
    "ABS COALESCE DENSE_RANK FIRST_VALUE LAG LEAD LENGTH LOWER NULLIF RANK REPLACE ROUND ROW_NUMBER"
    " TRIM UPPER".split()
)
_KEYWORDS = frozenset(
    "ALL AND AS ASC BETWEEN BY CASE CROSS DESC DISTINCT ELSE END EXCEPT EXISTS FALSE FROM FULL"
    " GROUP HAVING IN INNER INTERSECT IS JOIN LEFT LIKE LIMIT NOT NULL OFFSET ON OR ORDER OUTER"
    " OVER PARTITION RECURSIVE RIGHT SELECT THEN UNION USING VALUES WHEN WHERE WITH".split()
)
_FOREIGN = frozenset(
    "CAST COLLATE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP ESCAPE EXTRACT FETCH GLOB ILIKE"
    " INTERVAL ISNULL MATCH NATURAL NOTNULL NULLS QUALIFY RANGE REGEXP RLIKE ROWID ROWS SIMILAR"
    " TABLESAMPLE TOP TRUE FALSE WINDOW XOR DIV MOD ROLLUP FILTER INDEXED".split()
)
_FOREIGN_SIGNS = frozenset(
    ("||", "==", "::", "->", "->>", "<<", ">>", "&", "|", "~", "^", "#", "?")
)
_TRUTHS = frozenset(("=", "<", ">", "<=", ">=", "<>", "!=")) | frozenset(
    "AND BETWEEN EXISTS IN IS LIKE NOT OR".split()
)
_ARITHMETIC = frozenset("+-*/%")


def portable(words: Sequence[Token], types: Mapping[str, Set[str]], *, plain: bool) -> bool:
    """Whether a query says the same everywhere, over columns of these SQL types.

    `types` has the types of a column, by its name in capitals; `plain` says that all text is ASCII.
    """
    return (
        not any(map(_is_foreign, words))
        and all(name in FUNCTIONS for name in _called(words))
        and (plain or not {"UPPER", "LOWER", "LENGTH"} & set(_called(words)))
        and _operands_fit(words, types)
        and all(_is_strict(select) for select in selects(words))
    )


def _is_foreign(token: Token) -> bool:
    match token.kind:
        case "quoted":
            return True  # a name here is a string there
        case "string":
            return "\\" in token.text
        case "sign":
            return token.text in _FOREIGN_SIGNS
        case _:
            return token.upper in _FOREIGN


def _called(words: Sequence[Token]) -> Iterator[str]:
    """The functions that are called."""
    for word, bracket in pairwise(words):
        if bracket.text == "(" and word.kind == "word" and word.upper not in _KEYWORDS:
            yield word.upper


def _operands_fit(words: Sequence[Token], types: Mapping[str, Set[str]]) -> bool:
    """Whether text isn't calculated with, nor compared with numbers, nor reals divided by `%`."""
    for index, token in enumerate(words):
        kinds = _kinds(words, index - 1, types) | _kinds(words, index + 1, types)
        if token.text in _ARITHMETIC and token.kind == "sign" and "TEXT" in kinds:
            return False
        if token.text == "%" and "REAL" in kinds:
            return False
        if token.text in _TRUTHS and token.kind == "sign" and {"TEXT"} < kinds:
            return False
        inside = words[index + 1 : index + 4]
        if token.upper in {"SUM", "AVG", "ABS", "ROUND"} and any(
            "TEXT" in types.get(word.upper, ()) for word in inside[1:]
        ):
            return False
    return True


def _kinds(words: Sequence[Token], index: int, types: Mapping[str, Set[str]]) -> set[str]:
    """The SQL types that the word there may have; none where it cannot be told."""
    if not 0 <= index < len(words):
        return set()
    word = words[index]
    if word.kind == "word" and index + 2 < len(words) and words[index + 1].text == ".":
        word = words[index + 2]
    if word.kind == "string":
        return {"TEXT"}
    if word.kind == "number":
        return {"REAL" if "." in word.text else "INTEGER"}
    return set(types.get(word.upper, ()))


def _is_strict(select: Select) -> bool:
    """Whether a SELECT keeps to the rules of grouping and of truth values of all databases."""
    aliases = {alias for item in select.items if (alias := _alias(item))}
    if any(map(_is_truth, select.items)) or aliases & _names(select.where):
        return False
    whole = tuple(token for item in select.items for token in item)
    if any(token.upper == "OVER" for token in whole):
        return not select.group
    aggregated = any(name in AGGREGATES for name in _called((*whole, *select.having)))
    if not aggregated and not select.group:
        return not select.having
    if select.having and (not select.group or aliases & _names(select.having)):
        return False
    grouped = _grouped(select)
    items = set[str]().union(*(_names(_unaliased(item)) for item in select.items))
    star = any(_unaliased(item)[-1:] == (Token("sign", "*"),) for item in select.items)
    ordered = _names(select.order) - aliases
    return not star and items | ordered | _names(select.having) <= grouped


def _grouped(select: Select) -> set[str]:
    """The names grouped by, those that stand behind an alias or a number too."""
    grouped = _names(select.group)
    numbers = {int(term[0].text) for term in split(select.group) if term[0].text.isdecimal()}
    for number, item in enumerate(select.items, 1):
        if number in numbers or _alias(item) in grouped:
            grouped |= _names(_unaliased(item))
    return grouped


def _names(words: Sequence[Token]) -> set[str]:
    """The columns named outside aggregates."""
    names, depth, opened = set[str](), 0, list[int]()
    for index, token in enumerate(words):
        following = words[index + 1].text if index + 1 < len(words) else ""
        if token.text == "(":
            depth += 1
            if index and words[index - 1].upper in AGGREGATES:
                opened.append(depth)
        elif token.text == ")":
            if opened and opened[-1] == depth:
                opened.pop()
            depth -= 1
        elif not opened and following not in {"(", "."} and _is_name(token):
            names.add(token.upper)
    return names


def _is_name(token: Token) -> bool:
    return token.kind == "word" and token.upper not in _KEYWORDS


def _alias(item: Sequence[Token]) -> str:
    return item[-1].upper if len(_unaliased(item)) < len(item) else ""


def _unaliased(item: Sequence[Token]) -> Sequence[Token]:
    """An item without `AS name` at its end, or the bare name there."""
    if len(item) > 2 and item[-2].upper == "AS":
        return item[:-2]
    if len(item) > 1 and _is_name(item[-1]):
        before = item[-2]
        ends = before.text == ")" or before.upper == "END" or before.kind in {"number", "string"}
        return item[:-1] if ends or _is_name(before) else item
    return item


def _is_truth(item: Sequence[Token]) -> bool:
    """Whether an item is a condition, printed as 1 or as true, outside of brackets and CASE."""
    depth = 0
    for token in _unaliased(item):
        opens = token.text == "(" or token.upper == "CASE"
        depth += opens - (token.text == ")" or token.upper == "END")
        if depth == 0 and token.kind != "string" and token.upper in _TRUTHS:
            return True
    return False
