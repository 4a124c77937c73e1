"""How soon a change is noticed, and how often one is where there is none.

    python benchmarks/management/drift.py [--runs N] [--seed N] [--json] [--save]

Success and calibration: simulated outcomes of one expert that change after so many. Beside the
watch, two baselines on the same numbers: the last 100 outcomes against all before (a z-test, looked
at after each outcome), and a CUSUM that is told what the rates are before and after, with its limit
set by other simulations so that it has the watch's probability of a false alarm in 5,000 outcomes.
Both are therefore better informed than the watch, or promise less: neither holds for ever.

Input: the project's own queries as the built-in encoder embeds them, those of one expert held back
and mixed in later. That encoder was trained on such queries, so that topics lie further apart than
those of strangers may. False alarms: streams in which nothing changes, whole colleges, sessions
with and without ids, and nights unlike days, where alarms are to be expected: all of it is counted.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from drift_baselines import LONG, cusum, cusum_limit, first, window_scores, windowed
from saving import saved
from town import FALSE_ALARM, Town, answer, decision, delays, share, told, watching

from collegium.learning.dataset import read_examples
from collegium.management.drift.stream import Stream
from collegium.routing import shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from collegium.management.drift import Drift
    from collegium.storage.records import Record

OWN = Path(__file__).parent.parent.parent / "data" / "routing"
WATCHES = 21  # ten experts, two watches each, and the input: the last of them has least to spend
LEVEL = FALSE_ALARM / (WATCHES * (WATCHES + 1))
HELD_BACK = ("data", "language", "advisor")
PER_TOPIC, LONGEST = 120, 60  # queries, characters
USUAL = 600


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=40, help="runs of each simulated change")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    began = time.perf_counter()
    result: dict[str, Any] = {"false_alarm": FALSE_ALARM, "level_of_a_watch": LEVEL}
    parts: dict[str, Callable[[int, int], Any]] = {
        "outcomes": outcomes,
        "input": queries,
        "stationary": stationary,
        "dependent": dependent,
        "cost": cost,
    }
    for name, part in parts.items():
        result[name] = part(args.runs, args.seed)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if args.save:
        print(f"saved {saved('drift', result)}", file=sys.stderr)
    print(json.dumps(result) if args.json else table(result))


def few(runs: int) -> int:
    """How often to repeat what takes long."""
    return max(6, runs // 8)


# Success and calibration.

CHANGES = ((0.9, 0.7), (0.9, 0.8), (0.95, 0.6))
BEFORE = (300, 1_000)
AFTER = 1_500


def outcomes(runs: int, seed: int) -> list[dict[str, Any]]:
    """Delays of changes in one expert's outcomes, in outcomes."""
    rows = []
    for before, after in CHANGES:
        limit = cusum_limit(before, after, LEVEL, seed + 1)
        for count in BEFORE:
            rng = np.random.default_rng(seed)
            rates = np.repeat([before, after], [count, AFTER])
            numbers = (rng.random((runs, len(rates))) < rates).astype(float)
            rows.append({
                "what": "success", "from": before, "to": after, "after": count,
                "watch": delays([watched(row, 20, 2, count, seed) for row in numbers]),
                "window_test": delays([windowed(row, count) for row in numbers]),
                "cusum_told_the_rates": delays(
                    [first(cusum(row, before, after) >= limit, count) for row in numbers]
                ),
            })  # fmt: skip
    return rows + [miscalibrated(runs, seed, count) for count in BEFORE]


def miscalibrated(runs: int, seed: int, count: int) -> dict[str, Any]:
    """Confidences that are right, and later 0.2 too high, while they themselves stay the same."""
    rng = np.random.default_rng(seed)
    confidence = rng.beta(9, 2, size=(runs, count + AFTER))
    lowered = np.repeat([0.0, 0.2], [count, AFTER])
    gaps = (rng.random(confidence.shape) < confidence - lowered) - confidence
    found = delays([watched(row, -20, 1, count, seed) for row in gaps])
    return {"what": "calibration", "from": 0.0, "to": -0.2, "after": count, "watch": found}


def watched(row: NDArray[Any], lowest: int, streams: int, count: int, seed: int) -> float:
    """How long after `count` numbers the watch's alarm came; an earlier one is none."""
    edges = [(step + 0.5) / 20 for step in range(min(0, lowest), 20)]
    stream, rng = Stream("", edges), random.Random(seed)
    for place, number in enumerate(row.tolist()):
        if stream.see(number, rng) >= streams / LEVEL and place >= count:
            return place - count + 1
    return math.inf


# What is asked.


