"""The numeric equations written in a text, each computed again exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.verification.formula import plain, tokens
from collegium.verification.sameness import agree, may_mean_otherwise
from collegium.verification.sides import CUT, Side, left_side, right_side

if TYPE_CHECKING:
    from fractions import Fraction

# Of a text so many characters are read, of a line, and so many equations.
LONGEST = 20_000
LONGEST_LINE = 4_000
MOST = 200

# Of the prose between two equals signs so many characters at either end are read.
NEAR = 200

# How long one side of an equation may be, in words of the formula.
SIDE = 60

ESCAPED_LINE = re.compile(r"\\n(?!u\b|eq|e\b|ot\b|abla)")
BULLET = re.compile(r"^\s*(?:[-+*•>]\s+)+")
EMPHASIS = re.compile(r"(?<![\d)\s])\*\*|\*\*(?![\d(\s])|(?<![\d)])\s\*\*|\*\*\s(?![\d(])|__|`|~")
# Equations of residues look like wrong ones, and divisions that leave a rest like right ones.
RESIDUES = re.compile(r"≡|\\equiv|\bmod\b|\\[pb]?mod|\bmodulo\b|\bremainder\b", re.IGNORECASE)
EQUAL = re.compile(r"(=|≈)")


@dataclass(frozen=True, slots=True)
class Step:
    """An equation a text states: `expression` is said to be `claimed`, and is `value`."""

    expression: str
    claimed: str
    value: Fraction
    right: bool


def steps(text: str) -> list[Step]:
    """The numeric equations of `text` in order: "12 * 7 = 84", "15% of 80 = 12", chains, LaTeX.

    A result may be rounded to the digits it shows. Left out is what may mean something else than
    arithmetic: unknowns, units that differ, dates, versions, remainders and ranges.
    """
    found: list[Step] = []
    text = text[:LONGEST]
    if "\\" in text:
        text = ESCAPED_LINE.sub("\n", text.replace("\\\\", "\\")).replace('\\"', '"')
    for line in text.splitlines():
        if ("=" in line or "≈" in line or "\\approx" in line) and len(found) < MOST:
            found.extend(_line_steps(line[:LONGEST_LINE]))
    if RESIDUES.search(text):
        found = [step for step in found if step.right]
    return found[:MOST]


def _line_steps(line: str) -> list[Step]:
    line = plain(EMPHASIS.sub(" ", BULLET.sub("", line)).replace("\\approx", "≈"))
    line = _near_equals(line)
    words = tokens(line)
    equals = [index for index, word in enumerate(words) if word.kind == "equal"]
    found: list[Step] = []
    for number, index in enumerate(equals[:MOST]):
        start = equals[number - 1] + 1 if number else 0
        end = equals[number + 1] if number + 1 < len(equals) else len(words)
        left = left_side(line, words[max(start, index - SIDE) : index], cut=index - SIDE > start)
        if left is None or not left.computes:
            continue
        right = right_side(line, words[index + 1 : min(end, index + 1 + SIDE)])
        step = right and _step(left, right, line, rounded=words[index].text == "≈")
        if step:
            found.append(step)
    return found


def _near_equals(line: str) -> str:
    """The line without what is far from any equals sign."""
    pieces = EQUAL.split(line)
    pieces[0] = _shortened(pieces[0], ahead=0)
    pieces[-1] = _shortened(pieces[-1], after=0)
    return "".join([pieces[0], *map(_shortened, pieces[1:-1]), pieces[-1]])


def _shortened(piece: str, ahead: int = NEAR, after: int = NEAR) -> str:
    if len(piece) <= ahead + after:
        return piece
    begin = piece[:ahead].rpartition(" ")[0]
    end = piece[len(piece) - after :].partition(" ")[2]
    return f"{begin} {CUT} {end}"


def _step(left: Side, right: Side, line: str, *, rounded: bool) -> Step | None:
    step = Step(left.text, right.text, left.value, right=True)
    if agree(left, right, rounded=rounded):
        return step
    if left.doubtful or may_mean_otherwise(left, right, line):
        return None
    return Step(left.text, right.text, left.value, right=False)
