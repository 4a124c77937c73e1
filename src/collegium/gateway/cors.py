"""Which web pages may call the gateway from a browser: none, unless the configuration says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from collegium.gateway.exchange import Exchange

METHODS = b"GET, POST, OPTIONS"
ASKED_HEADERS = b"access-control-request-headers"
# Where a browser does not say which ones it wants to send.
HEADERS = b"authorization, content-type, x-api-key, x-request-id, x-session-id"
SHOWN = (
    b"x-request-id, x-collegium-decision-id, x-collegium-expert, x-collegium-model, "
    b"x-collegium-confidence, x-collegium-strategy, x-collegium-overhead-ms, x-collegium-cache, "
    b"retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, "
    b"x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, "
    b"x-ratelimit-reset-tokens"
)


class Cors:
    """Lets the pages of these origins call; '*' means every page."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def allows(self, origin: str) -> bool:
        """Whether pages of that origin may call."""
        return origin in self._origins or "*" in self._origins

    async def met(self, exchange: Exchange) -> bool:
        """Mark the reply for a page that may read it; answer a browser that only asks whether."""
        origin = exchange.header(b"origin")
        if not origin or not self.allows(origin):
            return False
        exchange.extra += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", SHOWN),
            (b"vary", b"origin"),
        ]
        asked = exchange.headers.get(b"access-control-request-method")
        if exchange.method != "OPTIONS" or asked is None:
            return False
        head = [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", exchange.headers.get(ASKED_HEADERS, HEADERS)),
            (b"access-control-max-age", b"600"),
        ]
        await exchange.reply(204, b"", head=head)
        return True
