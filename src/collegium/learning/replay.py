"""A college over recorded answers: what it would have answered, what it would have cost.

The college is asked each prompt as a user would ask it; its models say what was recorded. It sees
an answer only by calling for it, and scores and right answers not at all: those are looked up here,
afterwards.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.errors import CollegiumError
from collegium.learning.cascade_fitting import Means, Training
from collegium.learning.latent_fitting import as_counts
from collegium.types import Query, Task
from collegium.verification.equivalence import key
from collegium.verification.extract import final_answer
from collegium.verification.plain_numbers import number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from collegium.aggregation.learned import CascadePolicy
    from collegium.learning.recordings import RecordedPrompt, Recordings
    from collegium.types import Response

    Floats = NDArray[np.float64]
    Ask = Callable[[Query], Awaitable[Response]]
    Verify = Callable[[Query, str], Awaitable[Any]]

NUMERIC_SHARE = 0.9
TOGETHER = 4  # how many prompts are asked at once; computing runs in processes of its own
CHECKED_ANSWERS = 500
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Played:
    """What the college made of one prompt.

    `models` are those called, in order, without their backend; `answer` is the final answer, None
    where none could be told; `score` how right it was; `spoke` the model whose answer it is, '' for
    one that was computed.
    """

    prompt_id: str
    dataset: str
    models: tuple[str, ...]
    answer: str | None
    cost_usd: float
    score: float
    spoke: str
    confidence: float
    failure: str = ""

    def row(self) -> dict[str, Any]:
        """The decision as a line of JSON; how right it was is not part of it."""
        return {
            "prompt_id": self.prompt_id,
            "models": list(self.models),
            "answer": self.answer,
            "cost_usd": self.cost_usd,
            "by": self.spoke or None,
            "confidence": round(self.confidence, 4),
            **({"failure": self.failure} if self.failure else {}),
        }


def forms_of(recorded: Recordings) -> dict[str, str]:
    """What answers are like, by kind: numbers where nearly all recorded ones are, else texts."""
    forms: dict[str, str] = {}
    for kind in sorted(set(recorded.kinds)):
        answers = [
            answer
            for row, answers in zip(recorded.kinds, recorded.answers, strict=True)
            if row == kind
            for answer in answers
            if answer is not None
        ]
        numeric = sum(number(answer) is not None for answer in answers)
        many = bool(answers) and numeric >= NUMERIC_SHARE * len(answers)
        forms[kind] = "number" if many else "text"
    return forms


def query_of(prompt: RecordedPrompt, forms: Mapping[str, str], objective: str) -> Query:
    """A prompt as a user asks it who knows what kind of task it is."""
    task = Task(forms.get(prompt.dataset, "text"), prompt.dataset)
    return Query.of(prompt.asked, id=prompt.id, task=task, objective=objective)


async def training_of(
    recorded: Recordings,
    *,
    computes: Callable[[Query], bool] = lambda _: False,
    verify: Verify | None = None,
    rng: np.random.Generator | None = None,
) -> Training:
    """Recordings as something to fit to.

    Args:
        recorded: the recordings.
        computes: whether a query is computed without a model.
        verify: checks an answer; of every kind some answers are checked. None checks nothing.
        rng: draws which.
    """
    forms = forms_of(recorded)
    conclusions = as_counts(
        [
            [None if answer is None else key(answer, forms[kind]) for answer in row]
            for kind, row in zip(recorded.kinds, recorded.answers, strict=True)
        ]
    )
    queries = [query_of(prompt, forms, "balanced") for prompt in recorded.prompts]
    exact = np.array([computes(query) for query in queries], dtype=np.bool_)
    verdicts: dict[str, list[tuple[str, float]]] = {}
    if verify is not None:
        said = recorded.spoken()
        for row, column in _drawn(recorded, exact, rng or np.random.default_rng(0)):
            text = said[recorded.models[column], recorded.prompts[row].asked].text
            verdict = await verify(queries[row], text)
            score = float(recorded.scores[row, column])
            verdicts.setdefault(recorded.kinds[row], []).append((verdict.outcome, score))
    return Training(
        recorded.models,
        recorded.kinds,
        recorded.scores,
        recorded.costs_usd,
        conclusions,
        exact,
        forms,
        verdicts,
    )


def _drawn(
    recorded: Recordings, exact: NDArray[np.bool_], rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Places of answers to check: so many of every kind whose answers were recorded."""
    places: dict[str, list[tuple[int, int]]] = {}
    for row, answers in enumerate(recorded.responses):
        if not exact[row]:
            places.setdefault(recorded.kinds[row], []).extend(
                (row, column) for column, answer in enumerate(answers) if answer is not None
            )
    drawn: list[tuple[int, int]] = []
    for kind in sorted(places):
        chosen = rng.permutation(len(places[kind]))[:CHECKED_ANSWERS]
        drawn += [places[kind][int(place)] for place in chosen]
    return drawn


async def replay(
    recorded: Recordings,
    ask: Ask,
    forms: Mapping[str, str],
    *,
    objective: str = "balanced",
    done: Callable[[int], None] = lambda _: None,
) -> list[Played]:
    """Ask the college every prompt, a few at once.

    Args:
        recorded: the prompts, and afterwards how right the answers are.
        ask: the college.
        forms: what answers are like, by kind, as was learned.
        objective: what the college goes by.
        done: told how many more prompts are done.
    """
    gate = asyncio.Semaphore(TOGETHER)

    async def one(row: int) -> Played:
        async with gate:
            prompt = recorded.prompts[row]
            form = forms.get(prompt.dataset, "text")
            try:
                response = await ask(query_of(prompt, forms, objective))
            except CollegiumError as error:
                return Played(prompt.id, prompt.dataset, (), None, 0.0, 0.0, "", 0.0, str(error))
            finally:
                done(1)
            return played(recorded, row, response, form)

    return list(await asyncio.gather(*(one(row) for row in range(len(recorded.prompts)))))


