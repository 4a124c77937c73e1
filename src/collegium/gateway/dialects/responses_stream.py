"""A chat stream, told as the events of a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.gateway.dialects.base import event
from collegium.gateway.dialects.responses_reply import content_part, ended, logprobs_of, whole_of
from collegium.gateway.dialects.turn import Step, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from collegium.gateway.dialects.responses_reply import Frame
    from collegium.gateway.dialects.turn import Block

# What grows, in the words of the events; and the key that has the whole of it in the end.
_GROWING = {
    "thinking": ("response.reasoning_text", "text"),
    "text": ("response.output_text", "text"),
    "refusal": ("response.refusal", "refusal"),
    "call": ("response.function_call_arguments", "arguments"),
}


class ResponsesStream:
    """One response as it comes, in events that count from 0."""

    def __init__(self, frame: Frame, *, now: Callable[[], float]) -> None:
        self._frame, self._now = frame, now
        self._turn = Turn()
        self._told = 0
        self._events: list[bytes] = []
        self._done: list[dict[str, Any]] = []

    def feed(self, chunk: Mapping[str, Any]) -> bytes:
        """What one chunk comes to; may be nothing."""
        steps = self._turn.take(chunk)
        self._begin()
        for step in steps:
            self._tell_of(step)
        return self._out()

    def end(self) -> bytes:
        """What closes a stream that is complete."""
        self._begin()
        for step in self._turn.close():
            self._tell_of(step)
        response = ended(self._frame, self._turn, now=self._now())
        self._tell(f"response.{response['status']}", response=response)
        return self._out()

    def fail(self, status: int, code: str, message: str) -> bytes:
        """The response has failed; its output is what had been finished."""
        self._begin()
        error = {"code": _failure(status), "message": message, "type": code}
        response = self._frame.response("failed", self._turn.model, self._done, error=error)
        self._tell("response.failed", response=response)
        return self._out()

    def _begin(self) -> None:
        if self._told:
            return
        response = self._frame.response("in_progress", self._turn.model, [])
        self._tell("response.created", response=response)
        self._tell("response.in_progress", response=response)

    def _tell_of(self, step: Step) -> None:
        if step.what == "grew":
            self._grew(step)
        elif step.what == "began":
            self._began(step.block)
        else:
            self._ended(step.block)

    def _began(self, block: Block) -> None:
        item = self._frame.item(block, "in_progress")
        if block.kind == "call":
            item["arguments"] = ""
        else:
            item["content"] = []
        self._tell("response.output_item.added", output_index=block.index, item=item)
        if block.kind != "call":
            part = content_part(block, empty=True)
            self._tell("response.content_part.added", **self._at(block), part=part)

    def _grew(self, step: Step) -> None:
        name, _ = _GROWING[step.block.kind]
        more: dict[str, Any] = {}
        if step.block.kind == "text":
            more["logprobs"] = logprobs_of(step.logprobs)
        self._tell(f"{name}.delta", **self._at(step.block), delta=step.text, **more)

    def _ended(self, block: Block) -> None:
        name, key = _GROWING[block.kind]
        if block.kind == "call" and not block.pieces:
            self._grew(Step("grew", block, whole_of(block)))
        more: dict[str, Any] = {}
        if block.kind == "text":
            more["logprobs"] = logprobs_of(block.logprobs)
        elif block.kind == "call":
            more["name"] = block.name
        self._tell(f"{name}.done", **self._at(block), **{key: whole_of(block)}, **more)
        if block.kind != "call":
            part = content_part(block)
            self._tell("response.content_part.done", **self._at(block), part=part)
        item = self._frame.item(block)
        self._done.append(item)
        self._tell("response.output_item.done", output_index=block.index, item=item)

    def _at(self, block: Block) -> dict[str, Any]:
        place = {"item_id": self._frame.item_name(block), "output_index": block.index}
        return place if block.kind == "call" else {**place, "content_index": 0}

    def _tell(self, kind: str, **what: Any) -> None:
        self._events.append(event(kind, {"type": kind, "sequence_number": self._told, **what}))
        self._told += 1

    def _out(self) -> bytes:
        events, self._events = self._events, []
        return b"".join(events)


def _failure(status: int) -> str:
    """What went wrong, in one of the words that a failed response may have."""
    if status == 429:
        return "rate_limit_exceeded"
    return "invalid_prompt" if 400 <= status < 500 else "server_error"