def queries(runs: int, seed: int) -> list[dict[str, Any]]:
    """Delays of a new topic among real queries, in queries."""
    known, topics = embedded(seed)
    rows = []
    for part in (0.1, 0.3, 0.5, 1.0):
        found, early = [], []
        for run in range(few(runs)):
            rng = np.random.default_rng([seed, run])
            delay, false = mixed_in(known, topics, HELD_BACK[run % 3], part, rng)
            found.append(delay)
            early.append(false)
        rows.append({
            "texts": "real", "new_topic": part, "after": USUAL,
            "watch": delays(found), "alarm_before": share(early),
        })  # fmt: skip
    for part in (0.1, 0.3, 0.5):
        found = [simulated(part, seed, run) for run in range(few(runs))]
        rows.append({
            "texts": "simulated", "new_topic": part, "after": 1_000, "watch": delays(found)
        })  # fmt: skip
    return rows


def simulated(part: float, seed: int, run: int) -> float:
    """How long after 1,000 queries of nine topics a tenth, far from them all, is found."""
    rng = np.random.default_rng([seed, run])
    town = Town(rng)
    alarms, drift = watching(run)
    for number in range(1_000):
        drift.take(decision(number, town.query(int(rng.integers(9)))))
    alarms.clear()
    for number in range(600):
        topic = 9 if rng.random() < part else int(rng.integers(9))
        drift.take(decision(number, town.query(topic)))
        if alarms:
            return number + 1
    return math.inf


def embedded(seed: int) -> tuple[list[str], list[str]]:
    """The project's own short queries of one expert each: their embeddings, and whose they are."""
    rng = random.Random(seed)
    examples = [
        one
        for name in ("authored_more.jsonl", "authored_further.jsonl")
        for one in read_examples(OWN / name)
        if len(one.labels) == 1 and len(one.text) <= LONGEST
    ]
    rng.shuffle(examples)
    chosen: dict[str, list[str]] = {}
    for one in examples:
        texts = chosen.setdefault(next(iter(one.labels)), [])
        if len(texts) < PER_TOPIC:
            texts.append(one.text)
    encoder = shelf.encoder(shelf.BUILTIN_ENCODER)
    texts = [text for those in chosen.values() for text in those]
    vectors = encoder.encode(texts)[:, : encoder.general]
    topics = [topic for topic, those in chosen.items() for _ in those]
    return [told(vector) for vector in vectors], topics


def mixed_in(
    vectors: list[str], topics: list[str], new: str, part: float, rng: np.random.Generator
) -> tuple[float, bool]:
    """How long after `USUAL` queries of other topics a new one is found; whether one was before."""
    usual = [v for v, topic in zip(vectors, topics, strict=True) if topic != new]
    other = [v for v, topic in zip(vectors, topics, strict=True) if topic == new]
    usual = [usual[place] for place in rng.permutation(len(usual))]
    other = [other[place] for place in rng.permutation(len(other))]
    alarms, drift = watching(int(rng.integers(1 << 30)))
    for number in range(USUAL):
        drift.take(decision(number, usual.pop()))
    early = bool(alarms)
    alarms.clear()
    delay = 0
    while usual and other:
        delay += 1
        drift.take(decision(delay, other.pop() if rng.random() < part else usual.pop()))
        if alarms:
            return delay, early
    return math.inf, early


# Where nothing changes.


def stationary(runs: int, seed: int) -> dict[str, Any]:
    """Alarms in long streams, and in whole colleges, in which nothing changes."""
    rng, chance = np.random.default_rng(seed + 2), random.Random(seed)
    numbers = (rng.random((runs * 3, LONG)) < 0.9).astype(float)
    highest = []
    for row in numbers:
        stream = Stream("", [0.5])
        highest.append(max(stream.see(number, chance) for number in row.tolist()))
    windows = [float(window_scores(row, 100).max()) for row in numbers]
    colleges = [college(seed + run, 1_500) for run in range(few(runs))]
    return {
        "outcomes_each": LONG,
        "watch_at_level": {
            str(level): share([wealth >= 1 / level for wealth in highest])
            for level in (0.01, 0.05, 0.1)
        },
        "window_test_at_0.01": share([score >= 2.576 for score in windows]),
        "college_of_10_experts_1500_queries": share([alarms > 0 for alarms in colleges]),
    }


def college(seed: int, length: int) -> int:
    """How many alarms ten experts and their traffic raise where nothing changes."""
    rng = np.random.default_rng(seed)
    town = Town(rng)
    alarms, drift = watching(seed)
    for number in range(length):
        topic = int(rng.integers(10))
        drift.take(decision(number, town.query(topic), expert=f"E{topic}"))
        outcome = "passed" if rng.random() < 0.85 else "failed"
        drift.take(answer(number, f"E{topic}", outcome))
    return len(alarms)


