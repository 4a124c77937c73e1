"""What became of each query: everything that is known of it, gathered under its id as it comes."""

from __future__ import annotations

from base64 import b64decode
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from collegium.errors import DeadlineExceeded
from collegium.types import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from collegium.storage.records import Record

CAPACITY = 20_000
# More ratings of one query than this add nothing to what is known of it, only memory.
MOST_RATINGS = 50
# How the ids of queries end that were answered beside others, and whose answers nobody saw.
SHADOW = "~shadow"
# How variants end that are what everybody has, beside those that an experiment tries out.
CONTROL = ":control"
JUDGEMENTS = {"passed": 1.0, "failed": 0.0}


@dataclass(frozen=True, slots=True)
class Case:
    """One query, and how it went for one expert: the one whose answer was given, or another.

    `at` is when it was routed, in seconds since 1970. `chosen` are the experts that were asked, the
    first one first, with the probability `propensity` of that choice; `decided` is how sure the
    decision was, `confidence` how sure the answer, both from 0 to 1. `ok` says whether there was an
    answer, None where it was not waited for to the end, and `verdict` whether it 'passed' or
    'failed' its check. `rating`, 0 to 1, is the mean of what people said, and `rating_weight` how
    much that counts, from 0 to 1. `shares` are the gate's largest by key; `vector` the query's
    embedding as little-endian float16. What is not known, or not yet, is None or empty.
    """

    query: str
    at: float
    expert: str = ""
    model: str = ""
    variant: str = ""
    chosen: tuple[str, ...] = ()
    propensity: float = 1.0
    decided: float | None = None
    confidence: float | None = None
    task: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    latency_ms: float | None = None
    cost_usd: float | None = None
    ok: bool | None = None
    verdict: str = ""
    rating: float | None = None
    rating_weight: float = 0.0
    shares: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    vector: bytes = b""
    session: str = ""

    @property
    def shadow(self) -> bool:
        """Whether it was answered beside another query, and nobody saw the answer."""
        return is_shadow(self.query)

    @property
    def task_kind(self) -> str:
        """The kind of task in a word; empty where it is not known."""
        return str(self.task.get("kind", ""))

    @property
    def judged(self) -> bool:
        """Whether anybody checked or rated the answer."""
        return self.rating is not None or self.verdict in JUDGEMENTS

    @property
    def reward(self) -> float | None:
        """How good the answer was, 0 to 1; None where nobody knows.

        The rating, and what the check found as far as the rating does not count fully; 0 without an
        answer. Most answers are neither checked nor rated while every failure is known, so a mean
        over rewards is one of how good answers are only among cases that are `judged`.
        """
        found = JUDGEMENTS.get(self.verdict, 0.0 if self.ok is False else None)
        if self.rating is None or found is None:
            return found if self.rating is None else self.rating
        return self.rating_weight * self.rating + (1 - self.rating_weight) * found


def is_shadow(query: str) -> bool:
    """Whether that is the id of a query whose answer nobody saw."""
    return query.endswith(SHADOW)


def is_challenger(variant: str) -> bool:
    """Whether a variant, as decisions name it, is one that an experiment tries out."""
    return bool(variant) and not variant.endswith(CONTROL)


@dataclass(slots=True)
class _Answer:
    """How one expert answered; `ok` is None where nobody waited for it any more."""

    ok: bool | None
    model: str
    latency_ms: float | None
    cost_usd: float | None


@dataclass(slots=True)
class _Notes:
    """What is known of a query so far."""

    at: float
    variant: str = ""
    chosen: tuple[str, ...] = ()
    propensity: float = 1.0
    decided: float | None = None
    task: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    shares: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    vector: bytes = b""
    session: str = ""
    answers: dict[str, _Answer] = field(default_factory=dict[str, _Answer])
    winner: str = ""
    outcome: _Answer | None = None
    confidence: float | None = None
    verdicts: dict[str, str] = field(default_factory=dict[str, str])
    # By who rated whose answer: how good it was, and how much that counts.
    ratings: dict[tuple[str, str], tuple[float, float]] = field(
        default_factory=dict[tuple[str, str], tuple[float, float]]
    )

    @property
    def given(self) -> str:
        """Whose answer was given, or will be as far as one knows."""
        return self.winner or next(iter((*self.chosen, *self.answers)), "")


