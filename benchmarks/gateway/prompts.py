"""Prompts to put load on a router with: many, all different, of the experts' ten fields."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import chat_body

ONE = "What is the capital of France, and how many people live there today?"
KINDS = (
    "Write a Python function that takes {thing} and returns {aim}, with a test for {case}",
    "Solve for x when {number}x + {small} = {other}, and show every step",
    "A train carries {thing} for {number} km in {small} hours; prove which is faster, given {case}",
    "Plan a week of work for a team of {small} that must deliver {thing} before day {number}",
    "Given a table of {number} rows about {thing}, which statistics tell {aim}?",
    "Who first described {thing}, and in which century before the year {number}?",
    "Find sources that disagree about {thing} and say which evidence supports {aim}",
    "Write a short story of {number} words about {thing} that ends with {case}",
    "Translate into German: we have {number} letters about {thing}, and {small} are lost",
    "Should I choose {thing} or {aim} when I have {number} dollars and {case}?",
)
THINGS = (
    "a linked list of orders, an old map of the harbour, the roots of a polynomial, two clocks, "
    "the migration of storks, a budget of flour and salt, an index of letters, a broken compiler, "
    "the tides of the northern sea, a garden of herbs, the ledger of a small museum, a lost bell, "
    "a network of canals, the grammar of a dialect, an engine that runs on steam, a chess opening"
).split(", ")
AIMS = (
    "the shortest route, what changed since spring, the largest of all gaps, a fair division, "
    "whether the trend is real, the reversed order, a simpler proof, the cheaper of the two, "
    "the cause of the delay, an honest estimate, what was left out, the best moment to stop"
).split(", ")
CASES = (
    "an empty input, no time left, a rule nobody wrote down, two equal answers, a negative sum, "
    "a witness who is wrong, rain on the first day, one missing row, a promise that was kept"
).split(", ")


def different(count: int, seed: int) -> Iterator[str]:
    """So many prompts, none the same, and none of another seed's."""
    rng = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        yield kind.format(
            thing=rng.choice(THINGS),
            aim=rng.choice(AIMS),
            case=rng.choice(CASES),
            number=seed * 1_000_000 + number,
            small=rng.randint(2, 9),
            other=rng.randint(20, 900),
        )


@contextmanager
def bodies(model: str, count: int, seed: int) -> Iterator[Path]:
    """A file of chat requests with different prompts, one a line, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bodies.jsonl"
        lines = (chat_body(model, prompt) + "\n" for prompt in different(count, seed))
        path.write_text("".join(lines), "utf-8")
        yield path
