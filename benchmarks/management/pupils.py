"""What `regret.py` puts to the test of the product: the choice of models, and the taught gate."""

from __future__ import annotations

import math
import random
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collegium.backends.base import Prompt
from collegium.backends.standing import Standing
from collegium.learning.online.arms import Arms
from collegium.learning.online.learner import Learner
from collegium.learning.online.selecting import LearningSelector
from collegium.observe.casebook import Casebook
from collegium.routing.calibration import HEURISTIC
from collegium.routing.exploring import tried
from collegium.routing.marks import marks_of
from collegium.routing.policy import RoutingPolicy, choose
from collegium.routing.selector import ModelSelector
from collegium.storage.records import Record
from collegium.types import Candidate, Message, Task

ASKED = (Message("user", "x"),)
SHARPNESS = 3.0


class Selector:
    """`LearningSelector` among models that cost the same."""

    def __init__(self, base: ModelSelector, models: Sequence[str], seed: int, explore: float):
        self._selector = LearningSelector(base, random.Random(seed), explore=explore)
        self._standings = tuple(Standing(name) for name in models)
        self._places = {name: place for place, name in enumerate(models)}
        self._names = tuple(models)

    def choose(self, kind: str) -> int:
        """The model that goes first, by its place."""
        prompt = Prompt(ASKED, task=Task(kind=kind), objective="quality")
        return self._places[self._selector(prompt, self._standings, None)[0]]

    def learn(self, model: int, kind: str, reward: float) -> None:
        """Take in a reward from 0 to 1."""
        self._selector.arms.learn(self._names[model], kind, reward)


class FixedExploration:
    """Who is expected to be best by the same evidence, but for a fixed share of anybody."""

    def __init__(self, models: Sequence[str], seed: int, explore: float):
        self._arms, self._names = Arms(), tuple(models)
        self._rng, self._explore = random.Random(seed), explore

    def choose(self, kind: str) -> int:
        """The model that goes first, by its place."""
        means = [one.mean for one in self._arms.expected(self._names, kind)]
        if self._rng.random() < self._explore:
            return self._rng.randrange(len(means))
        return max(range(len(means)), key=lambda place: means[place])

    def learn(self, model: int, kind: str, reward: float) -> None:
        """Take in a reward from 0 to 1."""
        self._arms.learn(self._names[model], kind, reward)


class InverseGap(FixedExploration):
    """Chances by the inverse of how far behind the best each is (Foster & Rakhlin 2020)."""

    _queries = 0

    def choose(self, kind: str) -> int:
        """The model that goes first, by its place."""
        self._queries += 1
        means = [one.mean for one in self._arms.expected(self._names, kind)]
        best = max(range(len(means)), key=lambda place: means[place])
        sharpness = SHARPNESS * math.sqrt(len(means) * self._queries)
        chances = [1 / (len(means) + sharpness * (means[best] - mean)) for mean in means]
        chances[best] += 1 - sum(chances)
        return self._rng.choices(range(len(means)), chances)[0]


@dataclass(frozen=True)
class Asked:
    """A query: its task, the gate's shares, its vector, and the experts who can answer it."""

    task: Task
    shares: Mapping[str, float]
    vector: np.ndarray
    right: frozenset[str]


class TaughtRouter:
    """The router's arithmetic over a gate's shares, taught by a `Learner`.

    What is proposed serves at once, where the product would first put it to an experiment.
    """

    def __init__(self, seed: int, *, explore: float, propose_after: int) -> None:
        self._rng = random.Random(seed)
        self._casebook = Casebook()
        self._policy = RoutingPolicy(explore=explore)
        self.learner = Learner(
            self._casebook, propose_after=propose_after, key_of=lambda name: name
        )
        self._teaching = None
        self._number = 0

    def choose(self, asked: Asked) -> str:
        """The expert who goes first."""
        shares = asked.shares
        if self._teaching is not None:
            marks = marks_of(asked.task, asked.vector, self._teaching.projection)
            shares = self._teaching.applied(shares, marks)
        candidates = [
            Candidate(key, key, share, 0.0, 0.0, self._policy.score(share, 0.0, 0.0))
            for key, share in shares.items()
        ]
        choice = choose(
            candidates,
            not_ready={},
            claimed=True,
            fallback=None,
            top_k=1,
            policy=self._policy,
            calibration=HEURISTIC,
        )
        trial = tried(choice, (), self._policy.explore, self._rng)
        first = trial.choice.chosen[0].key
        self._number += 1
        self._decided(asked, shares, first, trial.propensity)
        return first

    def learn(self, first: str, passed: bool) -> None:
        """Take in whether the last answer passed its check."""
        query = str(self._number)
        verdict = {"outcome": "passed" if passed else "failed"}
        self._take(Record("outcome", self._number, query, first, "m", data={"ok": True}))
        self._take(Record("verdict", self._number, query, first, data=verdict))
        if self.learner.due:
            proposal = self.learner.proposal()
            if proposal is not None:
                self._teaching = proposal.teaching
                self.learner.adopt(proposal.teaching)

    def _decided(
        self, asked: Asked, shares: Mapping[str, float], first: str, propensity: float
    ) -> None:
        largest = sorted(shares.items(), key=lambda one: -one[1])[:5]
        task = asked.task
        data = {
            "chosen": [first],
            "shares": dict(largest),
            "scores": [[key, self._policy.score(share, 0.0, 0.0)] for key, share in largest],
            "task": {
                "form": task.form,
                "kind": task.kind,
                "difficulty": task.difficulty,
                "language": task.language,
            },
            "propensity": propensity,
            "vector": b64encode(asked.vector.astype("<f2").tobytes()).decode(),
        }
        self._take(Record("decision", self._number, str(self._number), first, data=data))

    def _take(self, record: Record) -> None:
        self._casebook.take(record)
        self.learner.take(record)
