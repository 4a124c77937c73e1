"""Outcomes as lessons for a gate: who answered what, and what that was worth."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.types import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from collegium.observe.casebook import Case, Casebook
    from collegium.storage.records import Record

CAPACITY = 20_000
# No choice is taken to have been less probable than this.
LEAST_PROPENSITY = 1e-4


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a query went for the expert who was asked first, by key.

    `shares` are the gate's, `scores` the router's of the best few, both by key; `propensity` is how
    probable it was that this expert came first. `reward` is from 0 to 1. `failed` says that there
    was no answer, which is always known, while of answers only some are judged.
    """

    query: str
    at: float
    expert: str
    task: Task
    shares: Mapping[str, float]
    scores: Mapping[str, float]
    vector: bytes
    propensity: float
    reward: float
    weight: float
    failed: bool
    variant: str = ""
    session: str = ""


class LessonBook:
    """The latest lessons, out of records as they come; the `casebook` has taken each before.

    A query that nobody judged teaches nothing, and is no failure either. One whose answer is judged
    again later takes the place of what it was.
    """

    def __init__(
        self, casebook: Casebook, key_of: Callable[[str], str], *, capacity: int = CAPACITY
    ) -> None:
        self._casebook = casebook
        self._key_of = key_of
        self._capacity = capacity
        self._scores: OrderedDict[str, Mapping[str, float]] = OrderedDict()
        self._lessons: dict[str, Lesson] = {}
        self._answered: OrderedDict[str, bool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._lessons)

    def __iter__(self) -> Iterator[Lesson]:
        return iter(list(self._lessons.values()))

    @property
    def judged_share(self) -> float:
        """The share of answers of late that anybody judged; above 0, up to 1."""
        judged = sum(self._answered.values())
        return (judged + 1) / (len(self._answered) + 1)

    def take(self, record: Record) -> bool:
        """Take in what happened to a query; whether that is a lesson there was not before."""
        if record.kind == "decision":
            self._keep(self._scores, record.query, self._scores_of(record.data))
            return False
        if record.kind not in ("outcome", "verdict", "rating"):
            return False
        case = self._casebook.find(record.query)
        if case is None or case.shadow or not case.shares or not case.chosen:
            return False
        if case.ok:
            self._keep(self._answered, case.query, case.judged)
        lesson = self._lesson_of(case)
        if lesson is None:
            return False
        new = self._lessons.pop(case.query, None) is None
        self._lessons[case.query] = lesson
        if len(self._lessons) > self._capacity:
            del self._lessons[next(iter(self._lessons))]
        return new

    def _lesson_of(self, case: Case) -> Lesson | None:
        first = case.chosen[0]
        told = case if case.expert == first else self._casebook.find(case.query, first)
        if told is None or told.reward is None:
            return None
        certain = told.verdict in ("passed", "failed") or not told.judged
        return Lesson(
            told.query,
            told.at,
            self._key_of(first),
            _task(told.task),
            told.shares,
            self._scores.get(told.query, {}),
            told.vector,
            min(max(told.propensity, LEAST_PROPENSITY), 1.0),
            told.reward,
            1.0 if certain else told.rating_weight,
            failed=not told.judged,
            variant=told.variant,
            session=told.session,
        )

    def _scores_of(self, data: Mapping[str, Any]) -> dict[str, float]:
        rows: Sequence[Sequence[Any]] = data.get("scores", ())
        return {self._key_of(str(name)): float(score) for name, score in rows}

    def _keep(self, kept: OrderedDict[str, Any], query: str, value: Any) -> None:
        kept[query] = value
        if len(kept) > self._capacity:
            kept.popitem(last=False)


def _task(data: Mapping[str, Any]) -> Task:
    known = Task()
    return Task(
        str(data.get("form", known.form)),
        str(data.get("kind", known.kind)),
        float(data.get("difficulty", known.difficulty)),
        str(data.get("language", known.language)),
    )
