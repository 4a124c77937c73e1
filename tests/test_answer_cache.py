"""Answers kept for those who ask again."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import collegium.gates
from collegium.encoders.onnx import LazyEncoder
from collegium.errors import GateError
from collegium.gateway.caching import AnswerCache, CacheSettings, CacheWish
from collegium.gateway.caching.particulars import read
from collegium.gateway.caching.sameness import same
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from collegium.encoders.base import Encoder

USAGE = Usage(12, 34, 0.001)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asking(text: str = "What is a monad?", **fields: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": text}], **fields}


def answering(text: str = "A burrito.", finish: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": text, **message}
    choice = {"index": 0, "message": said, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice]}


def exact(**settings: Any) -> AnswerCache:
    return AnswerCache(CacheSettings(exact=True, **settings))


async def kept(cache: AnswerCache, first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether the answer to the first request is given to the second."""
    await cache.put("ann", first, answering(), USAGE)
    return await cache.get("ann", second) is not None


async def test_by_default_nothing_is_kept() -> None:
    cache = AnswerCache(CacheSettings())
    assert not await kept(cache, asking(), asking())
    assert cache.standing().entries == 0


async def test_the_same_request_gets_the_same_answer_with_what_it_once_took() -> None:
    clock = Clock()
    cache = AnswerCache(CacheSettings(exact=True), clock=clock)
    assert await cache.get("ann", asking()) is None
    assert await cache.put("ann", asking(), answering(), USAGE)
    clock.now += 5
    found = await cache.get("ann", asking())
    assert found is not None
    assert (found.completion, found.usage) == (answering(), USAGE)
    assert (found.how, found.similarity, found.age_s) == ("exact", 1.0, 5.0)


async def test_nobody_is_given_the_answer_of_another_owner() -> None:
    cache = exact()
    await cache.put("ann", asking(), answering("for Ann"), USAGE)
    assert await cache.get("bob", asking()) is None
    await cache.put("bob", asking(), answering("for Bob"), USAGE)
    for owner, text in (("ann", "for Ann"), ("bob", "for Bob")):
        found = await cache.get(owner, asking())
        assert found is not None
        assert found.completion["choices"][0]["message"]["content"] == text
    cache.forget("ann")
    assert await cache.get("ann", asking()) is None
    assert await cache.get("bob", asking()) is not None


async def test_what_a_caller_does_to_an_answer_does_not_reach_the_next() -> None:
    cache, given = exact(), answering()
    await cache.put("ann", asking(), given, USAGE)
    given["choices"].clear()
    first = await cache.get("ann", asking())
    assert first is not None
    first.completion["choices"].clear()
    second = await cache.get("ann", asking())
    assert second is not None
    assert second.completion == answering()


@pytest.mark.parametrize(
    "beside",
    [
        {"stream": True, "stream_options": {"include_usage": True}},
        {"user": "u-1", "metadata": {"a": "b"}, "safety_identifier": "s"},
        {"session_id": "s", "prompt_cache_key": "p", "store": True, "service_tier": "flex"},
        {"collegium": {"explain": True, "cache": True}},
        {"n": 1, "seed": None},
    ],
    ids=["stream", "user", "session", "explain", "defaults"],
)
async def test_what_is_beside_the_answer_does_not_tell_requests_apart(
    beside: dict[str, Any],
) -> None:
    assert await kept(exact(), asking(), asking(**beside))


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "collegium/coding"},
        {"temperature": 0},
        {"max_tokens": 5},
        {"top_p": 0.1},
        {"stop": ["\n"]},
        {"seed": 7},
        {"response_format": {"type": "json_object"}},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"tool_choice": "none"},
        {"logprobs": True},
        {"reasoning_effort": "low"},
        {"a_field_of_tomorrow": 1},
        {"collegium": {"top_k": 2}},
        {"messages": [{"role": "user", "content": "What is a monad"}]},
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "What is a monad?"},
            ]
        },
    ],
    ids="+".join,
)
async def test_whatever_can_change_the_answer_tells_requests_apart(fields: dict[str, Any]) -> None:
    assert not await kept(exact(), asking(), {**asking(), **fields})


