"""Sixty simple questions to a real model: the mixture, the mixture bare, and the models alone.

    python benchmarks/mixture/live.py [--model NAME ...] [--seeds 1 2 3] [--limit N] [--save]

Every question is asked with every seed of (a) the mixture as it is without a configuration, experts
that compute and checks included, (b) the same mixture without computing and without checks, and
(c) each model alone, with no instructions. All answers are at most 160 tokens long, so that a
condition takes minutes on two cores. The pool of every expert holds the models that are given. The
embedded SmolLM2-135M is the only one that comes with the project; where one model is all there is,
the pool's members are that model at two temperatures, 0.2 and 0.8, each with seeds of its own.

Right answers are told as `grading.py` says. Intervals are Wilson's; those over all seeds count
every answer as one of its own, though the questions are the same, and are too narrow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grading import Exercise, Grader, by_kind, exercises_of, tally

from collegium.backends.base import Backend, Generation, Prompt
from collegium.backends.directory import Directory
from collegium.backends.pool import Instance, Pool
from collegium.cli.progress import counting
from collegium.config import Config, ExpertConfig, MoeConfig, VerificationConfig
from collegium.errors import CollegiumError
from collegium.experts.catalog import BUILT_IN
from collegium.experts.model_expert import ModelExpert
from collegium.system import Collegium, this_machine
from collegium.types import Chunk, Message, Query

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

QUESTIONS = Path(__file__).parent / "data" / "live60.jsonl"
EMBEDDED = "local/smollm2-135m"
SEEDS = (1, 2, 3)
MAX_TOKENS = 160
ALONE, PAIRED = (0.2,), (0.2, 0.8)  # temperatures: of several models, and of the only one
APART = 1_000  # between the seeds of two members

AS_IT_IS = Config()
BARE = Config(
    moe=MoeConfig(
        experts=[ExpertConfig(name=row.name, compute=False) for row in BUILT_IN],
        verification=VerificationConfig(enabled=False),
    )
)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its text, the model that gave it, the seconds it took, and whether it is right."""

    text: str
    model: str
    seconds: float
    right: bool


Ask = Callable[[str, int], Awaitable[tuple[str, str]]]
"""Answers a question with a seed: the text, and the model that gave it."""


class Sampled:
    """A backend that samples at a temperature of its own, and moves every seed by `apart`.

    The backend behind it is shared, and not closed here.
    """

    def __init__(self, backend: Backend, *, temperature: float, apart: int) -> None:
        self._backend, self._temperature, self._apart = backend, temperature, apart

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply."""
        return await self._backend.generate(self._own(prompt))

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The reply as it comes."""
        async with aclosing(self._backend.stream(self._own(prompt))) as chunks:
            async for chunk in chunks:
                yield chunk

    async def models(self) -> tuple[str, ...]:
        """Those of the backend behind it."""
        return await self._backend.models()

    async def healthy(self) -> bool:
        """Whether the backend behind it is."""
        return await self._backend.healthy()

    async def aclose(self) -> None:
        """There is nothing of its own to end."""

    def _own(self, prompt: Prompt) -> Prompt:
        seed = int(prompt.sampling.get("seed", 0)) + self._apart
        own = {**prompt.sampling, "temperature": self._temperature, "seed": seed}
        return replace(prompt, sampling=own)


@asynccontextmanager
async def pool_members(names: Sequence[str]) -> AsyncGenerator[tuple[Instance, ...]]:
    """The models of these names; of a single one, a member for each of two temperatures."""
    directory = Directory(AS_IT_IS, this_machine())
    found = [await directory.find(name) for name in names]
    await directory.fetch()
    temperatures = PAIRED if len(found) == 1 else ALONE
    pairs = [(one, temperature) for one in found for temperature in temperatures]
    try:
        yield tuple(
            replace(
                one,
                backend=Sampled(one.backend, temperature=temperature, apart=number * APART),
                name=f"{one.name} at {temperature:g}",
            )
            for number, (one, temperature) in enumerate(pairs)
        )
    finally:
        await directory.aclose()


@asynccontextmanager
async def mixture(config: Config, members: Sequence[Instance], seed: int) -> AsyncGenerator[Ask]:
    """The college of a configuration, with these models in every pool, chosen by the seed."""
    college = Collegium.of(config)
    pool = Pool(members, rng=random.Random(seed))
    for expert in college.router.roster:
        if isinstance(expert, ModelExpert):
            expert.pool = pool
    async with college:
        await college.decide("What is this?")  # loads the gate, which is not the first question's

        async def ask(text: str, seed: int) -> tuple[str, str]:
            response = await college.ask(Query.of(text, sampling=sampling(seed)))
            return response.text, response.model

        yield ask


