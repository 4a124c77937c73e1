"""The Messages API of Anthropic: `POST /v1/messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collegium.gateway.dialects.base import random_name
from collegium.gateway.dialects.messages_reply import error_body, message_of, shows_thinking
from collegium.gateway.dialects.messages_request import chat_body
from collegium.gateway.dialects.messages_stream import MessagesStream
from collegium.gateway.dialects.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class MessagesDialect:
    """Messages; what a model thinks aloud is shown only to those who ask for `thinking`.

    `new_name` makes the names of messages.
    """

    def __init__(self, *, new_name: Callable[[], str] = random_name) -> None:
        self._new_name = new_name

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The chat body that asks the same.

        Raises:
            InvalidRequest: a part is missing or wrong, or asks for what is not to be had here.
        """
        return chat_body(body)

    def whole(self, completion: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
        """The message that a chat completion makes."""
        turn = Turn.of(completion, thinking=shows_thinking(body))
        return message_of(turn, body, self._new_name())

    def streaming(self, body: Mapping[str, Any]) -> MessagesStream:
        """A translator for the stream that answers `body`."""
        return MessagesStream(body, self._new_name())

    def error(self, status: int, code: str, message: str, param: str | None) -> dict[str, Any]:
        """The body of a reply with an HTTP status of 400 or more; this API knows no codes."""
        return error_body(status, message)
