"""Answers of the house in the chat-completions format: whole, and as events of a stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.types import Usage

DONE = b"data: [DONE]\n\n"
FINISHES = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})

_encode = msgspec.json.encode
_decode = msgspec.json.decode


def read(raw: bytes) -> Any:
    """A value out of JSON as model servers write it: half a surrogate pair becomes a mark.

    Raises:
        ValueError: it is no JSON at all.
    """
    try:
        return _decode(raw)
    except msgspec.DecodeError:
        value = json.loads(raw, parse_constant=lambda _: None)
        return _decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def event(value: Any) -> bytes:
    """A value as one event of a stream."""
    return b"data: " + _encode(value) + b"\n\n"


def usage_of(usage: Usage) -> dict[str, Any]:
    """Tokens as OpenAI has them, with what they cost where that is known."""
    told: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
    if usage.cost_usd:
        told["cost_usd"] = usage.cost_usd
    return told


def finish_of(finish: str, *, calls: bool) -> str:
    """The reason for finishing in OpenAI's words; an abstention is an answer like another."""
    if calls and finish == "stop":
        return "tool_calls"
    return finish if finish in FINISHES else "stop"


def choice_of(
    index: int, text: str, calls: Sequence[Mapping[str, Any]], finish: str
) -> dict[str, Any]:
    """One choice of a completion."""
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if calls:
        message["tool_calls"] = [whole_call(place, call) for place, call in enumerate(calls)]
        message["content"] = text or None
    return {
        "index": index,
        "message": message,
        "logprobs": None,
        "finish_reason": finish_of(finish, calls=bool(calls)),
    }


def completion_of(
    identity: str, created: int, model: str, choices: Sequence[dict[str, Any]], usage: Usage
) -> dict[str, Any]:
    """A whole completion."""
    return {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": list(choices),
        "usage": usage_of(usage),
        "service_tier": None,
        "system_fingerprint": None,
    }


def whole_call(place: int, call: Mapping[str, Any]) -> dict[str, Any]:
    """A tool call as a whole reply has it: with an id and a type, and without an index."""
    told = {name: value for name, value in call.items() if name != "index"}
    return {"id": f"call_{place}", "type": "function", **told}


class Events:
    """The events of one stream, all of one id and one time."""

    def __init__(self, identity: str, created: int) -> None:
        self._head = {
            "id": f"chatcmpl-{identity}",
            "object": "chat.completion.chunk",
            "created": created,
        }
        self._texts: dict[int, tuple[str, bytes, bytes]] = {}

    def text(self, text: str, *, model: str, index: int = 0) -> bytes:
        """A piece of text; all but the text itself is written once."""
        known = self._texts.get(index)
        if known is None or known[0] != model:
            before, after = self._piece(model, index, {"content": "\0"}, None).split(b'"\\u0000"')
            self._texts[index] = known = (model, before, after)
        return known[1] + _encode(text) + known[2]

    def role(self, *, model: str, index: int = 0) -> bytes:
        """The piece that every choice begins with."""
        return self._piece(
            model, index, {"role": "assistant", "content": "", "refusal": None}, None
        )

    def delta(self, delta: Mapping[str, Any], *, model: str, index: int = 0) -> bytes:
        """A piece of anything else that a message may have."""
        return self._piece(model, index, delta, None)

    def calls(
        self, calls: Sequence[Mapping[str, Any]], *, model: str, index: int = 0, first: int = 0
    ) -> bytes:
        """Pieces of tool calls; one without an index is a call of its own, from `first` on."""
        told = [
            call if "index" in call else {"index": first + place, **whole_call(first + place, call)}
            for place, call in enumerate(calls)
        ]
        return self._piece(model, index, {"tool_calls": told}, None)

    def finish(self, finish: str, *, model: str, index: int = 0, calls: bool = False) -> bytes:
        """The piece that ends a choice."""
        return self._piece(model, index, {}, finish_of(finish, calls=calls))

    def usage(self, usage: Usage, *, model: str) -> bytes:
        """The piece that says what the whole answer consumed."""
        return event({**self._head, "model": model, "choices": [], "usage": usage_of(usage)})

    def explained(self, account: Mapping[str, Any], *, model: str) -> bytes:
        """The piece that carries the receipt, for those who asked for it."""
        return event({**self._head, "model": model, "choices": [], "collegium": account})

    def _piece(self, model: str, index: int, delta: Mapping[str, Any], finish: str | None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**self._head, "model": model, "choices": [choice]})
