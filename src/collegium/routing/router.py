"""Who should answer: the gate, each expert's own word and the load, weighed into a decision."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collegium.errors import NoExpertAvailable
from collegium.experts.roster import Roster
from collegium.experts.verifying import COMPUTED_CONFIDENCE
from collegium.lexicon import Vocabulary
from collegium.routing.admission import check
from collegium.routing.belief import Belief, BelievingGate
from collegium.routing.calibration import HEURISTIC, Calibration
from collegium.routing.classifier import QueryClassifier, Reading
from collegium.routing.gate import Gate, KeywordGate
from collegium.routing.policy import RoutingPolicy, choose
from collegium.routing.sessions import Sessions
from collegium.routing.stack import stack_of
from collegium.types import Candidate, Decision, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from collegium.experts.base import Expert
    from collegium.types import Query

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bid:
    """An expert's own word on a query: `assessment` from 0 to 1, or None where it gave none."""

    assessment: float | None
    note: str = ""


class MoERouter:
    """Chooses the few experts who should answer a query.

    Give it experts, or a `Roster` that others add to. Without a `gate` it reads the experts'
    vocabularies; an expert that the gate does not know counts by its own assessment alone. Without
    a `calibration` it takes the gate's.

    Raises:
        ValueError: the policy's blend is learned, and no stack was fitted for the gate.
    """

    def __init__(
        self,
        experts: Roster | Iterable[Expert],
        *,
        gate: Gate | None = None,
        classifier: QueryClassifier | None = None,
        policy: RoutingPolicy | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.roster = experts if isinstance(experts, Roster) else Roster(experts)
        self.policy = policy or RoutingPolicy()
        self._gate = gate
        self._stack = stack_of(gate) if self.policy.blend == "learned" else None
        if self.policy.blend == "learned" and self._stack is None:
            raise ValueError("the blend is learned, and no stack was fitted for the gate")
        self._classifier = classifier or QueryClassifier()
        self._calibration = calibration
        self._read_from: tuple[Expert, ...] = ()
        self._keywords = KeywordGate({})
        self._sessions = Sessions()

    async def route(self, query: Query, top_k: int | None = None) -> list[tuple[Expert, float]]:
        """The experts who should answer, best first, each with its score from 0 to 1.

        Raises:
            EmptyQuery: the query says nothing.
            QueryTooLarge: the query is longer than the policy takes.
            NoExpertAvailable: nobody on duty is ready.
        """
        decision = await self.decide(query, top_k)
        return [(self.roster[chosen.key], chosen.score) for chosen in decision.chosen]

    async def decide(
        self,
        query: Query,
        top_k: int | None = None,
        *,
        only: Collection[str] = (),
        assume_ready: bool = False,
    ) -> Decision:
        """The same choice with its reasons, and with how everybody else stood.

        Args:
            query: what is asked.
            top_k: how many experts to choose, where so many can take it; None leaves it to the
                policy, which asks one when it is confident.
            only: names or keys of the experts to choose among; empty means all.
            assume_ready: decide as if every expert were ready.

        Raises:
            ValueError: `top_k` is below 1.
            UnknownExpert: `only` names somebody who is not on duty.
            EmptyQuery, QueryTooLarge, NoExpertAvailable: as `route`.
        """
        started = time.perf_counter()
        if top_k is not None and top_k < 1:
            raise ValueError(f"top_k is {top_k}; it must be 1 or more")
        check(query, max_chars=self.policy.max_query_chars)
        experts = tuple(self.roster[name] for name in only) or self.roster.snapshot()
        if not experts:
            raise NoExpertAvailable("no expert is on duty; add one under moe.experts")
        reading = self._classifier.read(query)
        exact = next((one for one in experts if one.computes(query)), None)
        if exact is not None:
            return computed(exact, experts, query, reading, started)
        belief, calibration = self._believed(reading, experts)
        bids = await self._bids(experts, query)
        shares = with_room(belief.shares, experts, bids)
        scores = self._scores(experts, shares, bids)
        fallback = self.roster.fallback
        choice = choose(
            [
                candidate_of(one, shares, bid, scores[one.key])
                for one, bid in zip(experts, bids, strict=True)
            ],
            not_ready={} if assume_ready else {e.key: e.not_ready for e in experts if e.not_ready},
            claimed=any(claims(one, bid) for one, bid in zip(experts, bids, strict=True)),
            fallback=fallback.key if fallback is not None else None,
            top_k=top_k,
            policy=self.policy,
            calibration=calibration,
            in_scope=belief.in_scope,
            sure=belief.sure,
            incumbent=self._sessions.get(query.session) if query.session else None,
        )
        if query.session:
            self._sessions.keep(query.session, choice.chosen[0].key)
        first = self.roster[choice.chosen[0].key]
        return Decision(
            query_id=query.id,
            chosen=choice.chosen,
            passed_over=choice.passed_over,
            confidence=choice.confidence,
            overhead_ms=(time.perf_counter() - started) * 1000,
            reasons=(*choice.reasons, *recognised(first, reading)),
            low_confidence=choice.low_confidence,
            task=query.task or task_of(reading),
        )

    def _believed(
        self, reading: Reading, experts: tuple[Expert, ...]
    ) -> tuple[Belief, Calibration]:
        """What the gate believes, and what turns its ranking into a probability."""
        gate = self._gate or self._keywords_of(experts)
        if isinstance(gate, BelievingGate):
            belief = gate.believe(reading, risk=self.policy.risk)
            fitted = self._stack.calibration if self._stack is not None else gate.calibration
            return belief, self._calibration or fitted
        return Belief(gate.scores(reading)), self._calibration or HEURISTIC

    def _keywords_of(self, experts: tuple[Expert, ...]) -> Gate:
        """The keyword gate of these experts, made anew only when they have changed."""
        if self._read_from != experts:
            vocabularies = {one.key: vocabulary_of(one) for one in experts}
            known = {key: words for key, words in vocabularies.items() if words is not None}
            self._read_from, self._keywords = experts, KeywordGate(known)
        return self._keywords

    async def _bids(self, experts: Sequence[Expert], query: Query) -> list[Bid]:
        tasks = [asyncio.ensure_future(expert.can_handle(query)) for expert in experts]
        try:
            await asyncio.wait(tasks, timeout=self.policy.assessment_timeout_s)
            return [bid_of(one, task) for one, task in zip(experts, tasks, strict=True)]
        finally:
            for task in tasks:
                task.cancel()

    def _scores(
        self, experts: Sequence[Expert], shares: Mapping[str, float], bids: Sequence[Bid]
    ) -> dict[str, float]:
        """Every expert's score by key: gate, own assessment and load in one."""
        told = dict(zip((one.key for one in experts), bids, strict=True))
        if self._stack is None:
            return {
                one.key: self.policy.score(
                    shares.get(one.key), told[one.key].assessment, load_of(one)
                )
                for one in experts
            }
        # Even odds for a known expert that has said nothing: the gate alone weighs it.
        own = {
            key: (0.5 if key in shares else 0.0) if bid.assessment is None else bid.assessment
            for key, bid in told.items()
        }
        stacked = self._stack.scores(shares, own)
        return {one.key: self.policy.loaded(stacked[one.key], load_of(one)) for one in experts}


def with_room(
    shares: Mapping[str, float], experts: Sequence[Expert], bids: Sequence[Bid]
) -> Mapping[str, float]:
    """The gate's shares, with room for experts on duty that it has not learned.

    The gate spreads all its belief over experts it knows, whoever else is there. Where one of the
    others is surer of itself than any of those, the shares shrink by as much.
    """
    words = [
        (one.key in shares, bid.assessment or 0.0) for one, bid in zip(experts, bids, strict=True)
    ]
    known = max((word for learned, word in words if learned), default=0.0)
    other = max((word for learned, word in words if not learned), default=0.0)
    if not 0 < known < other:
        return shares
    return {key: share * known / other for key, share in shares.items()}


def computed(
    exact: Expert, experts: Sequence[Expert], query: Query, reading: Reading, started: float
) -> Decision:
    """The decision for one who computes the answer exactly: nobody else is considered.

    It needs no model, so that it may be one that is not ready.
    """
    alone = Candidate(exact.name, exact.key, 0.0, 1.0, load_of(exact), 1.0)
    return Decision(
        query_id=query.id,
        chosen=(alone,),
        passed_over=tuple(
            Candidate(one.name, one.key, 0.0, 0.0, load_of(one), 0.0, "not considered")
            for one in experts
            if one is not exact
        ),
        confidence=COMPUTED_CONFIDENCE,
        overhead_ms=(time.perf_counter() - started) * 1000,
        reasons=(f"{exact.key} computes the answer exactly, without a model",),
        task=query.task or task_of(reading),
    )


def task_of(reading: Reading) -> Task:
    """What kind of answer a query wants, by what reading it told."""
    return Task(reading.answer_form, reading.kind, reading.complexity, reading.language)


def load_of(expert: Expert) -> float:
    """How much of what an expert can take it has; 1 and more is all."""
    return expert.current_load / max(1, expert.max_load)


def candidate_of(expert: Expert, shares: Mapping[str, float], bid: Bid, score: float) -> Candidate:
    """How an expert stands."""
    load = load_of(expert)
    full = f"at its maximum load of {expert.max_load}: score halved" if load >= 1 else ""
    return Candidate(
        expert=expert.name,
        key=expert.key,
        gate=shares.get(expert.key, 0.0),
        assessment=bid.assessment or 0.0,
        load=load,
        score=score,
        note="; ".join(filter(None, (bid.note, full))),
    )


def bid_of(expert: Expert, task: asyncio.Future[float]) -> Bid:
    """What an expert's `can_handle` came to, by now."""
    if not task.done():
        return Bid(None, "its own assessment was late")
    error = task.exception()
    if error is not None:
        logger.warning("%s.can_handle failed: %r", expert.name, error)
        return Bid(None, f"its own assessment failed: {error!r}")
    value = task.result()
    if not isinstance(value, int | float) or not math.isfinite(value):  # pyright: ignore[reportUnnecessaryIsInstance]
        logger.warning("%s.can_handle returned %r, not a number from 0 to 1", expert.name, value)
        return Bid(None, f"its own assessment is {value!r}, not a number from 0 to 1")
    return Bid(min(1.0, max(0.0, float(value))))


def claims(expert: Expert, bid: Bid) -> bool:
    """Whether the expert is sure enough for one of its capabilities."""
    threshold = min((one.confidence_threshold for one in expert.capabilities), default=0.5)
    return (bid.assessment or 0.0) >= threshold


def vocabulary_of(expert: Expert) -> Vocabulary | None:
    """The words an expert knows its queries by, where it has any."""
    vocabulary = getattr(expert, "vocabulary", None)
    return vocabulary if isinstance(vocabulary, Vocabulary) else None


def recognised(expert: Expert, reading: Reading) -> tuple[str, ...]:
    """A reason that names the words and signs an expert knew the query by, if it knew any."""
    vocabulary = vocabulary_of(expert)
    matches = vocabulary.matches(reading.wording) if vocabulary is not None else ()
    known = [term for term, weight in matches if weight > 0][:6]
    return (f"recognised by: {', '.join(known)}",) if known else ()
