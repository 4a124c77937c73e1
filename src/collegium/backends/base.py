"""What every place that turns messages into text looks like from here."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from collegium.types import EMPTY, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from collegium.types import Chunk, Message, Task


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent to a model: the messages, the model's name there, and how to sample.

    `sampling` and `tools` are passed on as they came. An empty `model` means the only one there.
    The other fields are not sent: `task`, `objective`, `budget_usd` and `session` are the query's,
    and by them one of several models is chosen; `query` is its id.
    """

    messages: tuple[Message, ...]
    model: str = ""
    sampling: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    tools: tuple[Mapping[str, Any], ...] = ()
    task: Task | None = None
    objective: str | None = None
    budget_usd: float | None = None
    session: str | None = None
    query: str = ""

    def to(self, model: str) -> Prompt:
        """The same prompt for another model."""
        return replace(self, model=model)


@dataclass(frozen=True, slots=True)
class Generation:
    """A model's whole reply. `model` is the name the backend says answered."""

    text: str
    model: str
    usage: Usage = Usage()
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: str = "stop"


@runtime_checkable
class Backend(Protocol):
    """A place that turns messages into text.

    Every failure is raised as a `BackendError`. Closing the stream, at any moment, cancels the
    work behind it. `healthy()` never raises. After `aclose()` nothing is left running.
    """

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The reply as it grows; the chunks' texts, joined, are `generate`'s text."""
        ...

    async def models(self) -> tuple[str, ...]:
        """The names of the models it has."""
        ...

    async def healthy(self) -> bool:
        """Whether it would answer now."""
        ...

    async def aclose(self) -> None:
        """End connections and processes. Calling it twice does no harm."""
        ...


class Reply(Protocol):
    """The bytes that a backend answers with, before anybody has looked at them.

    Every failure to read is raised as a `BackendError`.
    """

    @property
    def media_type(self) -> str:
        """What the body is: 'application/json', 'text/event-stream', ..."""
        ...

    async def piece(self) -> bytes:
        """What has come since the last piece, waited for if nothing has; empty at the end."""
        ...

    async def read(self) -> bytes:
        """The whole body."""
        ...

    async def drain(self) -> None:
        """Read the little that follows the end, so that the connection can be used again."""
        ...

    def close(self) -> None:
        """End it now, if that takes no waiting."""
        ...

    async def aclose(self) -> None:
        """End it, at any moment and as often as one likes."""
        ...


class Relays(Protocol):
    """A backend that passes bodies and replies on as the bytes they are."""

    async def open(
        self,
        body: bytes,
        *,
        path: str = "/chat/completions",
        headers: Mapping[str, str] | None = None,
        deadline_s: float | None = None,
    ) -> Reply:
        """Send a body; the reply, once the server has taken the request.

        Raises:
            BackendError: it has not, whatever it said instead.
        """
        ...


class Transcript:
    """A stream's chunks, put together as they come."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._model: str | None = None
        self._usage = Usage()
        self._finish = "stop"
        self._calls: tuple[Mapping[str, Any], ...] = ()

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        self._text.append(chunk.text)
        self._calls = merge_tool_calls(self._calls, chunk.tool_calls)
        self._usage = chunk.usage or self._usage
        self._finish = chunk.finish or self._finish
        self._model = chunk.model or self._model

    @property
    def text(self) -> str:
        """What has been said so far."""
        return "".join(self._text)

    def generation(self, *, model: str) -> Generation:
        """What the chunks came to; `model` is the name where none of them says one."""
        return Generation(self.text, self._model or model, self._usage, self._calls, self._finish)


async def joined(chunks: AsyncGenerator[Chunk], *, model: str) -> Generation:
    """Wait for a whole stream: the one way a `Generation` is made of chunks.

    Args:
        chunks: a backend's stream; closed when this returns or raises.
        model: the name to give the reply where no chunk says one.
    """
    transcript = Transcript()
    async with aclosing(chunks):
        async for chunk in chunks:
            transcript.add(chunk)
    return transcript.generation(model=model)


def merge_tool_calls(
    calls: tuple[Mapping[str, Any], ...], deltas: tuple[Mapping[str, Any], ...]
) -> tuple[Mapping[str, Any], ...]:
    """Add streamed pieces of tool calls to what is there, piece by piece of the same `index`.

    A piece without an `index` is a call of its own. Arguments are concatenated; every other field
    is taken from the first piece that has it.
    """
    if not deltas:
        return calls
    merged = [dict(call) for call in calls]
    places = {call["index"]: place for place, call in enumerate(merged) if "index" in call}
    for delta in deltas:
        place = places.get(delta.get("index", -1))
        if place is None:
            if "index" in delta:
                places[delta["index"]] = len(merged)
            merged.append(dict(delta))
            continue
        call = merged[place]
        old, new = dict(call.get("function") or {}), dict(delta.get("function") or {})
        arguments = (old.get("arguments") or "") + (new.get("arguments") or "")
        merged[place] = {
            **{name: value for name, value in delta.items() if value is not None},
            **{name: value for name, value in call.items() if value is not None},
            "function": {**new, **old, "arguments": arguments},
        }
    return tuple(merged)