async def test_two_spellings_of_one_request_are_one() -> None:
    parts = [{"type": "text", "text": "What is a monad?"}]
    other = {"temperature": 0.0, "messages": [{"content": parts, "role": "user"}], "model": "auto"}
    assert await kept(exact(), asking(temperature=0), other)


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 2},
        {"temperature": 0.7},
        {"web_search_options": {}, "plugins": [{"id": "web"}]},
        {"messages": []},
        {
            "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
                {"role": "tool", "tool_call_id": "1", "content": "sun"},
            ]
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
                    ],
                }
            ]
        },
    ],
    ids=["several answers", "variety", "the web", "no messages", "tool loop", "image elsewhere"],
)
async def test_an_answer_that_may_be_another_next_time_is_not_kept(fields: dict[str, Any]) -> None:
    assert not await kept(exact(), {**asking(), **fields}, {**asking(), **fields})


@pytest.mark.parametrize("fields", [{"temperature": 0.7, "seed": 1}, {"temperature": 0}, {}])
async def test_a_temperature_is_kept_where_it_is_no_wish_for_variety(
    fields: dict[str, Any],
) -> None:
    assert await kept(exact(), asking(**fields), asking(**fields))


async def test_a_sampled_answer_is_kept_where_that_is_asked_for() -> None:
    warm = asking(temperature=1)
    assert await kept(exact(sampled=True), warm, warm)
    cache, wish = exact(), CacheWish.of(wish=True)
    assert await cache.put("ann", warm, answering(), USAGE, wish)
    assert await cache.get("ann", warm) is None
    assert await cache.get("ann", warm, wish) is not None


async def test_an_image_that_comes_with_the_request_is_part_of_it() -> None:
    def picture(data: str) -> dict[str, Any]:
        part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        return {"model": "auto", "messages": [{"role": "user", "content": [part]}]}

    cache = exact()
    assert await kept(cache, picture("AAAA"), picture("AAAA"))
    assert await cache.get("ann", picture("BBBB")) is None


@pytest.mark.parametrize(
    "completion",
    [
        answering(finish="length"),
        answering(finish="content_filter"),
        answering(finish="tool_calls", tool_calls=[{"id": "1"}]),
        answering(""),
        {"choices": []},
        {"choices": [*answering()["choices"], *answering()["choices"]]},
        {"error": {"message": "no"}},
        {"choices": "none"},
    ],
    ids=["cut", "filtered", "tool call", "empty", "none", "two", "error", "garbled"],
)
async def test_only_a_whole_answer_of_text_is_kept(completion: dict[str, Any]) -> None:
    cache = exact()
    assert not await cache.put("ann", asking(), completion, USAGE)
    assert await cache.get("ann", asking()) is None


async def test_a_caller_may_decline_the_cache_or_ask_for_a_fresh_answer() -> None:
    cache = exact()
    for silent in (CacheWish.of("no-store"), CacheWish.of(None, wish=False)):
        assert not await cache.put("ann", asking(), answering(), USAGE, silent)
    await cache.put("ann", asking(), answering("old"), USAGE)
    for wish in (
        CacheWish.of("No-Store"),
        CacheWish.of(None, wish=False),
        CacheWish.of("max-age=0, no-cache"),
        CacheWish.of(None, "refresh"),
    ):
        assert await cache.get("ann", asking(), wish) is None
    assert await cache.put("ann", asking(), answering("new"), USAGE, CacheWish.of("no-cache"))
    found = await cache.get("ann", asking())
    assert found is not None
    assert found.completion == answering("new")


async def test_a_caller_may_say_how_old_an_answer_may_be() -> None:
    clock = Clock()
    cache = AnswerCache(CacheSettings(exact=True), clock=clock)
    await cache.put("ann", asking(), answering(), USAGE)
    clock.now += 61
    assert await cache.get("ann", asking(), CacheWish.of("max-age=60")) is None
    assert await cache.get("ann", asking(), CacheWish.of("max-age=90")) is not None


