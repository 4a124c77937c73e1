"""An OpenAI-compatible server, as it behaves and as it misbehaves."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from collegium import testing
from collegium.backends.base import Generation, Prompt, joined
from collegium.backends.http import HttpBackend
from collegium.errors import (
    BackendBusy,
    BackendError,
    BackendGarbled,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    StreamCut,
)
from collegium.types import Message, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from collegium.backends.base import Backend

    Stats = Callable[[], dict[str, Any]]

KEY = "sk-not-to-be-told"


def asking(model: str, text: str = "one two three", **fields: Any) -> Prompt:
    return Prompt((Message("user", text),), model=model, **fields)


@pytest.fixture
async def backend(upstream: str) -> AsyncIterator[HttpBackend]:
    made = HttpBackend(upstream, name="upstream", api_key=KEY, idle_timeout_s=5)
    yield made
    await made.aclose()


async def both(backend: HttpBackend, prompt: Prompt) -> tuple[Generation, Generation]:
    return await backend.generate(prompt), await joined(backend.stream(prompt), model="")


async def failure(backend: HttpBackend, prompt: Prompt, *, stream: bool) -> BackendError:
    """What goes wrong; whatever it is, it names the backend and does not tell the key."""
    asked = joined(backend.stream(prompt), model="") if stream else backend.generate(prompt)
    with pytest.raises(BackendError) as caught:
        await asked
    error: BaseException | None = caught.value
    assert repr(backend.name) in str(error)
    while error is not None:
        assert KEY not in repr(error)
        error = error.__cause__ or error.__context__
    return caught.value


async def until(met: Callable[[], bool], *, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while not met():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


@pytest.mark.parametrize("check", testing.backend_checks())
async def test_it_is_a_backend(
    check: Callable[[Callable[[], Backend]], Awaitable[None]], upstream: str
) -> None:
    await check(lambda: HttpBackend(upstream))


async def test_the_answer_comes_whole_and_by_words(backend: HttpBackend) -> None:
    whole, streamed = await both(backend, asking("echo"))
    assert whole == streamed == Generation("one two three", "echo", Usage(3, 3))


async def test_a_stream_comes_in_pieces_and_only_the_first_names_the_model(
    backend: HttpBackend,
) -> None:
    async with aclosing(backend.stream(asking("words-5"))) as stream:
        chunks = [chunk async for chunk in stream]
    assert [chunk.text for chunk in chunks if chunk.text] == ["w0", " w1", " w2", " w3", " w4"]
    assert [chunk.model for chunk in chunks if chunk.model] == ["words-5"]
    assert [chunk.finish for chunk in chunks if chunk.finish] == ["stop"]
    assert [chunk.usage for chunk in chunks if chunk.usage] == [Usage(3, 5)]


async def test_chunks_are_passed_on_when_they_come(backend: HttpBackend) -> None:
    start = time.monotonic()
    async with aclosing(backend.stream(asking("slow-500"))) as stream:
        assert (await anext(stream)).text == "w0"
    assert time.monotonic() - start < 2


async def test_letters_cut_in_the_middle_come_out_whole(backend: HttpBackend) -> None:
    whole, streamed = await both(backend, asking("utf8"))
    assert whole.text == streamed.text == "naïve — 数学 — 🌦 ok"


async def test_tool_calls_are_put_together_from_their_pieces(backend: HttpBackend) -> None:
    for generation in await both(backend, asking("tools")):
        assert generation.finish == "tool_calls"
        (call,) = generation.tool_calls
        assert call["id"] == "call_1"
        assert call["function"] == {"name": "sum", "arguments": '{"a": 1}'}


async def test_what_the_caller_sends_reaches_the_server_as_it_was(
    backend: HttpBackend, stats: Stats
) -> None:
    tool = {"type": "function", "function": {"name": "sum", "parameters": {"type": "object"}}}
    picture = {"type": "image_url", "image_url": {"url": "data:,x"}}
    prompt = Prompt(
        (
            Message("user", [{"type": "text", "text": "what is it?"}, picture], {"name": "ann"}),
            Message("assistant", None, {"tool_calls": [{"id": "c", "type": "function"}]}),
            Message("tool", "3", {"tool_call_id": "c"}),
        ),
        model="echo",
        sampling={"temperature": 0.25, "stop": ["\n"], "logit_bias": {"5": -1}, "odd": {"x": [1]}},
        tools=(tool,),
    )
    await backend.generate(prompt)
    seen = stats()
    assert seen["last_headers"]["authorization"] == f"Bearer {KEY}"
    assert seen["last_body"] == {
        "model": "echo",
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "what is it?"}, picture],
                "name": "ann",
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function"}],
            },
            {"role": "tool", "content": "3", "tool_call_id": "c"},
        ],
        "temperature": 0.25,
        "stop": ["\n"],
        "logit_bias": {"5": -1},
        "odd": {"x": [1]},
        "stream": False,
        "tools": [tool],
    }
    await joined(backend.stream(prompt), model="")
    assert stats()["last_body"]["stream"] is True
    assert stats()["last_body"]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "kind", "status", "says"),
    [
        ("error-400", BackendRefused, 400, "made to fail with 400"),
        ("error-401", BackendRefused, 502, "does not accept our key"),
        ("error-404", BackendRefused, 404, "does not have the model 'error-404'"),
        ("error-429", BackendBusy, 429, "made to fail with 429"),
        ("error-500", BackendUnavailable, 503, "HTTP 500"),
        ("redirect", BackendRefused, 502, "redirects (HTTP 307)"),
        ("html", BackendGarbled, 502, "Welcome to nginx"),
        ("garbage-sse", BackendGarbled, 502, "{not json"),
        ("cut-always", BackendUnavailable, 503, "broke the connection"),
    ],
)
async def test_a_refusal_or_a_mess_says_what_is_wrong(
    backend: HttpBackend,
    model: str,
    kind: type[BackendError],
    *,
    status: int,
    says: str,
    stream: bool,
) -> None:
    error = await failure(backend, asking(model), stream=stream)
    assert (type(error), error.status) == (kind, status)
    assert says in str(error)


async def test_a_busy_backend_says_how_long_to_wait(backend: HttpBackend) -> None:
    error = await failure(backend, asking("error-429"), stream=False)
    assert isinstance(error, BackendBusy)
    assert error.retry_after_s == 7


@pytest.mark.parametrize(
    ("model", "kind", "says"),
    [
        ("cut", StreamCut, "broke off in the middle"),
        ("unfinished", StreamCut, "before the answer was complete"),
        ("error-midstream", BackendUnavailable, "out of memory"),
        ("bigline", BackendGarbled, "larger than"),
    ],
)
async def test_a_stream_that_does_not_end_well_is_an_error(
    backend: HttpBackend, model: str, kind: type[BackendError], says: str
) -> None:
    error = await failure(backend, asking(model), stream=True)
    assert type(error) is kind
    assert says in str(error)


async def test_what_came_before_the_cut_is_given(backend: HttpBackend) -> None:
    texts: list[str] = []

    async def read() -> None:
        async with aclosing(backend.stream(asking("cut"))) as chunks:
            async for chunk in chunks:
                texts.append(chunk.text)  # noqa: PERF401 -- kept when the stream breaks

    with pytest.raises(StreamCut):
        await read()
    assert texts == ["half an "]


async def test_an_event_of_20_mb_does_not_stop_the_loop(backend: HttpBackend) -> None:
    longest, last = 0.0, time.monotonic()

    async def watch() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now

    watcher = asyncio.create_task(watch())
    await failure(backend, asking("bigline"), stream=True)
    watcher.cancel()
    assert longest < 0.5


@pytest.mark.parametrize("model", ["hang", "hang-midstream"])
async def test_a_silent_backend_is_not_waited_for_beyond_the_idle_time(
    upstream: str, model: str
) -> None:
    backend = HttpBackend(upstream, name="upstream", idle_timeout_s=0.2)
    error = await failure(backend, asking(model), stream=True)
    assert type(error) is BackendTimeout
    assert "said nothing for 0.2 s" in str(error)
    await backend.aclose()


async def test_a_slow_stream_outlives_the_idle_time(upstream: str) -> None:
    backend = HttpBackend(upstream, idle_timeout_s=0.4)
    generation = await joined(backend.stream(asking("slow-40")), model="")
    assert len(generation.text.split()) == 20
    await backend.aclose()


async def test_a_backend_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    backend = HttpBackend(f"http://127.0.0.1:{port}/v1", name="gone", api_key=KEY)
    error = await failure(backend, asking("echo"), stream=False)
    assert type(error) is BackendUnavailable
    assert "is it up?" in str(error)
    assert await backend.healthy() is False
    await backend.aclose()


async def test_a_closed_pooled_connection_is_replaced_once(
    backend: HttpBackend, stats: Stats
) -> None:
    for stream in (False, True):
        await backend.generate(asking("echo"))
        before = stats()["requests"]
        if stream:
            generation = await joined(backend.stream(asking("cut-before")), model="")
        else:
            generation = await backend.generate(asking("cut-before"))
        assert generation.text == "one two three"
        assert stats()["requests"] - before == 2


async def test_a_pooled_request_is_not_sent_a_third_time(
    backend: HttpBackend, stats: Stats
) -> None:
    await backend.generate(asking("echo"))
    before = stats()["requests"]
    error = await failure(backend, asking("cut-always"), stream=True)
    assert type(error) is BackendUnavailable
    assert stats()["requests"] - before == 2


async def test_a_new_connection_that_is_closed_is_not_tried_again(
    backend: HttpBackend, stats: Stats
) -> None:
    before = stats()["requests"]
    await failure(backend, asking("cut-always"), stream=True)
    assert stats()["requests"] - before == 1


@pytest.mark.parametrize("model", ["slow-100", "hang-midstream"])
async def test_walking_away_is_seen_by_the_server(
    backend: HttpBackend, stats: Stats, model: str
) -> None:
    before = stats()["aborted"]
    chunks = backend.stream(asking(model))
    await anext(chunks)
    await chunks.aclose()
    assert await until(lambda: stats()["aborted"] == before + 1, within_s=1)


@pytest.mark.parametrize("stream", [False, True])
async def test_cancelling_a_silent_request_is_seen_by_the_server(
    backend: HttpBackend, stats: Stats, stream: bool
) -> None:
    seen = stats()
    prompt = asking("hang")
    asked = joined(backend.stream(prompt), model="") if stream else backend.generate(prompt)
    task = asyncio.create_task(asked)
    assert await until(lambda: stats()["active"] == seen["active"] + 1, within_s=2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await until(lambda: stats()["aborted"] == seen["aborted"] + 1, within_s=1)
    assert stats()["active"] == seen["active"]


async def test_the_models_are_those_the_server_lists(backend: HttpBackend) -> None:
    assert {"echo", "hang", "tools"} <= set(await backend.models())
    assert await backend.answers("/stats") is True
    assert await backend.answers("/nothing-here") is False


async def test_the_key_is_not_shown(backend: HttpBackend) -> None:
    assert KEY not in repr(backend)
    assert "upstream" in repr(backend)
