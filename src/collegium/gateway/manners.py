"""How a reply is said: as chat completions have it or in another dialect; what is kept of it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from collegium.gateway.faults import error_body, error_of, message_of
from collegium.gateway.kept import completion_of_events
from collegium.gateway.passed import events_of
from collegium.gateway.rendering import DONE, Events, event, read

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from typing import TypeAlias

    from collegium.errors import CollegiumError
    from collegium.gateway.decisions import Account
    from collegium.gateway.dialects import Dialect
    from collegium.gateway.replies import Reply

    # Tells the account of a request as it is by then.
    Explained: TypeAlias = Callable[[], dict[str, Any]]


class Plain:
    """Completions as they are."""

    def whole(self, raw: bytes, explained: Explained | None) -> bytes:
        """The completion, with the account where it is to be explained."""
        if explained is None:
            return raw
        row = read(raw)
        row["collegium"] = explained()
        return msgspec.json.encode(row)

    async def pieces(
        self, reply: Reply, explained: Explained | None, keeping: Keeping
    ) -> AsyncGenerator[bytes]:
        """The stream, which ends with [DONE] if it is complete and with an error if it is not."""
        try:
            async with aclosing(reply.events()) as events:
                async for piece in events:
                    keeping.add(piece)
                    yield piece
            keeping.close()
        except Exception as error:  # noqa: BLE001 -- the status line is out: it is told in the stream
            told = error_of(error)
            keeping.spoil(reply.account, told)
            yield event(error_body(told))
            return
        if explained is not None:
            account = reply.account
            yield Events(account.id, int(account.at)).explained(explained(), model=account.model)
        yield DONE


class Translated:
    """Completions in another dialect; `body` is the request as it was asked there."""

    def __init__(self, dialect: Dialect, body: Mapping[str, Any]) -> None:
        self._dialect = dialect
        self._body = body

    def whole(self, raw: bytes, explained: Explained | None) -> bytes:
        """The reply, with the account where it is to be explained."""
        completion = read(raw)
        if explained is not None:
            completion["collegium"] = explained()
        return msgspec.json.encode(self._dialect.whole(completion, self._body))

    async def pieces(
        self, reply: Reply, explained: Explained | None, keeping: Keeping
    ) -> AsyncGenerator[bytes]:
        """The stream; one that cannot be completed ends with an error."""
        translator = self._dialect.streaming(self._body)
        try:
            async with aclosing(reply.events()) as events:
                async for piece in events:
                    keeping.add(piece)
                    for row in events_of(piece):
                        yield translator.feed(read(row))
            keeping.close()
        except Exception as error:  # noqa: BLE001 -- the status line is out: it is told in the stream
            told = error_of(error)
            keeping.spoil(reply.account, told)
            yield translator.fail(told.status, told.code, message_of(told))
            return
        if explained is not None:
            yield translator.feed({"choices": [], "collegium": explained()})
        yield translator.end()


def _nobody(_: Mapping[str, Any]) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class Keeping:
    """What of a reply is wanted afterwards: all of it, or nothing.

    `completed` hears of the completion once it is there, before the client can know of its end.
    """

    wanted: bool
    completed: Callable[[Mapping[str, Any]], None] = _nobody
    raw: bytes = b""
    parts: list[bytes] = field(default_factory=list[bytes])
    error: CollegiumError | None = None

    def add(self, piece: bytes) -> None:
        """Take the next piece of a stream."""
        if self.wanted:
            self.parts.append(piece)

    def close(self) -> None:
        """The reply is complete."""
        completion = self.completion()
        if completion is not None:
            self.completed(completion)

    def spoil(self, account: Account, error: CollegiumError) -> None:
        """The stream was not completed: none of it is wanted."""
        self.wanted, self.error = False, error
        account.error = error.code

    def completion(self) -> dict[str, Any] | None:
        """The completion; None where nothing was kept, or what was is no completion."""
        if not self.wanted:
            return None
        try:
            if self.raw:
                whole: dict[str, Any] = read(self.raw)
                return whole
            rows = [read(one) for one in events_of(b"".join(self.parts))]
            return completion_of_events(rows)
        except (msgspec.DecodeError, TypeError, ValueError, AttributeError):
            return None  # of another shape than is kept; the client has it all the same