async def test_an_answer_is_good_for_its_time_only() -> None:
    clock = Clock()
    cache = AnswerCache(CacheSettings(exact=True, ttl_s=60), clock=clock)
    await cache.put("ann", asking(), answering(), USAGE)
    clock.now += 59.9
    assert await cache.get("ann", asking()) is not None
    clock.now += 0.1
    assert await cache.get("ann", asking()) is None
    assert cache.standing().entries == 0


async def test_an_owner_over_their_number_loses_what_was_unused_longest() -> None:
    cache = exact(entries=2)
    await cache.put("bob", asking("b"), answering(), USAGE)
    await cache.put("ann", asking("1"), answering(), USAGE)
    await cache.put("ann", asking("2"), answering(), USAGE)
    await cache.get("ann", asking("1"))
    await cache.put("ann", asking("3"), answering(), USAGE)
    have = [text for text in "123" if await cache.get("ann", asking(text))]
    assert have == ["1", "3"]
    assert await cache.get("bob", asking("b")) is not None


async def test_one_owner_cannot_push_out_the_answers_of_another() -> None:
    cache = exact(max_chars=20_000)
    await cache.put("ann", asking("mine"), answering("x" * 1000), USAGE)
    for number in range(100):
        await cache.put("bob", asking(str(number)), answering("x" * 1000), USAGE)
        assert cache.standing().chars <= 20_000
    assert await cache.get("ann", asking("mine")) is not None
    assert await cache.get("bob", asking("99")) is not None
    assert await cache.get("bob", asking("0")) is None


async def test_an_answer_larger_than_an_eighth_of_the_cache_is_not_kept() -> None:
    cache = exact(max_chars=8_000)
    assert await cache.put("ann", asking(), answering("x" * 500), USAGE)
    assert not await cache.put("ann", asking(), answering("x" * 1000), USAGE)
    assert cache.standing().chars == 0


async def test_everything_can_be_forgotten() -> None:
    cache = exact()
    await cache.put("ann", asking(), answering(), USAGE)
    cache.clear()
    assert cache.standing().entries == cache.standing().chars == cache.standing().owners == 0


@pytest.mark.parametrize("value", [object(), "\ud800"], ids=["no JSON", "half a character"])
async def test_a_request_that_cannot_be_compared_is_not_kept(value: object) -> None:
    assert not await kept(exact(), asking(extra=value), asking(extra=value))


async def test_a_request_nested_too_deep_is_not_kept() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert not await kept(exact(), asking(extra=deep), asking(extra=deep))


