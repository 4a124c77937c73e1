"""A request for a response, as a chat body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.errors import InvalidRequest
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

LOGPROBS = "message.output_text.logprobs"

# What is read here, or means nothing to a chat model.
_OURS = frozenset(
    "background context_management conversation include input instructions max_output_tokens "
    "max_tool_calls messages n parallel_tool_calls previous_response_id prompt reasoning store "
    "stream_options text tool_choice tools top_logprobs truncation".split()
)
_ITEMS = ("message", "function_call", "function_call_output", "reasoning")
_PARTS = (
    "input_text",
    "input_image",
    "input_file",
    "input_audio",
    "output_text",
    "refusal",
)
_NOT_HERE = {
    "previous_response_id": "no response is stored here; send the whole conversation as 'input'",
    "conversation": "no conversation is stored here; send the whole of it as 'input'",
    "prompt": "no prompts are stored here; send the text as 'instructions' or 'input'",
}


def chat_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat body that asks the same.

    Raises:
        InvalidRequest: a part is missing or wrong, or asks for what is not to be had here.
    """
    asked = Part(body)
    _refuse_what_is_not_here(asked)
    chat = passed_on(body, without=_OURS)
    chat["messages"] = _messages(asked)
    chat.update(_how(asked))
    chat.update(_tools(asked))
    return chat


def _refuse_what_is_not_here(asked: Part) -> None:
    for key, why in _NOT_HERE.items():
        if asked.has(key):
            raise asked.wrong(key, why)
    if asked.maybe_flag("background"):
        raise asked.wrong("background", "nothing runs in the background here; leave it out")
    if asked.row.get("n") not in (None, 1):
        raise asked.wrong("n", "a response has one answer; leave it out")


