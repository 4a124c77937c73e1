"""Whether a conversation stays with its expert, and leaves it when something else is asked.

    python benchmarks/routing/conversations.py [--save] [--json]

160 conversations written for this project, of user turns that go on (`follow`) or turn to another
expert's work (`switch`). Fits on every other conversation how much earlier turns count, and reports
on the rest, beside a gate that reads the last turn alone and the way before: a short reply is read
together with the turn before it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from material import OWN

from collegium.learning.measures import interval, share
from collegium.routing import shelf
from collegium.routing.classifier import QueryClassifier
from collegium.routing.network import GatingNetwork
from collegium.types import Message, Query

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
HYSTERESIS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)

Row = dict[str, Any]


def conversations() -> list[Row]:
    """The conversations."""
    text = (OWN / "conversations.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def turns_of(
    rows: list[Row], gate: GatingNetwork
) -> list[list[tuple[str, tuple[str, ...], dict[str, float]]]]:
    """For each conversation, each turn's kind, acceptable experts and shares."""
    read = QueryClassifier().read
    told = []
    for row in rows:
        said: list[Message] = []
        turns = []
        for turn in row["turns"]:
            said.append(Message("user", turn["text"]))
            shares = dict(gate.scores(read(Query(messages=tuple(said)))))
            turns.append((turn["kind"], tuple(turn["labels"]), shares))
        told.append(turns)
    return told


def judged(told: list[Any], gain: float = 0.0) -> dict[str, list[bool]]:
    """Whether each turn went to an acceptable expert, by its kind, a session kept below `gain`."""
    flags: dict[str, list[bool]] = defaultdict(list)
    for turns in told:
        holder: str | None = None
        for kind, labels, shares in turns:
            best = max(shares, key=lambda key: shares[key])
            if holder is not None and 0 < shares[best] - shares[holder] < gain:
                best = holder
            holder = best
            flags[kind].append(best in labels)
    return flags


def right(flags: dict[str, list[bool]]) -> float:
    """The share of later turns that went right, both kinds counting the same."""
    return (share(flags["follow"]) + share(flags["switch"])) / 2


def figures(flags: dict[str, list[bool]]) -> dict[str, Any]:
    """Accuracy for each kind of turn."""
    every = [flag for kind in flags.values() for flag in kind]
    low, high = interval(every)
    return {
        "all": round(share(every), 4),
        "all_95": [round(low, 4), round(high, 4)],
        **{kind: round(share(flags[kind]), 4) for kind in ("open", "follow", "switch")},
        "n": {kind: len(flags[kind]) for kind in ("open", "follow", "switch")},
    }


def measure() -> dict[str, Any]:
    """Fit on one half, report on the other."""
    rows = conversations()
    fitted_on, reported_on = rows[::2], rows[1::2]
    plain = shelf.gate("builtin")
    best = (-1.0, 0.0, 0.0)
    for carry, short in itertools.product(WEIGHTS, WEIGHTS):
        if short < carry:
            continue
        gate = with_carry(plain, carry, short)
        best = max(best, (right(judged(turns_of(fitted_on, gate))), carry, short))
    _, carry, short = best
    gate = with_carry(plain, carry, short)
    there = turns_of(fitted_on, gate)
    gain = max(HYSTERESIS, key=lambda one: (right(judged(there, one)), -one))
    here = turns_of(reported_on, gate)
    return {
        "conversations": len(reported_on),
        "carry": carry,
        "carry_short": short,
        "switch_gain": gain,
        "last_turn_alone": figures(judged(turns_of(reported_on, with_carry(plain, 0.0, 0.0)))),
        "carried": figures(judged(here)),
        "carried_in_a_session": figures(judged(here, gain)),
        "by_gain": {f"{one:g}": round(right(judged(here, one)), 4) for one in HYSTERESIS},
    }


def with_carry(gate: GatingNetwork, carry: float, short: float) -> GatingNetwork:
    """The gate with other weights for earlier turns."""
    return replace(gate, settings=replace(gate.settings, carry=carry, carry_short=short))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--save", action="store_true", help="write results/conversations-<commit>.json"
    )
    options = parser.parse_args()
    result = measure()
    if options.save:
        save("routing", result, kind="conversations")
    if options.json:
        print(json.dumps(result))
        return
    print(
        f"carry {result['carry']}, after short turns {result['carry_short']}, "
        f"switch gain {result['switch_gain']}"
    )
    for name in ("last_turn_alone", "carried", "carried_in_a_session"):
        row = result[name]
        print(
            f"{name:22} all {row['all']:.3f}  open {row['open']:.3f}  follow {row['follow']:.3f}  "
            f"switch {row['switch']:.3f}"
        )


if __name__ == "__main__":
    main()
