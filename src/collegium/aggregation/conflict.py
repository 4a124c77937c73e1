"""Where answers agree and where not, and how sure that makes one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.aggregation.conclusion import outcome_of, position
from collegium.aggregation.merit import by_merit, merit, plausible, vote
from collegium.aggregation.quoting import plain, short
from collegium.verification import extract

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from collegium.aggregation.panel import Panel
    from collegium.types import Answer

# Two conclusions whose log-odds are no further apart than this are too close to call.
MARGIN = 0.7


@dataclass(frozen=True, slots=True)
class Group:
    """The answers that come to one conclusion, the best first.

    `weight` is the log-odds of the conclusion against any other one plausible answer, `probability`
    the estimated probability that it is right.
    """

    conclusion: str
    answers: tuple[Answer, ...]
    weight: float
    probability: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far answers agree: groups by conclusion, the heaviest first.

    `share` is the part of the weight, 0 to 1, that the first group has; `dissent` are the answers
    of the others. Where there is nothing to compare, as between free texts, there are no groups and
    the share is 1.0.
    """

    share: float = 1.0
    groups: tuple[Group, ...] = ()
    dissent: tuple[Answer, ...] = ()
    form: str = "text"

    @property
    def close(self) -> bool:
        """Whether the first two conclusions are too close to call."""
        return len(self.groups) > 1 and self.groups[0].weight - self.groups[1].weight <= MARGIN

    def disagreement(self) -> str:
        """Who concluded what, in a sentence; empty where the answers do not contradict."""
        if len(self.groups) < 2:
            return ""
        experts = {answer.expert for group in self.groups for answer in group.answers}
        sides = (
            f"{short(said_by(group, self.form), 80)!r} "
            f"({', '.join(_who(one, experts) for one in group.answers)})"
            for group in self.groups
        )
        return f"the experts disagree: {' or '.join(sides)}"


def agreement_of(panel: Panel, answers: Iterable[Answer]) -> Agreement:
    """How far answers agree; of a voice that has answered twice the later answer counts."""
    latest = {id(panel.voice_of(one) or one): one for one in answers}.values()
    sides: dict[str, list[Answer]] = {}
    for answer in latest:
        conclusion = position(panel, answer)
        if conclusion is not None:
            sides.setdefault(conclusion, []).append(answer)
    if not _comparable(panel.task.form, sides.values()):
        return Agreement()
    weights = {conclusion: _weight(panel, side) for conclusion, side in sides.items()}
    chances = dict(zip(weights, _probabilities(panel, list(weights.values())), strict=True))
    groups = [
        Group(conclusion, by_merit(panel, side), weights[conclusion], chances[conclusion])
        for conclusion, side in sides.items()
    ]
    groups.sort(key=lambda group: (group.weight, merit(panel, group.answers[0])), reverse=True)
    heights = [max(0.0, group.weight) for group in groups]
    share = heights[0] / sum(heights) if sum(heights) else 1 / len(groups)
    dissent = tuple(answer for group in groups[1:] for answer in group.answers)
    return Agreement(share, tuple(groups), dissent, panel.task.form)


def probability(panel: Panel, answer: Answer, agreement: Agreement) -> float:
    """The estimated probability that an answer is right, by who agrees and by its check."""
    own = position(panel, answer)
    for group in agreement.groups:
        if group.conclusion == own:
            return group.probability
    return _probabilities(panel, [vote(panel, panel.reliability(answer), outcome_of(answer))])[0]


def said_by(group: Group, form: str) -> str:
    """A group's conclusion as a person would read it, in the words of its best answer."""
    answer = group.answers[0]
    if answer.tool_calls:
        return group.conclusion
    return extract.final_answer(plain(answer.text), form) or short(answer.text, 1_000)


def _comparable(form: str, sides: Iterable[list[Answer]]) -> bool:
    """Whether conclusions contradict where they differ.

    Texts and programs only do where some share one, and programs where checks tell them apart.
    """
    sides = list(sides)
    answers = [answer for side in sides for answer in side]
    if form not in {"text", "code"} or all(answer.tool_calls for answer in answers):
        return bool(sides)
    told_apart = form == "code" and {outcome_of(answer) for answer in answers} - {"unknown"}
    return bool(told_apart) or any(len(side) > 1 for side in sides)


def _who(answer: Answer, experts: Collection[str]) -> str:
    """Who gave an answer: the expert, or the model where one expert gave them all."""
    return answer.expert if len(experts) > 1 else answer.model or answer.expert


def _weight(panel: Panel, side: Iterable[Answer]) -> float:
    """The log-odds of one conclusion; the same words of the same model count once."""
    ballots: dict[tuple[str, str], float] = {}
    for answer in side:
        ballot = (answer.model or answer.expert, " ".join(plain(answer.text).split()))
        weight = vote(panel, panel.reliability(answer), outcome_of(answer))
        ballots[ballot] = max(weight, ballots.get(ballot, -math.inf))
    return sum(ballots.values())


def _probabilities(panel: Panel, weights: Sequence[float]) -> list[float]:
    """The probability of each conclusion, beside the plausible ones that nobody gave."""
    unheard = max(1, plausible(panel) - len(weights))
    highest = max(0.0, *weights)
    odds = [math.exp(weight - highest) for weight in weights]
    total = sum(odds) + unheard * math.exp(-highest)
    return [one / total for one in odds]
