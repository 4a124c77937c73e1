"""The two sides of an equation in prose, as far as they are formulas of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.verification.evaluation import NotComputable, exact
from collegium.verification.formula import NotAFormula, Token, parsed

if TYPE_CHECKING:
    from fractions import Fraction

# Where a line was cut; a formula that begins or ends there is not all of it.
CUT = "…"

DATE = re.compile(r"\d{1,4}/\d{1,2}/\d{1,4}|\d{4}-\d{1,2}-\d{1,2}")
LEADING_ZERO = re.compile(r"0\d")
OPERATORS = frozenset({"+", "-", "*", "/", "^", "**", "of", "x", "X"})
JOINING = frozenset({"of", "x", "X", "sqrt"})
BRACKETS = {")": "(", "]": "[", "}": "{"}
# Words that make a number after them part of something larger, or a name.
BINDING = frozenset(
    "and of mod log ln sin cos tan lim max min gcd lcm sum times plus minus over by step part case "
    "day week chapter question problem example section equation exercise page version age year "
    "level grade room".split()
)
# After a result: it is not the whole of it, or not the plain number it looks like.
SCALE = re.compile(
    r"\s?(?:hundred|thousand|million|billion|trillion|dozen|lakh|crore|score|remainder|rem\b|"
    r"with\b|[rR]\b|\(?\s?\\?p?b?mod|base\b|in base|o.clock|[ap]\.?m\b|and (?:a |\d+/)|sqrt|"
    r"[xyzabcnXYZABCN]\b|[/√\\!°^_|¼½¾?…]|\((?=[\d(]))|[,:.]\d|[^\W\d_](?![^\W\d_])"
)
COMPOUND = re.compile(r"\s?(?!(?:and|but|so|then|or)\b)[^\W\d_]+,?\s(?:and\s)?\d")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equation. One that is `doubtful` may be meant otherwise than it is read."""

    text: str
    value: Fraction
    words: tuple[Token, ...]
    doubtful: bool = False

    @property
    def computes(self) -> bool:
        """Whether there is anything to compute: it is not only a number."""
        return sum(word.kind == "number" for word in self.words) > 1 or self.words[0].text == "sqrt"

    @property
    def end(self) -> int:
        """Where it ends in its line."""
        return self.words[-1].end


def left_side(line: str, words: list[Token], *, cut: bool) -> Side | None:
    """The formula that ends where the equals sign stands."""
    begin = _beginning(words)
    if (cut and not begin) or begin == len(words):
        return None
    side = words[begin:]
    before = words[begin - 1] if begin else None
    if _bound(line, before, side[0]):
        return None
    doubtful = any(word.kind == "word" and word.text not in JOINING for word in side)
    doubtful = doubtful or (before is not None and before.text.lower() in BINDING)
    return _side(line, side, doubtful=doubtful)


def right_side(line: str, words: list[Token]) -> Side | None:
    """The formula that begins after the equals sign."""
    depth, end = 0, 0
    for word in words:
        if word.text in BRACKETS.values():
            if end and words[end - 1].end != word.start and words[end - 1].text not in OPERATORS:
                break
            depth += 1
        elif word.text in BRACKETS:
            if not depth:
                break
            depth -= 1
        elif word.kind not in {"number", "sign"} and not _joins(words, end):
            break
        end += 1
    side = words[:end]
    cut_short = end < len(words) and (words[end].kind == "word" or words[end].text.startswith("\\"))
    while side and side[-1].text in {"*", "-", "+", "/"}:
        if cut_short:
            return None
        side = side[:-1]
    if not side or depth or SCALE.match(line, side[-1].end) or COMPOUND.match(line, side[-1].end):
        return None
    if len(side) > 1 and line[side[-1].end : side[-1].end + 1].isalpha():
        return None  # 24 - 2xy
    return _side(line, side)


def _beginning(words: list[Token]) -> int:
    """Where the formula begins, read from its end: after words, or after the 1) of a list."""
    closing, index = list[int](), len(words)
    while index:
        word = words[index - 1]
        if word.text in BRACKETS:
            closing.append(index)
        elif word.text in BRACKETS.values():
            if not closing:
                return index
            closing.pop()
        elif word.kind == "word":
            if not _is_unit(words, index - 1):
                break
        elif word.text == "$":
            following = words[index] if index < len(words) else None
            if following is None or following.kind != "number":
                break
        elif word.kind == "other" or word.text.startswith("\\"):
            break
        index -= 1
    return closing[0] if closing else index


def _is_unit(words: list[Token], index: int) -> bool:
    """Whether the word belongs to the number before it, or joins two numbers as "of" and "x" do."""
    following = words[index + 1] if index + 1 < len(words) else None
    before = words[index - 1] if index else None
    word = words[index]
    if word.text == "sqrt":
        return following is not None
    if before is None or (len(word.text) == 1 and word.text not in "xX"):
        return False
    if word.text in JOINING:
        joins = following is not None and (following.kind == "number" or following.text in "($")
        return joins and (before.kind == "number" or before.text in {"%", ")"})
    ends = following is None or following.text in OPERATORS or following.text in BRACKETS
    return ends and (before.kind == "number" or before.text in {")", "/", "%"})


def _bound(line: str, before: Token | None, first: Token) -> bool:
    """Whether the formula is only the end of something else: 2x + 3, f(2), 3,5 + 2, 10:30 + 1."""
    if first.kind == "sign" and first.text not in {"(", "[", "{", "-"}:
        return True
    if first.text == "-" and line[first.end : first.end + 1].isspace():
        return True
    if before is None:
        return False
    if before.kind == "number" or before.text in {CUT, "%", "^", "!", "_", "√", "±", "|", "'"}:
        return True
    if before.kind == "word" and len(before.text) == 1 and before.text not in "aI":
        return True
    touching = before.end == first.start and before.text not in {
        "(",
        "[",
        "{",
        "$",
        '"',
        "*",
        "<",
        "≈",
    }
    return touching or before.text.startswith("\\") or before.text in {"+", "*", "/", "-"}


def _joins(words: list[Token], index: int) -> bool:
    following = words[index + 1] if index + 1 < len(words) else None
    if words[index].text not in {"$", *JOINING} or following is None:
        return False
    return following.kind == "number" or following.text == "("


def _side(line: str, words: list[Token], *, doubtful: bool = False) -> Side | None:
    text = line[words[0].start : words[-1].end]
    formula = tuple(word for word in words if word.text != "$")
    if DATE.search(text) or any(LEADING_ZERO.match(w.text) for w in formula if w.kind == "number"):
        return None
    if doubtful:
        formula = _without_units(formula)
    try:
        return Side(text.strip(), exact(parsed(formula)), formula, doubtful)
    except (NotAFormula, NotComputable):
        return None


def _without_units(formula: tuple[Token, ...]) -> tuple[Token, ...]:
    kept: list[Token] = []
    for word in formula:
        if word.kind != "word" or word.text in JOINING:
            kept.append(word)
        elif kept and kept[-1].text == "/":  # per day
            kept.pop()
    return tuple(kept)
