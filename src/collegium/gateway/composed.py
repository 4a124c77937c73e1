"""A reply made of chunks of the house: of several experts, of a checked answer, of any backend."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from collegium.backends.base import Transcript
from collegium.backends.prices import TOKEN_CHARS
from collegium.errors import ExpertError
from collegium.gateway.rendering import Events, choice_of, completion_of
from collegium.types import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from collegium.gateway.decisions import Account
    from collegium.types import Chunk, Response

    Voices = Sequence[AsyncGenerator[Chunk]]
    Charged = Callable[[str, Usage], Usage]


class Choice:
    """One of the answers, as its chunks come."""

    def __init__(self, index: int, chunks: AsyncGenerator[Chunk]) -> None:
        self.index = index
        self.chunks = chunks
        self.transcript = Transcript()
        self.response: Response | None = None
        self.model = ""
        self.calls = 0
        self.finish = ""
        self.usage: Usage | None = None

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        self.transcript.add(chunk)
        self.model = chunk.model or self.model
        self.finish = chunk.finish or self.finish
        self.usage = chunk.usage or self.usage
        if chunk.response is not None:
            self.response = chunk.response
            self.model = chunk.response.model or self.model
            self.finish = chunk.response.finish

    @property
    def consumed(self) -> Usage:
        """What it took: all calls where several were made."""
        if self.response is not None and self.response.receipt is not None:
            return self.response.receipt.usage
        return self.usage or Usage()


class Composed:
    """The reply that chunks make; several streams of them are several choices."""

    def __init__(
        self,
        account: Account,
        choices: Sequence[Choice],
        first: Chunk,
        *,
        usage_wanted: bool,
        charged: Charged,
    ) -> None:
        self.account = account
        self._charged = charged
        self._usage_wanted = usage_wanted
        self._choices = choices
        self._first = first

    async def whole(self) -> bytes:
        """The completion, as JSON."""
        try:
            async with asyncio.TaskGroup() as listening:
                for choice in self._choices:
                    listening.create_task(self._heard(choice))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self._settle()
        return msgspec.json.encode(
            completion_of(
                self.account.id,
                int(self.account.at),
                self.account.model,
                [_choice(choice) for choice in self._choices],
                self._usage,
            )
        )

    async def events(self) -> AsyncGenerator[bytes]:
        """The completion's events."""
        events = Events(self.account.id, int(self.account.at))
        begun: set[int] = set()
        try:
            async with aclosing(self._merged()) as merged:
                async for choice, chunk in merged:
                    piece = _piece(events, choice, chunk, begun)
                    if piece:
                        yield piece
        finally:
            self.account.usage = self._usage_so_far
        self._settle()
        for choice in self._choices:
            last = events.finish(
                choice.finish, model=choice.model, index=choice.index, calls=bool(choice.calls)
            )
            yield last if choice.index in begun else _role(events, choice) + last
        if self._usage_wanted:
            yield events.usage(self._usage, model=self.account.model)

    async def _heard(self, choice: Choice) -> None:
        async for chunk in choice.chunks:
            choice.add(chunk)

    async def _merged(self) -> AsyncGenerator[tuple[Choice, Chunk]]:
        """The chunks of all choices, as they come."""
        yield self._choices[0], self._first
        if len(self._choices) == 1:
            async for chunk in self._choices[0].chunks:
                self._choices[0].add(chunk)
                yield self._choices[0], chunk
            return
        coming: asyncio.Queue[tuple[Choice, Chunk] | BaseException | None] = asyncio.Queue(1)

        async def hear(choice: Choice) -> None:
            try:
                async for chunk in choice.chunks:
                    choice.add(chunk)
                    await coming.put((choice, chunk))
            except Exception as error:  # noqa: BLE001 -- raised again by the one who reads
                await coming.put(error)
            else:
                await coming.put(None)

        tasks = [asyncio.create_task(hear(choice)) for choice in self._choices]
        try:
            left = len(tasks)
            while left:
                told = await coming.get()
                if isinstance(told, BaseException):
                    raise told
                if told is None:
                    left -= 1
                else:
                    yield told
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _usage(self) -> Usage:
        return sum((choice.consumed for choice in self._choices), Usage())

    @property
    def _usage_so_far(self) -> Usage:
        """What has been consumed at least, for who leaves before that is told."""
        said = [choice for choice in self._choices if choice.consumed == Usage()]
        guessed = (
            self._charged(
                choice.model,
                Usage(self.account.prompt_tokens, len(choice.transcript.text) // TOKEN_CHARS),
            )
            for choice in said
        )
        return sum(guessed, self._usage)

    def _settle(self) -> None:
        """Write down what has become known."""
        first, account = self._choices[0], self.account
        account.usage = self._usage
        account.finish = first.finish
        account.model = first.model or account.model
        if first.response is not None:
            account.expert = first.response.expert
            account.receipt = first.response.receipt
            if account.receipt is not None:
                account.strategy = account.receipt.strategy


@asynccontextmanager
async def composed(
    account: Account, voices: Voices, *, charged: Charged, usage_wanted: bool = False
) -> AsyncGenerator[Composed]:
    """The reply of these chunks, once the first of them says something; leaving ends them all.

    With `usage_wanted` its events end with what was consumed; `charged` prices what a model did.

    Raises:
        CollegiumError: nothing could be said.
    """
    choices = [Choice(index, chunks) for index, chunks in enumerate(voices)]
    first = choices[0]
    try:
        async for chunk in first.chunks:
            first.add(chunk)
            if chunk.text or chunk.tool_calls or chunk.response:
                account.model = first.model or account.model
                yield Composed(account, choices, chunk, usage_wanted=usage_wanted, charged=charged)
                return
        raise ExpertError(f"{account.model or 'the model'} answered with nothing")
    finally:
        for choice in choices:
            await choice.chunks.aclose()


def _choice(choice: Choice) -> dict[str, object]:
    said = choice.transcript.generation(model=choice.model)
    response = choice.response
    if response is None:
        return choice_of(choice.index, said.text, said.tool_calls, choice.finish)
    return choice_of(choice.index, response.text, response.tool_calls, response.finish)


def _piece(events: Events, choice: Choice, chunk: Chunk, begun: set[int]) -> bytes:
    """A chunk as events; empty where it says nothing that a stream tells."""
    if not (chunk.text or chunk.tool_calls):
        return b""
    piece = b"" if choice.index in begun else _role(events, choice)
    begun.add(choice.index)
    if chunk.text:
        piece += events.text(chunk.text, model=choice.model, index=choice.index)
    if chunk.tool_calls:
        piece += events.calls(
            chunk.tool_calls, model=choice.model, index=choice.index, first=choice.calls
        )
        choice.calls += len(chunk.tool_calls)
    return piece


def _role(events: Events, choice: Choice) -> bytes:
    return events.role(model=choice.model, index=choice.index)
