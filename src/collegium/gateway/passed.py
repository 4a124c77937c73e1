"""A reply that goes through byte by byte, as the model's server sends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from collegium.backends.events import END, data_of
from collegium.backends.prices import TOKEN_CHARS
from collegium.gateway.rendering import DONE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from collegium.backends.relay import Relayed
    from collegium.gateway.decisions import Account


class Said(Struct):
    """What a choice says, whole or in a piece."""

    content: str | None = None


class SaidChoice(Struct):
    """A choice, of which only the first is read."""

    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None


class SaidWhole(Struct):
    """What is read of a completion, or of a piece of one."""

    choices: list[SaidChoice] = []


_MODEL = re.compile(rb'("model" ?: ?)"(?:[^"\\]|\\.)*"')
_READER = msgspec.json.Decoder(SaidWhole)
# Answers longer than this are not read for their text.
MOST_READ_BYTES = 1024 * 1024
# An event of one token is about so long; what is beyond that is text.
EVENT_BYTES = 250


class Passed:
    """The reply of one model, untouched but for the model's name.

    With `listen` the text is kept as it passes: `text` has it afterwards. `ended` is called when
    all has passed.
    """

    def __init__(
        self,
        account: Account,
        relayed: Relayed,
        *,
        listen: bool,
        ended: Callable[[Passed], None] = lambda _: None,
    ) -> None:
        self.account = account
        self.text = ""
        self._relayed = relayed
        self._listen = listen
        self._ended = ended
        self._rename = Renaming(relayed.name)
        account.model = relayed.name

    async def whole(self) -> bytes:
        """The completion, as JSON.

        Raises:
            BackendError: it broke off, or is no completion.
        """
        raw = await self._relayed.whole()
        self._settle([raw])
        return self._rename(raw)

    async def events(self) -> AsyncGenerator[bytes]:
        """The completion's events.

        Raises:
            BackendError: it broke off.
        """
        heard: list[bytes] = []
        size = tokens = 0
        try:
            async for piece in self._relayed.events():
                events = piece.count(b"data:")
                tokens += events + max(0, len(piece) - EVENT_BYTES * events) // TOKEN_CHARS
                if self._listen and size < MOST_READ_BYTES:
                    heard.append(piece)
                    size += len(piece)
                told = piece.removesuffix(DONE)
                if told:
                    yield self._rename(told)
        finally:
            if self._relayed.usage is None:
                self.account.usage = self._relayed.used(self.account.prompt_tokens, tokens)
        self._settle(events_of(b"".join(heard)))

    def _settle(self, heard: list[bytes]) -> None:
        """Write down what has become known."""
        self.account.usage = self._relayed.usage or self.account.usage
        if self._listen:
            self._read(heard)
        self._ended(self)

    def _read(self, pieces: list[bytes]) -> None:
        texts: list[str] = []
        for piece in pieces:
            try:
                choices = _READER.decode(piece).choices
            except msgspec.MsgspecError:
                continue  # of another shape than is read; it has gone through all the same
            for choice in choices[:1]:
                said = choice.message or choice.delta
                if said is not None and said.content and choice.index == 0:
                    texts.append(said.content)
                self.account.finish = choice.finish_reason or self.account.finish
        self.text = "".join(texts)


class Renaming:
    """Puts the name that a model has here in the place of the one that its server gives it.

    What it replaces is `"model":"NAME"` with its quotes, which no text inside of JSON can contain,
    since quotes in texts are written with a backslash before them. A server may answer under
    another name than it was asked by; the first piece tells which.
    """

    def __init__(self, ours: str) -> None:
        self._ours = msgspec.json.encode(ours)
        self._theirs: bytes | None = None
        self._told = b""

    def __call__(self, piece: bytes) -> bytes:
        """The piece with the model's name as it is here."""
        if self._theirs is None:
            found = _MODEL.search(piece)
            if found is None:
                return piece
            self._theirs, self._told = found[0], found[1] + self._ours
        return piece.replace(self._theirs, self._told)


def events_of(raw: bytes) -> list[bytes]:
    """The data of events, one after the other; the mark of the end is none."""
    events = (data_of(event) for event in raw.replace(b"\r\n", b"\n").split(END))
    return [data for data in events if data and data.strip() != b"[DONE]"]