@asynccontextmanager
async def alone(member: Instance) -> AsyncGenerator[Ask]:
    """One model by itself: the question is all that it is told."""
    short = Prompt((Message("user", "Hello."),), member.model, {"max_tokens": 1})
    await member.backend.generate(short)  # starts it, which is not the first question's

    async def ask(text: str, seed: int) -> tuple[str, str]:
        prompt = Prompt((Message("user", text),), member.model, sampling(seed))
        return (await member.backend.generate(prompt)).text, member.name

    yield ask


def sampling(seed: int) -> dict[str, int]:
    """How everybody is asked to answer."""
    return {"seed": seed, "max_tokens": MAX_TOKENS}


async def told(
    ask: Ask, exercises: Sequence[Exercise], grader: Grader, *, seed: int, what: str
) -> list[Told]:
    """The answers to all exercises, one after the other, graded when they have been timed."""
    answers: list[Told] = []
    began = time.perf_counter()
    with counting(what, len(exercises)) as advance:
        for exercise in exercises:
            asked = time.perf_counter()
            try:
                text, model = await ask(exercise.text, seed)
            except CollegiumError as error:
                text, model = "", f"none: {error}"
            seconds = time.perf_counter() - asked
            answers.append(Told(text, model, seconds, await grader.right(exercise, text)))
            advance(1)
    right = sum(one.right for one in answers)
    seconds = time.perf_counter() - began
    print(f"{what}: {right} of {len(answers)} right, {seconds:.0f} s", file=sys.stderr)
    return answers


async def measure(names: Sequence[str], seeds: Sequence[int], limit: int | None) -> dict[str, Any]:
    """Every condition, by seed and in all."""
    exercises, grader = exercises_of(QUESTIONS, limit=limit), Grader()
    conditions: dict[str, Any] = {}
    async with pool_members(names) as members:
        ways = {"mixture": AS_IT_IS, "mixture, nothing computed or checked": BARE}
        for way, config in ways.items():
            rounds: list[list[Told]] = []
            for seed in seeds:
                what = f"{way}, seed {seed}"
                async with mixture(config, members, seed) as ask:
                    rounds.append(await told(ask, exercises, grader, seed=seed, what=what))
            conditions[way] = figures(exercises, seeds, rounds)
        for member in members:
            async with alone(member) as ask:
                rounds = [
                    await told(
                        ask, exercises, grader, seed=seed, what=f"{member.name}, seed {seed}"
                    )
                    for seed in seeds
                ]
            conditions[f"{member.name}, alone"] = figures(exercises, seeds, rounds)
    return {
        "data": QUESTIONS.name,
        "members": [member.name for member in members],
        "strategy": AS_IT_IS.moe.aggregation.strategy,
        "max_tokens": MAX_TOKENS,
        **machine(),
        "conditions": conditions,
    }


def figures(
    exercises: Sequence[Exercise], seeds: Sequence[int], rounds: Sequence[Sequence[Told]]
) -> dict[str, Any]:
    """What a condition came to: the shares that are right, and the time per question."""
    flags = [[one.right for one in answers] for answers in rounds]
    return {
        **tally(flag for row in flags for flag in row),
        "by_kind": by_kind([*exercises] * len(seeds), [flag for row in flags for flag in row]),
        "by_seed": {str(seed): tally(row) for seed, row in zip(seeds, flags, strict=True)},
        "computed": sum(one.model.startswith("computed/") for row in rounds for one in row),
        "seconds": timing([one for row in rounds for one in row]),
    }


def timing(answers: Sequence[Told]) -> dict[str, float]:
    """The mean and the median time per question, in seconds, and the sum."""
    seconds = [one.seconds for one in answers]
    return {
        "mean": round(statistics.fmean(seconds), 3),
        "median": round(statistics.median(seconds), 3),
        "all": round(sum(seconds), 1),
    }


def machine() -> dict[str, Any]:
    """Where it was measured."""
    python, cores = platform.python_version(), os.cpu_count()
    return {"machine": platform.machine(), "cores": cores, "python": python}


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(
        f"{result['data']}, at most {result['max_tokens']} tokens; {', '.join(result['members'])}"
    )
    for name, row in result["conditions"].items():
        low, high = row["interval_95"]
        seconds = row["seconds"]["mean"]
        print(f"\n{name}: {row['share']:.3f} [{low:.3f}, {high:.3f}], {seconds:.2f} s a question")
        seeds = ", ".join(f"{seed} {one['share']:.3f}" for seed, one in row["by_seed"].items())
        print(f"  by seed: {seeds}; computed without a model: {row['computed']} of {row['n']}")
        for kind, one in row["by_kind"].items():
            low, high = one["interval_95"]
            print(f"  {kind:12} {one['right']:3} of {one['n']:3}  [{low:.3f}, {high:.3f}]")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--model", nargs="+", default=[EMBEDDED], help="names, as BACKEND/MODEL")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--limit", type=int, help="so many questions only, to try it")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--save", action="store_true", help="write results/live-<commit>.json")
    options = parser.parse_args()
    result = asyncio.run(measure(options.model, options.seeds, options.limit))
    if options.save:
        save("mixture", result, kind="live")
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
