"""What a dialect is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENCODER = msgspec.json.Encoder()


class Translator(Protocol):
    """One stream of chat chunks, told in a dialect as server-sent events."""

    def feed(self, chunk: Mapping[str, Any]) -> bytes:
        """What one chunk comes to; may be nothing."""
        ...

    def end(self) -> bytes:
        """What closes a stream that is complete."""
        ...

    def fail(self, status: int, code: str, message: str) -> bytes:
        """An error, after which nothing comes."""
        ...


class Dialect(Protocol):
    """An API that is not that of chat completions, and how it is translated; no I/O."""

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The chat body that asks the same.

        Raises:
            InvalidRequest: a part is missing or wrong, or asks for what is not to be had here.
        """
        ...

    def whole(self, completion: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to `body`, as it was asked in this dialect, that a chat completion makes."""
        ...

    def streaming(self, body: Mapping[str, Any]) -> Translator:
        """A translator for the stream that answers `body`."""
        ...

    def error(self, status: int, code: str, message: str, param: str | None) -> dict[str, Any]:
        """The body of a reply with an HTTP status of 400 or more."""
        ...


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """A server-sent event with JSON for its data."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _ENCODER.encode(data))


def random_name() -> str:
    """A name that nothing else has."""
    return uuid.uuid4().hex
