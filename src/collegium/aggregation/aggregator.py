"""One response of a panel: a strategy by name, and what became of everybody else."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from collegium import plugins
from collegium.aggregation.auto import Auto
from collegium.aggregation.conclusion import outcome_of
from collegium.aggregation.conflict import agreement_of, probability
from collegium.aggregation.panel import Panel
from collegium.aggregation.quality import ABSTAINED, Assurance, QualityGate
from collegium.aggregation.quoting import short
from collegium.errors import CollegiumError, ExpertError, PluginError, UnknownStrategy
from collegium.experts.base import Expert
from collegium.types import Answer, Checked, Chunk, Query, Receipt, Response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from collegium.aggregation.conflict import Agreement
    from collegium.aggregation.quality import QualityPolicy
    from collegium.aggregation.strategies import Strategy

logger = logging.getLogger(__name__)

SUMMARY_CHARS = 200


class ResponseAggregator:
    """Makes one `Response` of a panel's answers, by the strategy named.

    Strategies are looked up among `strategies`, then among `makers`, who make one when it is first
    asked for, then among the installed ones. An answer that
    nobody has been shown yet is held to `quality`; of one that streamed through it is only told
    what checking found. `rng` draws the marks between which answers are quoted.
    """

    def __init__(
        self,
        strategy: str = "weighted",
        *,
        strategies: Mapping[str, Strategy] | None = None,
        makers: Mapping[str, Callable[[], Strategy]] | None = None,
        quality: QualityPolicy | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.default = strategy
        self._strategies = {name: self._bound(one) for name, one in (strategies or {}).items()}
        self._makers = dict(makers or {})
        self._assurance = Assurance(QualityGate(quality), rng or random.SystemRandom())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all strategies, here and installed."""
        there = {*self._strategies, *self._makers, *plugins.names("strategies")}
        return tuple(sorted(there))

    def strategy(self, name: str | None = None) -> Strategy:
        """The strategy of that name, or the default one.

        Raises:
            UnknownStrategy: there is none, here or installed.
        """
        name = name or self.default
        if name not in self._strategies:
            try:
                made = (self._makers.get(name) or plugins.load("strategies", name))()
            except PluginError as error:
                raise UnknownStrategy(
                    f"no strategy called {name!r}; there are: {', '.join(self.names)}"
                ) from error
            self._strategies[name] = self._bound(made)
        return self._strategies[name]

    def _bound(self, strategy: Strategy) -> Strategy:
        """The strategy; one that chooses among others chooses among those of this aggregator."""
        return strategy.among(self.strategy) if isinstance(strategy, Auto) else strategy

    async def stream(self, panel: Panel, strategy: str | None = None) -> AsyncGenerator[Chunk]:
        """The panel's one answer as it grows; the last chunk carries the `response`.

        Raises:
            UnknownStrategy: there is no strategy of that name.
            CollegiumError: no expert answered.
        """
        self.strategy(strategy)
        exact = await computed(panel)
        if exact is not None:
            panel.method = "computed"
            yield Chunk.whole(exact)
            yield Chunk(response=respond(panel, exact, "accepted"))
            return
        answer: Answer | None = None
        shown = False
        async with aclosing(self._pieces(panel, strategy or self.default)) as chunks:
            async for chunk in chunks:
                answer = chunk.answer or answer
                if shown or chunk.answer is None:
                    yield chunk
                shown = shown or (chunk.answer is None and bool(chunk.text or chunk.tool_calls))
        if answer is None:
            raise ExpertError(f"strategy {strategy or self.default!r} ended without an answer")
        if shown:
            answer = await panel.verified(answer)
            quality = "marked" if outcome_of(answer) == "failed" else "accepted"
        else:
            answer, quality = await self._assurance.of(panel, answer)
            yield Chunk.whole(answer)
        yield Chunk(response=respond(panel, answer, quality))

    def _pieces(self, panel: Panel, name: str) -> AsyncGenerator[Chunk]:
        """What the strategy yields; a voice that is alone just speaks."""
        method = self.strategy(name)
        panel.method = name
        if len(panel.voices) != 1:
            return method.settle(panel)
        if name != "weighted":
            panel.note(f"there was one voice, so there was nothing for {name!r} to decide")
        return panel.stream(panel.voices[0])

    async def settle(self, panel: Panel, strategy: str | None = None) -> Response:
        """The same, waited for."""
        return await response_of(self.stream(panel, strategy))

    async def aggregate(
        self,
        responses: Sequence[tuple[Answer | Response, float]],
        strategy: str | None = None,
        *,
        query: Query | None = None,
    ) -> Response:
        """One response of answers already in hand, each with the weight of who gave it.

        Raises:
            ExpertError: there is no answer.
        """
        if not responses:
            raise ExpertError("there is no answer to aggregate")
        seats = [(Given(answer), weight) for answer, weight in responses]
        panel = Panel(query or Query.of(""), seats)
        panel.closed = True
        return await self.settle(panel, strategy)


