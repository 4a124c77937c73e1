"""Message objects, the blocks in them, and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from collegium.gateway.dialects.replies import array_of, object_of, text_of, tokens_of
from collegium.jsonvalues import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.gateway.dialects.turn import Block, Turn

_REASONS = {"length": "max_tokens", "content_filter": "refusal"}
_ERRORS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
# The key that arguments which are not a JSON object are shown under, so that no tool takes them.
_INVALID = "INVALID_JSON"


def shows_thinking(body: Mapping[str, Any]) -> bool:
    """Whether somebody asked to see what the model thinks; others expect the text to come first."""
    thinking = object_of(body.get("thinking"))
    return thinking.get("type") in ("enabled", "adaptive") and thinking.get("display") != "omitted"


def message_of(turn: Turn, body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The message when all of it has come."""
    content = [{**block_of(block, name), **_filled(block)} for block in turn.blocks]
    message = {
        **begun(turn, body, name),
        "content": content,
        **stopped(turn, body),
        "usage": usage_of(turn),
    }
    return message if turn.receipt is None else {**message, "collegium": turn.receipt}


def begun(turn: Turn, body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The message before there is anything in it."""
    return {
        "id": f"msg_{name}",
        "type": "message",
        "role": "assistant",
        "model": turn.model or text_of(body.get("model")),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_of(turn),
    }


def block_of(block: Block, name: str) -> dict[str, Any]:
    """The content block that a block is, with nothing in it."""
    if block.kind == "call":
        identity = block.identity or f"toolu_{name}_{block.index}"
        return {"type": "tool_use", "id": identity, "name": block.name, "input": {}}
    if block.kind == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "text", "text": ""}


def stopped(turn: Turn, body: Mapping[str, Any]) -> dict[str, Any]:
    """Why the model stopped, in this API's words."""
    kinds = {block.kind for block in turn.blocks}
    sequence = None
    if turn.finish in _REASONS:
        reason = _REASONS[turn.finish]
    elif "refusal" in kinds:
        reason = "refusal"
    elif "call" in kinds:
        reason = "tool_use"
    elif turn.stop_sequence in array_of(body.get("stop_sequences")):
        reason, sequence = "stop_sequence", turn.stop_sequence
    else:
        reason = "end_turn"
    return {"stop_reason": reason, "stop_sequence": sequence}


def usage_of(turn: Turn) -> dict[str, Any]:
    """The usage of a message, whose input tokens are those no cache had; 0 where none was told."""
    tokens = tokens_of(turn.usage)
    return {
        "input_tokens": tokens.prompt - tokens.cached - tokens.written,
        "cache_creation_input_tokens": tokens.written,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.completion,
    }


def error_body(status: int, message: str) -> dict[str, Any]:
    """An error in this API's shape."""
    kind = _ERRORS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}}


def _filled(block: Block) -> dict[str, Any]:
    if block.kind == "call":
        return {"input": _input(block.text)}
    return {"thinking" if block.kind == "thinking" else "text": block.text}


def _input(arguments: str) -> dict[str, Any]:
    if not arguments.strip():
        return {}
    try:
        value: object = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {_INVALID: arguments}
    if value is None:
        return {}
    return value if is_object(value) else {_INVALID: arguments}
