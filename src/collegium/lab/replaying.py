"""Fits a mixture to recorded answers and judges a college by others."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from collegium import config as configuration
from collegium.backends.pool import Instance
from collegium.backends.recorded import RecordedBackend
from collegium.experts.model_expert import ModelExpert
from collegium.lab.report import Report
from collegium.learning.cascade_fitting import fit_cascade
from collegium.learning.replay import (
    Standing,
    baselines,
    by_accuracy,
    replay,
    standing_of,
    training_of,
    unseen,
)
from collegium.system import Collegium

if TYPE_CHECKING:
    from collections.abc import Callable

    from collegium.aggregation.learned import CascadePolicy
    from collegium.lab.memory import Memory
    from collegium.learning.cascade_fitting import Training
    from collegium.learning.recordings import Recordings
    from collegium.types import Query

EXPERTS = ("MathExpert", "CodingExpert", "DataExpert", "AdvisorExpert")
# Models take their answers from a table: as many at once as anybody asks.
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was learned, and from what: the answers, and the ids of their prompts."""

    training: Training
    policy: CascadePolicy
    prompts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lab:
    """How colleges are tried.

    Args:
        objective: what the college goes by.
        strategy: how several answers become one.
        verification: whether answers are checked.
        compute: whether experts compute.
        most: of how many models, the most accurate in training, the college has its pool; None
            for all of them.
        seed: draws folds, halves and resamples.
        memory: where what was computed and checked is kept, so that several tries do it once.
    """

    objective: str = "parity"
    strategy: str = "cascade"
    verification: bool = True
    compute: bool = True
    most: int | None = None
    seed: int = 0
    memory: Memory | None = None

    async def fit(self, recorded: Recordings) -> Fitted:
        """What recorded answers teach."""
        reader = self.college(recorded, None)
        verifier = reader.staff.workbench.verifier if reader.staff else None

        def computes(query: Query) -> bool:
            return any(expert.computes(query) for expert in reader.router.roster)

        rng = np.random.default_rng(self.seed)
        verify = verifier.verify if verifier else None
        training = await training_of(recorded, computes=computes, verify=verify, rng=rng)
        prompts = frozenset(prompt.id for prompt in recorded.prompts)
        return Fitted(training, fit_cascade(training, rng), prompts)

    async def judge(
        self, recorded: Recordings, fitted: Fitted, done: Callable[[int], None] = lambda _: None
    ) -> Report:
        """How a college with what was learned does on other recorded answers."""
        training, policy = fitted.training, fitted.policy
        best = by_accuracy(training, recorded.models)[: self.most]
        college = self.college(recorded, policy, [recorded.models[place] for place in sorted(best)])
        decisions = await replay(
            recorded, college.ask, policy.forms, objective=self.objective, done=done
        )
        standings = (
            standing_of(f"{self.strategy}, {self.objective}", decisions),
            *baselines(recorded, training, np.random.default_rng(self.seed)),
        )
        missing = unseen(recorded, policy)
        overlap = sum(prompt.id in fitted.prompts for prompt in recorded.prompts)
        singles = singles_of(recorded)
        return Report(policy, tuple(decisions), standings, singles, missing, overlap)

    async def halves(
        self, recorded: Recordings, done: Callable[[int], None] = lambda _: None
    ) -> Report:
        """Fit to each half of the prompts and judge on the other; the policy is that of all."""
        order = np.random.default_rng(self.seed).permutation(len(recorded.prompts))
        parts = [recorded.part(sorted(map(int, order[start::2]))) for start in (0, 1)]
        reports = [
            await self.judge(parts[one], await self.fit(parts[1 - one]), done) for one in (0, 1)
        ]
        return replace(Report.joined(reports), policy=(await self.fit(recorded)).policy)

    def college(
        self, recorded: Recordings, policy: CascadePolicy | None, models: list[str] | None = None
    ) -> Collegium:
        """A college as it would serve, whose models say what was recorded.

        It is given neither scores nor right answers.
        """
        moe = {
            "router": {"type": "heuristic"},
            "experts": [{"name": name, "compute": self.compute} for name in EXPERTS],
            "aggregation": {"strategy": self.strategy},
            "verification": {"enabled": self.verification},
        }
        settings = configuration.read(json.dumps({"moe": moe}), source="the replayed college")
        college = Collegium.of(settings, cascade=policy)
        backend = RecordedBackend(recorded.spoken(), whole=True)
        instances = [
            Instance(backend, model, f"recorded/{model}", AT_ONCE)
            for model in models or recorded.models
        ]
        for expert in college.router.roster:
            if isinstance(expert, ModelExpert) and college.staff is not None:
                expert.pool = college.staff.pool(instances)
        if self.memory is not None:
            self.memory.attach(college)
        return college


def singles_of(recorded: Recordings) -> tuple[Standing, ...]:
    """Each model alone, of those that answered every prompt."""
    return tuple(
        Standing(model, recorded.scores[:, column], recorded.costs_usd[:, column])
        for column, model in enumerate(recorded.models)
        if np.isfinite(recorded.scores[:, column]).all()
    )
