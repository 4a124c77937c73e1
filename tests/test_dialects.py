"""The Responses and the Messages API: what is asked, what is answered, what clients see."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import anthropic
import openai
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from collegium.backends.sse import EventReader
from collegium.errors import CollegiumError, InvalidRequest
from collegium.gateway.dialects import Dialect, MessagesDialect, ResponsesDialect
from collegium.gateway.requests import checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RESPONSES = ResponsesDialect(now=lambda: 1_700_000_000.0, new_name=lambda: "r1")
MESSAGES = MessagesDialect(new_name=lambda: "m1")
BOTH: tuple[Dialect, ...] = (RESPONSES, MESSAGES)
THINKING = {"type": "enabled", "budget_tokens": 4096}
BODY: dict[str, Any] = {
    "model": "auto",
    "input": "hi",
    "messages": [{"role": "user", "content": "hi"}],
    "max_tokens": 99,
    "thinking": THINKING,
}
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
PNG = "data:image/png;base64,iVBO"

RESPONSE_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
MESSAGE_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
CHAT_MESSAGES: TypeAdapter[Any] = TypeAdapter(list[ChatCompletionMessageParam])


def said(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "up/real",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def called(index: int, arguments: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return said(tool_calls=[{"index": index, "function": function, **more}])


def ended(finish: str = "stop", **choice: Any) -> list[dict[str, Any]]:
    last = said(finish)
    last["choices"][0].update(choice)
    return [last, {**said(), "choices": [], "usage": USAGE}]


def completion(finish: str = "stop", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c1", "model": "up/real", "choices": [choice], "usage": USAGE}


def call(identity: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


def streamed(
    dialect: Dialect, chunks: Sequence[Mapping[str, Any]], body: Mapping[str, Any] = BODY
) -> list[dict[str, Any]]:
    stream = dialect.streaming(body)
    return told(b"".join([*map(stream.feed, chunks), stream.end()]))


def told(raw: bytes) -> list[dict[str, Any]]:
    events = [json.loads(data) for data in EventReader().feed(raw)]
    names = [line[7:].decode() for line in raw.splitlines() if line.startswith(b"event: ")]
    assert names == [event["type"] for event in events]
    return events


def kinds(events: Sequence[Mapping[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def as_response(value: object) -> Response:
    return Response.model_validate(value)


def as_message(value: object) -> Message:
    return Message.model_validate(value)


# What is asked: responses


def test_instructions_come_before_the_input() -> None:
    body = {"model": "auto", "instructions": "Be brief.", "input": "hi", "stream": True}
    assert RESPONSES.request(body) == {
        "model": "auto",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi"},
        ],
    }


RESPONSES_LOOP: dict[str, Any] = {
    "instructions": "You help.",
    "input": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "weather?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
        },
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "sun"},
        {
            "type": "function_call_output",
            "call_id": "b",
            "output": [{"type": "input_image", "image_url": PNG}],
        },
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}],
    "tool_choice": {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "f"}],
    },
    "text": {"format": {"type": "json_schema", "name": "x", "schema": {}}, "verbosity": "low"},
    "reasoning": {"effort": "low"},
    "include": ["message.output_text.logprobs"],
    "max_output_tokens": 9,
    "top_logprobs": 1,
    "parallel_tool_calls": True,
    "background": False,
    "stream": True,
    "model": "auto",
}


def test_a_tool_loop_of_responses_becomes_one_of_a_chat() -> None:
    messages = RESPONSES.request(RESPONSES_LOOP)["messages"]
    assert messages == [
        {"role": "system", "content": "You help.\n\nBe brief."},
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [call("a", "f", "{}"), call("b", "f", "{}")],
        },
        {"role": "tool", "tool_call_id": "a", "content": "sun"},
        {"role": "tool", "tool_call_id": "b", "content": "What came of it is shown below."},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]},
    ]
    CHAT_MESSAGES.validate_python(messages)


def test_fields_of_responses_get_the_names_a_chat_has_for_them() -> None:
    schema = {"type": "object"}
    body = {
        "input": "hi",
        "max_output_tokens": 7,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {
            "format": {"type": "json_schema", "name": "x", "schema": schema, "strict": True},
            "verbosity": "low",
        },
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
        "top_logprobs": 2,
        "tools": [{"type": "function", "name": "f", "parameters": schema, "strict": None}],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "store": True,
        "truncation": "auto",
        "previous_response_id": None,
    }
    asked = RESPONSES.request(body)
    del asked["messages"]
    assert asked == {
        "max_tokens": 7,
        "reasoning_effort": "low",
        "verbosity": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": schema, "strict": True},
        },
        "logprobs": True,
        "top_logprobs": 2,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
    }


def test_allowed_tools_are_the_only_ones_that_are_sent() -> None:
    tools = [{"type": "function", "name": name} for name in "fgh"]
    allowed = [{"type": "function", "name": "g"}]
    choice = {"type": "allowed_tools", "mode": "required", "tools": allowed}
    asked = RESPONSES.request({"input": "hi", "tools": tools, "tool_choice": choice})
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["g"]
    assert asked["tool_choice"] == "required"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 5}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "ghost", "content": ""}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "x"}]}]}, "input[0].content[0].type"),
        ({"input": [{"type": "web_search_call"}]}, "input[0].type"),
        ({"input": [{"type": "item_reference", "id": "m"}]}, "input[0].type"),
        (
            {"input": [{"type": "function_call_output", "call_id": "x", "output": ""}]},
            "input[0].call_id",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "input[0].content[0].image_url",
        ),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"background": True}, "background"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].name"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "name": "g"}}, "tool_choice.name"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"stream": "yes"}, "stream"),
        ({"n": 2}, "n"),
    ],
)
def test_what_responses_cannot_be_here_is_said_with_its_place(
    wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        RESPONSES.request({"model": "auto", "input": "hi", **wrong})
    assert refused.value.param == param
    assert str(refused.value).startswith(f"{param}: ")


# What is asked: messages


PICTURE = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
MESSAGES_LOOP: dict[str, Any] = {
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "max_tokens": 5,
    "messages": [
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"at": "Köln"}},
                {"type": "tool_use", "id": "b", "name": "f", "input": {}},
                {"type": "tool_use", "id": "c", "name": "f", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "a",
                    "content": "no net",
                    "is_error": True,
                },
                {
                    "type": "tool_result",
                    "tool_use_id": "b",
                    "content": [
                        {"type": "text", "text": "sun"},
                        {"type": "image", "source": PICTURE},
                    ],
                },
                {"type": "tool_result", "tool_use_id": "c"},
                {"type": "text", "text": "and now?"},
            ],
        },
    ],
    "tools": [{"name": "f", "description": "d", "input_schema": {}}],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "thinking": THINKING,
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "stop_sequences": ["END"],
    "stream": True,
    "model": "auto",
}


def test_a_tool_loop_of_messages_becomes_one_of_a_chat() -> None:
    messages = MESSAGES.request(MESSAGES_LOOP)["messages"]
    assert messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                call("a", "f", '{"at":"Köln"}'),
                call("b", "f", "{}"),
                call("c", "f", "{}"),
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "Error: no net"},
        {"role": "tool", "tool_call_id": "b", "content": "sun"},
        {"role": "tool", "tool_call_id": "c", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": PNG}},
                {"type": "text", "text": "and now?"},
            ],
        },
    ]
    CHAT_MESSAGES.validate_python(messages)


def test_fields_of_messages_get_the_names_a_chat_has_for_them() -> None:
    schema = {"type": "object"}
    body = {
        **BODY,
        "stop_sequences": ["END"],
        "top_k": 40,
        "temperature": 0.5,
        "metadata": {"user_id": "u"},
        "tools": [{"name": "f", "description": "d", "input_schema": schema}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "service_tier": "auto",
    }
    del body["input"]
    asked = MESSAGES.request(body)
    del asked["messages"], asked["model"]
    assert asked == {
        "max_tokens": 99,
        "stop": ["END"],
        "top_k": 40,
        "temperature": 0.5,
        "metadata": {"user_id": "u"},
        "reasoning_effort": "medium",
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "description": "d", "parameters": schema},
            }
        ],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }


def user(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages[0].role"),
        (user({"type": "server_tool_use"}), "messages[0].content[0].type"),
        (user({"type": "tool_result", "tool_use_id": "x"}), "messages[0].content[0].tool_use_id"),
        (
            user({"type": "image", "source": {"type": "file", "file_id": "f"}}),
            "messages[0].content[0].source.type",
        ),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"tools": [{"type": "web_search_20250305", "name": "w"}]}, "tools[0].type"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "tool", "name": "f"}}, "tool_choice.name"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"mcp_servers": [{"url": "x"}]}, "mcp_servers"),
    ],
)
def test_what_messages_cannot_be_here_is_said_with_its_place(
    wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        MESSAGES.request({**BODY, **wrong})
    assert refused.value.param == param
    assert str(refused.value).startswith(f"{param}: ")


# What is asked: both


@pytest.mark.parametrize("dialect", BOTH)
def test_fields_nobody_here_knows_reach_the_backend(dialect: Dialect) -> None:
    extra = {"collegium": {"explain": True}, "user": "u", "min_p": 0.1, "seed": 3}
    body = {**BODY, **extra, "top_p": None}
    asked = dialect.request(body)
    assert extra.items() <= asked.items()
    assert "top_p" not in asked
    checked(asked, messages=9, choices=1)


@pytest.mark.parametrize("dialect", BOTH)
def test_what_is_said_of_tools_is_not_sent_where_there_are_none(dialect: Dialect) -> None:
    choice = "auto" if dialect is RESPONSES else {"type": "auto"}
    asked = dialect.request({**BODY, "tool_choice": choice, "tools": []})
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & asked.keys()


WORDS = st.sampled_from(
    "user assistant system message function function_call function_call_output reasoning input_text"
    " input_image input_file text image document tool_use tool_result base64 url auto any none"
    " required enabled a f".split()
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
NAMES = WORDS | st.sampled_from("type role content id name index delta choices usage".split())
GARBAGE = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


def spoilt(value: Any, data: st.DataObject) -> Any:
    """A JSON value of which some parts are others than they were, or gone."""
    value = deepcopy(value)
    for _ in range(data.draw(st.integers(1, 3))):
        inside, key = data.draw(st.sampled_from(places(value)))
        if data.draw(st.booleans()):
            inside[key] = data.draw(GARBAGE)
        else:
            del inside[key]
        if not value:
            break
    return value


def places(value: Any) -> list[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    inner = [value[key] for key in keys if isinstance(value[key], dict | list)]
    return [*found, *(place for one in inner for place in places(one))]


@pytest.mark.parametrize(
    ("dialect", "good"), [(RESPONSES, RESPONSES_LOOP), (MESSAGES, MESSAGES_LOOP)]
)
@given(data=st.data())
def test_garbage_is_refused_and_what_is_not_is_a_chat(
    dialect: Dialect, good: dict[str, Any], data: st.DataObject
) -> None:
    body = spoilt(good, data)
    before = repr(body)
    try:
        asked = dialect.request(body)
        checked(asked, messages=100, choices=1)
    except InvalidRequest as error:
        refused = error.param
    else:
        refused = None
        CHAT_MESSAGES.validate_python(asked["messages"])
    assert refused != ""
    assert repr(body) == before


# What is answered


def test_a_response_has_all_that_its_client_knows() -> None:
    tools = [call("a", "f", '{"x":1}')]
    body = {"model": "auto", "input": "hi", "temperature": 0.5, "metadata": {"k": "v"}}
    answer = completion("tool_calls", content="Hi.", reasoning_content="hm", tool_calls=tools)
    response = as_response(RESPONSES.whole(answer, body))
    assert (response.id, response.created_at, response.status) == (
        "resp_r1",
        1_700_000_000,
        "completed",
    )
    assert (response.model, response.output_text) == ("up/real", "Hi.")
    assert (response.temperature, response.metadata) == (0.5, {"k": "v"})
    assert [item.type for item in response.output] == ["reasoning", "message", "function_call"]
    assert response.output[2].model_dump(exclude_none=True) == {
        "type": "function_call",
        "id": "fc_r1_2",
        "status": "completed",
        "call_id": "a",
        "name": "f",
        "arguments": '{"x":1}',
    }
    assert response.usage is not None
    assert response.usage.input_tokens_details.cached_tokens == 4
    assert response.usage.output_tokens_details.reasoning_tokens == 2
    assert RESPONSES.whole(answer, body)["store"] is False


def test_a_message_has_all_that_its_client_knows() -> None:
    tools = [call("a", "f", '{"x":1}'), call("b", "g", ""), call("c", "h", "[1")]
    answer = completion("tool_calls", content="Hi.", reasoning_content="hm", tool_calls=tools)
    message = as_message(MESSAGES.whole(answer, BODY))
    assert (message.id, message.model, message.stop_reason) == ("msg_m1", "up/real", "tool_use")
    assert [block.type for block in message.content] == ["thinking", "text"] + ["tool_use"] * 3
    inputs = [block.input for block in message.content if block.type == "tool_use"]
    assert inputs == [{"x": 1}, {}, {"INVALID_JSON": "[1"}]
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (6, 4, 5)


def test_thoughts_are_shown_only_to_those_who_asked() -> None:
    answer = completion(content="Hi.", reasoning="hm")
    quiet = as_message(MESSAGES.whole(answer, {**BODY, "thinking": {"type": "disabled"}}))
    assert [block.type for block in quiet.content] == ["text"]
    loud = as_message(MESSAGES.whole(answer, BODY))
    assert [block.type for block in loud.content] == ["thinking", "text"]


@pytest.mark.parametrize(
    ("finish", "status", "why"),
    [
        ("stop", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
    ],
)
def test_a_response_says_whether_it_is_complete(finish: str, status: str, why: str | None) -> None:
    whole = as_response(RESPONSES.whole(completion(finish, content="Hi."), BODY))
    events = streamed(RESPONSES, [said(content="Hi."), *ended(finish)])
    for response in (whole, as_response(events[-1]["response"])):
        details = response.incomplete_details
        assert (response.status, details and details.reason) == (status, why)
        assert cast("Any", response.output[0]).status == status
    assert events[-1]["type"] == f"response.{status}"


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"finish_reason": "stop"}, "end_turn"),
        ({"finish_reason": "length"}, "max_tokens"),
        ({"finish_reason": "content_filter"}, "refusal"),
        ({"finish_reason": "stop", "stop_reason": "END"}, "stop_sequence"),
        ({"finish_reason": "stop", "matched_stop": "other"}, "end_turn"),
    ],
)
def test_a_message_says_why_it_stopped(choice: dict[str, Any], reason: str) -> None:
    body = {**BODY, "stop_sequences": ["END"]}
    answer = completion(content="Hi.")
    answer["choices"][0].update(choice)
    assert as_message(MESSAGES.whole(answer, body)).stop_reason == reason
    events = streamed(MESSAGES, [said(content="Hi."), *ended(**{"finish": "stop"} | choice)], body)
    assert events[-2]["delta"]["stop_reason"] == reason


def test_a_refusal_is_told_as_one() -> None:
    answer = completion(refusal="I won't.")
    part = cast("Any", as_response(RESPONSES.whole(answer, BODY)).output[0]).content[0]
    assert (part.type, part.refusal) == ("refusal", "I won't.")
    message = as_message(MESSAGES.whole(answer, BODY))
    assert message.stop_reason == "refusal"
    assert cast("Any", message.content[0]).text == "I won't."


def test_the_receipt_comes_with_the_answer() -> None:
    receipt = {"expert": "coding"}
    for dialect in BOTH:
        assert dialect.whole({**completion(), "collegium": receipt}, BODY)["collegium"] == receipt
    chunks = [said(content="Hi."), {**ended()[0], "collegium": receipt}]
    assert streamed(RESPONSES, chunks)[-1]["response"]["collegium"] == receipt
    assert streamed(MESSAGES, chunks)[-2]["collegium"] == receipt


# Streams

MIXED = [
    said(role="assistant", content=""),
    said(reasoning_content="hm"),
    said(content="I "),
    said(content="look."),
    called(0, "", "f", id="a"),
    called(0, '{"x"'),
    called(1, '{"y":', "g", id="b"),
    called(0, ":1}"),
    called(1, "2}"),
    called(2, "", "h", id="c"),
    *ended("tool_calls"),
]


def test_the_events_of_a_response_come_in_order() -> None:
    events = streamed(RESPONSES, MIXED)
    for event in events:
        RESPONSE_EVENT.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    item, part = "output_item", "content_part"
    arguments = "function_call_arguments"
    assert kinds(events) == [
        *("created", "in_progress"),
        *(f"{item}.added", f"{part}.added", "reasoning_text.delta"),
        *("reasoning_text.done", f"{part}.done", f"{item}.done"),
        *(f"{item}.added", f"{part}.added", "output_text.delta", "output_text.delta"),
        *("output_text.done", f"{part}.done", f"{item}.done"),
        *(f"{item}.added", f"{arguments}.delta", f"{arguments}.delta"),
        *(f"{arguments}.done", f"{item}.done"),
        *(f"{item}.added", f"{arguments}.delta", f"{arguments}.delta"),
        *(f"{arguments}.done", f"{item}.done"),
        *(f"{item}.added", f"{arguments}.delta", f"{arguments}.done", f"{item}.done"),
        "completed",
    ]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == events[-1]["response"]["output"]
    assert [item["arguments"] for item in done[2:]] == ['{"x":1}', '{"y":2}', "{}"]


def test_the_blocks_of_a_message_come_one_after_the_other() -> None:
    events = streamed(MESSAGES, MIXED)
    for event in events:
        if event["type"] != "ping":
            MESSAGE_EVENT.validate_python(event)
    start, delta, stop = (f"content_block_{what}" for what in ("start", "delta", "stop"))
    assert kinds(events) == [
        *("message_start", "ping"),
        *(start, delta, stop),
        *(start, delta, delta, stop),
        *(start, delta, delta, stop),
        *(start, delta, delta, stop),
        *(start, stop),
        *("message_delta", "message_stop"),
    ]
    assert events[-2]["usage"]["output_tokens"] == 5
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


@pytest.mark.parametrize("index", [0, None])
def test_calls_that_are_not_numbered_are_told_apart(index: int | None) -> None:
    calls = [{"index": index, **call(name, name, "{}")} for name in "ab"]
    chunks = [*(said(tool_calls=[one]) for one in calls), *ended("tool_calls")]
    output = streamed(RESPONSES, chunks)[-1]["response"]["output"]
    assert [item["call_id"] for item in output] == ["a", "b"]


@pytest.mark.parametrize("dialect", BOTH)
def test_an_answer_of_nothing_is_an_empty_text(dialect: Dialect) -> None:
    whole = dialect.whole(completion(), BODY)
    events = streamed(dialect, ended())
    if dialect is RESPONSES:
        assert as_response(whole).output_text == as_response(events[-1]["response"]).output_text
        assert whole["output"][0]["content"][0]["text"] == ""
    else:
        assert whole["content"] == [{"type": "text", "text": ""}]
        assert kinds(events)[2:4] == ["content_block_start", "content_block_stop"]


def test_logprobs_come_with_the_text() -> None:
    one = {"token": "é", "logprob": -0.5, "bytes": None, "top_logprobs": []}
    chunk = said(content="é")
    chunk["choices"][0]["logprobs"] = {"content": [one]}
    events = streamed(RESPONSES, [chunk, *ended()])
    text = events[-1]["response"]["output"][0]["content"][0]
    assert text["logprobs"] == [{**one, "bytes": [195, 169]}]
    assert events[4]["logprobs"] == text["logprobs"]


def test_a_response_that_breaks_has_failed() -> None:
    stream = RESPONSES.streaming(BODY)
    raw = stream.feed(said(content="Hi")) + stream.fail(502, "stream_cut", "the backend hung up")
    last = told(raw)[-1]
    RESPONSE_EVENT.validate_python(last)
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"] == {
        "code": "server_error",
        "type": "stream_cut",
        "message": "the backend hung up",
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
    ],
)
def test_errors_of_messages_have_the_types_its_clients_know(status: int, kind: str) -> None:
    body = {"type": "error", "error": {"type": kind, "message": "no"}}
    assert MESSAGES.error(status, "code", "no", None) == body
    assert told(MESSAGES.streaming(BODY).fail(status, "code", "no")) == [body]


def test_errors_of_responses_have_the_shape_of_openai() -> None:
    error = {"message": "no", "type": "rate_limit_error", "param": None, "code": "overloaded"}
    assert RESPONSES.error(429, "overloaded", "no", None) == {"error": error}


OBJECTS = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=6), max_size=3)
CALLS = st.lists(OBJECTS.map(json.dumps), max_size=3)


@given(
    thought=st.lists(st.text(max_size=4), max_size=3),
    text=st.lists(st.text(max_size=4), max_size=4),
    calls=CALLS,
    data=st.data(),
)
def test_the_deltas_add_up_to_the_whole(
    thought: list[str], text: list[str], calls: list[str], data: st.DataObject
) -> None:
    pieces = [said(reasoning_content=piece) for piece in thought]
    pieces += [said(content=piece) for piece in text]
    queues: dict[int, list[dict[str, Any]]] = {}
    for index, arguments in enumerate(calls):
        cut = data.draw(st.integers(0, len(arguments)))
        head = called(index, arguments[:cut], f"f{index}", id=f"c{index}")
        queues[index] = [head, called(index, arguments[cut:])]
    while queues:
        index = data.draw(st.sampled_from(sorted(queues)))
        pieces.append(queues[index].pop(0))
        queues = {key: queue for key, queue in queues.items() if queue}
    events = streamed(RESPONSES, [*pieces, *ended()])
    final = as_response(events[-1]["response"])
    assert final.output_text == "".join(text)
    assert sum_of(events, "response.output_text.delta") == "".join(text)
    assert sum_of(events, "response.reasoning_text.delta") == "".join(thought)
    made = {item.name: item.arguments for item in final.output if item.type == "function_call"}
    assert made == {f"f{index}": arguments for index, arguments in enumerate(calls)}
    message = joined(streamed(MESSAGES, [*pieces, *ended()]))
    assert "".join(block.get("text", "") for block in message) == "".join(text)
    assert {block["name"]: block["json"] for block in message if "json" in block} == made


def sum_of(events: Sequence[Mapping[str, Any]], kind: str) -> str:
    return "".join(event["delta"] for event in events if event["type"] == kind)


def joined(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of a message, put together strictly: one is open at a time, and the last one."""
    blocks: list[dict[str, Any]] = []
    is_open = False
    for event in events:
        if event["type"] == "content_block_start":
            assert not is_open
            assert event["index"] == len(blocks)
            is_open = True
            block = dict(event["content_block"])
            blocks.append({**block, "json": ""} if block["type"] == "tool_use" else block)
        elif event["type"] == "content_block_delta":
            assert is_open
            assert event["index"] == len(blocks) - 1
            kind, piece = event["delta"].values()
            key = {"text_delta": "text", "thinking_delta": "thinking"}.get(kind, "json")
            blocks[-1][key] += piece
        elif event["type"] == "content_block_stop":
            assert is_open
            is_open = False
    return blocks


