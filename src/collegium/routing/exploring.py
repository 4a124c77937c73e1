"""Trying out another expert now and then, so that there is something to learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Collection

    from collegium.routing.policy import Choice
    from collegium.types import Candidate

# Nobody is tried out who scored less than this share of the first one's score.
PLAUSIBLE = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """Who comes first in the end, and the probability that it would be that one; above 0."""

    choice: Choice
    propensity: float


def tried(choice: Choice, barred: Collection[str], share: float, rng: random.Random) -> Trial:
    """A choice, with another plausible expert first in a `share` of cases, likelier by score.

    Where several were chosen, only the order among them changes.

    Args:
        choice: as it would be.
        barred: keys of those who cannot answer now.
        share: how often another is tried out, from 0 up to below 1.
        rng: chance.
    """
    if share <= 0:
        return Trial(choice, 1.0)
    first, *others = choice.chosen
    least = max(PLAUSIBLE * first.score, 1e-9)
    among = others or choice.passed_over
    able = [one for one in among if one.score >= least and one.key not in barred]
    if not able:
        return Trial(choice, 1.0)
    if rng.random() >= share:
        return Trial(choice, 1 - share)
    (drawn,) = rng.choices(able, [one.score for one in able])
    propensity = share * drawn.score / sum(one.score for one in able)
    return Trial(_with_first(choice, drawn, share), propensity)


def _with_first(choice: Choice, drawn: Candidate, share: float) -> Choice:
    first = choice.chosen[0]
    why = f"{drawn.key} is tried out in the place of {first.key}, as others are for {share:.0%}"
    ranking = (drawn, *(one for one in (*choice.chosen, *choice.passed_over) if one is not drawn))
    many = len(choice.chosen)
    return replace(
        choice,
        chosen=ranking[:many],
        passed_over=ranking[many:],
        reasons=(why, *choice.reasons),
    )
