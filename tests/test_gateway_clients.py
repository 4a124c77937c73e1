"""The gateway under real clients: what people install and use, unchanged, talking to a process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest
from gateway_server import EXPERTS, Server, config_of, serving
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Stats = Callable[[], dict[str, Any]]

POEM: Any = [{"role": "user", "content": "write a poem about rain"}]
SUM: Any = {
    "type": "function",
    "function": {
        "name": "sum",
        "description": "Add numbers",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


class City(BaseModel):
    """What a structured answer is."""

    name: str
    people: int


CITY: Any = [{"role": "user", "content": '{"name": "Oslo", "people": 700000}'}]


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    experts = {**EXPERTS, "ReasoningExpert": "up/tools"}
    folder = tmp_path_factory.mktemp("clients")
    with serving(folder, config_of(upstream, experts=experts)) as running:
        yield running


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return server.key("everybody")


@pytest.fixture
def client(server: Server, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base, api_key=key, max_retries=0, timeout=20) as made:
        yield made


@pytest.fixture
def claude(server: Server, key: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0, timeout=20) as made:
        yield made


def langchain(server: Server, key: str, model: str) -> ChatOpenAI:
    return ChatOpenAI(model=model, base_url=server.base, api_key=SecretStr(key), max_retries=0)


# --- openai


def called(message: Any) -> Any:
    """The one tool call of a message."""
    (call,) = message.tool_calls
    return call


def test_openai_gets_a_completion_and_who_made_it(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=POEM)
    said = raw.parse()
    assert said.choices[0].message.content == "write a poem about rain"
    assert said.choices[0].finish_reason == "stop"
    assert said.model == raw.headers["x-collegium-model"] == "up/echo"
    assert raw.headers["x-collegium-expert"] == "WritingExpert"
    assert said.usage is not None
    assert said.usage.completion_tokens == 5


def test_openai_streams_and_says_what_was_consumed(client: openai.OpenAI) -> None:
    for model in ("up/words-5", "auto"):
        with client.chat.completions.create(
            model=model, messages=POEM, stream=True, stream_options={"include_usage": True}
        ) as stream:
            chunks = list(stream)
        texts = [one.choices[0].delta.content or "" for one in chunks if one.choices]
        assert "".join(texts) in ("w0 w1 w2 w3 w4", "write a poem about rain")
        assert len(chunks) >= 6
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == 5
        assert [one.usage for one in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_openai_hears_of_usage_only_where_it_asked(client: openai.OpenAI) -> None:
    for model in ("up/words-5", "auto", "collegium/panel"):
        with client.chat.completions.create(model=model, messages=POEM, stream=True) as stream:
            chunks = list(stream)
        assert all(one.usage is None for one in chunks)
        assert all(one.choices for one in chunks)


async def test_openai_asks_many_things_at_once_and_each_gets_its_own(
    server: Server, key: str
) -> None:
    async with openai.AsyncOpenAI(base_url=server.base, api_key=key, max_retries=0) as client:

        async def ask(number: int) -> str | None:
            said = await client.chat.completions.create(
                model="auto", messages=[{"role": "user", "content": f"poem number {number}"}]
            )
            return said.choices[0].message.content

        async def hear(number: int) -> str:
            stream = await client.chat.completions.create(
                model="up/echo",
                messages=[{"role": "user", "content": f"verse number {number}"}],
                stream=True,
            )
            return "".join([one.choices[0].delta.content or "" async for one in stream])

        asked = await asyncio.gather(*(ask(number) for number in range(20)))
        heard = await asyncio.gather(*(hear(number) for number in range(20)))
    assert asked == [f"poem number {number}" for number in range(20)]
    assert heard == [f"verse number {number}" for number in range(20)]


@pytest.mark.parametrize("model", ["up/tools", "collegium/reasoning", "collegium/panel"])
def test_openai_calls_tools(client: openai.OpenAI, model: str) -> None:
    options: Any = {"tools": [SUM], "messages": POEM, "model": model}
    if model == "collegium/panel":
        options["extra_body"] = {"collegium": {"experts": ["reasoning"]}}
    said = client.chat.completions.create(**options).choices[0]
    assert said.finish_reason == "tool_calls"
    call = called(said.message)
    assert (call.id, call.function.name) == ("call_1", "sum")
    assert json.loads(call.function.arguments) == {"a": 1}
    with client.chat.completions.stream(**options) as stream:
        streamed = stream.get_final_completion().choices[0]
    assert streamed.finish_reason == "tool_calls"
    again = called(streamed.message)
    assert json.loads(again.function.arguments) == {"a": 1}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tools_result_goes_back_to_the_expert_and_model_that_called_it(
    client: openai.OpenAI, *, streamed: bool
) -> None:
    messages: Any = [{"role": "user", "content": f"write a poem, streamed: {streamed}"}]
    first: Any = {"tools": [SUM], "messages": messages, "model": "collegium/reasoning"}
    if streamed:
        with client.chat.completions.stream(**first) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**first).choices[0].message
    call = called(message)
    made = [{"id": call.id, "type": "function", "function": {"name": "sum", "arguments": "{}"}}]
    messages += [
        {"role": "assistant", "content": None, "tool_calls": made},
        {"role": "tool", "tool_call_id": call.id, "content": "def f(): raise SyntaxError"},
    ]
    reply = client.chat.completions.with_raw_response.create(
        model="auto", messages=messages, tools=[SUM]
    )
    assert reply.headers["x-collegium-expert"] == "ReasoningExpert"
    assert reply.headers["x-collegium-model"] == "up/tools"


def test_openai_parses_structured_answers(client: openai.OpenAI, stats: Stats) -> None:
    for model in ("auto", "up/echo"):
        said = client.chat.completions.parse(model=model, messages=CITY, response_format=City)
        assert said.choices[0].message.parsed == City(name="Oslo", people=700000)
        sent = stats()["last_body"]["response_format"]
        assert sent["json_schema"]["schema"]["required"] == ["name", "people"]
    as_object = client.chat.completions.create(
        model="auto", messages=CITY, response_format={"type": "json_object"}
    )
    assert json.loads(as_object.choices[0].message.content or "")["name"] == "Oslo"


def test_openai_embeds(client: openai.OpenAI) -> None:
    rows = client.embeddings.create(model="builtin", input=["one", "two"]).data
    assert len(rows) == 2
    assert sum(x * x for x in rows[0].embedding) == pytest.approx(1, abs=1e-3)
    plain = client.embeddings.create(model="builtin", input="one", encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(rows[0].embedding, abs=1e-6)


def test_openai_lists_models_and_asks_for_one(client: openai.OpenAI) -> None:
    names = [one.id for one in client.models.list()]
    assert {"auto", "collegium/auto", "collegium/writing", "up/echo"} <= set(names)
    assert client.models.retrieve("auto").owned_by == "collegium"
    assert client.models.retrieve("up/echo").id == "up/echo"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


@pytest.mark.parametrize("model", ["auto", "up/echo", "collegium/panel"])
def test_openai_gets_responses_and_streams_them(client: openai.OpenAI, model: str) -> None:
    said = client.responses.create(model=model, input="write a poem about rain")
    assert said.output_text == "write a poem about rain"
    assert (said.status, said.model) == ("completed", "up/echo")
    assert said.usage is not None
    assert said.usage.output_tokens >= 5
    with client.responses.stream(model=model, input="write a poem about rain") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == "write a poem about rain"
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert kinds.count("response.output_text.delta") >= 1


def test_openai_gets_tools_and_structure_out_of_responses(client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "strict": False, **SUM["function"]}
    said = client.responses.create(model="up/tools", input="add", tools=[tool])
    (call,) = said.output
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"a": 1}
    parsed = client.responses.parse(
        model="up/echo", input=CITY[0]["content"], text_format=City
    ).output_parsed
    assert parsed == City(name="Oslo", people=700000)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("up/error-400", openai.BadRequestError),
        ("up/error-404", openai.NotFoundError),
        ("up/error-429", openai.RateLimitError),
        ("up/error-401", openai.InternalServerError),
        ("up/error-500", openai.InternalServerError),
        ("up/html", openai.InternalServerError),
        ("up/garbage-sse", openai.InternalServerError),
        ("up/cut-always", openai.InternalServerError),
        ("nothing", openai.NotFoundError),
        ("collegium/nobody", openai.NotFoundError),
    ],
)
def test_openai_raises_what_fits_also_before_a_stream(
    client: openai.OpenAI, model: str, kind: type[openai.APIStatusError]
) -> None:
    for stream in (False, True):
        with pytest.raises(kind) as caught:
            client.chat.completions.create(model=model, messages=POEM, stream=stream)
        assert caught.value.code
        assert caught.value.request_id
        if kind is openai.RateLimitError:
            assert int(caught.value.response.headers["retry-after"]) >= 1


def test_openai_raises_what_fits_where_a_key_is_wrong(server: Server) -> None:
    narrow = server.key("narrow", "--models", "up/words-5")
    with (
        openai.OpenAI(base_url=server.base, api_key="cg-wrong", max_retries=0) as stranger,
        openai.OpenAI(base_url=server.base, api_key=narrow, max_retries=0) as clerk,
    ):
        with pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="auto", messages=POEM)
        with pytest.raises(openai.PermissionDeniedError):
            clerk.chat.completions.create(model="auto", messages=POEM)
        with pytest.raises(openai.BadRequestError) as caught:
            clerk.chat.completions.create(model="up/words-5", messages=[])
        assert caught.value.param == "messages"


@pytest.mark.parametrize("model", ["up/cut", "up/unfinished", "up/error-midstream"])
def test_openai_raises_where_a_stream_breaks_off(client: openai.OpenAI, model: str) -> None:
    said: list[str] = []
    with client.chat.completions.create(model=model, messages=POEM, stream=True) as stream:
        chunks = (chunk.choices[0].delta.content or "" for chunk in stream)
        with pytest.raises(openai.APIError):
            said.extend(chunks)
    assert said == ["half an "]
    with client.responses.create(model=model, input="write", stream=True) as events:
        kinds = [event.type for event in events]
    assert kinds[-1] == "response.failed"


# --- anthropic


def test_anthropic_gets_a_message_and_streams_it(claude: anthropic.Anthropic) -> None:
    for model in ("auto", "up/echo"):
        said = claude.messages.create(model=model, max_tokens=50, messages=POEM)
        assert said.content[0].type == "text"
        assert said.content[0].text == "write a poem about rain"
        assert (said.stop_reason, said.model) == ("end_turn", "up/echo")
        assert said.usage.output_tokens == 5
        with claude.messages.stream(model=model, max_tokens=50, messages=POEM) as stream:
            pieces = list(stream.text_stream)
            final = stream.get_final_message()
        assert "".join(pieces) == "write a poem about rain"
        assert final.usage.output_tokens == 5


def test_anthropic_calls_tools_and_brings_their_results(claude: anthropic.Anthropic) -> None:
    tool: Any = {"name": "sum", "input_schema": {"type": "object", "properties": {}}}
    options: Any = {"max_tokens": 50, "tools": [tool]}
    said = claude.messages.create(model="collegium/reasoning", messages=POEM, **options)
    (call,) = [block for block in said.content if block.type == "tool_use"]
    assert (said.stop_reason, call.name, call.input) == ("tool_use", "sum", {"a": 1})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "3"}
    turns: Any = [
        *POEM,
        {
            "role": "assistant",
            "content": [call.model_dump(include={"type", "id", "name", "input"})],
        },
        {"role": "user", "content": [result]},
    ]
    reply = claude.messages.with_raw_response.create(model="auto", messages=turns, **options)
    assert reply.headers["x-collegium-expert"] == "ReasoningExpert"
    with claude.messages.stream(model="up/tools", messages=POEM, **options) as stream:
        final = stream.get_final_message()
    assert [block.input for block in final.content if block.type == "tool_use"] == [{"a": 1}]


def test_anthropic_raises_what_fits(claude: anthropic.Anthropic, server: Server) -> None:
    kinds = {
        "up/error-400": anthropic.BadRequestError,
        "up/error-429": anthropic.RateLimitError,
        "up/error-500": anthropic.InternalServerError,
        "nothing": anthropic.NotFoundError,
    }
    for model, kind in kinds.items():
        with pytest.raises(kind) as caught:
            claude.messages.create(model=model, max_tokens=5, messages=POEM)
        body: Any = caught.value.body
        assert body["type"] == "error"
        assert set(body["error"]) == {"type", "message"}
    with (
        anthropic.Anthropic(base_url=server.url, api_key="cg-wrong", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError),
    ):
        stranger.messages.create(model="auto", max_tokens=5, messages=POEM)


def test_anthropic_raises_where_a_stream_breaks_off(claude: anthropic.Anthropic) -> None:
    said: list[str] = []
    with (
        claude.messages.stream(model="up/cut", max_tokens=5, messages=POEM) as stream,
        pytest.raises(anthropic.APIStatusError),
    ):
        said.extend(stream.text_stream)
    assert said == ["half an "]


# --- langchain


def test_langchain_asks_streams_and_calls_tools(server: Server, key: str) -> None:
    model = langchain(server, key, "auto")
    question = HumanMessage("write a poem about rain")
    assert model.invoke([question]).content == question.content
    assert "".join(str(one.content) for one in model.stream([question])) == question.content
    able = langchain(server, key, "collegium/reasoning").bind_tools([SUM])
    called = able.invoke([question])
    assert [(one["name"], one["args"]) for one in called.tool_calls] == [("sum", {"a": 1})]
    result = ToolMessage("3", tool_call_id=called.tool_calls[0]["id"])
    assert able.invoke([question, called, result]).tool_calls


async def test_langchain_asks_without_waiting(server: Server, key: str) -> None:
    model = langchain(server, key, "up/words-5")
    assert (await model.ainvoke("say something")).content == "w0 w1 w2 w3 w4"
    assert "".join([str(one.content) async for one in model.astream("go")]) == "w0 w1 w2 w3 w4"


# --- command lines


def test_llm_asks_the_college(server: Server, key: str, tmp_path: Path) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- {{model_id: college, model_name: auto, api_base: '{server.base}', "
        "api_key_name: college}\n"
    )
    (tmp_path / "keys.json").write_text(json.dumps({"college": key}))
    said = subprocess.run(
        [sys.executable, "-m", "llm", "-m", "college", "write a poem about rain"],
        env={**os.environ, "LLM_USER_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.strip() == "write a poem about rain"


def test_curl_sees_tokens_as_they_come(server: Server, key: str) -> None:
    body = {"model": "up/slow-60", "messages": POEM, "stream": True}
    command = ["curl", "-sN", "-H", f"Authorization: Bearer {key}", "-d", json.dumps(body)]
    url = f"{server.base}/chat/completions"
    with subprocess.Popen([*command, url], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [(line, time.monotonic()) for line in process.stdout if line.startswith(b"data:")]
    assert lines[-1][0] == b"data: [DONE]\n"
    assert len(lines) == 22
    gaps = [later - sooner for (_, sooner), (_, later) in pairwise(lines[:20])]
    assert sorted(gaps)[len(gaps) // 2] > 0.03
