"""Exercises whose answers can be told right from wrong, and how that is told.

Code is right when the exercise's asserts hold for it in the sandbox, JSON when it is the same
value. Anything else is read for its final answer, which has to be the gold one or another accepted
form. A model that only talks is not held to a form: its first paragraph has to name the answer.
Where the question names it too (yes or no, one of several people), a clause of the first sentence
has to begin or end with it; where it is a single letter, to end with it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collegium.verification.blocks import code_blocks
from collegium.verification.equivalence import key
from collegium.verification.extract import final_answer
from collegium.verification.jsontext import json_value
from collegium.verification.literals import canonical
from collegium.verification.sandbox import Limits, Sandbox

Z = 1.96
PYTHON = ("python", "py", "python3", "")
DONE = "every assert holds"

# What is tried is a module, so that nothing under `if __name__ == "__main__"` runs.
TRIAL = """
import json, sys, types

task = json.load(sys.stdin)
module = types.ModuleType("answer")
sys.modules["answer"] = module
exec(task["code"], module.__dict__)
exec(task["tests"], module.__dict__)
print()
print(task["done"])
"""


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question with its `gold` answer and other `accept`ed forms, or with the asserts of `tests`.

    `form` is that of `collegium.types.Task`.
    """

    id: str
    kind: str
    text: str
    gold: str | None
    accept: tuple[str, ...]
    tests: str | None
    form: str

    @property
    def forms(self) -> tuple[str, ...]:
        """Every way of writing the right answer."""
        return self.accept if self.gold is None else (self.gold, *self.accept)


def exercises_of(path: Path, *, limit: int | None = None) -> list[Exercise]:
    """The exercises of a file; at most `limit`, evenly from all of it."""
    lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
    step = max(1, len(lines) // limit) if limit else 1
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines[::step][:limit]]
    return [Exercise(accept=tuple(row.pop("accept")), **row) for row in rows]


class Grader:
    """Tells right answers from wrong ones; code runs in a sandbox.

    Raises SandboxUnavailable where code cannot be run without danger.
    """

    def __init__(self) -> None:
        self._sandbox = Sandbox(Limits(wall_s=5.0))

    async def right(self, exercise: Exercise, text: str) -> bool:
        """Whether a text answers the exercise rightly."""
        if exercise.tests is not None:
            return await self._passes(exercise.tests, program(text))
        if exercise.form == "json":
            value = json_value(text)
            return canonical(value) in {canonical(json.loads(one)) for one in exercise.forms}
        return concludes(exercise, text)

    async def _passes(self, tests: str, code: str) -> bool:
        task = json.dumps({"code": code, "tests": tests, "done": DONE})
        ran = await self._sandbox.run(TRIAL, stdin=task)
        return ran.ok and ran.stdout.endswith(f"\n{DONE}\n")


def program(text: str) -> str:
    """The Python of an answer: its blocks that define something, else what stands before them."""
    blocks = code_blocks(text)
    sources = [block.source for block in blocks if block.language in PYTHON]
    defining = [source for source in sources if "def " in source]
    return "\n\n".join(defining) or text.partition("```")[0]


def concludes(exercise: Exercise, text: str) -> bool:
    """Whether a text's final answer, or what it says first, is the right answer."""
    text = unechoed(text, exercise.text)
    given, stated = final_answer(text, exercise.form), final_answer(text)
    if _among(exercise, given, exercise.form) or _among(exercise, stated, "text"):
        return True
    # Of a calculation or a choice the end counts, of a fact what is said first, numbers or not.
    if given is not None and exercise.form in {"number", "choice"} and exercise.kind != "fact":
        return False
    if any(spaced(text).endswith(spaced(one)) for one in exercise.forms if "," in one):
        return True  # a list, in whatever way its items are set apart
    return any(names(stated or text, one, exercise.text) for one in exercise.forms)


def _among(exercise: Exercise, answer: str | None, form: str) -> bool:
    return answer is not None and key(answer, form) in {key(one, form) for one in exercise.forms}


def unechoed(text: str, question: str) -> str:
    """A text without the question's lines, where it says several again: options are no choice."""
    asked = {line.strip() for line in question.split("\n") if line.strip()}
    lines = text.split("\n")
    said = [line for line in lines if line.strip() not in asked]
    return "\n".join(said) if len(lines) - len(said) > 1 else text


def names(text: str, answer: str, question: str) -> bool:
    """Whether a text names the answer where it begins, and not only as the question does."""
    paragraph = text.strip().partition("\n")[0]
    wanted = spaced(answer)
    letter = len(answer) == 1
    if not letter and wanted not in spaced(question):
        return wanted in spaced(paragraph)
    sentence = re.split(r"(?<=[.!?])\s", paragraph, maxsplit=1)[0]
    clauses = [spaced(clause) for clause in re.split(r"[.,;:!?()]+(?:\s|\Z)", sentence)]
    begun = not letter and any(one.startswith(wanted) for one in clauses)
    return begun or any(one.endswith(wanted) for one in clauses)


def spaced(text: str) -> str:
    """The words of a text in lower case, no article before the first, a blank around each."""
    words = re.findall(r"\w+", text.casefold())
    if len(words) > 1 and words[0] in {"a", "an", "the"}:
        del words[0]
    return f" {' '.join(words)} "


def tally(flags: Iterable[bool]) -> dict[str, Any]:
    """How many are true, of how many, and Wilson's (1927) 95 % interval of the share."""
    every = list(flags)
    low, high = wilson(sum(every), len(every))
    return {
        "n": len(every),
        "right": sum(every),
        "share": round(sum(every) / len(every), 4) if every else None,
        "interval_95": [round(low, 4), round(high, 4)],
    }


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `right` among `n`; (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    middle = right / n + Z**2 / (2 * n)
    width = Z * math.sqrt(right / n * (1 - right / n) / n + Z**2 / (4 * n**2))
    low, high = (middle - width) / (1 + Z**2 / n), (middle + width) / (1 + Z**2 / n)
    return max(low, 0.0), min(high, 1.0)


def by_kind(exercises: Sequence[Exercise], flags: Sequence[bool]) -> dict[str, Any]:
    """The tally of each kind of exercise, in alphabetical order."""
    kinds = sorted({one.kind for one in exercises})
    paired = list(zip(exercises, flags, strict=True))
    return {kind: tally(flag for one, flag in paired if one.kind == kind) for kind in kinds}
