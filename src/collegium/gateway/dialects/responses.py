"""The Responses API of OpenAI: `POST /v1/responses`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from collegium.gateway.dialects.base import random_name
from collegium.gateway.dialects.responses_reply import Frame, ended
from collegium.gateway.dialects.responses_request import chat_body
from collegium.gateway.dialects.responses_stream import ResponsesStream
from collegium.gateway.dialects.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ResponsesDialect:
    """Responses, of which none is stored: every request brings its whole conversation.

    `now` tells the time in seconds since the epoch, `new_name` makes the names of responses.
    """

    def __init__(
        self, *, now: Callable[[], float] = time.time, new_name: Callable[[], str] = random_name
    ) -> None:
        self._now, self._new_name = now, new_name

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The chat body that asks the same.

        Raises:
            InvalidRequest: a part is missing or wrong, or asks for what is not to be had here.
        """
        return chat_body(body)

    def whole(self, completion: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
        """The response that a chat completion makes."""
        frame = Frame(body, self._new_name(), int(self._now()))
        return ended(frame, Turn.of(completion), now=self._now())

    def streaming(self, body: Mapping[str, Any]) -> ResponsesStream:
        """A translator for the stream that answers `body`."""
        frame = Frame(body, self._new_name(), int(self._now()))
        return ResponsesStream(frame, now=self._now)

    def error(self, status: int, code: str, message: str, param: str | None) -> dict[str, Any]:
        """The body of a reply with an HTTP status of 400 or more."""
        kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": param, "code": code}}


_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    504: "timeout_error",
}
