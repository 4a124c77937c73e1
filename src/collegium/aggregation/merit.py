"""What an answer and a vote weigh: by confidence, by the model's record, by what checking found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from collegium.aggregation.conclusion import outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from collegium.aggregation.panel import Panel
    from collegium.types import Answer

# So many answers are plausible where the form of the task does not say it: a model that is wrong
# gives each of the wrong ones equally often.
PLAUSIBLE: Mapping[str, int] = {"choice": 4}
PLAUSIBLE_OTHERWISE = 10

# What a check adds to the log-odds that an answer is right, and how sure it can make one at most.
PASSED, FAILED, SUREST = 1.5, -3.0, 4.0


def merit(panel: Panel, answer: Answer) -> float:
    """How good an answer seems: its confidence, its model's record and its check, by its weight."""
    chance = answer.confidence * panel.reliability(answer)
    if outcome_of(answer) == "failed":
        chance *= math.exp(FAILED)
    elif outcome_of(answer) == "passed":
        odds = math.log(max(chance, 0.01) / max(1 - chance, 0.01))
        chance = 1 / (1 + math.exp(-min(odds + PASSED, SUREST)))
    return chance * panel.weight(answer)


def by_merit(panel: Panel, answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """The answers, the best first; equals stay in their order."""
    return tuple(sorted(answers, key=lambda one: merit(panel, one), reverse=True))


def vote(panel: Panel, reliability: float, outcome: str = "unknown") -> float:
    """The log-odds that a vote adds to its conclusion, against any other one plausible answer.

    Nobody counts against what they say, unless their record is clearly worse than guessing or a
    check found them wrong.
    """
    if outcome == "failed":
        return FAILED
    others = plausible(panel) - 1
    share = min(0.98, max(0.02, reliability))
    weight = math.log(share / (1 - share) * others)
    if weight < 0 and share * (others + 1) > 0.5:
        weight = 0.0
    if outcome == "passed":
        weight = max(weight, min(weight + PASSED, SUREST + math.log(others)))
    return weight


def plausible(panel: Panel) -> int:
    """How many answers to the panel's task are plausible."""
    return PLAUSIBLE.get(panel.task.form, PLAUSIBLE_OTHERWISE)
