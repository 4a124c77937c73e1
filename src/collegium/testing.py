"""What any expert, backend, gate or strategy must do, as checks that a plugin's tests can run.

Each check takes a factory, makes what it needs with it, and raises AssertionError when the promise
is broken.

    @pytest.mark.parametrize("check", testing.gate_checks())
    def test_my_gate(check): check(lambda: MyGate())
"""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from typing import TYPE_CHECKING

from collegium.aggregation.panel import Panel
from collegium.backends.base import Backend, Generation, Prompt, joined
from collegium.errors import CollegiumError
from collegium.experts.base import Expert, spoken
from collegium.routing.classifier import QueryClassifier
from collegium.types import Answer, Chunk, Message, Query, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from collegium.aggregation.strategies import Strategy
    from collegium.errors import BackendError
    from collegium.routing.gate import Gate

QUERIES = (
    "Write a Python function that reverses a list.",
    "What is 17 * 23?",
    "¿Cuál es la capital de Perú?",
    "  \n",
    "\u202eطقس اليوم 🌦",
    "a " * 5_000,
)


class ScriptedBackend:
    """A backend that says what it is told to: a text, or an error after some of it."""

    def __init__(
        self,
        text: str = "an answer",
        *,
        error: BackendError | None = None,
        pause_s: float = 0.0,
        model: str = "scripted",
    ) -> None:
        self.text, self.error, self.pause_s, self.model = text, error, pause_s, model
        self.prompts: list[Prompt] = []
        self.open_streams = 0

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole text."""
        return await joined(self.stream(prompt), model=self.model)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The text, a word at a time."""
        self.prompts.append(prompt)
        self.open_streams += 1
        try:
            words = self.text.split(" ")
            for place, word in enumerate(words):
                await asyncio.sleep(self.pause_s)
                yield Chunk(word if place == 0 else f" {word}", model=self.model)
            if self.error is not None:
                raise self.error
            yield Chunk(usage=Usage(1, len(words)), finish="stop")
        finally:
            self.open_streams -= 1

    async def models(self) -> tuple[str, ...]:
        """Its one model."""
        return (self.model,)

    async def healthy(self) -> bool:
        """Always."""
        return True

    async def aclose(self) -> None:
        """There is nothing to end."""


class ScriptedExpert(Expert):
    """An expert with a fixed confidence, answer or error, for trying out a strategy."""

    def __init__(
        self,
        name: str,
        text: str = "an answer",
        *,
        confidence: float = 0.5,
        error: Exception | None = None,
        pause_s: float = 0.0,
        fallback: bool = False,
        model: str = "scripted",
        cost_usd: float | None = None,
    ) -> None:
        super().__init__(name, fallback=fallback)
        self.text, self.confidence = text, confidence
        self.error, self.pause_s = error, pause_s
        self.model, self.cost_usd = model, cost_usd
        self.asked: list[Query] = []

    async def can_handle(self, query: Query) -> float:
        """The fixed confidence."""
        return self.confidence

    async def process(self, query: Query) -> Answer:
        """The fixed answer, or the error, after the pause."""
        self.asked.append(query)
        await asyncio.sleep(self.pause_s)
        if self.error is not None:
            raise self.error
        usage = Usage(1, 1, self.cost_usd or 0.0)
        return Answer(self.name, self.model, self.text, self.confidence, usage=usage)

    def expected_cost_usd(self, query: Query) -> float | None:
        """The fixed cost, if it was given one."""
        return self.cost_usd


def expert_checks() -> list[Callable[[Callable[[], Expert]], Awaitable[None]]]:
    """What every expert must do; the expert must be able to answer."""
    return [
        an_expert_bids_between_0_and_1,
        bidding_changes_nothing,
        an_experts_stream_is_its_answer,
        walking_away_ends_the_load,
    ]


def backend_checks() -> list[Callable[[Callable[[], Backend]], Awaitable[None]]]:
    """What every backend must do; it must be able to answer a short user message."""
    return [
        a_backends_stream_is_its_answer,
        a_backend_names_its_models,
        closing_a_stream_or_a_backend_twice_does_no_harm,
    ]


def gate_checks() -> list[Callable[[Callable[[], Gate]], None]]:
    """What every gate must do."""
    return [shares_are_finite_and_sum_to_1, asking_a_gate_never_teaches_it]


