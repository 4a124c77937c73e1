"""A reply that was given before, given again: whole, or as the stream it would have been."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from collegium.backends.base import merge_tool_calls
from collegium.gateway.rendering import Events
from collegium.jsonvalues import is_array, is_object
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from collegium.gateway.caching import Cached
    from collegium.gateway.decisions import Account

# A kept text is told in pieces of so many characters.
PIECE_CHARS = 24
# What a message has that is told in a way of its own.
_TOLD = frozenset({"role", "content", "tool_calls"})


class Kept:
    """The reply that a kept completion is; nothing is consumed for it."""

    def __init__(self, account: Account, cached: Cached, *, usage_wanted: bool) -> None:
        self.account = account
        self._usage_wanted = usage_wanted
        self._completion = cached.completion
        account.model = str(cached.completion.get("model", ""))
        account.cached = cached.how
        account.usage = replace(cached.usage, cost_usd=0.0)
        account.notes = (*account.notes, f"kept {cached.age_s:.0f} s ago, found as {cached.how}")

    async def whole(self) -> bytes:
        """The completion, as JSON, under this request's id."""
        self._completion["id"] = f"chatcmpl-{self.account.id}"
        self._completion["created"] = int(self.account.at)
        return msgspec.json.encode(self._completion)

    async def events(self) -> AsyncGenerator[bytes]:
        """The completion's events."""
        events = Events(self.account.id, int(self.account.at))
        model = self.account.model
        for choice in objects_of(self._completion.get("choices")):
            index, message = int(choice.get("index") or 0), _object(choice.get("message"))
            yield events.role(model=model, index=index)
            others = {name: one for name, one in message.items() if name not in _TOLD and one}
            if others:
                yield events.delta(others, model=model, index=index)
            for text in pieces_of(str(message.get("content") or "")):
                yield events.text(text, model=model, index=index)
            calls = objects_of(message.get("tool_calls"))
            if calls:
                yield events.calls(calls, model=model, index=index)
            finish = str(choice.get("finish_reason") or "stop")
            yield events.finish(finish, model=model, index=index, calls=bool(calls))
        if self._usage_wanted:
            yield events.usage(self.account.usage or Usage(), model=model)


def pieces_of(text: str) -> list[str]:
    """The text in pieces, which joined are the text."""
    return [text[place : place + PIECE_CHARS] for place in range(0, len(text), PIECE_CHARS)]


def completion_of_events(events: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The completion that the events of a finished stream came to."""
    choices: dict[int, dict[str, Any]] = {}
    first: Mapping[str, Any] = events[0] if events else {}
    usage: Any = None
    for row in events:
        usage = row.get("usage") or usage
        for piece in objects_of(row.get("choices")):
            _add(choices, piece)
    return {
        "id": first.get("id", ""),
        "object": "chat.completion",
        "created": first.get("created", 0),
        "model": first.get("model", ""),
        "choices": [choices[index] for index in sorted(choices)],
        "usage": usage,
    }


def _add(choices: dict[int, dict[str, Any]], piece: Mapping[str, Any]) -> None:
    index = int(piece.get("index") or 0)
    message = {"role": "assistant", "content": "", "refusal": None}
    choice = choices.setdefault(
        index, {"index": index, "message": message, "logprobs": None, "finish_reason": None}
    )
    delta = _object(piece.get("delta"))
    choice["message"]["content"] += delta.get("content") or ""
    if delta.get("tool_calls"):
        known = tuple(choice["message"].get("tool_calls", ()))
        choice["message"]["tool_calls"] = list(merge_tool_calls(known, tuple(delta["tool_calls"])))
    for name, value in delta.items():
        if name not in _TOLD and value is not None:
            before = choice["message"].get(name)
            both = isinstance(before, str) and isinstance(value, str)
            choice["message"][name] = before + value if both else value
    choice["finish_reason"] = piece.get("finish_reason") or choice["finish_reason"]


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects in what should be a list of them."""
    return [row for row in value if is_object(row)] if is_array(value) else []


def _object(value: Any) -> dict[str, Any]:
    return value if is_object(value) else {}
