"""An expert that computes what can be computed, and checks its work where it cannot."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from collegium.errors import CollegiumError
from collegium.experts.base import spoken
from collegium.experts.model_expert import ModelExpert
from collegium.types import Answer, Chunk, Message, Query, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from collegium.experts.computing.base import Computer

logger = logging.getLogger(__name__)

# Its bid for a question that it can compute, and how often what it computes is right: of those
# questions fewer than one in two hundred are read wrongly (benchmarks/mixture/computing.py).
SURE, COMPUTED_CONFIDENCE = 0.98, 0.995

MEND = (
    "Checking your answer found this:\n{evidence}\n"
    "Answer the question again, whole and right, without mentioning the first attempt."
)


class Checker(Protocol):
    """Whoever checks answers."""

    async def verify(self, query: Query, text: str, /) -> Verdict:
        """What checking a text as an answer to a query finds."""
        ...


class VerifyingExpert(ModelExpert):
    """A `ModelExpert` with `computers`, who answer exactly and without a model what they can.

    Everything else a model of the pool answers; `verifier` checks that, and what fails is asked for
    once more with what was found. While an answer can still be mended it is held back, so that only
    free text streams. One voice of the expert neither computes nor mends: who drives the voices
    decides what to do about an answer that failed.
    """

    computers: Sequence[Computer] = ()
    verifier: Checker | None = None

    @property
    def mends(self) -> bool:
        """Whether it mends what fails its checks."""
        return self.only is None and self.verifier is not None

    def plan(self, query: Query) -> tuple[Computer, object] | None:
        """Who computes the answer, and how; None where nobody does."""
        if self.only is not None:
            return None
        for computer in self.computers:
            plan = computer.reads(query)
            if plan is not None:
                return computer, plan
        return None

    def computes(self, query: Query) -> bool:
        """Whether one of its computers reads the query as a computation and nothing else."""
        return self.plan(query) is not None

    async def can_handle(self, query: Query) -> float:
        """Nearly certain of what it can compute; of the rest as sure as its vocabulary makes it."""
        return SURE if self.computes(query) else await super().can_handle(query)

    async def compute(self, query: Query) -> Answer | None:
        """The exact answer, its verdict saying how it was got; None if there is none."""
        planned = self.plan(query)
        if planned is None:
            return None
        computer, plan = planned
        try:
            computed = await computer.compute(plan)
        except Exception:  # a computer may be other people's code, and a model can still answer
            logger.exception("%s could not compute by %r", self.name, computer.name)
            return None
        if computed is None:
            return None
        verdict = Verdict("passed", computed.how, computer.name)
        model = f"computed/{computer.name}"
        return Answer(self.name, model, computed.text, COMPUTED_CONFIDENCE, verdict=verdict)

    async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
        """The exact answer in one piece; else a model's, checked, and mended once if that fails.

        Raises:
            CollegiumError: as `ModelExpert.stream`.
        """
        computed = await self.compute(query)
        if computed is not None:
            yield Chunk.whole(computed)
        elif self.verifier is None or query.task is None or query.task.form == "text":
            async with aclosing(super().stream(query)) as chunks:
                async for chunk in chunks:
                    yield chunk
        else:
            answer = await self._checked(query, query, self.verifier)
            failed = answer.verdict is not None and answer.verdict.outcome == "failed"
            if failed and self.mends:
                answer = await self._mended(query, answer, self.verifier)
            yield Chunk.whole(answer)

    async def _checked(self, query: Query, asked: Query, verifier: Checker) -> Answer:
        """What a model says to `asked`, checked as an answer to `query`."""
        answer = await spoken(super().stream(asked), self)
        return replace(answer, verdict=await verifier.verify(query, answer.text))

    async def _mended(self, query: Query, first: Answer, verifier: Checker) -> Answer:
        """A second answer, given what was wrong with the first; the first where it is no better."""
        evidence = first.verdict.evidence if first.verdict is not None else ""
        asked = query.after(
            Message("assistant", first.text), Message("user", MEND.format(evidence=evidence))
        )
        try:
            second = await self._checked(query, asked, verifier)
        except CollegiumError as error:
            logger.info("%s did not mend its answer: %s", self.name, error)
            return first
        better = second.verdict is not None and second.verdict.outcome != "failed"
        spent = first.usage + second.usage
        latency_ms = first.latency_ms + second.latency_ms
        return replace(second if better else first, usage=spent, latency_ms=latency_ms)
