"""Outcomes as lessons for a gate: who answered what, and what that was worth."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.types import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from collegium.observe.casebook import Case, Casebook
    from collegium.storage.records import Record

CAPACITY = 20_000
# No choice is taken to have been less probable than this.
LEAST_PROPENSITY = 1e-4
# How many answers of one expert, or of one in a kind of task, are taken to be judged as usual.
USUAL = 20.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a query went for the expert who was asked first, by key.

    `shares` are the gate's, `scores` the router's of the best few, both by key; `propensity` is how
    probable it was that this expert came first, or in a session that it has had from the beginning
    (`held`) how probable it was then. `reward` is from 0 to 1. `failed` says that there was no
    answer, which is always known, while of answers only some are judged.
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
    held: bool = False


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is kept of a decision until there is a lesson."""

    scores: Mapping[str, float]
    propensity: float
    held: bool


class JudgedShares:
    """Which share of an expert's answers in a kind of task is judged; above 0, up to 1.

    Where an expert, or the kind, has few answers it is taken to be as elsewhere (empirical Bayes).
    Answers are told by who gave them, the kind, and whether they were judged.
    """

    def __init__(self, answers: Iterable[tuple[str, str, bool]] = ()) -> None:
        self._answers: Counter[tuple[str, ...]] = Counter()
        self._judged: Counter[tuple[str, ...]] = Counter()
        for expert, kind, judged in answers:
            for group in ((), (expert,), (expert, kind)):
                self._answers[group] += 1
                self._judged[group] += judged

    def of(self, expert: str, kind: str) -> float:
        """The share of an expert, by key, in a kind."""
        usual = self._share((), 1.0, 1.0)
        own = self._share((expert,), usual, USUAL)
        return self._share((expert, kind), own, USUAL)

    def _share(self, group: tuple[str, ...], usual: float, weight: float) -> float:
        return (self._judged[group] + weight * usual) / (self._answers[group] + weight)


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
        self._decisions: OrderedDict[str, _Decision] = OrderedDict()
        # Who has a session, and how probable that was when it began.
        self._sessions: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lessons: dict[str, Lesson] = {}
        # Who answered, in which kind of task, and whether anybody judged it.
        self._answers: OrderedDict[str, tuple[str, str, bool]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._lessons)

    def __iter__(self) -> Iterator[Lesson]:
        return iter(list(self._lessons.values()))

    def judged_shares(self) -> JudgedShares:
        """The shares of answers of late that anybody judged."""
        return JudgedShares(self._answers.values())

    def take(self, record: Record) -> bool:
        """Take in what happened to a query; whether that is a lesson there was not before."""
        if record.kind == "decision":
            self._keep(self._decisions, record.query, self._decision(record.data))
            return False
        if record.kind not in ("outcome", "verdict", "rating"):
            return False
        case = self._casebook.find(record.query)
        if case is None or case.shadow or not case.shares or not case.chosen:
            return False
        if case.expert != case.chosen[0]:
            case = self._casebook.find(case.query, case.chosen[0]) or case
        expert = self._key_of(case.chosen[0])
        if case.ok:
            self._keep(self._answers, case.query, (expert, case.task_kind, case.judged))
        if case.reward is None:
            return False
        new = self._lessons.pop(case.query, None) is None
        self._lessons[case.query] = self._lesson(case, expert, case.reward)
        if len(self._lessons) > self._capacity:
            del self._lessons[next(iter(self._lessons))]
        return new

    def _lesson(self, case: Case, expert: str, reward: float) -> Lesson:
        decision = self._decisions.get(case.query) or _Decision({}, case.propensity, held=False)
        certain = case.verdict in ("passed", "failed") or not case.judged
        return Lesson(
            case.query,
            case.at,
            expert,
            _task(case.task),
            case.shares,
            decision.scores,
            case.vector,
            min(max(decision.propensity, LEAST_PROPENSITY), 1.0),
            reward,
            1.0 if certain else case.rating_weight,
            failed=not case.judged,
            variant=case.variant,
            session=case.session,
            held=decision.held,
        )

    def _decision(self, data: Mapping[str, Any]) -> _Decision:
        rows: Sequence[Sequence[Any]] = data.get("scores", ())
        scores = {self._key_of(str(name)): float(score) for name, score in rows}
        first = str(next(iter(data.get("chosen", ())), ""))
        propensity, session = float(data.get("propensity", 1.0)), str(data.get("session") or "")
        begun = self._sessions.get(session)
        # Nothing is tried on a session that somebody has; who that is was drawn when it began.
        if begun is not None and begun[0] == first and propensity >= 1:
            return _Decision(scores, begun[1], held=True)
        if session:
            self._keep(self._sessions, session, (first, propensity))
        return _Decision(scores, propensity, held=False)

    def _keep(self, kept: OrderedDict[str, Any], key: str, value: Any) -> None:
        kept[key] = value
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