@given(data=st.data())
def test_garbage_from_a_backend_breaks_no_reply(data: st.DataObject) -> None:
    tools = [call("a", "f", "{}"), call("b", "f", "[")]
    one = {"token": "a", "logprob": 0.0, "bytes": [97], "top_logprobs": []}
    answer = completion(content="Hi.", reasoning_content="hm", refusal="no", tool_calls=tools)
    answer["choices"][0]["logprobs"] = {"content": [one]}
    spoilt_answer, chunks = spoilt(answer, data), spoilt(MIXED, data)
    for dialect in BOTH:
        dialect.whole(spoilt_answer, BODY)
        streamed(dialect, [chunk for chunk in chunks if isinstance(chunk, dict)])


# Real clients


SCENES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "text": (
        [said(content="Hel"), said(content="lo"), *ended()],
        completion(content="Hello"),
    ),
    "tools": (
        MIXED,
        completion(
            "tool_calls",
            content="I look.",
            tool_calls=[call("a", "f", '{"x":1}'), call("b", "g", '{"y":2}'), call("c", "h", "")],
        ),
    ),
    "json": (
        [said(content='{"n":'), said(content="3}"), *ended()],
        completion(content='{"n":3}'),
    ),
    "broken": ([said(content="Hel")], completion(content="Hel")),
}