class Given(Expert):
    """An answer already in hand, in the place of the expert who gave it."""

    def __init__(self, answer: Answer | Response) -> None:
        super().__init__(answer.expert)
        self._given = answer

    async def can_handle(self, query: Query) -> float:
        """The confidence it was given with."""
        return self._given.confidence

    async def process(self, query: Query) -> Answer | Response:
        """The answer, as it was given."""
        return self._given


async def computed(panel: Panel) -> Answer | None:
    """The exact answer, where one of the panel's experts can compute it; no model is asked.

    Computing takes no longer than the panel has; who fails at it leaves it to the models.
    """
    for expert in panel.experts:
        if expert.computes(panel.query):
            started = time.perf_counter()
            try:
                async with asyncio.timeout(None if math.isinf(panel.left_s) else panel.left_s):
                    answer = await expert.compute(panel.query)
            except Exception as error:  # an expert is other people's code
                logger.exception("%s could not compute", expert.name)
                panel.note(f"{expert.name} could not compute the answer: {error!r}")
                continue
            if answer is not None:
                latency_ms = (time.perf_counter() - started) * 1000
                expert.update_stats(True, latency_ms)
                return await panel.ask(Given(replace(answer, latency_ms=latency_ms)))
    return None


async def response_of(chunks: AsyncGenerator[Chunk]) -> Response:
    """Wait for a stream of the house and return the response that its last chunk carries."""
    response: Response | None = None
    async with aclosing(chunks):
        async for chunk in chunks:
            response = chunk.response or response
    if response is None:
        raise ExpertError("the stream ended without a response")
    return response


def respond(panel: Panel, answer: Answer, quality: str = "") -> Response:
    """The response that an answer makes, with the others beside it and what it all took."""
    agreement = panel.agreement or agreement_of(panel, panel.members)
    others = [other for other in panel.answers if other is not answer]
    metadata: dict[str, Any] = {
        "alternative_responses": [alternative(panel, other) for other in others]
    }
    disagreement = agreement.disagreement()
    if disagreement:
        metadata["disagreement"] = disagreement
    told = answer.finish == ABSTAINED or panel.method in ("computed", "cascade")
    confidence = answer.confidence if told else probability(panel, answer, agreement)
    return Response(
        text=answer.text,
        expert=answer.expert,
        model=answer.model,
        confidence=answer.confidence,
        metadata=metadata,
        query_id=panel.query.id,
        answers=tuple(panel.answers),
        receipt=receipt_of(panel, agreement, confidence, quality),
        tool_calls=answer.tool_calls,
        finish=answer.finish,
    )


def receipt_of(panel: Panel, agreement: Agreement, confidence: float, quality: str) -> Receipt:
    """What a panel's work took and came to, in numbers and in words."""
    best_single, best_single_cost_usd = best_alone(panel)
    return Receipt(
        decision=panel.decision,
        strategy=panel.method,
        usage=panel.spent,
        latency_ms=panel.elapsed_ms,
        failures=tuple(
            (name, str(error))
            for name, error in panel.failures
            if isinstance(error, CollegiumError)  # the others were abandoned
        ),
        calls=tuple(panel.calls),
        agreement=agreement.share,
        disagreement=agreement.disagreement(),
        verdicts=tuple(
            Checked(one.expert, one.model, one.verdict) for one in panel.answers if one.verdict
        ),
        confidence=confidence,
        quality=quality,
        overhead_ms=panel.decision.overhead_ms if panel.decision else 0.0,
        best_single=best_single,
        best_single_cost_usd=best_single_cost_usd,
        notes=tuple(panel.notes),
    )


def best_alone(panel: Panel) -> tuple[str | None, float | None]:
    """The model with the best record for the kind of task, and what it would have cost alone.

    The cost is its mean one by the records; else what its voice expects, where it has one here.
    """
    kind = panel.task.kind
    there = {voice.model for voice in panel.voices}
    name = panel.records.best_single(kind)
    if name is None or not any(name in (one, one.partition("/")[2]) for one in there):
        return None, None
    cost_usd = panel.records.cost_usd(name, kind)
    voices = (one for one in panel.voices if name in (one.model, one.model.partition("/")[2]))
    expected = (voice.expected_cost_usd(panel.query) for voice in voices)
    return name, next(expected, None) if cost_usd is None else cost_usd


def alternative(panel: Panel, answer: Answer) -> dict[str, Any]:
    """How an answer that did not win is told of."""
    conclusion = panel.conclusion(answer)
    return {
        "expert": answer.expert,
        "model": answer.model,
        "confidence": answer.confidence,
        "conclusion": conclusion and short(conclusion, SUMMARY_CHARS),
        "verdict": answer.verdict and answer.verdict.outcome,
        "summary": short(answer.text, SUMMARY_CHARS),
    }
