"""An expert's load and record are right, whatever way its work ends."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import pytest

from collegium.experts.base import Expert, ExpertCapability, spoken
from collegium.experts.model_expert import ModelExpert
from collegium.experts.verifying import VerifyingExpert
from collegium.lexicon import Vocabulary
from collegium.testing import ScriptedExpert, expert_checks
from collegium.types import Answer, Chunk, Query, Response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from collegium.backends.base import Prompt

QUERY = Query.of("hello")


class Speaker(Expert):
    """Streams three words and joins them to answer."""

    def __init__(self, *, fail_after: int = 99, pause_s: float = 0.0) -> None:
        super().__init__("SpeakerExpert", [ExpertCapability("speaking", max_load=3)])
        self.fail_after, self.pause_s = fail_after, pause_s

    async def can_handle(self, query: Query) -> float:
        return 0.5

    async def process(self, query: Query) -> Answer:
        return await spoken(self.stream(query), self)

    async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
        for place, word in enumerate(("one", " two", " three")):
            await asyncio.sleep(self.pause_s)
            if place == self.fail_after:
                raise RuntimeError("lost my voice")
            yield Chunk(word, model="larynx")


@pytest.mark.parametrize("check", expert_checks())
@pytest.mark.parametrize("make", [lambda: ScriptedExpert("A"), Speaker])
async def test_experts_keep_their_promises(
    check: Callable[[Callable[[], Expert]], Awaitable[None]], make: Callable[[], Expert]
) -> None:
    await check(make)


async def test_load_is_up_while_a_query_is_answered_and_down_after() -> None:
    expert = ScriptedExpert("A", pause_s=0.02)
    asking = [asyncio.create_task(expert.process(QUERY)) for _ in range(3)]
    await asyncio.sleep(0.005)
    assert expert.current_load == 3
    await asyncio.gather(*asking)
    assert (expert.current_load, expert.total_queries, expert.success_rate) == (0, 3, 1.0)


async def test_an_error_lowers_the_load_and_the_success_rate() -> None:
    expert = ScriptedExpert("A", error=RuntimeError("no"))
    with pytest.raises(RuntimeError):
        await expert.process(QUERY)
    expert.error = None
    await expert.process(QUERY)
    assert (expert.current_load, expert.total_queries, expert.success_rate) == (0, 2, 0.5)


async def test_a_cancelled_query_is_neither_a_success_nor_a_failure() -> None:
    expert = ScriptedExpert("A", pause_s=60)
    asking = asyncio.create_task(expert.process(QUERY))
    await asyncio.sleep(0.005)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    assert (expert.current_load, expert.total_queries) == (0, 0)


async def test_a_stream_that_is_left_halfway_frees_the_load() -> None:
    expert = Speaker()
    async with aclosing(expert.stream(QUERY)) as chunks:
        assert (await anext(chunks)).text == "one"
        assert expert.current_load == 1
    assert (expert.current_load, expert.total_queries) == (0, 0)


async def test_a_stream_that_is_dropped_without_closing_frees_the_load() -> None:
    expert = Speaker()
    chunks = expert.stream(QUERY)
    await anext(chunks)
    del chunks
    await asyncio.sleep(0.01)
    assert expert.current_load == 0


async def test_a_stream_that_was_never_begun_counts_for_nothing() -> None:
    expert = Speaker()
    await expert.stream(QUERY).aclose()
    assert (expert.current_load, expert.total_queries) == (0, 0)


async def test_two_streams_read_in_turn_by_one_reader_are_two_queries() -> None:
    expert = Speaker()
    first, second = expert.stream(QUERY), expert.stream(QUERY)
    await anext(first)
    await anext(second)
    assert expert.current_load == 2
    await first.aclose()
    assert expert.current_load == 1
    await second.aclose()
    assert expert.current_load == 0


async def test_answering_by_joining_its_own_stream_is_one_query() -> None:
    expert = Speaker(pause_s=0.005)
    asking = asyncio.create_task(expert.process(QUERY))
    await asyncio.sleep(0.007)
    assert expert.current_load == 1
    assert isinstance(await asking, Answer)
    assert expert.total_queries == 1


async def test_a_subclass_that_calls_its_parent_is_counted_once() -> None:
    class Polite(Speaker):
        async def process(self, query: Query) -> Answer:
            return await super().process(query)

        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            async with aclosing(super().stream(query)) as chunks:
                async for chunk in chunks:
                    assert self.current_load == 1
                    yield chunk

    expert = Polite()
    await expert.process(QUERY)
    async for _ in expert.stream(QUERY):
        pass
    assert (expert.current_load, expert.total_queries) == (0, 2)


async def test_a_class_that_keeps_its_own_numbers_is_not_counted_twice() -> None:
    class Bookkeeper(Expert):
        async def can_handle(self, query: Query) -> float:
            return 1.0

        async def process(self, query: Query) -> Response:
            self.current_load += 1
            try:
                assert self.current_load <= 2
                await asyncio.sleep(0.005)
                self.update_stats(True, 5.0)
                return Response(text="done", expert=self.name)
            finally:
                self.current_load -= 1

    expert = Bookkeeper("BookkeeperExpert")
    asking = [asyncio.create_task(expert.process(QUERY)) for _ in range(2)]
    await asyncio.sleep(0.001)
    assert expert.current_load == 2
    await asyncio.gather(*asking)
    assert (expert.current_load, expert.total_queries) == (0, 2)
    assert expert.average_latency_ms == 5.0


async def test_whatever_happens_to_many_queries_no_load_is_left() -> None:
    chance = random.Random(7)
    expert = Speaker(pause_s=0.001)
    failing = Speaker(pause_s=0.001, fail_after=1)

    async def use(one: Expert) -> None:
        with suppress(RuntimeError):
            async with aclosing(one.stream(QUERY)) as chunks:
                async for _ in chunks:
                    if chance.random() < 0.3:
                        return

    tasks = [asyncio.create_task(use(chance.choice([expert, failing]))) for _ in range(300)]
    await asyncio.sleep(0.002)
    for task in chance.sample(tasks, 100):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (expert.current_load, failing.current_load) == (0, 0)
    assert failing.success_rate < 1


def test_who_answers_in_a_way_of_its_own_is_not_taken_for_a_relay() -> None:
    class Asking(ModelExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            async with aclosing(super().stream(query)) as chunks:
                async for chunk in chunks:
                    yield chunk

    class Prompting(VerifyingExpert):
        def prompt_of(self, query: Query) -> Prompt:
            return super().prompt_of(query)

    class Listening(Asking):
        @property
        def direct(self) -> bool:
            return True

    class Heir(VerifyingExpert):
        pass

    words = Vocabulary({})
    for made in (ModelExpert, VerifyingExpert, Heir, Listening):
        assert made("A", words).direct
    for own in (Asking, Prompting):
        assert not own("A", words).direct
    assert not ScriptedExpert("A").direct


def test_names_give_keys_and_the_numbers_start_empty() -> None:
    expert = ScriptedExpert("SQLTuningExpert")
    assert (expert.key, expert.current_load, expert.total_queries) == ("sql_tuning", 0, 0)
    assert expert.success_rate == 1.0
    assert Speaker().max_load == 3
    assert Speaker().average_latency_ms == 2000.0
