"""Errors as HTTP has them: a status, headers, and a body of the OpenAI shape."""

from __future__ import annotations

import logging
import math
import re
from typing import TYPE_CHECKING, Any

from collegium.errors import (
    AccessError,
    BackendRefused,
    BudgetExceeded,
    CollegiumError,
    InvalidRequest,
    NotFound,
    QueryError,
    Refusal,
)

if TYPE_CHECKING:
    from collegium.gateway.exchange import Headers

logger = logging.getLogger(__name__)

_ADDRESS = re.compile(r" at https?://[^\s,;)]+")
# What a client is told to wait where nobody knows better, in seconds.
RETRY_AFTER_S = 1.0
MOST_RETRY_AFTER_S = 24 * 3600.0


def error_of(error: BaseException) -> CollegiumError:
    """The error to tell: itself where it was raised on purpose, else one that tells no secrets."""
    if isinstance(error, CollegiumError):
        return error
    logger.error("a request failed in a way it should not", exc_info=error)
    return CollegiumError("the gateway failed in a way it should not; its log says more")


def error_body(error: CollegiumError) -> dict[str, Any]:
    """The body of the OpenAI shape."""
    return {
        "error": {
            "message": message_of(error),
            "type": kind_of(error),
            "param": getattr(error, "param", None),
            "code": error.code,
        }
    }


def message_of(error: CollegiumError) -> str:
    """What a client is told; where backends are is not for everybody to know."""
    return without_addresses(str(error))


def without_addresses(words: str) -> str:
    """A message without the addresses of backends."""
    return _ADDRESS.sub("", words)


def kind_of(error: CollegiumError) -> str:
    """The error's type, in OpenAI's words."""
    if isinstance(error, AccessError):
        return {401: "authentication_error", 403: "permission_error"}.get(
            error.status, "rate_limit_error"
        )
    if isinstance(error, QueryError | NotFound | Refusal) or (
        isinstance(error, BackendRefused) and error.status < 500
    ):
        return "invalid_request_error"
    if error.status == 429:
        return "rate_limit_error"
    return "timeout_error" if error.status == 504 else "server_error"


def error_head(error: CollegiumError) -> Headers:
    """The headers that go with an error."""
    if isinstance(error, AccessError) and error.status == 401:
        return [(b"www-authenticate", b"Bearer")]
    if error.status not in (429, 503) or isinstance(error, InvalidRequest):
        return ()
    wait_s = getattr(error, "retry_after_s", None)
    if isinstance(error, BudgetExceeded) and wait_s is None:
        return ()  # a budget in all comes back at no time
    wait_s = RETRY_AFTER_S if wait_s is None else min(max(wait_s, 0.0), MOST_RETRY_AFTER_S)
    return [
        (b"retry-after", str(math.ceil(wait_s)).encode()),
        (b"retry-after-ms", str(math.ceil(wait_s * 1000)).encode()),
    ]