class Casebook:
    """The latest cases, found by the query's id; the one that was quiet longest is forgotten.

    It takes the records of a query in any order, and the same record again without harm.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._notes: OrderedDict[str, _Notes] = OrderedDict()
        self._takers: Mapping[str, Callable[[_Notes, Record], None]] = {
            "decision": _decided,
            "answer": _answered,
            "outcome": _ended,
            "verdict": _checked,
            "rating": _rated,
        }

    def __len__(self) -> int:
        return len(self._notes)

    def take(self, record: Record) -> None:
        """Take in what happened to a query; what is about no query is left."""
        taker = self._takers.get(record.kind)
        if taker is not None and record.query:
            taker(self._opened(record), record)

    def find(self, query: str, expert: str = "") -> Case | None:
        """The case as it was for `expert`, by default whose answer was given; None if not known."""
        notes = self._notes.get(query)
        return None if notes is None else _case(query, notes, expert)

    def cases(self) -> Iterator[Case]:
        """Every case there is, the latest first; nothing may be taken in meanwhile."""
        for query, notes in reversed(self._notes.items()):
            yield _case(query, notes, "")

    def rating_of(self, query: str, expert: str, rater: str) -> tuple[float, float] | None:
        """How good somebody said that an expert's answer was, 0 to 1, and how much that counts."""
        notes = self._notes.get(query)
        if notes is None:
            return None
        said = notes.ratings.get((rater, expert))
        return notes.ratings.get((rater, "")) if not said and expert == notes.given else said

    def variant_of(self, query: str) -> str:
        """The variant that answered a query, as the decision names it; empty if that is unknown."""
        notes = self._notes.get(query)
        return "" if notes is None else notes.variant

    def answerers(self, query: str) -> tuple[str, ...]:
        """The experts that were asked or answered, as far as that is known."""
        notes = self._notes.get(query)
        if notes is None:
            return ()
        return tuple(dict.fromkeys((*notes.chosen, *notes.answers)))

    def _opened(self, record: Record) -> _Notes:
        notes = self._notes.get(record.query)
        if notes is not None:
            self._notes.move_to_end(record.query)
            return notes
        notes = self._notes[record.query] = _Notes(record.at)
        if len(self._notes) > self._capacity:
            self._notes.popitem(last=False)
        return notes


def _decided(notes: _Notes, record: Record) -> None:
    data = record.data
    notes.at = record.at
    notes.variant = record.variant
    notes.chosen = tuple(data.get("chosen", ()))
    notes.propensity = data.get("propensity", 1.0)
    notes.decided = data.get("confidence")
    notes.task = data.get("task") or EMPTY
    notes.shares = data.get("shares") or EMPTY
    notes.vector = b64decode(data.get("vector", ""))
    notes.session = data.get("session", "")


def _answered(notes: _Notes, record: Record) -> None:
    data = record.data
    notes.answers[record.expert] = _Answer(
        None if data.get("abandoned") else _came(data),
        record.model,
        data.get("latency_ms"),
        data.get("cost_usd"),
    )
    if data.get("verdict"):
        notes.verdicts[record.expert] = data["verdict"]


def _ended(notes: _Notes, record: Record) -> None:
    data = record.data
    notes.winner = record.expert
    notes.variant = notes.variant or record.variant
    notes.confidence = data.get("confidence")
    notes.outcome = _Answer(_came(data), record.model, data.get("latency_ms"), data.get("cost_usd"))
    if notes.decided is None:
        notes.decided = data.get("decided")
    if data.get("verdict"):
        notes.verdicts[record.expert] = data["verdict"]


def _came(data: Mapping[str, Any]) -> bool | None:
    """Whether there was an answer; None where its deadline passed, which is up to who asks."""
    return None if data.get("error") == DeadlineExceeded.code else data.get("ok")


def _checked(notes: _Notes, record: Record) -> None:
    notes.verdicts[record.expert] = record.data.get("outcome", "")


def _rated(notes: _Notes, record: Record) -> None:
    data = record.data
    key = (data.get("rater", ""), record.expert)
    if key in notes.ratings or len(notes.ratings) < MOST_RATINGS:
        notes.ratings[key] = (data["rating"], data.get("weight", 1.0))


def _case(query: str, notes: _Notes, expert: str) -> Case:
    given = notes.given
    expert = expert or given
    answer = notes.outcome if expert == given and notes.outcome else notes.answers.get(expert)
    rating, weight = _opinion(notes, expert)
    return Case(
        query=query,
        at=notes.at,
        expert=expert,
        model=answer.model if answer else "",
        variant=notes.variant,
        chosen=notes.chosen,
        propensity=notes.propensity,
        decided=notes.decided,
        confidence=notes.confidence,
        task=notes.task,
        latency_ms=answer.latency_ms if answer else None,
        cost_usd=answer.cost_usd if answer else None,
        ok=answer.ok if answer else None,
        verdict=notes.verdicts.get(expert, ""),
        rating=rating,
        rating_weight=weight,
        shares=notes.shares,
        vector=notes.vector,
        session=notes.session,
    )


def _opinion(notes: _Notes, expert: str) -> tuple[float | None, float]:
    """The weighted mean of what was said of an expert's answer, and how much that counts."""
    said = [one for (_, whose), one in notes.ratings.items() if (whose or notes.given) == expert]
    total = sum(weight for _, weight in said)
    if total <= 0:
        return None, 0.0
    return sum(rating * weight for rating, weight in said) / total, min(1.0, total)
