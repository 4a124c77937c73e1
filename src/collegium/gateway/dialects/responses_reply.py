"""Response objects, and the items in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.gateway.dialects.replies import object_of, objects_of, text_of, tokens_of
from collegium.gateway.dialects.turn import CUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.gateway.dialects.turn import Block, Turn

_PREFIXES = {"thinking": "rs", "text": "msg", "refusal": "msg", "call": "fc"}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a response has before there is an answer: the request, a name, and when it was made."""

    body: Mapping[str, Any]
    name: str
    created_at: int

    def response(
        self, status: str, model: str, output: Sequence[Any], **known: Any
    ) -> dict[str, Any]:
        """The response object; `known` takes the place of what is not known at first."""
        body = self.body
        return {
            "id": f"resp_{self.name}",
            "object": "response",
            "created_at": self.created_at,
            "status": status,
            "background": False,
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "max_tool_calls": body.get("max_tool_calls"),
            "model": model or text_of(body.get("model")),
            "output": list(output),
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "previous_response_id": None,
            "prompt_cache_key": body.get("prompt_cache_key"),
            "reasoning": {
                "effort": object_of(body.get("reasoning")).get("effort"),
                "summary": None,
            },
            "safety_identifier": body.get("safety_identifier"),
            "service_tier": body.get("service_tier"),
            "store": False,
            "temperature": body.get("temperature"),
            "text": {"format": {"type": "text"}, **_given(body.get("text"))},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": body.get("tools") or [],
            "top_logprobs": body.get("top_logprobs") or 0,
            "top_p": body.get("top_p"),
            "truncation": "disabled",
            "usage": None,
            "user": body.get("user"),
            "metadata": body.get("metadata") or {},
            **known,
        }

    def item(self, block: Block, status: str | None = None) -> dict[str, Any]:
        """The output item that a block is."""
        name = self.item_name(block)
        status = status or ("incomplete" if block.cut else "completed")
        if block.kind == "call":
            return {
                "id": name,
                "type": "function_call",
                "status": status,
                "call_id": call_id(block, self.name),
                "name": block.name,
                "arguments": whole_of(block),
            }
        if block.kind == "thinking":
            return {
                "id": name,
                "type": "reasoning",
                "status": status,
                "summary": [],
                "content": [content_part(block)],
            }
        return {
            "id": name,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [content_part(block)],
        }

    def item_name(self, block: Block) -> str:
        """The id of the output item that a block is."""
        return f"{_PREFIXES[block.kind]}_{self.name}_{block.index}"


def ended(frame: Frame, turn: Turn, *, now: float) -> dict[str, Any]:
    """The response when all of it has come."""
    known: dict[str, Any] = {"usage": usage_of(turn)}
    if turn.receipt is not None:
        known["collegium"] = turn.receipt
    if turn.finish in CUT:
        known["incomplete_details"] = {"reason": _INCOMPLETE[turn.finish]}
        status = "incomplete"
    else:
        known["completed_at"] = int(now)
        status = "completed"
    output = [frame.item(block) for block in turn.blocks]
    return frame.response(status, turn.model, output, **known)


def usage_of(turn: Turn) -> dict[str, Any] | None:
    """The usage of a response; None where the backend told none."""
    if not turn.usage:
        return None
    tokens = tokens_of(turn.usage)
    return {
        "input_tokens": tokens.prompt,
        "input_tokens_details": {
            "cached_tokens": tokens.cached,
            "cache_write_tokens": tokens.written,
        },
        "output_tokens": tokens.completion,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.prompt + tokens.completion,
    }


def content_part(block: Block, *, empty: bool = False) -> dict[str, Any]:
    """The part of an item's content that a block is; with `empty`, as it is at first."""
    text = "" if empty else block.text
    if block.kind == "thinking":
        return {"type": "reasoning_text", "text": text}
    if block.kind == "refusal":
        return {"type": "refusal", "refusal": text}
    logprobs = [] if empty else logprobs_of(block.logprobs)
    return {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": text}


def logprobs_of(logprobs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Log probabilities as responses have them: the bytes are always there."""
    return [
        {
            **_logprob(one),
            "top_logprobs": [_logprob(other) for other in objects_of(one.get("top_logprobs"))],
        }
        for one in logprobs
    ]


def whole_of(block: Block) -> str:
    """The text of a block when all of it has come; no arguments at all are an empty object."""
    return block.text or ("{}" if block.kind == "call" else "")


def call_id(block: Block, name: str) -> str:
    """The id by which the result of a call is given; one is made where the backend gave none."""
    return block.identity or f"call_{name}_{block.index}"


def _logprob(one: Mapping[str, Any]) -> dict[str, Any]:
    token = text_of(one.get("token"))
    given = one.get("bytes")
    return {
        "token": token,
        "bytes": given if isinstance(given, list) else list(token.encode()),
        "logprob": one.get("logprob", 0.0),
    }


def _given(value: object) -> dict[str, Any]:
    return {key: one for key, one in object_of(value).items() if one is not None}