@pytest.mark.parametrize(
    "settings", [{"ttl_s": 0}, {"entries": -1}, {"max_chars": 0}, {"similarity": 1.5}]
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(ValueError, match=name):
        CacheSettings(**settings)


# The same question in other words.


class Vectors:
    """An encoder with vectors of its own choosing: by default all texts are alike."""

    name, version, width, general = "chosen", "1", 2, 2

    def __init__(self, **vectors: list[float]) -> None:
        self.seen: list[str] = []
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        return np.array([self._vectors.get(text[0], [1, 0]) for text in texts], np.float32)


class Broken(Vectors):
    """An encoder whose file turns out to be none."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise GateError(f"no encoder for {len(texts)} texts")


def semantic(encoder: Encoder | None = None, **settings: Any) -> AnswerCache:
    return AnswerCache(CacheSettings(semantic=True, **settings), encoder=encoder)


MONAD, SAME_MONAD = "What is a monad?", "Hi, could you tell me what a monad is?"


async def test_a_question_in_other_words_gets_the_answer() -> None:
    cache = semantic(Vectors())
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    found = await cache.get("ann", asking(SAME_MONAD))
    assert found is not None
    assert (found.how, found.similarity, found.completion) == ("semantic", 1.0, answering())


async def test_the_exact_request_is_found_first_where_both_are_kept() -> None:
    encoder = Vectors()
    cache = AnswerCache(CacheSettings(exact=True, semantic=True), encoder=encoder)
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    found = await cache.get("ann", asking(MONAD))
    assert found is not None
    assert found.how == "exact"
    assert encoder.seen == []


async def test_nobody_is_given_the_answer_to_another_owners_question() -> None:
    cache = semantic(Vectors())
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    assert await cache.get("bob", asking(SAME_MONAD)) is None
    assert await cache.get("bob", asking(MONAD)) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Convert 5 km to miles.", "Convert 6 km to miles."),
        ("Convert 5 km to miles.", "Convert 5 miles to km."),
        ("Is A better than B?", "Is B better than A?"),
        ("Plan a trip with children.", "Plan a trip without children."),
        ("Which planets have moons?", "Which planets have no moons?"),
        ("How do I enable logging?", "How do I disable logging?"),
        ("What is the capital of Austria?", "What is the capital of Australia?"),
        ("What does useState do?", "What does usestate do?"),
        ("What is new in Python 3.11?", "What is new in Python 3.12?"),
        ("Who is the president of Brazil?", "Who was the president of Brazil?"),
        ("When did Napoleon die?", "Where did Napoleon die?"),
        ("Are all swans white?", "Are some swans white?"),
        ("How many bits are in 1 MB?", "How many bits are in 1 Mb?"),
        ("How do I cook rice?", "How do I cook brown rice?"),
        ("Translate to French: I love you.", "Translate to French: You love me."),
        ("How do you say thank you?", "How do you say please?"),
        ("Is it safe to leave a hot dog in a car?", "Is it safe to leave a dog in a hot car?"),
        ("How do I break in new shoes?", "How do I break new shoes?"),
        ("If x = 4, what is 2x + 1?", "If 2x = 4, what is x + 1?"),
        ("How do I write a sonnet?", "Write a sonnet."),
        ("How long does it take to learn to swim?", "How long does it take to swim to learn?"),
        ("What percent of 40 is 8?", "What percent of 8 is 40?"),
        ("How many states are in the USA?", "How many states were in the USA?"),
        ("What is my public IP address?", "What is a public IP address?"),
        ("Who are you?", "Who am I?"),
        ("Wie nehme ich zu?", "Wie nehme ich ab?"),
        ("What is the capital of Norway?", "Was ist die Hauptstadt von Norwegen?"),
    ],
)
async def test_a_question_that_only_comes_near_gets_no_answer(first: str, second: str) -> None:
    cache = semantic(Vectors())
    for kept_one, asked_one in ((first, second), (second, first)):
        await cache.put("ann", asking(kept_one), answering(), USAGE)
        assert await cache.get("ann", asking(asked_one)) is None
        cache.clear()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("In Python, how do I reverse a list?", "How can I reverse a Python list?"),
        ("What is the capital of France?", "capital of France"),
        ("Convert 1,000 meters to kilometers.", "please convert 1000 metres to km"),
        ("Which is bigger, Jupiter or Saturn?", "Which is larger, Saturn or Jupiter?"),
        ("Who was the author of Hamlet?", "Who wrote Hamlet?"),
        ("What's two plus two?", "What is 2 + 2?"),
        ("How do TCP and UDP differ?", "What is the difference between UDP and TCP?"),
        ('What does "gaffe" mean?', 'Hi! What is the meaning of "gaffe"?'),
        ("Hallo, wie hoch ist der Eiffelturm?", "Wie hoch ist der Eiffelturm? Danke!"),
    ],
)
async def test_wording_does_not_matter(first: str, second: str) -> None:
    cache = semantic(Vectors())
    await cache.put("ann", asking(first), answering(), USAGE)
    assert await cache.get("ann", asking(second)) is not None


SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": SAME_MONAD}


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "collegium/coding"},
        {"temperature": 0},
        {"max_tokens": 5},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"response_format": {"type": "json_object"}},
        {"messages": [SYSTEM, USER]},
        {"messages": [USER, {"role": "assistant", "content": "A burrito."}, USER]},
        {"messages": [{**USER, "name": "Ann"}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": SAME_MONAD},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
                    ],
                }
            ]
        },
    ],
    ids=["model", "temperature", "length", "tools", "format", "system", "turns", "name", "image"],
)
async def test_the_same_question_under_other_terms_gets_no_answer(fields: dict[str, Any]) -> None:
    cache = semantic(Vectors())
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    assert await cache.get("ann", {**asking(SAME_MONAD), **fields}) is None


@pytest.mark.parametrize("text", ["", "?!", "word " * 100, "Fix this:\nx = 1", "\ue000"])
async def test_a_text_that_is_no_plain_question_is_not_compared(text: str) -> None:
    assert not await semantic(Vectors()).put("ann", asking(text), answering(), USAGE)


async def test_a_question_nobody_asked_costs_no_encoding() -> None:
    encoder = Vectors()
    cache = semantic(encoder)
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    assert await cache.get("ann", asking("What is a functor?")) is None
    assert encoder.seen == []


async def test_vectors_that_say_otherwise_have_the_last_word() -> None:
    cache = semantic(Vectors(W=[1, 0], H=[0, 1]))
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    assert await cache.get("ann", asking(SAME_MONAD)) is None
    lenient = semantic(Vectors(W=[1, 0], H=[0, 1]), similarity=0.0)
    await lenient.put("ann", asking(MONAD), answering(), USAGE)
    assert await lenient.get("ann", asking(SAME_MONAD)) is not None


async def test_a_broken_encoder_means_no_answer_and_no_error() -> None:
    cache = semantic(Broken())
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    assert await cache.get("ann", asking(SAME_MONAD)) is None


async def test_without_an_encoder_the_words_decide() -> None:
    cache = semantic()
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    assert await cache.get("ann", asking(SAME_MONAD)) is not None


async def test_the_encoder_that_ships_confirms_what_the_words_say() -> None:
    folder = Path(next(iter(collegium.gates.__path__))) / "builtin"
    cache = semantic(LazyEncoder(folder, name="builtin"))
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    found = await cache.get("ann", asking(SAME_MONAD))
    assert found is not None
    assert 0.8 <= found.similarity < 1


async def test_what_is_dropped_is_no_longer_found_by_its_question() -> None:
    clock = Clock()
    cache = AnswerCache(CacheSettings(semantic=True, entries=2, ttl_s=60), clock=clock)
    for text in (MONAD, "What is a functor?", "What is a ring?"):
        await cache.put("ann", asking(text), answering(), USAGE)
    assert await cache.get("ann", asking(SAME_MONAD)) is None
    assert await cache.get("ann", asking("Please: what is a ring?")) is not None
    clock.now += 60
    assert await cache.get("ann", asking("Please: what is a ring?")) is None


async def test_many_ask_at_once() -> None:
    cache = semantic(Vectors())
    await cache.put("ann", asking(MONAD), answering(), USAGE)
    found = await asyncio.gather(*(cache.get("ann", asking(SAME_MONAD)) for _ in range(50)))
    assert all(found)


PAIRS = Path(__file__).parent.parent / "benchmarks/gateway/paraphrases.jsonl"


def test_the_written_near_misses_are_told_from_the_same_questions() -> None:
    hits = {True: 0, False: 0}
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    for pair in pairs:
        one, other = read(pair["a"]), read(pair["b"])
        told = one is not None and other is not None and same(one, other)
        assert told == (one is not None and other is not None and same(other, one)), pair
        hits[pair["same"]] += told
    assert hits[False] <= 0.005 * sum(not pair["same"] for pair in pairs)
    assert hits[True] >= 0.6 * sum(pair["same"] for pair in pairs)


@given(st.text(max_size=320))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_read_and_is_the_same_as_itself(text: str) -> None:
    found = read(text)
    assert found is None or same(found, found)


def test_no_text_takes_long_to_read() -> None:
    began = time.process_time()
    for piece in ("what is ", "in ", "how many ", "a, ", "'", '"', ": ", "x-", "1,", "what does "):
        read(piece * (300 // len(piece)))
    assert time.process_time() - began < 0.5
