"""How well an expert, a model or an instance does: what is counted of it, and what that says."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collegium.management.intervals import (
    UNKNOWN,
    Interval,
    RenewedSequence,
    standard_errors,
    wilson,
)
from collegium.management.windows import Sketch

if TYPE_CHECKING:
    from collections.abc import Callable

BINS = 5
# Either of two things tells that somebody is bad: the answers that fail, and the checks.
LEVEL = 0.975


@dataclass(frozen=True, slots=True)
class Course:
    """How often something goes well, 0 to 1, by `count` outcomes since one was put on duty.

    `lately` is of the latest, by exponential decay. `ceiling` is the most that the share can be,
    ever or of late: with a probability of 97.5 % it is right however often one looks.
    """

    count: float = 0.0
    lately: Interval = UNKNOWN
    ceiling: float = 1.0


@dataclass(frozen=True, slots=True)
class Performance:
    """How an expert, a model or an instance does.

    `queries` are those that it answered or failed to answer, `failures` the latter; `abandoned`,
    which nobody waited for any more, are neither. `success` is the share answered, `checked` the
    share of checks passed, `satisfaction` what ratings say; the intervals of the first two are for
    looking all the time. The quantiles are of answers, the ends around the median hold the true one
    with 95 %. `tokens_per_s` are tokens of answers over the time these took. `calibration_error` is
    how far, on average over `judged` cases, the confidence of decisions was from how the answers
    were judged (expected calibration error in five bins), `brier` the mean square of that
    difference. `utilisation` is the last one sampled. `answering` and `checking` tell how success
    and checks change. `now` is the same within the window, its intervals for a single look.
    """

    name: str
    queries: int = 0
    failures: int = 0
    abandoned: int = 0
    success: Interval = UNKNOWN
    p50_ms: float | None = None
    p50_low_ms: float | None = None
    p50_high_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    tokens_per_s: float | None = None
    cost_usd: float = 0.0
    checked: Interval | None = None
    satisfaction: Interval | None = None
    calibration_error: float | None = None
    brier: float | None = None
    judged: int = 0
    utilisation: float | None = None
    answering: Course = field(default_factory=Course)
    checking: Course = field(default_factory=Course)
    now: Performance | None = None

    @property
    def lately(self) -> Interval:
        """The share of the latest queries that were answered, by exponential decay."""
        return self.answering.lately


class Calibration:
    """How confidences, 0 to 1, compare with how what they were about turned out."""

    __slots__ = ("_bins", "_squares", "count")

    def __init__(self) -> None:
        self._bins = [(0, 0.0)] * BINS
        self._squares = 0.0
        self.count = 0

    def add(self, confidence: float, reward: float) -> None:
        """Count a confidence and what came of it."""
        place = min(BINS - 1, max(0, int(confidence * BINS)))
        count, excess = self._bins[place]
        self._bins[place] = (count + 1, excess + confidence - reward)
        self._squares += (confidence - reward) ** 2
        self.count += 1

    def merge(self, other: Calibration) -> None:
        """Add what the other has counted."""
        self._bins = [
            (count + more, excess + further)
            for (count, excess), (more, further) in zip(self._bins, other._bins, strict=True)
        ]
        self._squares += other._squares
        self.count += other.count

    @property
    def error(self) -> float | None:
        """The expected calibration error; None before the first."""
        return sum(abs(excess) for _, excess in self._bins) / self.count if self.count else None

    @property
    def brier(self) -> float | None:
        """The mean square of the difference; None before the first."""
        return self._squares / self.count if self.count else None


class Tally:
    """What is counted in one stretch of time."""

    __slots__ = (
        "abandoned",
        "answered",
        "calibration",
        "cost_usd",
        "failed",
        "latencies",
        "passed",
        "refuted",
        "seconds",
        "tokens",
    )

    def __init__(self) -> None:
        self.answered = self.failed = self.abandoned = 0
        self.passed = self.refuted = 0
        self.tokens, self.seconds, self.cost_usd = 0, 0.0, 0.0
        self.latencies = Sketch()
        self.calibration = Calibration()

    def count_answer(self, bucket: int, latency_ms: float, tokens: int) -> None:
        """Count an answer; its latency also by the bucket of the sketch that it is in."""
        self.answered += 1
        self.latencies.add(bucket)
        if tokens > 0 and latency_ms > 0:  # one that says nothing of its tokens tells no speed
            self.tokens += tokens
            self.seconds += latency_ms / 1000

    def merge(self, other: Tally) -> None:
        """Add what the other has counted."""
        self.answered += other.answered
        self.failed += other.failed
        self.abandoned += other.abandoned
        self.passed += other.passed
        self.refuted += other.refuted
        self.tokens += other.tokens
        self.seconds += other.seconds
        self.cost_usd += other.cost_usd
        self.latencies.merge(other.latencies)
        self.calibration.merge(other.calibration)

    def performance(self, name: str, share: Callable[[float, float], Interval]) -> Performance:
        """What it says of whom it is about; `share` makes an interval of successes and total."""
        queries, checks = self.answered + self.failed, self.passed + self.refuted
        low_ms, p50_ms, high_ms, p95_ms, p99_ms = self._latencies_ms()
        return Performance(
            name=name,
            queries=queries,
            failures=self.failed,
            abandoned=self.abandoned,
            success=share(self.answered, queries),
            p50_ms=p50_ms,
            p50_low_ms=low_ms,
            p50_high_ms=high_ms,
            p95_ms=p95_ms,
            p99_ms=p99_ms,
            tokens_per_s=self.tokens / self.seconds if self.seconds > 0 else None,
            cost_usd=self.cost_usd,
            checked=share(self.passed, checks) if checks else None,
            calibration_error=self.calibration.error,
            brier=self.calibration.brier,
            judged=self.calibration.count,
        )

    def _latencies_ms(self) -> tuple[float | None, ...]:
        """The median between its ends, and the 95th and 99th percentile."""
        if not self.latencies.count:
            return (None,) * 5
        # The ends by ranks: half of all lie below the median, give or take chance.
        reach = standard_errors(0.95) / (2 * math.sqrt(self.latencies.count))
        low, high = max(0.0, 0.5 - reach), min(1.0, 0.5 + reach)
        return self.latencies.quantiles(low, 0.5, high, 0.95, 0.99)


class Progress:
    """How often something goes well, for people who look at it all the time."""

    __slots__ = ("_decay", "_lately", "_right", "_sequence", "_squares")

    def __init__(self, half_life: float) -> None:
        self._decay = 0.5 ** (1 / half_life)
        self._sequence = RenewedSequence(half_life, LEVEL)
        self._right = self._lately = self._squares = 0.0

    def add(self, *, well: bool) -> None:
        """Count once more."""
        self._sequence.add(float(well))
        self._right = self._right * self._decay + well
        self._lately = self._lately * self._decay + 1
        self._squares = self._squares * self._decay**2 + 1

    def course(self) -> Course:
        """How it went so far."""
        if not self._lately:
            return Course()
        # Outcomes of unequal weight are as sure as so many of equal weight (Kish 1965).
        count = self._lately**2 / self._squares
        return Course(
            count=self._sequence.first.count,
            lately=wilson(self._right / self._lately * count, count),
            ceiling=self._sequence.ceiling,
        )
