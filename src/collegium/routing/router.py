"""Who should answer: the gate, each expert's own word and the load, weighed into a decision."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from collegium.errors import NoExpertAvailable
from collegium.experts.fingerprint import fingerprint
from collegium.experts.roster import Roster
from collegium.experts.verifying import COMPUTED_CONFIDENCE
from collegium.lexicon import Vocabulary
from collegium.routing.admission import check
from collegium.routing.belief import Belief, BelievingGate, PonderingGate
from collegium.routing.bids import Bid, asked_for
from collegium.routing.calibration import HEURISTIC, Calibration
from collegium.routing.circumstances import Circumstances, choice_of, load_of, seats_of
from collegium.routing.classifier import QueryClassifier, Reading
from collegium.routing.gate import Gate, KeywordGate
from collegium.routing.memory import Judgement, Memory
from collegium.routing.policy import RoutingPolicy
from collegium.routing.sessions import Sessions
from collegium.routing.stack import stack_of
from collegium.types import Candidate, Decision, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from collegium.experts.base import Expert
    from collegium.routing.memory import Grounds
    from collegium.routing.policy import Choice
    from collegium.types import Query


class MoERouter:
    """Chooses the few experts who should answer a query.

    Give it experts, or a `Roster` that others add to. Without a `gate` it reads the experts'
    vocabularies; an expert that the gate does not know counts by its own assessment alone. Without
    a `calibration` it takes the gate's. What a query alone decides is kept in the `memory`, one of
    its own if none is given; `Memory(0)` keeps nothing.

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
        memory: Memory | None = None,
    ) -> None:
        self.roster = experts if isinstance(experts, Roster) else Roster(experts)
        self.policy = policy or RoutingPolicy()
        self._gate = gate
        self._believing = gate if isinstance(gate, BelievingGate) else None
        self._pondering = gate if isinstance(gate, PonderingGate) else None
        self._stack = stack_of(gate) if self.policy.blend == "learned" else None
        if self.policy.blend == "learned" and self._stack is None:
            raise ValueError("the blend is learned, and no stack was fitted for the gate")
        self._classifier = classifier or QueryClassifier()
        self._calibration = calibration
        self._read_from: tuple[Expert, ...] = ()
        self._keywords = KeywordGate({})
        self._sessions = Sessions()
        self._memory = Memory() if memory is None else memory
        # A gate that may learn, or a classifier of one's own, may tell otherwise the next time.
        settled = gate is None or getattr(gate, "settled", False)
        self._remembers = settled and type(self._classifier) is QueryClassifier

    @property
    def gate(self) -> Gate | None:
        """The gate it was given; None where it reads the experts' vocabularies."""
        return self._gate

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
        exact, judged = await self._judged(query, experts)
        if exact is not None:
            return computed(exact, experts, query, judged.task, started)
        bids = await self._bids(query, judged)
        choice = self._choice(query, judged, bids, top_k, assume_ready=assume_ready)
        first = choice.chosen[0].key
        if query.session:
            self._sessions.keep(query.session, first)
        return Decision(
            query_id=query.id,
            chosen=choice.chosen,
            passed_over=choice.passed_over,
            confidence=choice.confidence,
            overhead_ms=(time.perf_counter() - started) * 1000,
            reasons=(*choice.reasons, *self._recognised(self.roster[first], query, judged)),
            low_confidence=choice.low_confidence,
            task=query.task or judged.task,
        )

    async def _judged(
        self, query: Query, experts: tuple[Expert, ...]
    ) -> tuple[Expert | None, Judgement]:
        """Who computes the answer, if anybody does, and what else the query decides by itself."""
        grounds = tuple(one.grounds for one in experts)
        key = (fingerprint(query), tuple(map(id, experts)), self.policy.risk)
        known = self._memory.recall(key, grounds)
        exact = who_computes(query, experts, known)
        if known is not None:
            return exact, known
        judged = await self._judge(query, experts, grounds, exact)
        if self._remembers and (exact is None or exact.grounds is not None):
            self._memory.keep(key, replace(judged, reading=None))
        return exact, judged

    async def _judge(
        self, query: Query, experts: tuple[Expert, ...], grounds: Grounds, exact: Expert | None
    ) -> Judgement:
        reading = self._classifier.read(query)
        judged = Judgement(experts, grounds, task_of(reading), exact, reading=reading)
        if exact is not None:
            return judged
        belief = await self._believed(reading, experts)
        bids = (
            None if ground is None else Bid.of(one.suits(query))
            for one, ground in zip(experts, grounds, strict=True)
        )
        return replace(judged, belief=belief, bids=tuple(bids))

    async def _believed(self, reading: Reading, experts: tuple[Expert, ...]) -> Belief:
        """What the gate believes."""
        if self._pondering is not None:
            return await self._pondering.ponder(reading, risk=self.policy.risk)
        if self._believing is not None:
            return self._believing.believe(reading, risk=self.policy.risk)
        return Belief((self._gate or self._keywords_of(experts)).scores(reading))

    def _calibrated(self) -> Calibration:
        """What turns the ranking into a probability."""
        if self._calibration is not None:
            return self._calibration
        if self._believing is None:
            return HEURISTIC
        return self._believing.calibration if self._stack is None else self._stack.calibration

    def _keywords_of(self, experts: tuple[Expert, ...]) -> Gate:
        """The keyword gate of these experts, made anew only when they have changed."""
        if self._read_from != experts:
            vocabularies = {one.key: vocabulary_of(one) for one in experts}
            known = {key: words for key, words in vocabularies.items() if words is not None}
            self._read_from, self._keywords = experts, KeywordGate(known)
        return self._keywords

    async def _bids(self, query: Query, judged: Judgement) -> list[Bid]:
        """Everybody's word: those whose grounds are known are not asked again."""
        told = list(zip(judged.experts, judged.bids, strict=True))
        unknown = [one for one, bid in told if bid is None]
        asked = iter(
            await asked_for(unknown, query, timeout_s=self.policy.assessment_timeout_s)
            if unknown
            else ()
        )
        return [next(asked) if bid is None else bid.weighed(one.reliability) for one, bid in told]

    def _choice(
        self,
        query: Query,
        judged: Judgement,
        bids: Sequence[Bid],
        top_k: int | None,
        *,
        assume_ready: bool,
    ) -> Choice:
        """Who answers, as things stand now; as long as they stand as the last time, as then."""
        experts, fallback = judged.experts, self.roster.fallback
        now = Circumstances(
            bids,
            [seats_of(one) for one in experts],
            [one.capabilities for one in experts],
            {} if assume_ready else {one.key: lack for one in experts if (lack := one.not_ready)},
            fallback.key if fallback is not None else None,
            self._sessions.get(query.session) if query.session else None,
            top_k,
            self.policy,
            self._calibrated(),
        )
        latest = judged.latest
        if latest.choice is None or latest.circumstances != now:
            latest.circumstances, latest.choice = now, choice_of(judged, now, self._stack)
        return latest.choice

    def _recognised(self, first: Expert, query: Query, judged: Judgement) -> tuple[str, ...]:
        """The reason that `recognised` gives, found once for each expert who comes first."""
        if first.key not in judged.recognised:
            reading = judged.reading or self._classifier.read(query)
            found = recognised(first, reading)
            if first.grounds is None:
                return found
            judged.recognised[first.key] = found
        return judged.recognised[first.key]


def who_computes(query: Query, experts: Sequence[Expert], known: Judgement | None) -> Expert | None:
    """The first who computes the answer; of those judged before, only who may think anew is asked.

    Args:
        query: what is asked.
        experts: everybody, in their order.
        known: what was judged of the query before, if it was.
    """
    for one in experts:
        if known is None or one.grounds is None:
            if one.computes(query):
                return one
        elif one is known.exact:
            return one
    return None


def computed(
    exact: Expert, experts: Sequence[Expert], query: Query, task: Task, started: float
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
        task=query.task or task,
    )


def task_of(reading: Reading) -> Task:
    """What kind of answer a query wants, by what reading it told."""
    return Task(reading.answer_form, reading.kind, reading.complexity, reading.language)


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
