"""The expert who knows a codebase: exact where the graph knows the answer, cited elsewhere."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from collegium.errors import CollegiumError, IndexUnusable
from collegium.experts.base import spoken
from collegium.experts.knowledge.bidding import bid
from collegium.experts.knowledge.briefing import LONGEST_LINES, briefed
from collegium.experts.knowledge.citing import Citations
from collegium.experts.knowledge.halves import exact_half
from collegium.experts.model_expert import ModelExpert
from collegium.experts.verifying import SURE, VerifyingExpert, has_failed, so_far
from collegium.knowledge.search.answers import said
from collegium.types import Answer, Chunk, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from collegium.experts.knowledge.keeper import Keeper
    from collegium.knowledge.codebase import Findings, KnowledgeGraph
    from collegium.types import Query

# How sure it is of what the graph knows, and of passages that nobody has read for it.
EXACT_CONFIDENCE, FOUND_CONFIDENCE, NOTHING_CONFIDENCE = 0.97, 0.4, 0.2
# Above the passages where they are given since what a model made of them failed its check.
UNBACKED = "The model's answer could not be backed by the code. These places fit the question best:"


class KnowledgeExpert(VerifyingExpert):
    """Answers questions about the codebase that its `keeper` keeps.

    What the graph knows exactly it says without a model: who calls, where it is defined, what
    inherits. For everything else its model is given the passages found, and what it says is held
    back until its citations have been looked up. One that fails is asked for once more; where that
    fails again, what is given is where the passages are, and the verdict has what the model said.
    Without a model it gives those alone, and also where none answers, or not in time.
    """

    def __init__(self, *args: Any, keeper: Keeper, passages: int = 6, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.keeper, self._passages = keeper, passages

    async def open(self) -> None:
        """Have the codebase indexed and followed."""
        await self.keeper.open()

    async def aclose(self) -> None:
        """Follow the codebase no more."""
        await self.keeper.aclose()

    @property
    def needs_no_model(self) -> bool:
        """It gives the passages then."""
        return True

    @property
    def not_ready(self) -> str:
        """What the expert lacks before it can answer, which is never a model; empty: nothing."""
        return self.missing or self.keeper.lacks

    @property
    def grounds(self) -> object | None:
        """Its vocabulary, the state of the index, and whether it is only one of its voices."""
        graph = self.keeper.graph
        try:
            generation = graph and graph.generation
        except IndexUnusable:
            generation = None
        return self.vocabulary, self.keeper, generation, self.only

    @property
    def mends(self) -> bool:
        """Whether it looks its citations up, and asks once more where they fail."""
        return self.only is None and self.verifier is not None

    def suits(self, query: Query) -> float:
        """The probability, by its words and by what the query names, that it is about its code."""
        words = super().suits(query)
        try:
            return bid(words, query.text, self.keeper.graph)
        except IndexUnusable:  # found out just now; nobody else's answer depends on it
            return words

    def computes(self, query: Query) -> bool:
        """Whether the query asks outright for something that the graph knows exactly."""
        graph = self.keeper.graph
        if self.only is not None or graph is None:
            return False
        try:
            question = graph.reads(query.text)
            return question is not None and graph.knows(question)
        except IndexUnusable:
            return False

    async def can_handle(self, query: Query) -> float:
        """Nearly certain of what the graph knows; of the rest as sure as `suits`."""
        return SURE if self.computes(query) else self.suits(query) * self.reliability

    async def compute(self, query: Query) -> Answer | None:
        """The exact answer of the graph; None where the query does not ask for one.

        That nothing has the name that is asked about is an answer too, though a less sure one.
        """
        if self.only is not None or self.not_ready:
            return None
        graph = await self.keeper.current()
        question = graph.reads(query.text)
        if question is None:
            return None
        started = time.perf_counter()
        findings = await asyncio.to_thread(graph.answer, question)
        confidence = EXACT_CONFIDENCE if findings.exact else NOTHING_CONFIDENCE
        return self._answer("computed/graph", findings, confidence, started)

    async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
        """The exact answer in one piece; else a model's, made from passages and checked.

        Where half of what is asked is exact ("who calls X, and why?"), that half comes first.

        Raises:
            NotIndexed: there is no index yet.
            CollegiumError: as `ModelExpert.stream`.
        """
        computed = await self.compute(query)
        if computed is not None:
            yield Chunk.whole(computed)
            return
        started = time.perf_counter()
        graph = await self.keeper.current()
        findings = await graph.query_semantic(query.text, self._passages, lines=LONGEST_LINES)
        confidence = FOUND_CONFIDENCE if findings.found else NOTHING_CONFIDENCE
        passages = self._answer("computed/search", findings, confidence, started)
        half = await self._half(graph, query)
        if self.pool is None or not findings.found:
            yield Chunk.whole(_after(half, passages))
            return
        asked, places = briefed(query, findings.found, graph.root.name)
        if self.verifier is None:
            read = ModelExpert.stream(self, asked)
        else:
            read = self._read(asked, passages, Citations(graph, places), half)
        async with aclosing(read) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _half(self, graph: KnowledgeGraph, query: Query) -> str:
        """The exact answer to the half of a query that asks for one; empty where none does."""
        text = exact_half(query.text)
        question = graph.reads(text) if text and self.only is None else None
        findings = None if question is None else await asyncio.to_thread(graph.answer, question)
        return said(findings) if findings is not None and findings.exact else ""

    async def _read(
        self, asked: Query, passages: Answer, citations: Citations, half: str
    ) -> AsyncGenerator[Chunk]:
        """What a model makes of the passages, checked; they themselves where it makes nothing.

        `half` of what was asked has been answered, and comes before it.
        """
        yield so_far(_after(half, passages))
        try:
            answer = await spoken(ModelExpert.stream(self, asked), self)
        except CollegiumError as error:
            verdict = Verdict("unknown", f"no model answered: {error}", citations.name)
            yield Chunk.whole(_after(half, replace(passages, verdict=verdict)))
            return
        yield so_far(_after(half, replace(answer, text=passages.text)))
        async with aclosing(self._improved(asked, answer, citations)) as improved:
            async for answer in improved:
                yield so_far(_after(half, self._backed(answer, passages)))
        yield Chunk.whole(_after(half, self._backed(answer, passages)))

    def _backed(self, answer: Answer, passages: Answer) -> Answer:
        """An answer whose check did not fail; else the passages in its place.

        One voice of several gives both, since who drives the voices shows it its answer again.
        """
        if not has_failed(answer) or answer.verdict is None:
            return answer
        told = f"{UNBACKED}\n\n{passages.text}"
        if self.only is not None:
            return replace(answer, text=f"{answer.text.rstrip()}\n\n{told}")
        evidence = f"{answer.verdict.evidence}; the model had said: {answer.text.strip()}"
        verdict = replace(answer.verdict, evidence=evidence)
        return replace(answer, text=told, confidence=passages.confidence, verdict=verdict)

    def _answer(self, model: str, findings: Findings, confidence: float, started: float) -> Answer:
        """Findings as the expert says them; where they are exact, that is the verdict."""
        answer = Answer(self.name, model, said(findings), confidence)
        latency_ms = (time.perf_counter() - started) * 1000
        verdict = Verdict("passed", f"the graph of {self.keeper.terms.root.name}", "graph")
        return replace(answer, latency_ms=latency_ms, verdict=verdict if findings.exact else None)


def _after(half: str, answer: Answer) -> Answer:
    """An answer after the half that is exact, where there is one; tools are called without."""
    return (
        replace(answer, text=f"{half}\n\n{answer.text}")
        if half and not answer.tool_calls
        else answer
    )
