"""What decisions are judged by."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Judged:
    """One decision beside the acceptable experts, the primary one first."""

    labels: tuple[str, ...]
    ranking: tuple[str, ...]
    confidence: float
    source: str
    language: str

    @property
    def right(self) -> bool:
        """Whether the first expert is an acceptable one."""
        return self.ranking[0] in self.labels


def share(flags: Sequence[bool]) -> float:
    """The share that is true."""
    return sum(flags) / len(flags) if flags else 0.0


def interval(flags: Sequence[bool], *, rounds: int = 1000, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a share: bootstrap percentiles; Wilson's (1927) where all are alike."""
    if len(set(flags)) == 1:
        least = len(flags) / (len(flags) + 1.96**2)
        return (least, 1.0) if flags[0] else (0.0, 1 - least)
    chance = random.Random(seed)
    shares = sorted(share(chance.choices(flags, k=len(flags))) for _ in range(rounds))
    return shares[int(0.025 * rounds)], shares[int(0.975 * rounds)]


def recalls(rows: Sequence[Judged]) -> dict[str, float]:
    """For each primary expert, the share of its prompts that go to an acceptable one."""
    by_label: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        by_label[row.labels[0]].append(row.right)
    return {key: share(flags) for key, flags in sorted(by_label.items())}


def macro_f1(rows: Sequence[Judged]) -> float:
    """The mean F1 over experts; a decision for any acceptable expert counts as for the primary."""
    hits: dict[str, int] = defaultdict(int)
    chosen: dict[str, int] = defaultdict(int)
    wanted: dict[str, int] = defaultdict(int)
    for row in rows:
        choice = row.labels[0] if row.right else row.ranking[0]
        chosen[choice] += 1
        wanted[row.labels[0]] += 1
        hits[choice] += row.right
    scores = [2 * hits[key] / (chosen[key] + wanted[key]) for key in wanted]
    return sum(scores) / len(scores)


def calibration_error(rows: Sequence[Judged], *, bins: int = 15) -> float:
    """The expected calibration error, over bins of equally many decisions (Naeini et al., 2015)."""
    ordered = sorted(rows, key=lambda row: row.confidence)
    total = 0.0
    for place in range(bins):
        part = ordered[place * len(ordered) // bins : (place + 1) * len(ordered) // bins]
        if part:
            sure = sum(row.confidence for row in part) / len(part)
            total += abs(sure - share([row.right for row in part])) * len(part)
    return total / len(ordered)


def confusion(rows: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """How often queries of each primary expert went to each; an acceptable one counts as it."""
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        table[row.labels[0]][row.labels[0] if row.right else row.ranking[0]] += 1
    return {key: dict(value) for key, value in sorted(table.items())}


def reliability(rows: Sequence[Judged], *, bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, how many) for bins of equally many decisions."""
    ordered = sorted(rows, key=lambda row: row.confidence)
    parts = [
        ordered[place * len(ordered) // bins : (place + 1) * len(ordered) // bins]
        for place in range(bins)
    ]
    return [
        (
            sum(one.confidence for one in part) / len(part),
            share([one.right for one in part]),
            len(part),
        )
        for part in parts
        if part
    ]


def by_group(rows: Sequence[Judged], field: str) -> dict[str, dict[str, float]]:
    """Accuracy and number of queries for each `source` or `language`."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, field)].append(row.right)
    return {
        name: {"n": len(flags), "accuracy_any": round(share(flags), 4)}
        for name, flags in sorted(groups.items())
    }


def summary(rows: Sequence[Judged]) -> dict[str, Any]:
    """Every figure of a router, ready for JSON."""
    flags = [row.right for row in rows]
    low, high = interval(flags)
    return {
        "n": len(rows),
        "accuracy_any": round(share(flags), 4),
        "accuracy_any_95": [round(low, 4), round(high, 4)],
        "accuracy_primary": round(share([row.ranking[0] == row.labels[0] for row in rows]), 4),
        "top_2": round(share([bool(set(row.ranking[:2]) & set(row.labels)) for row in rows]), 4),
        "macro_f1": round(macro_f1(rows), 4),
        "ece": round(calibration_error(rows), 4),
        "recall": {key: round(value, 4) for key, value in recalls(rows).items()},
    }