def strategy_checks() -> list[Callable[[Callable[[], Strategy]], Awaitable[None]]]:
    """What every strategy must do."""
    return [
        a_strategy_ends_with_an_answer,
        a_strategy_survives_one_failure,
        a_strategy_takes_no_empty_answer,
        a_strategy_names_everybody_where_all_fail,
        a_strategy_keeps_what_came_before_the_deadline,
        a_strategy_counts_every_call_once,
        leaving_a_strategy_leaves_no_work,
    ]


async def an_expert_bids_between_0_and_1(make: Callable[[], Expert]) -> None:
    """Whatever the query, the bid is a finite number from 0 to 1."""
    expert = make()
    for text in QUERIES:
        bid = await expert.can_handle(Query.of(text))
        assert math.isfinite(bid), f"{expert.name} bids {bid} for {text[:40]!r}"
        assert 0 <= bid <= 1, f"{expert.name} bids {bid} for {text[:40]!r}"


async def bidding_changes_nothing(make: Callable[[], Expert]) -> None:
    """Asking for a bid again gives the same, and counts as no query."""
    expert = make()
    bids = {await expert.can_handle(Query.of(QUERIES[0])) for _ in range(5)}
    assert len(bids) == 1, f"{expert.name} bids differently for the same query: {sorted(bids)}"
    assert (expert.total_queries, expert.current_load) == (0, 0)


async def an_experts_stream_is_its_answer(make: Callable[[], Expert]) -> None:
    """The streamed texts, joined, are the text of the answer; both ways count as a query."""
    expert = make()
    query = Query.of("Say hello.", sampling={"temperature": 0, "seed": 1, "max_tokens": 16})
    async with aclosing(expert.stream(query)) as chunks:
        texts = [chunk.text async for chunk in chunks]
    answer = await spoken(expert.stream(query), expert)
    assert "".join(texts) == answer.text
    assert answer.expert == expert.name
    assert (expert.current_load, expert.total_queries, expert.success_rate) == (0, 2, 1.0)


async def walking_away_ends_the_load(make: Callable[[], Expert]) -> None:
    """A reader that leaves a stream leaves no load behind."""
    expert = make()
    chunks = expert.stream(Query.of("Count to a hundred."))
    await anext(chunks)
    await chunks.aclose()
    assert expert.current_load == 0


async def a_backends_stream_is_its_answer(make: Callable[[], Backend]) -> None:
    """Streaming and waiting give the same text, at temperature 0."""
    backend = make()
    prompt = await _prompt(backend)
    try:
        whole = await backend.generate(prompt)
        streamed = await joined(backend.stream(prompt), model="")
        assert streamed.text == whole.text
        assert whole.text, "the backend answered with nothing"
    finally:
        await backend.aclose()


async def a_backend_names_its_models(make: Callable[[], Backend]) -> None:
    """`models` gives at least one name, and a healthy backend says so."""
    backend = make()
    try:
        assert await backend.models()
        assert await backend.healthy() is True
    finally:
        await backend.aclose()


async def closing_a_stream_or_a_backend_twice_does_no_harm(make: Callable[[], Backend]) -> None:
    """A stream closed before its first chunk, or after it, ends; and closing is idempotent."""
    backend = make()
    prompt = await _prompt(backend)
    try:
        await backend.stream(prompt).aclose()
        chunks = backend.stream(prompt)
        await anext(chunks)
        await chunks.aclose()
        await chunks.aclose()
    finally:
        await backend.aclose()
        await backend.aclose()


def shares_are_finite_and_sum_to_1(make: Callable[[], Gate]) -> None:
    """Whatever the text, the shares are finite, none below 0, and sum to 1."""
    gate = make()
    for text in QUERIES:
        shares = _scores(gate, text).values()
        assert all(math.isfinite(share) and share >= 0 for share in shares), text[:40]
        assert math.isclose(sum(shares), 1, abs_tol=1e-6), text[:40]


def asking_a_gate_never_teaches_it(make: Callable[[], Gate]) -> None:
    """The same reading gives the same shares, whatever was asked in between."""
    gate = make()
    first = {text: dict(_scores(gate, text)) for text in QUERIES}
    again = {text: dict(_scores(gate, text)) for text in reversed(QUERIES)}
    assert first == again


