"""Whether the solutions that an answer gives solve the equation that was asked about."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from collegium.types import Verdict
from collegium.verification.evaluation import NotComputable, approximate, exact
from collegium.verification.extract import final_answer
from collegium.verification.formula import Node, NotAFormula, parsed, plain, tokens

if TYPE_CHECKING:
    from collegium.types import Query

LONGEST = 4_000
SIDE = r"[\w\s.+*/^()\[\]{}\\-]{1,200}"
ASKED = re.compile(
    r"\b(?:solve|find|what is|determine|calculate|compute)\b[^=\n]{0,80}?"
    rf"(?::|\bfor\b|\bif\b|\bwhere\b|\bwhen\b|\bequation\b|\bsolve\b|\bgiven\b)?\s?({SIDE})=({SIDE})",
    re.IGNORECASE,
)
LEAD = re.compile(
    r".*\b(?:solve|for|if|where|when|equation|that|find|given|of|is|the|value|x in|what)\b[\s:]*",
    re.IGNORECASE | re.DOTALL,
)
NOT_PLAIN = re.compile(
    r"\b(?:mod|modulo|integers?|system|inequalit\w+|differential|positive|negative|largest|smallest|"
    r"sum|product|number of|how many|greatest|least|value of)\b|[<>≤≥']",
    re.IGNORECASE,
)
SOLUTION = re.compile(
    r"(?<![\w\\+*/^-])(?<![+*/^-]\s)([a-z])(?:_\{?\d\}?|[₁₂₃])?\s?=\s?([^=,;\n]{1,60})",
    re.IGNORECASE,
)
SEPARATOR = re.compile(r",|;|\bor\b|\band\b|\\text\{\s?(?:or|and)\s?\}|\\quad", re.IGNORECASE)
PLUS_MINUS = re.compile(r"±|\\pm")
NEAR = 1e-6


class EquationCheck:
    """Puts the solutions of the answer into the equation of the question."""

    name = "equation"

    def fits(self, query: Query, text: str) -> bool:
        """Where the question asks to solve an equation in one letter."""
        del text
        return _equation(query.text) is not None

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where a solution leaves a difference, passed where every one solves it."""
        equation = _equation(query.text)
        if equation is None:
            return Verdict("unknown", "no equation to solve", self.name)
        name, left, right = equation
        solutions = _solutions(name, text)
        if not solutions:
            return Verdict("unknown", "no solution to put into the equation", self.name)
        for written, value in solutions:
            outcome = _solves(left, right, name, value)
            if outcome is None:
                return Verdict("unknown", f"{name} = {written} cannot be computed", self.name)
            if not outcome:
                return Verdict("failed", f"{name} = {written} does not solve it", self.name)
        said = ", ".join(f"{name} = {written}" for written, _ in solutions)
        return Verdict("passed", f"{said} solves it", self.name)


def _equation(question: str) -> tuple[str, Node, Node] | None:
    """The letter asked for and the two sides; None where the question is not only that."""
    question = plain(question[:LONGEST].replace("$", " "))
    found = ASKED.search(question)
    if found is None or NOT_PLAIN.search(question) or question.count("=") != 1:
        return None
    left = LEAD.sub("", found[1])
    right = re.split(r"\bfor\b|[?\n]|\.(?!\d)|\bover\b|\bfind\b|\bwhat\b|\bthen\b|,", found[2])[0]
    letters = set(re.findall(r"(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])", f"{left} {right}"))
    if len(letters) != 1:
        return None
    name = letters.pop()
    try:
        return name, parsed(tokens(left), name), parsed(tokens(right), name)
    except NotAFormula:
        return None


def _solutions(name: str, text: str) -> list[tuple[str, Node]]:
    """The values the final answer gives, as formulas; empty where any of it is not understood."""
    final = final_answer(text) or ""
    stated = final if SOLUTION.search(final) or not _last_stated(name, text) else ""
    found: list[tuple[str, Node]] = []
    for value in _values(name, stated or _last_stated(name, text)):
        for written in _both_signs(value):
            try:
                found.append((written.strip(), parsed(tokens(written))))
            except NotAFormula:
                return []
    return found


def _values(name: str, stated: str) -> list[str]:
    """What is said to be the values, whether or not the letter stands before each."""
    parts = SEPARATOR.split(plain(stated.replace("$", " ").replace("**", " ")))
    named = [m for part in parts for m in SOLUTION.finditer(part) if m[1] == name]
    if named and "=" not in parts[-1]:  # x = 2 or 3
        named = []
    if named:
        return [m[2].strip(" .`") for m in named]
    return [value for part in parts if (value := part.rpartition("=")[2].strip(" .`"))]


def _last_stated(name: str, text: str) -> str:
    stated = [m for m in SOLUTION.finditer(text[-LONGEST:]) if m[1] == name]
    return (
        re.split(r"\n|\. ", text[-LONGEST:][stated[-1].start() :], maxsplit=1)[0] if stated else ""
    )


def _both_signs(value: str) -> list[str]:
    if not PLUS_MINUS.search(value):
        return [value]
    return [PLUS_MINUS.sub("+", value), PLUS_MINUS.sub("-", value)]


def _solves(left: Node, right: Node, name: str, value: Node) -> bool | None:
    """Whether the sides agree at `value`; None where that cannot be computed."""
    try:
        known = {name: exact(value)}
        return exact(left, known) == exact(right, known) or _nearly(left, right, name, value)
    except NotComputable:
        pass
    try:
        return _nearly(left, right, name, value)
    except NotComputable:
        return None


def _nearly(left: Node, right: Node, name: str, value: Node) -> bool:
    """Whether they agree as far as the digits of a rounded value let them."""
    at = approximate(value, {})
    here = approximate(left, {name: at}) - approximate(right, {name: at})
    slack = NEAR * max(1.0, abs(approximate(left, {name: at})))
    step = max(_rounding(value), 1e-9)
    ahead = approximate(left, {name: at + step}) - approximate(right, {name: at + step})
    return abs(here) <= max(slack, abs(ahead - here))


def _rounding(value: Node) -> float:
    """Half a unit of the last decimal of a value that is one long decimal, else 0."""
    bare = value.parts[1] if value.sign == "-" and value.parts[0].value == 0 else value
    scaled = bare.value * 100 if bare.sign == "number" else Fraction(0)
    if bare.sign != "number" or (scaled.denominator == 1 and bare.value.denominator <= 2):
        return 0.0
    decimals = next((n for n in range(1, 15) if (bare.value * 10**n).denominator == 1), 15)
    return 0.6 * 10.0**-decimals if decimals >= 2 else 0.0
