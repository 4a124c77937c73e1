"""The chat-completions format, whatever a server makes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.backends import wire
from collegium.backends.base import Generation
from collegium.errors import BackendBusy, BackendError, BackendRefused
from collegium.types import Chunk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Thu, 01 Jan 1970 00:00:30 GMT", 0.0), ("soon", None), (None, None)],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    error = wire.refusal(429, "{}", "backend 'x'", model="m", retry_after=header)
    assert isinstance(error, BackendBusy)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("status", [201, 202, 204, 206, 299, 301, 307, 399])
def test_what_is_no_error_and_no_reply_either_is_told_as_a_bad_gateway(status: int) -> None:
    """Told as it is, the client would take the error for an answer, or find a body in a 204."""
    error = wire.refusal(status, "{}", "backend 'x'", model="m", retry_after=None)
    assert isinstance(error, BackendRefused)
    assert error.status == 502
    assert f"HTTP {status}" in str(error)
    assert ("redirects" in str(error)) == (status >= 300)


def test_reasoning_and_logprobs_are_kept_by_the_names_they_have() -> None:
    choice = {"delta": {"content": "so", "reasoning_content": "hm"}, "logprobs": {"content": []}}
    chunk = wire.chunk_of(json.dumps({"choices": [choice]}), "backend 'x'")
    assert chunk.text == "so"
    assert dict(chunk.extra) == {"reasoning_content": "hm", "logprobs": {"content": []}}
    odd = {"choices": [{"delta": {"content": 7, "reasoning": "hm"}, "logprobs": None}]}
    assert dict(wire.chunk_of(json.dumps(odd), "backend 'x'").extra) == {"reasoning": "hm"}
    assert not wire.chunk_of('{"choices": []}', "backend 'x'").extra


@pytest.mark.parametrize("raw", ['{"choices": [{"delta": {"content": "a"}}], "x": NaN}'])
def test_json_that_is_a_little_too_free_is_read_all_the_same(raw: str) -> None:
    assert wire.chunk_of(raw, "backend 'x'").text == "a"


def test_half_a_surrogate_pair_is_passed_on_as_it_came() -> None:
    raw = '{"choices": [{"delta": {"content": "\\ud83d"}}]}'
    assert wire.chunk_of(raw, "backend 'x'").text == "\ud83d"


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "choices": JSON
            | st.lists(
                st.dictionaries(st.sampled_from(["delta", "message", "finish_reason"]), JSON)
            )
            | st.lists(
                st.fixed_dictionaries(
                    {
                        "delta": st.dictionaries(st.sampled_from(["content", "tool_calls"]), JSON),
                        "message": st.dictionaries(
                            st.sampled_from(["content", "tool_calls"]), JSON
                        ),
                    }
                ),
                min_size=1,
                max_size=2,
            ),
            "usage": JSON | st.dictionaries(st.sampled_from(["prompt_tokens"]), JSON),
            "model": JSON,
            "error": JSON | st.dictionaries(st.sampled_from(["message", "code"]), JSON),
            "data": JSON,
        },
    )
    | JSON
)
def test_whatever_json_a_backend_sends_it_is_a_reply_or_a_backend_error(row: Any) -> None:
    raw = json.dumps(row)
    for read in (
        lambda: wire.chunk_of(raw, "backend 'x'"),
        lambda: wire.generation_of(raw, "backend 'x'", model="m"),
        lambda: wire.models_of(raw, "backend 'x'"),
        lambda: wire.refusal(400, raw, "backend 'x'", model="m"),
    ):
        try:
            got: Any = read()
        except BackendError as error:
            got = error
        assert isinstance(got, Chunk | Generation | tuple | BackendError)
        if isinstance(got, Chunk | Generation):
            assert isinstance(got.text, str)
            assert all(isinstance(call, dict) for call in got.tool_calls)
