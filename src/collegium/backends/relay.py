"""Replies passed on as the bytes they are: what goes out, and what comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import msgspec

from collegium.backends import wire
from collegium.backends.events import DONE, END, WholeEvents, is_done, look
from collegium.backends.lazy import Lazy
from collegium.backends.prices import charged
from collegium.backends.rendered import rendered
from collegium.errors import BackendError, BackendGarbled, DeadlineExceeded, StreamCut
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from collegium.backends.base import Backend, Prompt, Relays, Reply
    from collegium.backends.instance import Instance

CHAT = "/chat/completions"
ERROR_BODY_BYTES = 64 * 1024


class Letter:
    """A body for whichever instance it goes to: encoded once for each model's name."""

    def __init__(
        self,
        body: Mapping[str, Any],
        *,
        path: str = CHAT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.path, self.headers = path, headers
        self.streamed = body.get("stream") is True
        options = body.get("stream_options")
        asked = cast("dict[str, Any]", options) if isinstance(options, dict) else {}
        self.usage_wanted = bool(asked.get("include_usage"))
        self._body = dict(body)
        if self.streamed:
            self._body["stream_options"] = {**asked, "include_usage": True}
        count = body.get("n")
        self.choices = count if isinstance(count, int) and count > 1 else 1
        self._encoded: dict[str, bytes] = {}

    def to(self, model: str) -> bytes:
        """The body with that model's name."""
        encoded = self._encoded.get(model)
        if encoded is None:
            self._body["model"] = model
            encoded = self._encoded[model] = wire.encoded(self._body)
        return encoded


class _Choice(msgspec.Struct):
    pass


class _Whole(msgspec.Struct):
    usage: Any = None
    error: Any = None
    choices: list[_Choice] | None = None


_whole = msgspec.json.Decoder(_Whole)


class Relayed:
    """A reply that has begun, to be passed on.

    `name` is the instance as it is shown, `model` what its server calls it. `usage` is known when
    all has been read, with what it cost.
    """

    def __init__(self, instance: Instance, reply: Reply, letter: Letter) -> None:
        self._instance, self._reply, self._letter = instance, reply, letter
        self._where = instance.where
        self._body = self._first = b""
        self._events: WholeEvents | None = None
        self._failure: BackendError | None = None
        self._finished, self._late = 0, False
        self._timer: asyncio.TimerHandle | None = None
        self.complete = False
        self.media_type = reply.media_type
        self.ttft_ms = 0.0
        self.usage: Usage | None = None

    @property
    def name(self) -> str:
        """The instance, as it is shown."""
        return self._instance.name

    @property
    def address(self) -> str:
        """Where the instance is, as its configuration says."""
        return self._instance.address

    @property
    def model(self) -> str:
        """What the server calls the model."""
        return self._instance.model

    @property
    def streamed(self) -> bool:
        """Whether the reply comes as events."""
        return self._letter.streamed

    async def begin(self) -> None:
        """Wait for what there must be before anything is passed on: an event, or all of a body.

        Raises:
            BackendError: an error came, or something else than was asked for.
        """
        if not self.streamed:
            await self._read()
            return
        if "event-stream" not in self.media_type:
            raw = await self._reply.read()
            raise wire.no_stream(self.media_type, raw[:ERROR_BODY_BYTES], self._where)
        self._events, before = WholeEvents(where=self._where), b""
        while piece := await self._reply.piece():
            passed = self._passed(self._events.feed(piece))
            before += passed
            if self._failure is not None:
                raise self._failure
            if b"data:" in passed or self.complete:
                self._first = before
                return
        raise StreamCut(f"{self._where} closed the stream before it said anything")

    def used(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """What so many tokens consume here, for who leaves before the server has told."""
        return charged(Usage(prompt_tokens, completion_tokens), self._instance.price)

    async def whole(self) -> bytes:
        """The complete body of a reply that is not streamed."""
        return self._body

    async def events(self) -> AsyncGenerator[bytes]:
        """The stream, in pieces of whole events; what comes to an end at all ends with `[DONE]`.

        Raises:
            StreamCut: it ended before the answer was complete.
            BackendGarbled: an event is too large, or is none.
            BackendError: the backend reported an error.
        """
        if self._first:
            yield self._first
        whole = self._events or WholeEvents(where=self._where)
        while not self.complete:
            piece = await self._next()
            if not piece:
                yield self._ended(whole.rest)
                return
            passed = self._passed(whole.feed(piece))
            if passed:
                yield passed
            if self._failure is not None:
                raise self._failure
        await self._reply.drain()

    def end_at(self, deadline: float) -> None:
        """End the reply at that time of the loop's, unless it has come to its end by then."""
        self._timer = asyncio.get_running_loop().call_at(deadline, self._too_late)

    async def aclose(self) -> None:
        """End the reply, wherever it is."""
        if self._timer is not None:
            self._timer.cancel()
        await self._reply.aclose()

    def _too_late(self) -> None:
        self._late = True
        self._reply.close()

    async def _next(self) -> bytes:
        try:
            piece = await self._reply.piece()
        except BackendError as error:
            if not self._late:
                raise
            raise self._exceeded() from error
        if self._late:
            raise self._exceeded()
        return piece

    def _exceeded(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"the deadline passed while {self._where} spoke")

    async def _read(self) -> None:
        self._body = await self._reply.read()
        try:
            said = _whole.decode(self._body)
        except msgspec.ValidationError:
            said = _Whole()  # it is JSON, but what we look for is not what it should be
        except (msgspec.DecodeError, RecursionError):
            row = wire.parsed(self._body, self._where)  # which is more lenient, or says why not
            said = _Whole(row.get("usage"), row.get("error"), row.get("choices"))
        if said.error:
            raise wire.reported(said.error, self._where)
        if not said.choices and self._letter.path == CHAT:
            raise BackendGarbled(f"{self._where} sent no choices: {wire.excerpt(self._body)}")
        self._note(said.usage)
        self.complete = True

    def _passed(self, events: bytes) -> bytes:
        """Of some events those that the caller is to have."""
        if not events:
            return b""
        if events.find(END) == len(events) - len(END):
            return events if self._passes(events) else b""
        kept: list[bytes] = []
        try:
            for event in events[: -len(END)].split(END):
                if self._passes(event):
                    kept += (event, END)
                if self.complete:
                    break
        except BackendError as error:  # what came before it is still passed on
            self._failure = error
        return b"".join(kept)

    def _passes(self, event: bytes) -> bool:
        said = look(event, self._where)
        if said is None:
            self.complete = is_done(event)
            return True
        if said.error:
            raise wire.reported(said.error, self._where)
        for choice in said.choices or ():
            if choice.finish_reason:
                self._finished += 1
        if said.usage:
            self._note(said.usage)
            return self._letter.usage_wanted or bool(said.choices)
        return True

    def _ended(self, rest: bytes) -> bytes:
        """What is still to be said where the server just stopped."""
        self.complete = is_done(rest) or self._finished >= self._letter.choices
        if not self.complete:
            raise StreamCut(f"{self._where} closed the stream before the answer was complete")
        return DONE

    def _note(self, usage: Any) -> None:
        counted = wire.usage_of(usage)
        if counted is not None:
            self.usage = charged(counted, self._instance.price)


async def relayed_by(
    letter: Letter, prompt: Prompt, instance: Instance, within_s: float | None
) -> Relayed:
    """What an instance answers to a letter, begun; a backend without a server gets the prompt.

    Raises:
        BackendError: it did not begin.
    """
    door, began = _door(instance.backend), asyncio.get_running_loop().time()
    if door is None:
        reply: Reply = rendered(instance, prompt, letter.path, streamed=letter.streamed)
    else:
        reply = await door.open(
            letter.to(instance.model),
            path=letter.path,
            headers=letter.headers,
            deadline_s=within_s,
        )
    relayed = Relayed(instance, reply, letter)
    try:
        await relayed.begin()
        if within_s is not None and letter.streamed:
            relayed.end_at(began + within_s)
    except BaseException:
        await relayed.aclose()
        raise
    return relayed


def _door(backend: Backend) -> Relays | None:
    """The backend, where it passes bytes on."""
    place = backend.backend if isinstance(backend, Lazy) else backend
    return cast("Relays", place) if hasattr(place, "open") else None
