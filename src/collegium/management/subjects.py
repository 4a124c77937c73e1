"""Who is watched: experts, models or instances by name, and what is counted of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from collegium.errors import DeadlineExceeded
from collegium.management.intervals import anytime, wilson
from collegium.management.performance import Performance, Progress, Tally
from collegium.management.satisfaction import Satisfaction
from collegium.management.windows import Window, bucket_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Such a share of answers comes within the time that an answer is to be given.
MOSTLY = 0.95
# And where fewer answers than so many are known, that is so long.
FEWEST, PATIENCE_MS = 20, 30_000.0
# Whoever was counted first is forgotten where there are more names than any college has.
MOST_NAMES = 1000


class Subject:
    """Somebody who is watched."""

    __slots__ = ("answering", "checking", "ever", "left", "satisfaction", "window")

    def __init__(self, window_s: float, half_life: float) -> None:
        self.ever = Tally()
        self.window = Window(Tally, window_s)
        self.answering, self.checking = Progress(half_life), Progress(half_life)
        self.satisfaction = Satisfaction()
        self.left = False

    def tallies(self, seconds: float) -> tuple[Tally, Tally]:
        """Where what happens at that time is counted: for ever, and for now."""
        return self.ever, self.window.current(seconds)

    def answered(self, answer: Mapping[str, Any], seconds: float, *, own: bool = True) -> None:
        """Count an answer, or that there was none, as the record of it has it.

        What is not its `own` doing is counted, and not held against it. Whoever was given less time
        than its answers take was not waited for.
        """
        if answer.get("abandoned") or self._hurried(answer):
            for tally in self.tallies(seconds):
                tally.abandoned += 1
            return
        ok = bool(answer.get("ok"))
        if own:
            self.answering.add(well=ok)
        latency_ms, tokens = answer.get("latency_ms", 0.0), answer.get("completion_tokens", 0)
        bucket, cost_usd = bucket_of(latency_ms), answer.get("cost_usd", 0.0)
        for tally in self.tallies(seconds):
            tally.cost_usd += cost_usd
            if ok:
                tally.count_answer(bucket, latency_ms, tokens)
            else:
                tally.failed += 1

    def checked(self, outcome: str, seconds: float, *, own: bool = True) -> None:
        """Count what a check found, 'passed' or 'failed'; see `answered`."""
        passed = outcome == "passed"
        if own:
            self.checking.add(well=passed)
        for tally in self.tallies(seconds):
            tally.passed += passed
            tally.refuted += not passed

    def _hurried(self, answer: Mapping[str, Any]) -> bool:
        """Whether a deadline passed before most of its answers would have come."""
        if answer.get("error") != DeadlineExceeded.code:
            return False
        latencies = self.ever.latencies
        mostly_ms = PATIENCE_MS
        if latencies.count >= FEWEST:
            (mostly_ms,) = latencies.quantiles(MOSTLY)
        given_ms: float = answer.get("latency_ms", 0.0)
        return given_ms < mostly_ms

    def calibrated(self, confidence: float, reward: float, seconds: float) -> None:
        """Count how what was decided with a confidence was judged; both from 0 to 1."""
        for tally in self.tallies(seconds):
            tally.calibration.add(confidence, reward)


class Subjects:
    """All of a kind who are watched, by name; whoever is not known yet begins with nothing."""

    def __init__(self, window_s: float, half_life: float) -> None:
        self._window_s, self._half_life = window_s, half_life
        self._named: dict[str, Subject] = {}

    def __getitem__(self, name: str) -> Subject:
        subject = self._named.get(name)
        if subject is None:
            subject = self._named[name] = Subject(self._window_s, self._half_life)
            if len(self._named) > MOST_NAMES:
                del self._named[next(iter(self._named))]
        return subject

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def renew(self, name: str) -> None:
        """Judge somebody by what comes from now on; what was counted stays counted."""
        subject = self[name]
        subject.answering, subject.checking = Progress(self._half_life), Progress(self._half_life)
        subject.left = False

    def queries(self, name: str, seconds: float) -> int:
        """How many queries somebody had within the window that ends at that time."""
        return sum(one.answered + one.failed for one in self[name].window.inside(seconds))

    def performance(self, name: str, seconds: float) -> Performance:
        """How somebody does, at that time."""
        subject = self._named.get(name)
        if subject is None:
            return Performance(name, now=Performance(name))
        since = seconds - self._window_s
        return replace(
            subject.ever.performance(name, anytime),
            satisfaction=subject.satisfaction.interval(),
            answering=subject.answering.course(),
            checking=subject.checking.course(),
            now=replace(
                subject.window.total(seconds).performance(name, wilson),
                satisfaction=subject.satisfaction.interval(since),
            ),
        )
