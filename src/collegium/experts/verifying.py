"""An expert that computes what can be computed, and checks its work where it cannot."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from collegium.errors import CollegiumError
from collegium.experts.base import spoken
from collegium.experts.fingerprint import fingerprint
from collegium.experts.model_expert import ModelExpert
from collegium.types import Answer, Chunk, Message, Query, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from collegium.experts.computing.base import Computer

logger = logging.getLogger(__name__)

Kept = TypeVar("Kept")

# Its bid for a question that it can compute, and how often what it computes is right: of answers
# to held-out questions 303 of 305 were at first sight, 430 of 430 after mending
# (benchmarks/mixture/computing.py).
SURE, COMPUTED_CONFIDENCE = 0.98, 0.99
REMEMBERED, REMEMBERED_AS_NOBODYS = 32, 2048

MEND = (
    "Checking your answer found this:\n{evidence}\n"
    "Answer the question again, whole and right, without mentioning the first attempt."
)


class Checker(Protocol):
    """Whoever checks answers."""

    async def verify(self, query: Query, text: str, /) -> Verdict:
        """What checking a text as an answer to a query finds."""
        ...


class Plans:
    """Who computes the answer to a query, and how.

    It is remembered, since whoever routes a query, asks it and answers it wants to know in turn: of
    the last few the plan, which may hold a long text, and of many that there is none.
    """

    def __init__(self, computers: Sequence[Computer]) -> None:
        self.computers = tuple(computers)
        self._plans: dict[bytes, tuple[Computer, object]] = {}
        self._nobodys: dict[bytes, None] = {}

    def of(self, query: Query) -> tuple[Computer, object] | None:
        """The first computer that reads the query, with its plan; None where none does."""
        key = fingerprint(query)
        if key in self._nobodys:
            return None
        found = self._plans.get(key) or self._read(query)
        if found is None:
            _keep(self._nobodys, key, None, REMEMBERED_AS_NOBODYS)
        else:
            _keep(self._plans, key, found, REMEMBERED)
        return found

    def _read(self, query: Query) -> tuple[Computer, object] | None:
        read = ((computer, computer.reads(query)) for computer in self.computers)
        return next(((computer, plan) for computer, plan in read if plan is not None), None)


def _keep(memory: dict[bytes, Kept], key: bytes, value: Kept, capacity: int) -> None:
    """Take something down in the place of what was taken down first."""
    if key not in memory and len(memory) >= capacity:
        memory.pop(next(iter(memory)))
    memory[key] = value


class VerifyingExpert(ModelExpert):
    """A `ModelExpert` with `computers`, who answer exactly and without a model what they can.

    Everything else a model of the pool answers; `verifier` checks that, and what fails is asked for
    once more with what was found. While an answer can still be mended its text is held back, so
    that only free text streams. One voice of the expert neither computes nor mends: who drives the
    voices decides what to do about an answer that failed.
    """

    verifier: Checker | None = None
    _plans: Plans | None = None

    @property
    def computers(self) -> Sequence[Computer]:
        """Those who compute for it, in the order in which they are asked."""
        return () if self._plans is None else self._plans.computers

    @computers.setter
    def computers(self, computers: Sequence[Computer]) -> None:
        self._plans = Plans(computers)

    @property
    def mends(self) -> bool:
        """Whether it mends what fails its checks."""
        return self.only is None and self.verifier is not None

    @property
    def direct(self) -> bool:
        """It is, but for what it checks before it shows it."""
        return True

    @property
    def grounds(self) -> object | None:
        """Its vocabulary, who computes for it, and whether it is only one of its voices."""
        return self.vocabulary, self._plans, self.only

    def plan(self, query: Query) -> tuple[Computer, object] | None:
        """Who computes the answer, and how; None where nobody does."""
        return None if self.only is not None or self._plans is None else self._plans.of(query)

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
            answer = await spoken(super().stream(query), self)
            yield so_far(answer)
            async with aclosing(self._improved(query, answer, self.verifier)) as improved:
                async for answer in improved:
                    yield so_far(answer)
            yield Chunk.whole(answer)

    async def _improved(
        self, query: Query, first: Answer, verifier: Checker
    ) -> AsyncGenerator[Answer]:
        """An answer with what checking it found; where it failed, then a mended one that did not.

        Each says what all of them have consumed so far.
        """
        first = await _checked(query, first, verifier)
        yield first
        if not has_failed(first) or not self.mends:
            return
        second = await self._second(query, first)
        if second is None:
            yield _told(first, "asked once more, it gave no other answer")
            return
        spent = first.usage + second.usage
        latency_ms = first.latency_ms + second.latency_ms
        yield replace(first, usage=spent, latency_ms=latency_ms)
        second = await _checked(query, second, verifier)
        if has_failed(second):
            first = replace(first, usage=spent, latency_ms=latency_ms)
            yield _told(first, "asked once more, it failed again")
        else:
            second = replace(second, usage=spent, latency_ms=latency_ms)
            yield _told(second, "its first answer failed and was mended")

    async def _second(self, query: Query, first: Answer) -> Answer | None:
        """A second answer, given what was wrong with the first; None where there is none."""
        total_usd = first.usage.cost_usd + (self.expected_cost_usd(query) or 0.0)
        if query.budget_usd is not None and total_usd > query.budget_usd:
            return None
        evidence = first.verdict.evidence if first.verdict is not None else ""
        asked = query.after(
            Message("assistant", first.text), Message("user", MEND.format(evidence=evidence))
        )
        try:
            return await spoken(super().stream(asked), self)
        except CollegiumError as error:
            logger.info("%s did not mend its answer: %s", self.name, error)
            return None


async def _checked(query: Query, answer: Answer, verifier: Checker) -> Answer:
    if answer.tool_calls:  # there is no text to be checked
        return answer
    return replace(answer, verdict=await verifier.verify(query, answer.text))


def has_failed(answer: Answer) -> bool:
    """Whether checking an answer found it wrong."""
    return answer.verdict is not None and answer.verdict.outcome == "failed"


def so_far(answer: Answer) -> Chunk:
    """An answer that a better one may follow: it counts, with its cost, if time is up before."""
    return Chunk(answer=answer, usage=answer.usage, model=answer.model)


def _told(answer: Answer, what: str) -> Answer:
    """An answer whose verdict says what became of mending it, too."""
    verdict = answer.verdict or Verdict("unknown")
    return replace(answer, verdict=replace(verdict, evidence=f"{verdict.evidence}; {what}"))
