"""What rewards have told of arms: how good each is expected to be, and how far that is in doubt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HALF_LIFE = 4000.0
# What an arm is of which nothing is known, and among arms of which nothing is known.
PRIOR = 0.6
# So many outcomes that go as is usual are taken for granted: of all arms together, of all of them
# in one kind, of an arm, and of an arm in one kind beside its others.
POOL_WEIGHT, POOL_KIND_WEIGHT, ARM_WEIGHT, KIND_WEIGHT = 4.0, 8.0, 4.0, 20.0
# A state that was not earned here, but read from somewhere, counts as so many outcomes at most.
MOST_TAKEN_OVER = 100.0


@dataclass(frozen=True, slots=True)
class Expected:
    """The reward, 0 to 1, that an arm is expected to give.

    `doubt` is the standard deviation of that belief, above 0; `outcomes` how many it rests on, as
    far as they still count.
    """

    mean: float
    doubt: float
    outcomes: float


@dataclass(slots=True)
class _Cell:
    """Rewards of an arm, in a kind or all in all, as they counted after outcome number `at`."""

    right: float
    total: float
    at: float


class Arms:
    """Rewards by arm and kind; after `half_life` outcomes of any arm an older one counts half.

    That all arms are forgotten alike is what brings back one that was bad once (discounting, as
    Garivier & Moulines, 2011). An arm of which little is known is expected to be as the others are
    (empirical Bayes): on the whole, then for the kind, by the odds. Where `prior` knows a share for
    an arm and a kind, it begins with that.
    """

    def __init__(
        self,
        *,
        half_life: float = HALF_LIFE,
        prior: Callable[[str, str], float | None] = lambda _arm, _kind: None,
    ) -> None:
        if not half_life > 0:
            raise ValueError(f"half_life is {half_life!r}; a number above 0 is right")
        self._half_life = half_life
        self.prior = prior
        self._cells: dict[tuple[str, str | None], _Cell] = {}
        self._now = 0.0

    def learn(self, arm: str, kind: str, reward: float, weight: float = 1.0) -> None:
        """Take in what an arm's answer was worth.

        A reward outside 0 to 1 counts as the nearest within, a weight likewise; one that is no
        number is left out. A reward that never comes is never counted.
        """
        if not (math.isfinite(reward) and math.isfinite(weight)) or weight <= 0:
            return
        reward, weight = _share(reward), _share(weight)
        self._now += weight
        self._add(arm, kind, reward * weight, weight)

    def correct(self, arm: str, kind: str, right: float, total: float) -> None:
        """Change what one outcome of an arm counted, since it was found to be different.

        `right` and `total`, each from -1 to 1, are added to the rewards and to their number.
        """
        self._add(arm, kind, right, total)

    def expected(self, arms: Sequence[str], kind: str) -> list[Expected]:
        """What to expect of each of `arms` in a kind, given what is known of all of them."""
        overall = [self._counted(arm, None) for arm in arms]
        within = [self._counted(arm, kind) for arm in arms]
        usual = _shrunk(_summed(overall), PRIOR, POOL_WEIGHT)
        usual_within = _shrunk(_summed(within), usual, POOL_KIND_WEIGHT)
        shift = _logit(usual_within) - _logit(usual)
        found: list[Expected] = []
        for arm, whole, part in zip(arms, overall, within, strict=True):
            begun = self.prior(arm, kind)
            if begun is None or not math.isfinite(begun):
                mean = _shrunk(whole, usual, ARM_WEIGHT)
                mean, taken = _expit(_logit(mean) + shift), min(KIND_WEIGHT, whole[1] + ARM_WEIGHT)
            else:
                mean, taken = _share(begun), KIND_WEIGHT
            count = part[1] + taken
            mean = _share(_shrunk(part, mean, taken))
            spread = max(mean * (1 - mean), 0.01)
            found.append(Expected(mean, math.sqrt(spread / (count + 1)), part[1]))
        return found

    def outcomes(self, arm: str) -> float:
        """How many outcomes of an arm are known, as far as they still count."""
        return self._counted(arm, None)[1]

    def as_data(self) -> dict[str, Any]:
        """The state as JSON that `restore` takes."""
        return {
            "cells": [
                [arm, kind, *self._counted(arm, kind)]
                for arm, kind in self._cells
                if kind is not None
            ]
        }

    def restore(self, data: Any) -> None:
        """Take over a state in place of the present one, as far as it can be believed.

        Whatever it holds, every arm stays able to learn: broken numbers are left out, and what is
        left of an arm counts as `MOST_TAKEN_OVER` outcomes at most.
        """
        self._cells, self._now = {}, 0.0
        rows = list(_rows(data))
        totals: dict[str, float] = {}
        for arm, _, _, total in rows:
            totals[arm] = totals.get(arm, 0.0) + total
        for arm, kind, right, total in rows:
            kept = min(1.0, MOST_TAKEN_OVER / totals[arm])
            self._add(arm, kind, right * kept, total * kept)

    def _add(self, arm: str, kind: str, right: float, total: float) -> None:
        for part in (kind, None):
            had_right, had_total = self._counted(arm, part)
            whole = max(had_total + total, 0.0)
            self._cells[arm, part] = _Cell(
                min(max(had_right + right, 0.0), whole), whole, self._now
            )

    def _counted(self, arm: str, kind: str | None) -> tuple[float, float]:
        """(right, total) of a cell, as far as they still count."""
        cell = self._cells.get((arm, kind))
        if cell is None:
            return 0.0, 0.0
        left = 0.5 ** ((self._now - cell.at) / self._half_life)
        return cell.right * left, cell.total * left


def _rows(data: Any) -> Iterable[tuple[str, str, float, float]]:
    """The cells of a state that can be believed."""
    cells = data.get("cells") if is_object(data) else None
    for row in cells if is_array(cells) else ():
        if not is_array(row) or len(row) != 4:
            continue
        arm, kind, right, total = row
        named = isinstance(arm, str) and isinstance(kind, str)
        if named and _is_number(right) and _is_number(total) and 0 <= right <= total > 0:
            yield arm, kind, float(right), float(total)


def _is_number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and abs(value) < 1e300 and math.isfinite(value)


def _summed(tallies: Iterable[tuple[float, float]]) -> tuple[float, float]:
    rights, totals = zip(*tallies, strict=True)
    return sum(rights), sum(totals)


def _shrunk(tally: tuple[float, float], share: float, weight: float) -> float:
    return (tally[0] + weight * share) / (tally[1] + weight)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _logit(share: float) -> float:
    share = min(max(share, 0.01), 0.99)
    return math.log(share / (1 - share))


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value))