def dependent(runs: int, seed: int) -> dict[str, Any]:
    """Shares of runs with an alarm where the order is not by chance alone."""
    some = few(runs)
    return {
        "sessions_of_5_with_ids": sessions(some, seed, 5, known=True),
        "sessions_of_5_without_ids": sessions(some, seed, 5, known=False),
        "sessions_of_30_with_ids": sessions(some, seed, 30, known=True),
        "sessions_of_30_without_ids": sessions(some, seed, 30, known=False),
        "nights_a_little_unlike_days": nights(some, seed, 0.1),
        "nights_unlike_days": nights(some, seed, 0.5),
        "outcomes_in_spells_of_5": spells(runs, seed, 5),
        "outcomes_in_spells_of_50": spells(runs, seed, 50),
    }


def sessions(runs: int, seed: int, length: int, *, known: bool) -> dict[str, Any]:
    """1,500 queries and more in sessions of one topic each, one session after the other."""
    flags = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        town = Town(rng)
        alarms, drift = watching(run)
        number = 0
        while number < 1_500 and not alarms:
            topic, session = int(rng.integers(10)), f"s{number}" if known else ""
            for _ in range(int(rng.geometric(1 / length))):
                number += 1
                drift.take(decision(number, town.query(topic), session=session))
        flags.append(bool(alarms))
    return share(flags)


def nights(runs: int, seed: int, swing: float) -> dict[str, Any]:
    """The share of half of the topics swings about a half, a day being 500 queries."""
    flags = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        town = Town(rng)
        alarms, drift = watching(run)
        number = 0
        while number < 1_500 and not alarms:
            number += 1
            day = 0.5 + swing * math.sin(2 * math.pi * number / 500)
            topic = int(rng.integers(5)) + 5 * int(rng.random() < day)
            drift.take(decision(number, town.query(topic)))
        flags.append(bool(alarms))
    return share(flags)


def spells(runs: int, seed: int, length: int) -> dict[str, Any]:
    """3,000 outcomes, by turns good in 95 % and in 75 %, for so long on average."""
    flags = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        stream, chance, good = Stream("", [0.5]), random.Random(run), True
        highest = 0.0
        for _ in range(3_000):
            good = good != (rng.random() < 1 / length)
            highest = max(
                highest, stream.see(float(rng.random() < (0.95 if good else 0.75)), chance)
            )
        flags.append(highest >= 2 / LEVEL)
    return share(flags)


def cost(runs: int, seed: int) -> dict[str, Any]:
    """What a record takes, in microseconds, and how large the state is that survives a restart."""
    rng = np.random.default_rng([seed, runs])
    town = Town(rng, width=384)
    _, drift = watching(seed)
    decisions = [decision(number, town.query(number % 10)) for number in range(1_500)]
    answers = [answer(number, "A", "passed") for number in range(1_500)]
    for record in decisions[:500]:
        drift.take(record)
    return {
        "decision_us": taken(drift, decisions[500:]),
        "answer_us": taken(drift, answers[500:]),
        "state_bytes": len(json.dumps(drift.as_data())),
    }


def taken(drift: Drift, records: Sequence[Record]) -> float:
    """The median of what a record takes, which other programs' work hardly moves."""
    times = [time.perf_counter()]
    for record in records:
        drift.take(record)
        times.append(time.perf_counter())
    return round(float(np.median(np.diff(times))) * 1e6, 1)


# For people.


def table(result: dict[str, Any]) -> str:
    """The result as lines."""
    return "\n".join((*_delay_lines(result), "", *_alarm_lines(result), "", str(result["cost"])))


def _delay_lines(result: dict[str, Any]) -> Iterable[str]:
    yield "a change found: share of runs, and after how many (10 %, median, 90 %)"
    for row in result["outcomes"]:
        name = f"{row['what']} {row['from']} -> {row['to']} after {row['after']}"
        for method in ("watch", "window_test", "cusum_told_the_rates"):
            if method in row:
                yield f"  {name:40} {method:22} {_found(row[method])}"
    for row in result["input"]:
        name = f"new topic {row['new_topic']:.0%} ({row['texts']}) after {row['after']}"
        yield f"  {name:40} {'watch':22} {_found(row['watch'])}"


def _alarm_lines(result: dict[str, Any]) -> Iterable[str]:
    yield "an alarm though nothing changes: share of runs (95 % interval)"
    still = result["stationary"]
    levels = {f"watch at {level}": told for level, told in still["watch_at_level"].items()}
    rest = {
        name: told for name, told in still.items() if isinstance(told, dict) and "share" in told
    }
    for name, shown in {**levels, **rest, **result["dependent"]}.items():
        yield f"  {name:40} {shown['share']:.3f} ({shown['low']:.3f} to {shown['high']:.3f})"


def _found(told: dict[str, Any]) -> str:
    quantiles = " ".join(f"{delay or '-':>6}" for delay in told["delay"].values())
    return f"{told['found']['share']:.2f} {quantiles}"


if __name__ == "__main__":
    main()
