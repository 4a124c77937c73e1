"""A request for a message, as a chat body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from collegium.gateway.dialects.conversation import (
    Conversation,
    Piece,
    file_piece,
    function_tool,
    image_piece,
    text_piece,
)
from collegium.gateway.dialects.parts import Part, passed_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What is read here, or means nothing to a chat model.
_OURS = frozenset(
    "cache_control container context_management diagnostics inference_geo max_completion_tokens "
    "max_tokens mcp_servers messages n output_config output_format parallel_tool_calls "
    "service_tier speed stop_sequences stream stream_options system thinking tool_choice tools "
    "user_profile_id workspace_id".split()
)
_NOT_HERE = {
    "container": "nothing is run in containers here; leave it out",
    "mcp_servers": "the gateway calls no MCP servers; call them yourself, and send their tools",
}
_USER_BLOCKS = ("text", "image", "document", "search_result", "tool_result")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
# Up to so many tokens of thinking is so much effort.
_EFFORTS = ((2_048, "low"), (8_192, "medium"))


def chat_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat body that asks the same.

    Raises:
        InvalidRequest: a part is missing or wrong, or asks for what is not to be had here.
    """
    asked = Part(body)
    for key, why in _NOT_HERE.items():
        if asked.row.get(key) not in (None, []):
            raise asked.wrong(key, why)
    chat = passed_on(body, without=_OURS)
    chat["messages"] = _messages(asked)
    chat.update(_how(asked))
    chat.update(_tools(asked))
    return chat


