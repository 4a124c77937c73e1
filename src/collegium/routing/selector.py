"""Which of an expert's models answers: by how good, dear and quick each is expected to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from collegium.backends.prices import prompt_tokens
from collegium.errors import QueryError
from collegium.experts.records import Records
from collegium.types import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.backends.base import Prompt
    from collegium.backends.standing import Standing

Objective: TypeAlias = Literal["quality", "balanced", "cheap", "fast", "parity"]
OBJECTIVES: tuple[str, ...] = get_args(Objective)

# Utilities are in shares of right answers. These say how much of one other things are worth: e
# times the price, e times the time, a second.
PRICE, TIME, SECOND = 0.03, 0.1, 0.005
# Where quality is assured the price decides; where quality decides, the price among equals only.
PRICE_ALONE, PRICE_AMONG_EQUALS = 0.1, 0.001
# Answers cheaper and quicker than this are all the same.
FREE_USD, INSTANT_S = 1e-5, 0.05
# Shares this near each other are not told apart.
NOISE = 0.02
# How good a model must be beside the best one before its price or its speed counts.
CHEAP, FAST = 0.5, 0.8
# How much better another model must be before a session changes, and before one waits for it.
SWITCH_GAIN, WORTH_WAITING = 0.05, 0.1
# How far a task's difficulty, which is only guessed, moves what is expected.
TRUST_IN_DIFFICULTY = 0.5
BELOW_THE_FLOOR = 10.0


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model as it stands when one is chosen.

    `quality` is the share of its answers, 0 to 1, that are right for the kind of task at hand;
    `load` its requests in flight divided by what it takes. None means not known: no price, no
    answer so far, no limit.
    """

    name: str
    quality: float
    cost_usd: float | None = None
    latency_ms: float | None = None
    load: float = 0.0
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A model in its place; `utility` is what put it there, `why` says it in words."""

    name: str
    utility: float
    why: str


def rank(
    models: Sequence[ModelState],
    task: Task,
    objective: str,
    *,
    budget_usd: float | None = None,
    incumbent: str | None = None,
    tokens: int = 0,
) -> tuple[Ranked, ...]:
    """The models that may be asked, the fittest for the objective first; at least one of them.

    `quality` wants the best, `cheap` the cheapest that is not far worse, `parity` the cheapest that
    is as good as the best, `fast` the quickest that is nearly as good, and `balanced` weighs all.

    Args:
        models: those there are; a cost that is not known counts as none.
        task: what is asked; the harder it is, the less is expected of them all.
        objective: one of `OBJECTIVES`.
        budget_usd: models that cost more are left out; where all do, the cheapest is left.
        incumbent: the model that has the session; it stays first unless another is clearly better.
        tokens: how long the prompt is; models with less room are left out, unless all have.

    Raises:
        QueryError: there is no such objective.
    """
    if objective not in OBJECTIVES:
        known = ", ".join(OBJECTIVES)
        raise QueryError(f"no objective called {objective!r}; there are: {known}")
    roomy = [one for one in models if one.context_tokens is None or tokens < one.context_tokens]
    able = _affordable(roomy or models, budget_usd)
    shares = {one.name: expected_share(one.quality, task.difficulty) for one in able}
    best = max(shares.values(), default=0.0)
    utilities = {one.name: _utility(one, shares[one.name], best, objective) for one in able}
    near = max(utilities.values(), default=0.0) - SWITCH_GAIN

    def place(model: ModelState) -> tuple[bool, float, float]:
        utility = utilities[model.name]
        return not (model.name == incumbent and utility >= near), -utility, model.load

    return tuple(
        Ranked(
            one.name,
            utilities[one.name],
            _why(one, shares[one.name], budget_usd, kept=number == 0 and one.name == incumbent),
        )
        for number, one in enumerate(sorted(able, key=place))
    )


def expected_share(quality: float, difficulty: float) -> float:
    """The share of right answers to expect of a model for a task of that difficulty, 0 to 1.

    At difficulty 0.5 it is the model's own `quality`; below, all models do better and are nearer
    to each other; above, they do worse.
    """
    return 1 / (1 + math.exp(TRUST_IN_DIFFICULTY * _odds(difficulty) - _odds(quality)))


class ModelSelector:
    """Hands `rank` down to the pools: what it needs of prompts, standings and records.

    A query's own objective and budget go before the configured ones. The models to wait for are
    those about as fit as the first.
    """

    def __init__(
        self,
        records: Records | None = None,
        *,
        objective: str = "balanced",
        budget_usd: float | None = None,
    ) -> None:
        self.records = records or Records()
        self.objective = objective
        self.budget_usd = budget_usd

    def __call__(
        self, prompt: Prompt, standings: Sequence[Standing], incumbent: str | None
    ) -> tuple[str, ...]:
        """The names of those worth asking, the fittest first."""
        first, *others = self.ranked(prompt, standings, incumbent)
        near = [one.name for one in others if one.utility >= first.utility - WORTH_WAITING]
        return (first.name, *near)

    def ranked(
        self, prompt: Prompt, standings: Sequence[Standing], incumbent: str | None = None
    ) -> tuple[Ranked, ...]:
        """Every instance that may be asked, in its place."""
        task = prompt.task or Task()
        return rank(
            [self._state(one, task.kind) for one in standings],
            task,
            prompt.objective or self.objective,
            budget_usd=self.budget_usd if prompt.budget_usd is None else prompt.budget_usd,
            incumbent=incumbent,
            tokens=prompt_tokens(prompt),
        )

    def _state(self, standing: Standing, kind: str) -> ModelState:
        return ModelState(
            standing.name,
            quality=self.records.reliability(standing.name, kind),
            # A recorded cost of nothing may only mean that no price was known.
            cost_usd=self.records.cost_usd(standing.name, kind) or standing.cost_usd,
            latency_ms=standing.latency_ms,
            load=standing.load,
            context_tokens=standing.context_tokens,
        )


def _affordable(models: Sequence[ModelState], budget_usd: float | None) -> Sequence[ModelState]:
    within = [one for one in models if budget_usd is None or (one.cost_usd or 0.0) <= budget_usd]
    return within or sorted(models, key=lambda one: one.cost_usd or 0.0)[:1]


def _utility(model: ModelState, share: float, best: float, objective: str) -> float:
    # A busy model takes its time: as much again when it is full.
    seconds = (model.latency_ms or 0.0) / 1000 * (1 + model.load)
    price = math.log(max(model.cost_usd or 0.0, FREE_USD))
    if objective == "balanced":
        return share - PRICE * price - SECOND * seconds
    if objective == "quality":
        return (best if share >= best - NOISE else share) - PRICE_AMONG_EQUALS * price
    floor = {"cheap": CHEAP * best, "fast": FAST * best, "parity": best - NOISE}[objective]
    if share < floor:
        return share - BELOW_THE_FLOOR
    if objective == "fast":
        return -TIME * math.log(max(seconds, INSTANT_S))
    return -PRICE_ALONE * price


def _why(model: ModelState, share: float, budget_usd: float | None, *, kept: bool) -> str:
    cost, latency_ms = model.cost_usd, model.latency_ms
    words = [
        f"right for {share:.0%} as far as is known",
        "no price known" if cost is None else f"about ${cost:.2g}",
        "not timed yet" if latency_ms is None else f"about {latency_ms / 1000:.1f} s",
    ]
    if budget_usd is not None and (cost or 0.0) > budget_usd:
        words.append(f"over the budget of ${budget_usd:.2g}, and the cheapest there is")
    if kept:
        words.append("has the session")
    return ", ".join(words)


def _odds(share: float) -> float:
    share = min(max(share, 0.001), 0.999)
    return math.log(share / (1 - share))
