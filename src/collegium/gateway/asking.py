"""A chat request, read and understood, on its way to whoever answers it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collegium.gateway.affinity import Holder
    from collegium.gateway.decisions import Account
    from collegium.gateway.naming import Way
    from collegium.gateway.requests import ChatBody
    from collegium.types import Query

# What a backend is not sent.
_KEPT_HERE = ("collegium",)


@dataclass(slots=True)
class Asked:
    """A request: its body, what the body was found to be, and what is known beside it.

    Without a `way` it names a model, past the college. `ends` is when it must have been answered
    (`time.perf_counter()`). `holder` is who waits for the tool results that it brings. With
    `listen` somebody wants the text, once it is there.
    """

    body: Mapping[str, Any]
    chat: ChatBody
    account: Account
    way: Way | None
    session: str | None
    started: float
    ends: float
    holder: Holder | None = None
    listen: bool = False

    @property
    def streamed(self) -> bool:
        """Whether the reply is wanted as it grows."""
        return bool(self.chat.stream)

    @property
    def usage_wanted(self) -> bool:
        """Whether a stream is to end with what was consumed."""
        options = self.chat.stream_options
        return options is not None and bool(options.include_usage)

    @property
    def left_s(self) -> float:
        """Seconds until it must have been answered; never below a moment."""
        return max(0.001, self.ends - time.perf_counter())

    @property
    def choices(self) -> int:
        """How many answers are wanted."""
        return self.chat.n or 1

    def passed_on(self, messages: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
        """The body as a backend gets it, with other messages where some are given."""
        body = {name: value for name, value in self.body.items() if name not in _KEPT_HERE}
        if messages is not None:
            body["messages"] = messages
        return body


def instructed(
    turns: Sequence[Mapping[str, Any]], instructions: str
) -> Sequence[Mapping[str, Any]]:
    """The conversation with an expert's instructions before it; see `with_instructions`."""
    if not instructions:
        return turns
    first = turns[0]
    if first["role"] == "system" and isinstance(first.get("content"), str):
        own = {**first, "content": f"{instructions}\n\n{first['content']}"}
        return [own, *turns[1:]]
    return [{"role": "system", "content": instructions}, *turns]


def single(query: Query) -> dict[str, Any]:
    """What of a query's sampling a backend takes that gives one answer."""
    return {name: value for name, value in query.sampling.items() if name != "n"}