async def a_strategy_ends_with_an_answer(make: Callable[[], Strategy]) -> None:
    """The last chunk of a strategy carries the answer, and its texts joined are that answer."""
    experts = [ScriptedExpert("A", "yes", confidence=0.9), ScriptedExpert("B", "no")]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts])
    texts: list[str] = []
    answer: Answer | None = None
    async with aclosing(make().settle(panel)) as chunks:
        async for chunk in chunks:
            texts.append(chunk.text)
            answer = chunk.answer
    assert answer is not None
    assert "".join(texts) == answer.text


async def a_strategy_survives_one_failure(make: Callable[[], Strategy]) -> None:
    """One expert may fail; the other's answer comes out."""
    experts = [ScriptedExpert("A", error=RuntimeError("no")), ScriptedExpert("B", "fine")]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts])
    async with aclosing(make().settle(panel)) as chunks:
        answers = [chunk.answer async for chunk in chunks if chunk.answer is not None]
    assert answers[-1].text == "fine"


async def a_strategy_takes_no_empty_answer(make: Callable[[], Strategy]) -> None:
    """An answer that nobody could see is none; the other's comes out, and the failure is kept."""
    experts = [ScriptedExpert("A", " \n\u200b", confidence=0.9), ScriptedExpert("B", "fine")]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts])
    assert (await settled(make(), panel)).text == "fine"
    assert [name for name, _ in panel.failures] == ["A"]


async def a_strategy_names_everybody_where_all_fail(make: Callable[[], Strategy]) -> None:
    """Where nobody answers the error says so of each."""
    experts = [ScriptedExpert(name, error=RuntimeError("no")) for name in ("Anne", "Ben")]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts])
    told = ""
    try:
        await settled(make(), panel)
    except CollegiumError as error:
        told = str(error)
    assert "Anne" in told, f"the error does not name everybody: {told!r}"
    assert "Ben" in told, f"the error does not name everybody: {told!r}"


async def a_strategy_keeps_what_came_before_the_deadline(make: Callable[[], Strategy]) -> None:
    """When the deadline passes while one is still at work, what the other said comes out."""
    experts = [ScriptedExpert("Quick", "here"), ScriptedExpert("Slow", pause_s=60)]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts], deadline_s=0.05)
    assert (await settled(make(), panel)).text == "here"
    assert [expert.current_load for expert in experts] == [0, 0]
    assert panel.spent == Usage(1, 1)


async def a_strategy_counts_every_call_once(make: Callable[[], Strategy]) -> None:
    """Every question asked is one call on the receipt, and its usage counts once."""
    experts = [ScriptedExpert(name, name * 3, cost_usd=0.5) for name in "ABC"]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts])
    await settled(make(), panel)
    asked = sum(len(expert.asked) for expert in experts)
    assert len(panel.calls) == asked
    assert panel.spent == Usage(asked, asked, 0.5 * asked)


async def settled(strategy: Strategy, panel: Panel) -> Answer:
    """The answer that a strategy settles on."""
    answer: Answer | None = None
    async with aclosing(strategy.settle(panel)) as chunks:
        async for chunk in chunks:
            answer = chunk.answer or answer
    assert answer is not None, "the strategy ended without an answer"
    return answer


async def leaving_a_strategy_leaves_no_work(make: Callable[[], Strategy]) -> None:
    """When the reader is cancelled, every expert at work is too."""
    experts = [ScriptedExpert(name, pause_s=60) for name in "AB"]
    panel = Panel(Query.of("?"), [(expert, 1.0) for expert in experts])

    async def read() -> None:
        async with aclosing(make().settle(panel)) as chunks:
            async for _ in chunks:
                pass

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert [expert.current_load for expert in experts] == [0, 0]


async def _prompt(backend: Backend) -> Prompt:
    models = await backend.models()
    return Prompt(
        (Message("user", "Say hello."),),
        model=models[0],
        sampling={"temperature": 0, "seed": 1, "max_tokens": 16},
    )


def _scores(gate: Gate, text: str) -> Mapping[str, float]:
    return gate.scores(QueryClassifier().read(Query.of(text)))
