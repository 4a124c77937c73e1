"""Replies passed on as the bytes they are."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.backends.base import Prompt
from collegium.backends.events import WholeEvents
from collegium.backends.http import HttpBackend
from collegium.backends.instance import Instance
from collegium.backends.pool import Pool
from collegium.backends.prices import Price
from collegium.backends.resilience import Resilience
from collegium.backends.sse import EventReader
from collegium.errors import (
    BackendBusy,
    BackendError,
    BackendGarbled,
    BackendRefused,
    BackendUnavailable,
    DeadlineExceeded,
    StreamCut,
)
from collegium.testing import ScriptedBackend
from collegium.types import Message, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Stats = Callable[[], dict[str, Any]]

ONCE = Resilience(retries=0)
PROMPT = Prompt((Message("user", "one two three"),))
MESSAGES = [{"role": "user", "content": "one two three"}]


def body(**fields: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": MESSAGES, **fields}


@pytest.fixture
async def backend(upstream: str) -> AsyncIterator[HttpBackend]:
    made = HttpBackend(upstream, name="lab", api_key="sk-lab", idle_timeout_s=5)
    yield made
    await made.aclose()


def pool_of(backend: Any, model: str, **fields: Any) -> Pool:
    return Pool([Instance(backend, model, f"lab/{model}", 4, **fields)], resilience=ONCE)


async def events_of(pool: Pool, **fields: Any) -> list[bytes]:
    async with pool.relay(PROMPT, body(stream=True, **fields)) as relayed:
        return [piece async for piece in relayed.events()]


def rows_of(pieces: list[bytes]) -> list[Any]:
    lines = b"".join(pieces).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


async def test_a_whole_reply_comes_as_the_server_sent_it(
    backend: HttpBackend, stats: Stats
) -> None:
    pool = pool_of(backend, "echo", price=Price(1.0, 2.0))
    async with pool.relay(PROMPT, body(temperature=0.5, odd={"x": [1]})) as relayed:
        row = json.loads(await relayed.whole())
        assert pool.in_flight == 1
    assert row["choices"][0]["message"]["content"] == "one two three"
    assert (relayed.name, relayed.model, relayed.streamed) == ("lab/echo", "echo", False)
    assert relayed.media_type == "application/json"
    assert relayed.usage == Usage(3, 3, 9 / 1_000_000)
    assert relayed.ttft_ms > 0
    assert pool.in_flight == 0
    seen = stats()
    assert seen["last_body"] == body(model="echo", temperature=0.5, odd={"x": [1]})
    assert seen["last_headers"]["authorization"] == "Bearer sk-lab"
    assert seen["last_headers"]["content-type"] == "application/json"


async def test_a_stream_comes_in_whole_events(backend: HttpBackend) -> None:
    pool = pool_of(backend, "slow-1")
    async with pool.relay(PROMPT, body(stream=True)) as relayed:
        pieces = [piece async for piece in relayed.events()]
    assert all(piece.endswith(b"\n\n") for piece in pieces)
    said = [row["choices"][0]["delta"].get("content", "") for row in rows_of(pieces)]
    assert "".join(said) == " ".join(f"w{number}" for number in range(20))
    assert relayed.usage == Usage(3, 20)
    assert (relayed.complete, relayed.streamed, pool.in_flight) == (True, True, 0)


async def test_usage_is_always_asked_for_and_shown_to_whoever_asked(
    backend: HttpBackend, stats: Stats
) -> None:
    pool = pool_of(backend, "words-3")
    rows = rows_of(await events_of(pool))
    assert stats()["last_body"]["stream_options"] == {"include_usage": True}
    assert not any(row.get("usage") for row in rows)
    rows = rows_of(await events_of(pool, stream_options={"include_usage": True, "other": 1}))
    assert stats()["last_body"]["stream_options"] == {"include_usage": True, "other": 1}
    assert [row["usage"]["completion_tokens"] for row in rows if row.get("usage")] == [3]


async def test_letters_cut_in_the_middle_pass_whole(backend: HttpBackend) -> None:
    rows = rows_of(await events_of(pool_of(backend, "utf8")))
    assert rows[0]["choices"][0]["delta"]["content"] == "naïve — 数学 — 🌦 ok"


async def test_a_line_of_10_megabytes_passes_and_one_of_20_does_not(backend: HttpBackend) -> None:
    async with pool_of(backend, "line-10").relay(PROMPT, body(stream=True)) as relayed:
        longest = max([len(piece) async for piece in relayed.events()])
    assert longest > 10 * 1024 * 1024
    with pytest.raises(BackendGarbled, match="larger than"):
        await events_of(pool_of(backend, "line-20"))


async def test_the_first_event_passes_when_it_comes(backend: HttpBackend) -> None:
    start = time.monotonic()
    async with (
        pool_of(backend, "slow-500").relay(PROMPT, body(stream=True)) as relayed,
        aclosing(relayed.events()) as events,
    ):
        assert b"w0" in await anext(events)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "kind", "status"),
    [
        ("error-400", BackendRefused, 400),
        ("error-401", BackendRefused, 502),
        ("error-404", BackendRefused, 404),
        ("error-429", BackendBusy, 429),
        ("error-500", BackendUnavailable, 503),
        ("redirect", BackendRefused, 502),
        ("html", BackendGarbled, 502),
        ("garbage-sse", BackendGarbled, 502),
        ("cut-always", BackendUnavailable, 503),
    ],
)
async def test_what_goes_wrong_before_the_first_event_keeps_its_status(
    backend: HttpBackend, model: str, kind: type[BackendError], *, status: int, stream: bool
) -> None:
    with pytest.raises(kind) as caught:
        async with pool_of(backend, model).relay(PROMPT, body(stream=stream)):
            pytest.fail("it began")
    assert caught.value.status == status
    assert "lab" in str(caught.value)


@pytest.mark.parametrize(
    ("model", "kind"),
    [("cut", StreamCut), ("unfinished", StreamCut), ("error-midstream", BackendUnavailable)],
)
async def test_a_stream_that_does_not_end_well_is_never_taken_for_complete(
    backend: HttpBackend, model: str, kind: type[BackendError]
) -> None:
    pool, pieces = pool_of(backend, model), list[bytes]()

    async def read() -> None:
        async with pool.relay(PROMPT, body(stream=True)) as relayed:
            async for piece in relayed.events():
                pieces.append(piece)

    with pytest.raises(kind):
        await read()
    assert b"half an" in b"".join(pieces)
    assert b"[DONE]" not in b"".join(pieces)
    assert pool.in_flight == 0


@pytest.mark.parametrize("model", ["slow-100", "hang-midstream"])
async def test_leaving_ends_the_upstream_at_once(
    backend: HttpBackend, stats: Stats, model: str
) -> None:
    before, pool = stats()["aborted"], pool_of(backend, model)
    async with (
        pool.relay(PROMPT, body(stream=True)) as relayed,
        aclosing(relayed.events()) as events,
    ):
        await anext(events)
    assert pool.in_flight == 0
    async with asyncio.timeout(1):
        while stats()["aborted"] != before + 1:  # noqa: ASYNC110 -- it is in another process
            await asyncio.sleep(0.01)


async def test_a_connection_is_used_again_after_a_stream(
    backend: HttpBackend, stats: Stats
) -> None:
    for _ in range(3):
        await events_of(pool_of(backend, "words-2"))
    before = stats()["requests"]
    # Served over a connection that was used before, this one is cut, and sent again over a new one.
    async with pool_of(backend, "cut-before").relay(PROMPT, body()) as relayed:
        assert b"one two three" in await relayed.whole()
    assert stats()["requests"] - before == 2


async def test_the_deadline_ends_a_stream_that_has_begun(backend: HttpBackend) -> None:
    pool = pool_of(backend, "hang-midstream")
    start = time.monotonic()

    async def read() -> None:
        async with pool.relay(PROMPT, body(stream=True), deadline_s=0.3) as relayed:
            async for _ in relayed.events():
                pass

    with pytest.raises(DeadlineExceeded, match="while lab/hang-midstream spoke"):
        await read()
    assert time.monotonic() - start < 1
    assert pool.in_flight == 0


async def test_embeddings_go_through_the_same_door(backend: HttpBackend, stats: Stats) -> None:
    pool = pool_of(backend, "embedder")
    asked = {"model": "auto", "input": ["a", "b"]}
    async with pool.relay(PROMPT, asked, path="/embeddings") as relayed:
        row = json.loads(await relayed.whole())
    assert len(row["data"]) == 2
    assert relayed.usage == Usage(2, 0)
    assert stats()["last_body"] == {"model": "embedder", "input": ["a", "b"]}


async def test_further_headers_are_sent_and_do_not_take_the_place_of_ours(
    backend: HttpBackend, stats: Stats
) -> None:
    headers = {"traceparent": "00-1-2-01", "Authorization": "Bearer mine"}
    async with pool_of(backend, "echo").relay(PROMPT, body(), headers=headers):
        pass
    seen = stats()["last_headers"]
    assert (seen["traceparent"], seen["authorization"]) == ("00-1-2-01", "Bearer sk-lab")


@pytest.mark.parametrize("text", ["half a pair: \ud83d", "a nul: \0"])
async def test_whatever_text_there_is_reaches_the_server(
    backend: HttpBackend, stats: Stats, text: str
) -> None:
    messages = [{"role": "user", "content": text}]
    async with pool_of(backend, "words-1").relay(PROMPT, body(messages=messages)):
        pass
    assert stats()["last_body"]["messages"] == messages


async def test_a_backend_without_a_server_is_relayed_too() -> None:
    backend = ScriptedBackend("a b c")
    pool = pool_of(backend, "scripted")
    async with pool.relay(PROMPT, body()) as relayed:
        row = json.loads(await relayed.whole())
    assert row["choices"][0]["message"]["content"] == "a b c"
    assert relayed.usage == Usage(1, 3)
    rows = rows_of(await events_of(pool, stream_options={"include_usage": True}))
    said = [one["choices"][0]["delta"].get("content", "") for one in rows if one["choices"]]
    assert "".join(said) == "a b c"
    assert rows[-1]["usage"]["completion_tokens"] == 3
    assert backend.open_streams == 0
    async with (
        pool.relay(PROMPT, body(stream=True)) as relayed,
        aclosing(relayed.events()) as events,
    ):
        await anext(events)
    assert backend.open_streams == 0
    with pytest.raises(BackendRefused, match="nothing at /embeddings"):
        async with pool.relay(PROMPT, body(), path="/embeddings"):
            pass


class Told:
    """A backend that answers with the bytes it is told to, one piece after the other."""

    media_type = "text/event-stream"

    def __init__(self, *pieces: str, media_type: str = "text/event-stream") -> None:
        self.media_type = media_type
        self._pieces = [piece.encode() for piece in pieces]

    async def open(self, body: bytes, **_: Any) -> Told:
        return self

    async def piece(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    async def read(self) -> bytes:
        return b"".join(self._pieces)

    async def drain(self) -> None: ...

    def close(self) -> None: ...

    async def aclose(self) -> None: ...

    async def healthy(self) -> bool:
        return True


def event(index: int = 0, finish: str | None = None, **fields: Any) -> str:
    choice = {"index": index, "delta": {"content": "x"}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice], **fields})}\n\n"


async def test_of_several_choices_all_have_to_finish() -> None:
    pieces = (event(), event(1), event(finish="stop"))
    with pytest.raises(StreamCut):
        await events_of(pool_of(Told(*pieces), "m"), n=2)
    rows = rows_of(await events_of(pool_of(Told(*pieces, event(1, finish="stop")), "m"), n=2))
    assert len(rows) == 4


async def test_a_stream_that_finishes_without_saying_done_ends_with_it_all_the_same() -> None:
    pieces = await events_of(pool_of(Told(event(), event(finish="stop")), "m"))
    assert pieces[-1] == b"data: [DONE]\n\n"


async def test_what_comes_before_an_error_in_the_same_piece_is_passed_on() -> None:
    pool, pieces = pool_of(Told(event(), event() + event(error="no")), "m"), list[bytes]()

    async def read() -> None:
        async with pool.relay(PROMPT, body(stream=True)) as relayed:
            async for piece in relayed.events():
                pieces.append(piece)

    with pytest.raises(BackendUnavailable, match="no"):
        await read()
    assert b"".join(pieces) == (event() + event()).encode()


async def test_events_of_odd_shapes_are_passed_on_as_they_are() -> None:
    odd = (
        ": waiting\n\n",
        'event: message\nid: 4\ndata: {"choices": []}\n\n',
        'data: {"choices": "none", "usage": 7}\n\n',
        'data: {"choices": [{"finish_reason": null, "delta": {"content": "\\ud83d"}}]}\n\n',
        'data:{"choices": [{"finish_reason": "stop"}]}\n\n',
        "data:[DONE]\n\n",
    )
    assert b"".join(await events_of(pool_of(Told(*odd), "m"))) == "".join(odd).encode()


@pytest.mark.parametrize("raw", ["data: nonsense\n\n", "data: [1]\n\n", 'data: {"a": \n\n'])
async def test_what_is_no_event_of_a_chat_is_not_passed_on(raw: str) -> None:
    with pytest.raises(BackendGarbled, match="no event of a chat"):
        await events_of(pool_of(Told(raw), "m"))


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ('{"choices": [{"x": NaN}]}', None),
        ('{"choices": [{}], "usage": "much"}', None),
        ('{"choices": []}', BackendGarbled),
        ('{"choices": 3, "x": NaN}', BackendGarbled),
        ("[]", BackendGarbled),
        ("", BackendGarbled),
        ('{"error": {"message": "no", "code": 400}}', BackendRefused),
    ],
)
async def test_a_whole_reply_is_passed_on_if_it_is_one(raw: str, error: Any) -> None:
    pool = pool_of(Told(raw, media_type="application/json"), "m")
    if error is None:
        async with pool.relay(PROMPT, body()) as relayed:
            assert await relayed.whole() == raw.encode()
    else:
        with pytest.raises(error):
            async with pool.relay(PROMPT, body()):
                pass


EVENT = st.sampled_from(
    [
        'data: {"choices": [{"delta": {"content": "é"}}]}',
        ": keep-alive",
        "event: x\ndata: {}",
        "data: a\ndata: b",
        "id: 7",
        "",
    ]
)


@given(
    st.lists(EVENT, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(1, 7), min_size=1),
    st.booleans(),
)
def test_however_the_bytes_are_cut_the_events_come_out_whole(
    events: list[str], end: str, cuts: list[int], bom: bool
) -> None:
    text = "".join(f"{event}\n\n" for event in events).replace("\n", end)
    raw = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    pieces: list[bytes] = []
    splitter, place, number = WholeEvents(), 0, 0
    while place < len(raw):
        size = cuts[number % len(cuts)]
        pieces.append(splitter.feed(raw[place : place + size]))
        place, number = place + size, number + 1
    whole = b"".join(pieces) + splitter.rest
    assert EventReader().feed(whole) == EventReader().feed(raw)
    assert all(not piece or piece.endswith(b"\n\n") for piece in pieces)
