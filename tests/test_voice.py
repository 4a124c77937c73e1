"""An expert's models asked beside each other, each by a voice of its own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from collegium.backends.pool import Instance, Pool
from collegium.backends.prices import Price
from collegium.errors import BackendUnavailable, ExpertNotReady
from collegium.experts.base import Expert, spoken
from collegium.experts.model_expert import ModelExpert
from collegium.experts.voice import Voice
from collegium.lexicon import Vocabulary
from collegium.testing import ScriptedBackend, ScriptedExpert, expert_checks
from collegium.types import Answer, Chunk, Query, Task

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

QUERY = Query.of("What is 6 * 7?")


def team(*texts: str, price: Price | None = None) -> tuple[ModelExpert, list[ScriptedBackend]]:
    backends = [ScriptedBackend(text) for text in texts]
    pool = Pool(
        [
            Instance(one, f"m{place}", f"lab/m{place}", 2, price)
            for place, one in enumerate(backends)
        ]
    )
    return ModelExpert("MathExpert", Vocabulary({}), pool, instructions="Count."), backends


def first_voice() -> Voice:
    voice = team("one", "two")[0].voices()[0]
    assert isinstance(voice, Voice)
    return voice


@pytest.mark.parametrize("check", expert_checks())
async def test_a_voice_is_an_expert(
    check: Callable[[Callable[[], Expert]], Awaitable[None]],
) -> None:
    await check(first_voice)


async def test_an_expert_has_a_voice_for_each_of_its_models_in_their_order() -> None:
    expert, backends = team("forty-two", "42", "41")
    voices = expert.voices()
    assert [voice.model for voice in voices] == ["lab/m0", "lab/m1", "lab/m2"]
    assert {(voice.name, voice.key) for voice in voices} == {("MathExpert", "math")}
    answers = [await spoken(voice.stream(QUERY), voice) for voice in voices]
    assert [answer.text for answer in answers] == ["forty-two", "42", "41"]
    assert [answer.model for answer in answers] == ["lab/m0", "lab/m1", "lab/m2"]
    assert [len(backend.prompts) for backend in backends] == [1, 1, 1]
    assert backends[0].prompts[0].messages[0].text == "Count."


def test_an_expert_with_one_model_is_its_own_voice() -> None:
    expert, _ = team("42")
    assert expert.voices() == (expert,)
    assert expert.model == "lab/m0"
    assert team("a", "b")[0].model == ""


def test_an_expert_without_models_is_its_own_voice() -> None:
    silent = ModelExpert("MathExpert", Vocabulary({}))
    other = ScriptedExpert("A")
    assert silent.voices() == (silent,)
    assert other.voices() == (other,)
    assert (silent.model, other.model) == ("", "scripted")
    assert silent.expected_cost_usd(QUERY) is other.expected_cost_usd(QUERY) is None


def test_a_model_that_is_there_twice_has_one_voice() -> None:
    instances = [Instance(ScriptedBackend(), "m", "lab/m", 1) for _ in range(2)]
    expert = ModelExpert("MathExpert", Vocabulary({}), Pool(instances))
    assert expert.voices() == (expert,)
    assert expert.model == "lab/m"


async def test_what_a_voice_does_is_counted_once_as_the_experts() -> None:
    expert, backends = team("one two", "two")
    for backend in backends:
        backend.pause_s = 0.005
    first, second = expert.voices()
    asking = [
        asyncio.create_task(first.process(QUERY)),
        asyncio.create_task(spoken(second.stream(QUERY), second)),
    ]
    await asyncio.sleep(0.002)
    assert (expert.current_load, first.current_load, second.current_load) == (2, 2, 2)
    await asyncio.gather(*asking)
    assert (expert.current_load, expert.total_queries, expert.success_rate) == (0, 2, 1.0)
    assert first.total_queries == 2


async def test_a_voice_that_fails_is_a_failure_of_the_expert() -> None:
    expert, backends = team("one", "two")
    backends[1].error = BackendUnavailable("it is down")
    with pytest.raises(BackendUnavailable):
        await expert.voices()[1].process(QUERY)
    assert (expert.current_load, expert.total_queries, expert.success_rate) == (0, 1, 0.0)


async def test_leaving_a_voice_frees_the_expert_and_its_model() -> None:
    expert, _ = team("one two three", "two")
    async with aclosing(expert.voices()[0].stream(QUERY)) as chunks:
        await anext(chunks)
        assert expert.current_load == 1
        assert expert.pool is not None
        assert expert.pool.loads()["lab/m0"] == 0.5
    assert (expert.current_load, expert.total_queries) == (0, 0)
    assert expert.pool.in_flight == 0


async def test_a_voice_bids_as_its_expert_and_tells_the_model_it_would_use() -> None:
    expert, _ = team("one", "two")
    voice = expert.voices()[0]
    assert await voice.can_handle(QUERY) == await expert.can_handle(QUERY)
    assert repr(voice) == "<Voice 'MathExpert' of 'lab/m0'>"


async def test_a_voice_is_as_ready_as_its_expert() -> None:
    expert, _ = team("one", "two")
    voice = expert.voices()[0]
    expert.missing = "no index"
    assert voice.not_ready == "no index"
    with pytest.raises(ExpertNotReady, match="no index"):
        await expert.voices()[0].process(QUERY)


async def test_a_voice_keeps_what_a_subclass_makes_of_answering() -> None:
    class Shouting(ModelExpert):
        async def stream(self, query: Query) -> AsyncGenerator[Chunk]:
            yield Chunk.whole(Answer(self.name, self.model, "LOUD"))

    expert = Shouting("MathExpert", Vocabulary({}), team("a", "b")[0].pool)
    answer = await spoken(expert.voices()[1].stream(QUERY), expert)
    assert (answer.text, answer.model, expert.total_queries) == ("LOUD", "lab/m1", 1)


def test_a_voice_tells_what_its_model_will_cost() -> None:
    cheap, dear = Price(0.0, 1.0), Price(0.0, 100.0)
    instances = [
        Instance(ScriptedBackend(), "m", f"lab/{place}", 1, price)
        for place, price in enumerate((cheap, dear, None))
    ]
    pool = Pool(instances, selector=lambda *_: ["lab/1"])
    expert = ModelExpert("MathExpert", Vocabulary({}), pool)
    costs = [voice.expected_cost_usd(QUERY) for voice in expert.voices()]
    assert costs == [pytest.approx(0.0004), pytest.approx(0.04), None]
    assert expert.expected_cost_usd(QUERY) == costs[1]


async def test_what_a_query_asks_of_the_choice_reaches_the_pool_and_no_further() -> None:
    expert, (backend, _) = team("one", "two")
    task = Task(form="number", kind="math")
    query = Query.of("?", task=task, objective="cheap", budget_usd=0.5, session="s")
    await expert.voices()[0].process(query)
    (prompt,) = backend.prompts
    assert (prompt.task, prompt.objective, prompt.budget_usd) == (task, "cheap", 0.5)
    assert prompt.session == "s"
