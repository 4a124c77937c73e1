"""Which of an expert's models answers, by what is known of them and by what is being learned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.backends.prices import prompt_tokens
from collegium.learning.online.arms import Arms
from collegium.learning.online.bandit import EXPLORE, chances, drawn
from collegium.routing.selector import WORTH_WAITING, ModelSelector, Ranked, rank
from collegium.types import Task

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from collegium.backends.base import Prompt
    from collegium.backends.standing import Standing
    from collegium.routing.selector import ModelState


class LearningSelector(ModelSelector):
    """Expects of models what rewards have told, and goes on trying them all.

    Quality comes from `arms`, which begin with the records of `base`; price, speed and objective
    count as they do there. A model other than the fittest goes first with the probability
    `explore`, more often while it is in doubt which is the fittest; each with `explore` / 2 /
    (models - 1) at least. A session whose model is there keeps it, and nothing is tried on it.
    """

    def __init__(
        self,
        base: ModelSelector,
        rng: random.Random,
        *,
        arms: Arms | None = None,
        explore: float = EXPLORE,
    ) -> None:
        super().__init__(base.records, objective=base.objective, budget_usd=base.budget_usd)
        self.arms = arms or Arms()
        self.arms.prior = self._recorded
        self._rng = rng
        self._explore = explore

    def __call__(
        self, prompt: Prompt, standings: Sequence[Standing], incumbent: str | None
    ) -> tuple[str, ...]:
        """The names of those worth asking, the fittest first, or one that is tried before it."""
        ranked, doubts = self._placed(prompt, standings, incumbent)
        best = ranked[0]
        near = [one.name for one in ranked[1:] if one.utility >= best.utility - WORTH_WAITING]
        if best.name == incumbent:
            return (best.name, *near)
        shares = chances([one.utility for one in ranked], doubts, self._explore)
        first = ranked[drawn(shares, self._rng)].name
        return (first, *(name for name in (best.name, *near) if name != first))

    def ranked(
        self, prompt: Prompt, standings: Sequence[Standing], incumbent: str | None = None
    ) -> tuple[Ranked, ...]:
        """Every instance that may be asked, in its place; nothing is tried out."""
        return self._placed(prompt, standings, incumbent)[0]

    def _placed(
        self, prompt: Prompt, standings: Sequence[Standing], incumbent: str | None
    ) -> tuple[tuple[Ranked, ...], list[float]]:
        """The models in their places, and how much fitter each could be than it is taken for."""
        task = prompt.task or Task()
        known = self.arms.expected([one.name for one in standings], task.kind)
        states = [self._state(one, task.kind) for one in standings]
        expected = _of_quality(states, [one.mean for one in known])
        hoped = _of_quality(states, [min(one.mean + one.doubt, 1.0) for one in known])
        ranked = self._by(expected, prompt, incumbent)
        lifted = {one.name: one.utility for one in self._by(hoped, prompt, incumbent)}
        return ranked, [max(lifted[one.name] - one.utility, 0.0) for one in ranked]

    def _by(
        self, states: Sequence[ModelState], prompt: Prompt, incumbent: str | None
    ) -> tuple[Ranked, ...]:
        return rank(
            states,
            prompt.task or Task(),
            prompt.objective or self.objective,
            budget_usd=self.budget_usd if prompt.budget_usd is None else prompt.budget_usd,
            incumbent=incumbent,
            tokens=prompt_tokens(prompt),
        )

    def _recorded(self, model: str, kind: str) -> float | None:
        return self.records.reliability(model, kind) if self.records.known(model) else None


def _of_quality(states: Sequence[ModelState], qualities: Sequence[float]) -> list[ModelState]:
    return [
        replace(state, quality=quality) for state, quality in zip(states, qualities, strict=True)
    ]
