"""Who comes in, and how much they may carry: keys, permissions, and how many at once."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from collegium.errors import Draining, Forbidden, InvalidRequest, Overloaded
from collegium.gateway.security.exposure import meant_for_here, sent_from_here
from collegium.gateway.security.permissions import presented, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from collegium.gateway.exchange import Exchange
    from collegium.gateway.security.keys import Key, Permission
    from collegium.gateway.security.keystore import KeyStore

# So many Host headers are known at once.
HOSTS = 64
# So much is held of the bodies of all requests together.
HELD_BYTES = 256 * 1024 * 1024
# And so much of one key's.
OWN_BYTES = HELD_BYTES // 4
# Headers that mean something only if they are there once.
SINGLE = (b"authorization", b"x-api-key", b"host", b"content-length", b"content-type")


class Door:
    """Lets in whoever may come, at most `most` at once; nobody new while `draining`.

    `allows` says whether a web page of that origin may come without a key.
    """

    def __init__(
        self, keys: KeyStore, *, most: int, allows: Callable[[str], bool] = sent_from_here
    ) -> None:
        self.keys = keys
        self._allows = allows
        self.draining = False
        self.inside: set[Exchange] = set()
        self._hosts: dict[bytes, bool] = {}
        self._held: Counter[str] = Counter()
        self._most = most

    def key(self, exchange: Exchange, raw: Iterable[tuple[bytes, bytes]]) -> Key:
        """The key of whoever asks.

        Raises:
            InvalidRequest: a header that counts is there twice.
            AccessError: there is no key, or it is no good.
            Forbidden: no key is asked for, and the request was meant for another machine.
        """
        headers = list(raw)
        if len(headers) != len(exchange.headers):
            self._refuse_doubles(headers)
        key = self.keys.find(presented(headers))
        if not key.hash:
            self._refuse_strangers(exchange)
        return key

    def _refuse_strangers(self, exchange: Exchange) -> None:
        """Where no key is asked for, only this machine is answered, and pages of its own.

        Raises:
            Forbidden: the request is for another machine, or a foreign web page made it.
        """
        if not self._for_here(exchange):
            raise Forbidden(
                f"the request is for {exchange.header(b'host')!r}; where no key is asked for, only "
                "this machine is answered; make a key with `collegium keys create NAME`"
            )
        origin = exchange.header(b"origin")
        if origin and not self._allows(origin):
            raise Forbidden(
                f"the web page {origin!r} may not use this; allow it under gateway.cors_origins"
            )

    def check_administrator(self, exchange: Exchange, key: Key) -> None:
        """See that no foreign web page administers, also one that may ask questions without a key.

        Raises:
            Forbidden: one does.
        """
        origin = exchange.header(b"origin")
        if not key.hash and origin and not sent_from_here(origin):
            raise Forbidden(
                f"the web page {origin!r} may not administer without a key that has the permission "
                "'admin'"
            )

    def _for_here(self, exchange: Exchange) -> bool:
        """Whether the request's Host is this machine; few names come, and they come often."""
        host = exchange.headers.get(b"host", b"")
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= HOSTS:
                self._hosts.clear()
            known = self._hosts[host] = meant_for_here(host.decode("latin-1"))
        return known

    @staticmethod
    def _refuse_doubles(headers: list[tuple[bytes, bytes]]) -> None:
        names = [name for name, _ in headers]
        for name in SINGLE:
            if names.count(name) > 1:
                raise InvalidRequest(f"the header {name.decode()!r} is there twice; send one")

    def admit(self, exchange: Exchange) -> None:
        """Count somebody in.

        Raises:
            Draining: the server is being stopped.
            Overloaded: as many are inside as may be.
        """
        if self.draining:
            raise Draining("the server is being stopped; ask another, or again in a moment")
        if len(self.inside) >= self._most:
            raise Overloaded(
                f"{len(self.inside)} requests are being answered, which is as many as may be "
                "(gateway.limits.concurrent)",
                retry_after_s=1.0,
            )
        self.inside.add(exchange)

    def hold(self, owner: str, size: int) -> None:
        """Count bytes that have come of a body and are held.

        Raises:
            Overloaded: with them more would be held than may be, of all or of that key's.
        """
        if sum(self._held.values()) + size > HELD_BYTES or self._held[owner] + size > OWN_BYTES:
            raise Overloaded(
                "as much is held of the bodies of requests on their way as may be",
                retry_after_s=1.0,
            )
        self._held[owner] += size

    def release(self, owner: str, exchange: Exchange) -> None:
        """The body of a request is not held any more."""
        self._held[owner] -= exchange.held
        if self._held[owner] <= 0:
            del self._held[owner]
        exchange.held = 0

    def leave(self, exchange: Exchange) -> None:
        """Count somebody out."""
        self.inside.discard(exchange)

    def put_out_idlers(self, slow_reader_s: float) -> None:
        """Cut off those who have read nothing for so many seconds."""
        now = time.monotonic()
        for exchange in tuple(self.inside):
            since = exchange.writing_since
            if since is not None and now - since > slow_reader_s:
                exchange.abort()


def may(key: Key, permission: Permission) -> Key:
    """The key, if it has the permission.

    Raises:
        Forbidden: it has not.
    """
    require(key, permission)
    return key