def played(recorded: Recordings, row: int, response: Response, form: str) -> Played:
    """What a response to a prompt was worth.

    An answer of a model is as right as was recorded; one that was computed is right if it is the
    same as the right answer.
    """
    prompt, calls = recorded.prompts[row], response.receipt.calls if response.receipt else ()
    paid = [call for call in calls if not call.model.startswith("computed/")]
    called = tuple(_bare(call.model) for call in paid if call.outcome == "answered")
    spoke = "" if response.model.startswith("computed/") else _bare(response.model)
    if spoke:
        column = recorded.models.index(spoke)
        answer = recorded.answers[row][column]
        score = float(recorded.scores[row, column])
    else:
        answer = final_answer(response.text, form)
        score = float(is_right(answer, recorded.golds.get(prompt.id), form))
    cost_usd = math.fsum(call.usage.cost_usd for call in paid)
    return Played(
        prompt.id, prompt.dataset, called, answer, cost_usd, score, spoke, response.confidence
    )


def is_right(answer: str | None, gold: str | None, form: str) -> bool:
    """Whether an answer is the right one; recorded right answers lack the quotes of a string."""
    if answer is None or gold is None:
        return False
    if key(answer, form) == key(gold, form):
        return True
    return key(unquoted(answer), "code") == key(unquoted(gold), "code")


def unquoted(text: str) -> str:
    """A Python string literal without its quotes; any other text as it is."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def _bare(model: str) -> str:
    return model.partition("/")[2] or model


@dataclass(frozen=True, slots=True)
class Standing(Means):
    """How one way of answering did on the judged prompts: arrays of (prompts,)."""

    name: str
    scores: Floats
    costs_usd: Floats


def baselines(recorded: Recordings, training: Training, rng: np.random.Generator) -> list[Standing]:
    """What the college is compared with, chosen on what was fitted to.

    The best single model, one drawn by chance, the majorities of the best three and five, and the
    oracle, which picks the cheapest right answer there is and pays for that alone.
    """
    scores = np.nan_to_num(recorded.scores)
    costs = np.nan_to_num(recorded.costs_usd)
    rows = np.arange(len(scores))
    there = np.isfinite(recorded.scores)
    order = by_accuracy(training, recorded.models)
    drawn = np.array([rng.choice(np.flatnonzero(one)) for one in there])
    cheapest = np.where(scores >= scores.max(axis=1, keepdims=True), costs, np.inf).argmin(axis=1)
    forms = training.forms
    conclusions = as_counts(
        [
            [None if answer is None else key(answer, forms.get(kind, "text")) for answer in row]
            for kind, row in zip(recorded.kinds, recorded.answers, strict=True)
        ]
    )
    found = [
        Standing("best single", scores[:, order[0]], costs[:, order[0]]),
        Standing("random", scores[rows, drawn], costs[rows, drawn]),
    ]
    for most in (3, 5):
        chosen = order[:most]
        winners = [majority(conclusions[row, chosen]) for row in rows]
        picked = np.array([chosen[winner] for winner in winners])
        found.append(
            Standing(f"majority of {most}", scores[rows, picked], costs[:, chosen].sum(axis=1))
        )
    found.append(Standing("oracle", scores[rows, cheapest], costs[rows, cheapest]))
    return found


def by_accuracy(training: Training, models: Sequence[str]) -> list[int]:
    """The places of `models`, the most accurate in training first; those not trained on last."""
    ranked = [training.models[column] for column in training.ranked]
    known = [models.index(name) for name in ranked if name in models]
    return [*known, *(place for place in range(len(models)) if place not in known)]


def majority(conclusions: NDArray[np.int64]) -> int:
    """The place of the first answer that came to the commonest conclusion; of equals the first."""
    counts = [int((conclusions == one).sum()) if one >= 0 else 0 for one in conclusions]
    return int(np.argmax(counts))


def compared(
    college: Standing, single: Standing, oracle: Standing, rng: np.random.Generator
) -> dict[str, Any]:
    """The college beside the best single model, with paired bootstrap intervals (95 %).

    `gap_closed` is the share of the way from the best single model to the oracle.
    """
    count = len(college.scores)
    draws = rng.integers(0, count, (RESAMPLES, count))
    gain = college.scores - single.scores
    gains = gain[draws].mean(axis=1)
    ratios = college.costs_usd[draws].mean(axis=1) / np.maximum(
        single.costs_usd[draws].mean(axis=1), 1e-12
    )
    room = oracle.accuracy - single.accuracy
    return {
        "prompts": count,
        "gain": round(float(gain.mean()), 5),
        "gain_interval": _interval(gains),
        "cost_ratio": round(college.cost_usd / max(single.cost_usd, 1e-12), 5),
        "cost_ratio_interval": _interval(ratios),
        "gap_closed": round(float(gain.mean()) / room, 4) if room > 0 else None,
    }


def _interval(values: Floats) -> list[float]:
    return [round(float(one), 5) for one in np.quantile(values, (0.025, 0.975))]


def standing_of(name: str, decisions: Sequence[Played]) -> Standing:
    """The college's decisions as a standing."""
    return Standing(
        name,
        np.array([one.score for one in decisions]),
        np.array([one.cost_usd for one in decisions]),
    )


def unseen(recorded: Recordings, policy: CascadePolicy) -> dict[str, list[str]]:
    """The models and data sets that nothing was learned of, and that take the prior."""
    known = set(policy.latent.models)
    return {
        "models": [model for model in recorded.models if model not in known],
        "datasets": sorted(set(recorded.kinds) - set(policy.latent.kinds)),
    }