def _how(asked: Part) -> dict[str, Any]:
    """How the answer should be made, apart from tools."""
    text = asked.part("text")
    most_logprobs = asked.maybe_count("top_logprobs", least=0)
    wanted = {
        "stream": asked.maybe_flag("stream"),
        "max_tokens": asked.maybe_count("max_output_tokens", least=1),
        "reasoning_effort": asked.part("reasoning").maybe_text("effort"),
        "verbosity": text.maybe_text("verbosity"),
        "response_format": _format(text.part("format")),
        "logprobs": True if LOGPROBS in asked.texts("include") or most_logprobs else None,
        "top_logprobs": most_logprobs or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _format(asked: Part) -> dict[str, Any] | None:
    kind = asked.kind
    if kind in (None, "text"):
        return None
    if kind == "json_object":
        return {"type": "json_object"}
    if kind != "json_schema":
        raise asked.unknown("type", ("text", "json_object", "json_schema"))
    if not asked.has("schema"):
        raise asked.wrong("schema", "it is missing; a JSON schema belongs there")
    known = {
        "name": asked.text("name", empty=False),
        "description": asked.maybe_text("description"),
        "schema": asked.maybe_object("schema"),
        "strict": asked.maybe_flag("strict"),
    }
    schema = {name: value for name, value in known.items() if value is not None}
    return {"type": "json_schema", "json_schema": schema}


def _tools(asked: Part) -> dict[str, Any]:
    tools = [_tool(part) for part in asked.parts("tools")]
    parallel = asked.maybe_flag("parallel_tool_calls")
    tools, choice = _chosen(asked, tools)
    if not tools:  # what is said of tools means nothing, and servers refuse it
        return {}
    wanted = {"tools": tools, "tool_choice": choice, "parallel_tool_calls": parallel}
    return {name: value for name, value in wanted.items() if value is not None}


def _tool(asked: Part) -> dict[str, Any]:
    if asked.kind != "function":
        raise asked.unknown("type", ("function",))
    return function_tool(asked, parameters="parameters")


def _chosen(asked: Part, tools: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Any]:
    """The tools that may be called, and which of them the model has to choose."""
    value = asked.row.get("tool_choice")
    if value in (None, "auto", "none"):
        return tools, value
    if value == "required":
        if not tools:
            raise asked.wrong("tool_choice", "it is 'required', but there are no tools")
        return tools, value
    if isinstance(value, str):
        raise asked.unknown("tool_choice", ("auto", "none", "required"))
    choice = asked.part("tool_choice")
    if choice.kind == "function":
        _among(choice, tools)
        return tools, {"type": "function", "function": {"name": choice.text("name")}}
    if choice.kind == "allowed_tools":
        names = {_among(one, tools) for one in choice.parts("tools")}
        mode = choice.maybe_text("mode") or "auto"
        if mode not in ("auto", "required"):
            raise choice.unknown("mode", ("auto", "required"))
        if not names:
            raise choice.wrong("tools", "it is empty; without tools say tool_choice 'none'")
        return [tool for tool in tools if tool["function"]["name"] in names], mode
    raise choice.unknown("type", ("function", "allowed_tools"))


def _among(named: Part, tools: Sequence[dict[str, Any]]) -> str:
    name = named.text("name")
    names = [tool["function"]["name"] for tool in tools]
    if name not in names:
        raise named.unknown("name", names)
    return name


def _messages(asked: Part) -> list[dict[str, Any]]:
    conversation = Conversation()
    conversation.system(asked.maybe_text("instructions") or "")
    if isinstance(asked.row.get("input"), str):
        conversation.user([text_piece(asked.text("input"))])
        return conversation.messages()
    items = asked.parts("input")
    if not items:
        why = "it is missing; a text or a list of items belongs there"
        if asked.has("messages"):
            why += " ('messages' is for /v1/chat/completions)"
        raise asked.wrong("input", why)
    for item in items:
        _add(conversation, item)
    messages = conversation.messages()
    if not messages:
        raise asked.wrong("input", "there is nothing in it that a model could answer")
    return messages


def _add(conversation: Conversation, item: Part) -> None:
    kind = item.kind or ("message" if item.has("role") else None)
    if kind == "message":
        _add_message(conversation, item)
    elif kind == "function_call":
        conversation.call(
            item.text("call_id", empty=False),
            item.text("name", empty=False),
            item.text("arguments"),
        )
    elif kind == "function_call_output":
        if not item.has("output"):
            raise item.wrong("output", "it is missing; a text or a list of parts belongs there")
        conversation.result(item, "call_id", _pieces(item, "output"))
    elif kind == "item_reference":
        raise item.wrong("type", "no items are stored here; send the item itself")
    elif kind != "reasoning":  # a model's thoughts are not told to it again
        raise item.unknown("type", _ITEMS)


def _add_message(conversation: Conversation, item: Part) -> None:
    role = item.text("role")
    if not item.has("content"):
        raise item.wrong("content", "it is missing; a text or a list of parts belongs there")
    pieces = _pieces(item, "content")
    if role == "user":
        conversation.user(pieces)
    elif role == "assistant":
        conversation.assistant(_words(item, pieces))
    elif role in ("system", "developer"):
        conversation.system(_words(item, pieces))
    else:
        raise item.unknown("role", ("user", "assistant", "system", "developer"))


def _words(item: Part, pieces: Sequence[Piece]) -> str:
    for piece in pieces:
        if piece["type"] != "text":
            raise item.wrong("content", f"a message of the {item.text('role')} has only text")
    return "\n".join(piece["text"] for piece in pieces)


def _pieces(item: Part, key: str) -> list[Piece]:
    if isinstance(item.row.get(key), str):
        return [text_piece(item.text(key))]
    return [_piece(part) for part in item.parts(key)]


def _piece(part: Part) -> Piece:
    kind = part.kind
    if kind in ("input_text", "output_text", "text"):
        return text_piece(part.text("text"))
    if kind == "refusal":
        return text_piece(part.text("refusal"))
    if kind == "input_image":
        if not part.has("image_url"):
            raise part.wrong("image_url", "it is missing; files are not kept here, so send a URL")
        return image_piece(part.text("image_url"), part.maybe_text("detail"))
    if kind == "input_file":
        return _file(part)
    if kind == "input_audio":
        if not part.has("input_audio"):
            raise part.wrong("input_audio", "it is missing; an object with 'data' belongs there")
        return {"type": "input_audio", "input_audio": part.maybe_object("input_audio")}
    raise part.unknown("type", _PARTS)


def _file(part: Part) -> Piece:
    if part.has("file_url"):
        raise part.wrong("file_url", "files are not fetched here; send the file as 'file_data'")
    if not (part.has("file_data") or part.has("file_id")):
        raise InvalidRequest(f"{part.where}: a file needs 'file_data'", part.where)
    return file_piece(
        file_data=part.maybe_text("file_data"),
        file_id=part.maybe_text("file_id"),
        filename=part.maybe_text("filename"),
    )
