"""A chat stream, told as the events of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.gateway.dialects.base import event
from collegium.gateway.dialects.messages_reply import (
    begun,
    block_of,
    error_body,
    shows_thinking,
    stopped,
    usage_of,
)
from collegium.gateway.dialects.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.gateway.dialects.turn import Step

# What a piece is called, and the key that has it.
_DELTAS = {
    "thinking": ("thinking_delta", "thinking"),
    "text": ("text_delta", "text"),
    "refusal": ("text_delta", "text"),
    "call": ("input_json_delta", "partial_json"),
}


class MessagesStream:
    """One message as it comes."""

    def __init__(self, body: Mapping[str, Any], name: str) -> None:
        self._body, self._name = body, name
        self._turn = Turn(thinking=shows_thinking(body))
        self._begun = False

    def feed(self, chunk: Mapping[str, Any]) -> bytes:
        """What one chunk comes to; may be nothing."""
        steps = self._turn.take(chunk)
        return self._begin() + b"".join([self._told(step) for step in steps])

    def end(self) -> bytes:
        """What closes a stream that is complete."""
        steps = self._turn.close()
        return b"".join(
            [
                self._begin(),
                *[self._told(step) for step in steps],
                _event("message_delta", **self._result()),
                _event("message_stop"),
            ]
        )

    def fail(self, status: int, code: str, message: str) -> bytes:
        """An error, after which nothing comes; this API knows no codes."""
        return event("error", error_body(status, message))

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        message = begun(self._turn, self._body, self._name)
        return _event("message_start", message=message) + _event("ping")

    def _told(self, step: Step) -> bytes:
        block = step.block
        if step.what == "grew":
            kind, key = _DELTAS[block.kind]
            delta = {"type": kind, key: step.text}
            return _event("content_block_delta", index=block.index, delta=delta)
        if step.what == "began":
            content = block_of(block, self._name)
            return _event("content_block_start", index=block.index, content_block=content)
        return _event("content_block_stop", index=block.index)

    def _result(self) -> dict[str, Any]:
        result = {"delta": stopped(self._turn, self._body), "usage": usage_of(self._turn)}
        receipt = self._turn.receipt
        return result if receipt is None else {**result, "collegium": receipt}


def _event(kind: str, **what: Any) -> bytes:
    return event(kind, {"type": kind, **what})
