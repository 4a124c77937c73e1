"""How well experts, models and instances do, out of the record as it is written."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from collegium.management.evenness import Evenness, Utilisations, unevenness
from collegium.management.experiments.assignment import place_of
from collegium.management.subjects import Subject, Subjects
from collegium.management.windows import SteadyTime
from collegium.observe.casebook import JUDGEMENTS, Casebook, is_challenger, is_shadow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from collegium.events import Event
    from collegium.management.performance import Performance
    from collegium.storage.recorder import Recorder
    from collegium.storage.records import Record, Stored

WINDOW_S, HALF_LIFE = 3600.0, 200.0
# Of so many queries it is remembered that they were counted, lest they are a second time.
REMEMBERED = 20_000


class PerformanceTracker:
    """Counts what records tell of experts, models and instances.

    It takes records as they come (`take`), or the stored ones after a restart (`replay`), with the
    same result; in a program that keeps no record it listens to the events itself. The answers of
    shadows do not count; those of variants that an experiment tries out do, but nobody is judged by
    them (`answering`, `checking`). An expert who left and joins again is judged anew.

    Args:
        casebook: where the cases are gathered; it is given every record before that is counted.
        window_s: the seconds that count as now.
        half_life: the outcomes after which an older one counts half in what is true lately.
        clock: the time in seconds since 1970, for reading and sampling; records bring their own.
    """

    def __init__(
        self,
        casebook: Casebook | None = None,
        *,
        window_s: float = WINDOW_S,
        half_life: float = HALF_LIFE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.casebook = Casebook() if casebook is None else casebook
        self._clock = clock
        self._experts = Subjects(window_s, half_life)
        self._models = Subjects(window_s, half_life)
        self._instances = Subjects(window_s, half_life)
        self._utilisations = Utilisations(window_s)
        # Two, so that what is sampled between two records changes nothing of what they tell.
        self._recorded, self._sampled = SteadyTime(window_s), SteadyTime(window_s)
        self._checks, self._judgements = _Seen(), _Seen()
        self._takers: Mapping[str, Callable[[Record, float], None]] = {
            "answer": self._answered,
            "outcome": self._ended,
            "verdict": self._checked,
            "rating": self._rated,
            "roster": self._moved,
        }

    def __call__(self, event: Event) -> None:
        """Take in an event, as a listener of the bus."""
        self._recorder(event)

    def take(self, record: Record) -> None:
        """Take in a record."""
        self.casebook.take(record)
        seconds = self._recorded.advance(record.at)
        taker = self._takers.get(record.kind)
        if taker is not None and not is_shadow(record.query):
            taker(record, seconds)

    def replay(self, records: Iterable[Stored]) -> None:
        """Take in records that were stored, in their order."""
        for stored in records:
            self.take(stored.record)

    def sample(self, utilisations: Mapping[str, float]) -> None:
        """Take how busy the experts on duty are, in flight over capacity; at regular intervals."""
        self._utilisations.sample(utilisations, self._sampled.advance(self._clock()))

    def instance(self, label: str, took_ms: float, *, ok: bool) -> None:
        """Take in that a request to an instance is over, how it ended, and what it took."""
        seconds = self._sampled.advance(self._clock())
        self._instances[label].answered({"ok": ok, "latency_ms": took_ms}, seconds)

    def renew(self, expert: str) -> None:
        """Judge an expert by what comes from now on; what was counted stays counted."""
        self._experts.renew(expert)

    def performance(self, expert: str) -> Performance:
        """How an expert does, by its name; one that nothing is known of has done nothing."""
        performance = self._experts.performance(expert, self._recorded.at(self._clock()))
        return replace(performance, utilisation=self._utilisations.now.get(expert))

    def experts(self) -> tuple[Performance, ...]:
        """How every expert does of whom anything was recorded."""
        return tuple(self.performance(name) for name in self._experts)

    def models(self) -> tuple[Performance, ...]:
        """How every model does of which anything was recorded."""
        seconds = self._recorded.at(self._clock())
        return tuple(self._models.performance(name, seconds) for name in self._models)

    def instances(self) -> tuple[Performance, ...]:
        """How every instance does that was asked anything."""
        seconds = self._sampled.at(self._clock())
        return tuple(self._instances.performance(name, seconds) for name in self._instances)

    def evenness(self) -> Evenness:
        """How evenly the work is spread over the experts last sampled, or over all, before that."""
        now = self._clock()
        names = tuple(self._utilisations.now or self._experts)
        seconds = self._recorded.at(now)
        return Evenness(
            now=unevenness(self._utilisations.now.values()),
            utilisation=unevenness(self._utilisations.means(self._sampled.at(now)).values()),
            counts=unevenness(self._experts.queries(name, seconds) for name in names),
        )

    @cached_property
    def _recorder(self) -> Recorder:
        from collegium.storage.recorder import (  # noqa: PLC0415 -- only where nobody else records
            Recorder,
        )

        return Recorder(takers=(self.take,), clock=self._clock, vectors=False)

    def _answered(self, record: Record, seconds: float) -> None:
        own = self._own(record)
        for subject in self._concerned(record.expert, record.model):
            subject.answered(record.data, seconds, own=own)
        self._judged(record, record.data.get("verdict", ""), seconds)

    def _ended(self, record: Record, seconds: float) -> None:
        self._judged(record, record.data.get("verdict", ""), seconds)

    def _checked(self, record: Record, seconds: float) -> None:
        self._judged(record, record.data.get("outcome", ""), seconds)

    def _judged(self, record: Record, outcome: str, seconds: float) -> None:
        """Count a check once, whichever record tells of it first."""
        if outcome in JUDGEMENTS and self._checks.first(f"{record.query} {record.expert}"):
            own = self._own(record)
            for subject in self._concerned(record.expert, record.model):
                subject.checked(outcome, seconds, own=own)
            self._calibrate(record.query, seconds)

    def _rated(self, record: Record, seconds: float) -> None:
        case = self.casebook.find(record.query, record.expert)
        expert = record.expert or (case.expert if case else "")
        rating, rater = record.data.get("rating", 0.0), record.data.get("rater", "")
        for subject in self._concerned(expert, case.model if case else ""):
            subject.satisfaction.rate(rater, record.query, rating, seconds)
        self._calibrate(record.query, seconds)

    def _calibrate(self, query: str, seconds: float) -> None:
        """Count once how the answer of the one who was put first is judged."""
        case = self.casebook.find(query)
        if case is None or not case.chosen or case.decided is None:
            return
        if case.expert != case.chosen[0]:
            case = self.casebook.find(query, case.chosen[0]) or case
        # A rating that hardly counts is hardly ever counted: no share of one is a judgement.
        counts = case.verdict in JUDGEMENTS or place_of(query, "calibration") < case.rating_weight
        if counts and case.reward is not None and self._judgements.first(query):
            for subject in self._concerned(case.expert, case.model):
                subject.calibrated(case.decided or 0.0, case.reward, seconds)

    def _own(self, record: Record) -> bool:
        """Whether that is an expert's own doing: in a variant that is tried out it need not be."""
        return not is_challenger(self.casebook.variant_of(record.query))

    def _moved(self, record: Record, seconds: float) -> None:
        subject = self._experts[record.expert]
        if record.data.get("what") == "left":
            subject.left = True
        elif subject.left:
            self._experts.renew(record.expert)

    def _concerned(self, expert: str, model: str) -> Iterator[Subject]:
        if expert:
            yield self._experts[expert]
        if model:
            yield self._models[model]


class _Seen:
    """What was there already, of the latest."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def first(self, key: str) -> bool:
        """Whether it is there for the first time."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)
        return True
