"""Who should answer: the gate, each expert's own word and the load, weighed into a decision."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from collegium.errors import NoExpertAvailable
from collegium.experts.fingerprint import fingerprint
from collegium.experts.roster import Roster
from collegium.experts.verifying import COMPUTED_CONFIDENCE
from collegium.routing.admission import check
from collegium.routing.belief import Belief, BelievingGate, PonderingGate
from collegium.routing.bench import Benches, recognised
from collegium.routing.bids import asked_for
from collegium.routing.calibration import HEURISTIC, Calibration
from collegium.routing.circumstances import IDLE, Circumstances, choice_of, load_of
from collegium.routing.classifier import QueryClassifier, Reading
from collegium.routing.exploring import Trial, tried
from collegium.routing.memory import Judgement, Memory
from collegium.routing.policy import Choice, RoutingPolicy
from collegium.routing.pricing import Tariff
from collegium.routing.sessions import Sessions
from collegium.routing.stack import stack_of
from collegium.types import Candidate, Decision, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from collegium.experts.base import Expert
    from collegium.routing.bench import Bench
    from collegium.routing.bids import Bid
    from collegium.routing.gate import Gate
    from collegium.types import Query


class MoERouter:
    """Chooses the few experts who should answer a query.

    Give it experts, or a `Roster` that others add to. Without a `gate` it reads the experts'
    vocabularies; an expert that the gate does not know counts by its own assessment alone. Without
    a `calibration` it takes the gate's. What a query alone decides is kept in the `memory`, one of
    its own if none is given; `Memory(0)` keeps nothing. `sessions` tells who has which session.
    Every decision says the number of the `lineup` and the `variant` it was made for. By the `clock`
    it is known how long experts have been busy, and by `rng` others are tried out now and then.

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
        sessions: Sessions | None = None,
        lineup: int = 0,
        variant: str = "",
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
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
        self._benches = Benches()
        self._tariff = Tariff(clock)
        self._rng = rng or random.Random()  # noqa: S311 -- who is tried out keeps no secret
        self.sessions = Sessions() if sessions is None else sessions
        self.lineup, self.variant = lineup, variant
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
            trial = Trial(computed(exact, experts), 1.0)
        else:
            trial = await self._chosen(query, judged, top_k, assume_ready=assume_ready)
        choice, first = trial.choice, self.roster.chosen(trial.choice.chosen[0].key)
        reasons = choice.reasons
        if exact is None:
            reasons += self._recognised(first, query, judged)
            if query.session:
                self.sessions.keep(query.session, first.key)
        return Decision(
            query_id=query.id,
            chosen=choice.chosen,
            passed_over=choice.passed_over,
            confidence=choice.confidence,
            overhead_ms=(time.perf_counter() - started) * 1000,
            reasons=reasons,
            low_confidence=choice.low_confidence,
            task=query.task or judged.task,
            propensity=trial.propensity,
            lineup=self.lineup,
            variant=self.variant,
            vector=judged.belief.vector,
        )

    async def _judged(
        self, query: Query, experts: Sequence[Expert]
    ) -> tuple[Expert | None, Judgement]:
        """Who computes the answer, if anybody does, and what else the query decides by itself."""
        bench = self._benches.of(experts)
        resting = tuple([one.key for one in experts if one.resting])
        key = (fingerprint(query), bench.key, resting, self.policy.risk)
        known = self._memory.recall(key, bench.grounds)
        exact = bench.who_computes(query, known)
        if known is not None:
            return exact, known
        judged = await self._judge(query, bench, exact)
        if self._remembers and (exact is None or exact.grounds is not None):
            self._memory.keep(key, replace(judged, reading=None))
        return exact, judged

    async def _judge(self, query: Query, bench: Bench, exact: Expert | None) -> Judgement:
        reading = self._classifier.read(query)
        judged = Judgement(bench, task_of(reading), exact, reading=reading)
        if exact is not None:
            return judged
        belief = await self._believed(reading, bench)
        return replace(judged, belief=belief, bids=bench.bids(query))

    async def _believed(self, reading: Reading, bench: Bench) -> Belief:
        """What the gate believes."""
        if self._pondering is not None:
            return await self._pondering.ponder(reading, risk=self.policy.risk)
        if self._believing is not None:
            return self._believing.believe(reading, risk=self.policy.risk)
        return Belief((self._gate or bench.keyword_gate).scores(reading))

    def _calibrated(self) -> Calibration:
        """What turns the ranking into a probability."""
        if self._calibration is not None:
            return self._calibration
        if self._believing is None:
            return HEURISTIC
        return self._believing.calibration if self._stack is None else self._stack.calibration

    async def _chosen(
        self, query: Query, judged: Judgement, top_k: int | None, *, assume_ready: bool
    ) -> Trial:
        """Who answers, as things stand now and as chance has it."""
        bids = await self._bids(query, judged)
        now = self._circumstances(query, judged, bids, top_k, assume_ready=assume_ready)
        latest = judged.latest
        if latest.choice is None or latest.circumstances != now:
            latest.circumstances, latest.choice = now, choice_of(judged, now, self._stack)
        # What would be if things were otherwise is nothing to learn from, and a session stays.
        curious = not assume_ready and now.incumbent is None
        return tried(latest.choice, now.lacks, self.policy.explore if curious else 0.0, self._rng)

    async def _bids(self, query: Query, judged: Judgement) -> list[Bid]:
        """Everybody's word: those whose grounds are known are not asked again."""
        experts, silent = judged.bench.experts, judged.bench.silent
        asked: Iterable[Bid] = ()
        if silent:
            unknown = [experts[place] for place in silent]
            asked = await asked_for(unknown, query, timeout_s=self.policy.assessment_timeout_s)
        given = iter(asked)
        return [
            next(given)
            if bid is None
            else (bid if (reliability := one.reliability) == 1 else bid.weighed(reliability))
            for one, bid in zip(experts, judged.bids, strict=True)
        ]

    def _circumstances(
        self,
        query: Query,
        judged: Judgement,
        bids: Sequence[Bid],
        top_k: int | None,
        *,
        assume_ready: bool,
    ) -> Circumstances:
        """How things stand now."""
        experts, fallback = judged.bench.experts, self.roster.fallback
        hindrance = attrgetter("resting" if assume_ready else "lacks")
        return Circumstances(
            bids,
            [(taken, one.max_load) if (taken := one.current_load) else IDLE for one in experts],
            [one.capabilities for one in experts],
            {one.key: why for one in experts if (why := hindrance(one))},
            fallback.key if fallback is not None else None,
            self.sessions.get(query.session) if query.session else None,
            top_k,
            self.policy,
            self._calibrated(),
            self._tariff.prices(self.roster.snapshot(), self.policy.busy_price),
        )

    def _recognised(self, first: Expert, query: Query, judged: Judgement) -> tuple[str, ...]:
        """The reason that `recognised` gives, found once for each expert who comes first."""
        if first.key not in judged.recognised:
            reading = judged.reading or self._classifier.read(query)
            found = recognised(first, reading)
            if first.grounds is None:
                return found
            judged.recognised[first.key] = found
        return judged.recognised[first.key]


def computed(exact: Expert, experts: Sequence[Expert]) -> Choice:
    """The choice of one who computes the answer exactly: nobody else is considered.

    It needs no model, so that it may be one that is not ready.
    """
    alone = Candidate(exact.name, exact.key, 0.0, 1.0, load_of(exact), 1.0)
    others = tuple(
        Candidate(one.name, one.key, 0.0, 0.0, load_of(one), 0.0, "not considered")
        for one in experts
        if one is not exact
    )
    why = f"{exact.key} computes the answer exactly, without a model"
    return Choice((alone,), others, COMPUTED_CONFIDENCE, low_confidence=False, reasons=(why,))


def task_of(reading: Reading) -> Task:
    """What kind of answer a query wants, by what reading it told."""
    return Task(reading.answer_form, reading.kind, reading.complexity, reading.language)