class Door(BaseHTTPRequestHandler):
    """As much of a gateway as clients need: the model's name is what happens."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        dialect = RESPONSES if self.path == "/v1/responses" else MESSAGES
        try:
            chat = dialect.request(body)
        except CollegiumError as error:
            param = getattr(error, "param", None)
            return self.reply(
                error.status, dialect.error(error.status, error.code, str(error), param)
            )
        chunks, answer = SCENES[chat["model"]]
        if not chat.get("stream"):
            return self.reply(200, dialect.whole(answer, body))
        stream = dialect.streaming(body)
        self.head(200, "text/event-stream")
        for chunk in chunks:
            self.wfile.write(stream.feed(chunk))
        broken = chat["model"] == "broken"
        self.wfile.write(stream.fail(502, "stream_cut", "it broke") if broken else stream.end())
        return None

    def reply(self, status: int, body: Mapping[str, Any]) -> None:
        self.head(status, "application/json")
        self.wfile.write(json.dumps(body).encode())

    def head(self, status: int, media_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        pass


@contextmanager
def served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def openai_client() -> Iterator[openai.OpenAI]:
    with (
        served() as url,
        openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def anthropic_client() -> Iterator[anthropic.Anthropic]:
    with served() as url, anthropic.Anthropic(api_key="k", base_url=url, max_retries=0) as client:
        yield client


class Count(BaseModel):
    n: int


def test_the_openai_client_reads_responses_whole_and_streamed(
    openai_client: openai.OpenAI,
) -> None:
    for model in ("text", "tools"):
        whole = openai_client.responses.create(model=model, input="hi")
        with openai_client.responses.stream(model=model, input="hi") as stream:
            final = stream.get_final_response()
        assert final.output_text == whole.output_text
        calls = [
            [item.arguments for item in response.output if item.type == "function_call"]
            for response in (whole, final)
        ]
        assert calls[0] == calls[1]
        assert final.usage == whole.usage


def test_the_openai_client_gets_structured_output(openai_client: openai.OpenAI) -> None:
    parsed = openai_client.responses.parse(model="json", input="hi", text_format=Count)
    assert parsed.output_parsed == Count(n=3)
    with openai_client.responses.stream(model="json", input="hi", text_format=Count) as stream:
        assert stream.get_final_response().output_parsed == Count(n=3)


def test_the_openai_client_sees_what_went_wrong(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="send the whole conversation"):
        openai_client.responses.create(model="text", input="hi", previous_response_id="resp_1")
    last = list(openai_client.responses.create(model="broken", input="hi", stream=True))[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.message == "it broke"


def test_the_anthropic_client_reads_messages_whole_and_streamed(
    anthropic_client: anthropic.Anthropic,
) -> None:
    for model in ("text", "tools"):
        asked: Any = {"model": model, "max_tokens": 9, "messages": BODY["messages"]}
        whole = anthropic_client.messages.create(**asked)
        with anthropic_client.messages.stream(**asked) as stream:
            final = stream.get_final_message()
        assert final.to_dict(exclude_none=True)["content"] == whole.to_dict()["content"]
        assert (final.stop_reason, final.usage) == (whole.stop_reason, whole.usage)


def test_the_anthropic_client_sees_what_went_wrong(anthropic_client: anthropic.Anthropic) -> None:
    asked: Any = {"max_tokens": 9, "messages": BODY["messages"]}
    with pytest.raises(anthropic.BadRequestError, match="messages: it is missing"):
        anthropic_client.messages.create(model="text", max_tokens=9, messages=[])
    with (
        pytest.raises(anthropic.APIStatusError, match="it broke"),
        anthropic_client.messages.stream(model="broken", **asked) as stream,
    ):
        stream.until_done()