def _how(asked: Part) -> dict[str, Any]:
    """How the answer should be made, apart from tools."""
    most_tokens = asked.maybe_count("max_tokens", least=1)
    if most_tokens is None:
        raise asked.wrong("max_tokens", "it is missing; a whole number from 1 on belongs there")
    wanted = {
        "stream": asked.maybe_flag("stream"),
        "max_tokens": most_tokens,
        "stop": asked.texts("stop_sequences") or None,
        "reasoning_effort": _effort(asked),
        "response_format": _format(asked),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _effort(asked: Part) -> str | None:
    """How much thinking is wanted; None leaves it to the model."""
    effort = asked.part("output_config").maybe_text("effort")
    thinking = asked.part("thinking")
    if thinking.kind != "enabled":
        return effort
    budget = thinking.maybe_count("budget_tokens", least=1)
    if budget is None:
        raise thinking.wrong("budget_tokens", "it is missing; a whole number belongs there")
    return effort or next((name for most, name in _EFFORTS if budget <= most), "high")


def _format(asked: Part) -> dict[str, Any] | None:
    for part in (asked.part("output_config").part("format"), asked.part("output_format")):
        if not part.row:
            continue
        if part.kind != "json_schema" or not part.has("schema"):
            raise part.wrong("type", "only 'json_schema' with its 'schema' is to be had here")
        schema = {"name": "answer", "schema": part.maybe_object("schema"), "strict": True}
        return {"type": "json_schema", "json_schema": schema}
    return None


def _tools(asked: Part) -> dict[str, Any]:
    tools = [_tool(part) for part in asked.parts("tools")]
    choice = asked.part("tool_choice")
    chosen = _chosen(choice, [tool["function"]["name"] for tool in tools])
    if not tools:  # what is said of tools means nothing, and servers refuse it
        return {}
    wanted = {
        "tools": tools,
        "tool_choice": chosen,
        "parallel_tool_calls": False if choice.maybe_flag("disable_parallel_tool_use") else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _tool(asked: Part) -> dict[str, Any]:
    if asked.kind not in (None, "custom"):
        raise asked.unknown("type", ("custom",))
    if not asked.has("input_schema"):
        raise asked.wrong("input_schema", "it is missing; a JSON schema belongs there")
    return function_tool(asked, parameters="input_schema")


def _chosen(choice: Part, names: Sequence[str]) -> Any:
    if not choice.row:
        return None
    kind = choice.text("type")
    if kind == "tool":
        name = choice.text("name")
        if name not in names:
            raise choice.unknown("name", names)
        return {"type": "function", "function": {"name": name}}
    if kind not in _CHOICES:
        raise choice.unknown("type", (*_CHOICES, "tool"))
    if kind == "any" and not names:
        raise choice.wrong("type", "it is 'any', but there are no tools")
    return _CHOICES[kind]


def _messages(asked: Part) -> list[dict[str, Any]]:
    conversation = Conversation()
    conversation.system(_words(asked, "system"))
    turns = asked.parts("messages")
    if not turns:
        raise asked.wrong("messages", "it is missing or empty; a list of messages belongs there")
    for turn in turns:
        if not turn.has("content"):
            raise turn.wrong("content", "it is missing; a text or a list of blocks belongs there")
        _add(conversation, turn)
    return conversation.messages()


def _add(conversation: Conversation, turn: Part) -> None:
    role = turn.text("role")
    if role == "user":
        _add_user(conversation, turn)
    elif role == "assistant":
        _add_assistant(conversation, turn)
    elif role == "system":
        conversation.system(_words(turn, "content"))
    else:
        raise turn.unknown("role", ("user", "assistant", "system"))


def _add_user(conversation: Conversation, turn: Part) -> None:
    blocks = _blocks(turn, "content")
    pieces: list[Piece] = []
    for block in blocks:
        if block.kind != "tool_result":
            pieces += _pieces(block)
            continue
        found = [piece for part in _blocks(block, "content") for piece in _pieces(part)]
        error = block.maybe_flag("is_error") or False
        conversation.result(block, "tool_use_id", found, error=error)
    if pieces or not blocks:
        conversation.user(pieces)


def _add_assistant(conversation: Conversation, turn: Part) -> None:
    for block in _blocks(turn, "content") or [Part({"type": "text", "text": ""}, turn.where)]:
        kind = block.kind
        if kind == "text":
            conversation.assistant(block.text("text"))
        elif kind == "tool_use":
            arguments = _json(block, "input")
            identity, name = block.text("id", empty=False), block.text("name", empty=False)
            conversation.call(identity, name, arguments)
        elif kind in ("thinking", "redacted_thinking"):
            conversation.assistant("")  # a model's thoughts are not told to it again
        else:
            raise block.unknown("type", ("text", "tool_use", "thinking"))


def _json(block: Part, key: str) -> str:
    try:
        return msgspec.json.encode(block.maybe_object(key) or {}).decode()
    except RecursionError as error:
        raise block.wrong(key, "its brackets go too deep") from error


def _words(asked: Part, key: str) -> str:
    texts: list[str] = []
    for block in _blocks(asked, key):
        if block.kind != "text":
            raise block.unknown("type", ("text",))
        texts.append(block.text("text"))
    return "\n\n".join(texts)


def _blocks(asked: Part, key: str) -> list[Part]:
    """The blocks of a content, which may be a text alone."""
    value = asked.row.get(key)
    if isinstance(value, str):
        return [Part({"type": "text", "text": value}, asked.place(key))]
    return asked.parts(key)


def _pieces(block: Part) -> list[Piece]:
    kind = block.kind
    if kind == "text":
        return [text_piece(block.text("text"))]
    if kind == "image":
        return [_image(block.part("source"))]
    if kind == "document":
        return _document(block)
    if kind == "search_result":
        head = f"{block.text('title')} ({block.text('source')})"
        return [text_piece(f"{head}\n{_words(block, 'content')}")]
    raise block.unknown("type", _USER_BLOCKS)


def _image(source: Part) -> Piece:
    if source.kind == "base64":
        return image_piece(_data_url(source))
    if source.kind == "url":
        return image_piece(source.text("url", empty=False))
    raise source.unknown("type", ("base64", "url"))


def _document(block: Part) -> list[Piece]:
    source, title = block.part("source"), block.maybe_text("title")
    if source.kind == "base64":
        return [file_piece(file_data=_data_url(source), filename=title or "document.pdf")]
    if source.kind == "text":
        text = source.text("data")
    elif source.kind == "content":
        text = _words(source, "content")
    else:
        raise source.unknown("type", ("base64", "text", "content"))
    return [text_piece(f"{title}\n{text}" if title else text)]


def _data_url(source: Part) -> str:
    media_type = source.text("media_type", empty=False)
    return f"data:{media_type};base64,{source.text('data', empty=False)}"
