"""How often the mixture is right, or no worse than the best of its models, on 250 tasks.

    python benchmarks/mixture/satisfaction.py [--model NAME ...] [--seed 1] [--limit N] [--save]

Every task is asked once of the mixture as it is without a configuration, and once of each model
alone, with the same seed and no instructions. The best single model is the best one on that very
task: the mixture is worse where it is wrong and any of them is right. Where all are wrong nobody is
worse, which says little where models are weak. So three stricter figures stand beside: how often
everybody is wrong, how often the mixture is right where anybody is, and how often it is right.
The models, their temperatures and the bound on answers are those of `live.py`, the way of telling
right answers that of `grading.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grading import Exercise, Grader, by_kind, exercises_of, tally
from live import (
    AS_IT_IS,
    EMBEDDED,
    MAX_TOKENS,
    Told,
    alone,
    machine,
    mixture,
    pool_members,
    timing,
    told,
)

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

TASKS = Path(__file__).parent / "data" / "tasks.jsonl"
TARGET = 0.90
COMPUTABLE = ("arithmetic", "dates", "sql", "text", "units")


async def measure(names: Sequence[str], seed: int, limit: int | None) -> dict[str, Any]:
    """Ask everybody everything, and compare."""
    exercises, grader = exercises_of(TASKS, limit=limit), Grader()
    async with pool_members(names) as members:
        async with mixture(AS_IT_IS, members, seed) as ask:
            mixed = await told(ask, exercises, grader, seed=seed, what="mixture")
        singles: dict[str, list[Told]] = {}
        for member in members:
            async with alone(member) as ask:
                what = f"{member.name}, alone"
                singles[member.name] = await told(ask, exercises, grader, seed=seed, what=what)
    return {
        "data": TASKS.name,
        "members": list(singles),
        "strategy": AS_IT_IS.moe.aggregation.strategy,
        "max_tokens": MAX_TOKENS,
        "seed": seed,
        **machine(),
        **compared(exercises, mixed, singles),
    }


def compared(
    exercises: Sequence[Exercise], mixed: Sequence[Told], singles: Mapping[str, Sequence[Told]]
) -> dict[str, Any]:
    """The mixture beside the models: satisfaction, accuracies, and where it fell short."""
    right = [one.right for one in mixed]
    best = [any(answers) for answers in zip(*map(flags, singles.values()), strict=True)]
    content = [mine or not theirs for mine, theirs in zip(right, best, strict=True)]
    decided = [mine for mine, theirs in zip(right, best, strict=True) if mine or theirs]
    missed = [number for number, mine in enumerate(right) if not mine]
    return {
        "target": TARGET,
        "right_or_no_worse": {**tally(content), "by_kind": by_kind(exercises, content)},
        "everybody_wrong": len(right) - len(decided),
        "right_where_anybody_is": tally(decided),
        "mixture": {**accuracy(exercises, mixed), "computed": computed(mixed)},
        "best_of_the_models_on_each_task": tally(best),
        "models": {name: accuracy(exercises, answers) for name, answers in singles.items()},
        "worse": [exercises[number].id for number in missed if best[number]],
        "computable_and_wrong": [
            fault(exercises[number], mixed[number])
            for number in missed
            if exercises[number].kind in COMPUTABLE
        ],
    }


def flags(answers: Sequence[Told]) -> list[bool]:
    """Which answers are right."""
    return [one.right for one in answers]


def accuracy(exercises: Sequence[Exercise], answers: Sequence[Told]) -> dict[str, Any]:
    """The share of right answers, in all and by kind, and the time per task."""
    kinds = by_kind(exercises, flags(answers))
    return {**tally(flags(answers)), "by_kind": kinds, "seconds": timing(answers)}


def computed(answers: Sequence[Told]) -> dict[str, Any]:
    """How many answers were computed without a model, and how many of these are right."""
    return tally(one.right for one in answers if one.model.startswith("computed/"))


def fault(exercise: Exercise, answer: Told) -> dict[str, str | None]:
    """What was said instead of the right answer, and by whom."""
    said = " ".join(answer.text.split())[:160]
    return {"id": exercise.id, "gold": exercise.gold, "model": answer.model, "said": said}


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(
        f"{result['data']}, at most {result['max_tokens']} tokens; {', '.join(result['members'])}"
    )
    row = result["right_or_no_worse"]
    print(line("right, or no worse", row), f"(target above {result['target']:.2f})")
    print(line("mixture right", result["mixture"]))
    print(line("  of these computed", result["mixture"]["computed"]))
    for name, model in result["models"].items():
        print(line(f"{name}, alone", model))
    print(line("any model right", result["best_of_the_models_on_each_task"]))
    print(line("mixture right where anybody is", result["right_where_anybody_is"]))
    print(f"everybody wrong: {result['everybody_wrong']}; worse: {', '.join(result['worse'])}")
    for kind, mine in result["mixture"]["by_kind"].items():
        others = [model["by_kind"][kind]["right"] for model in result["models"].values()]
        satisfied = row["by_kind"][kind]["right"]
        print(
            f"  {kind:12} n {mine['n']:3}, right {mine['right']:3}, models {others}, ok {satisfied}"
        )
    for one in result["computable_and_wrong"]:
        print(f"  {one['id']}: {one['gold']!r}, {one['model']} said {one['said'][:90]!r}")


def line(name: str, row: dict[str, Any]) -> str:
    """A share, its interval, and the time per task where that is known."""
    low, high = row["interval_95"]
    seconds = f", {row['seconds']['mean']:.2f} s a task" if "seconds" in row else ""
    return f"{name:34} {row['right']:3} of {row['n']:3}  [{low:.3f}, {high:.3f}]{seconds}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--model", nargs="+", default=[EMBEDDED], help="names, as BACKEND/MODEL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, help="so many tasks only, to try it")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--save", action="store_true", help="write results/satisfaction-<commit>.json"
    )
    options = parser.parse_args()
    result = asyncio.run(measure(options.model, options.seed, options.limit))
    if options.save:
        save("mixture", result, kind="satisfaction")
    print(json.dumps(result)) if options.json else show(result)


if __name__ == "__main__":
    main()
