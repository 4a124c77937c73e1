"""Who holds which key, as the server asks it: quick, and up to date with the file."""

from __future__ import annotations

import hmac
import logging
import time
from typing import TYPE_CHECKING

from collegium.errors import ConfigError, ExpiredKey, InvalidKey, RevokedKey
from collegium.gateway.security.keyfile import KeyFile
from collegium.gateway.security.keys import LOCAL, Key, digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collegium.gateway.security.keyfile import KeyRing

logger = logging.getLogger(__name__)

LOOK_S = 1.0
LONGEST = 256  # characters that anything meant as a key has


class KeyStore:
    """The keys at `path`, looked at again at most once a second and read when they have changed.

    `open_door` lets everybody in as `LOCAL` while there are no keys at all, which is for servers
    that only this machine reaches. Where there are keys, be they revoked, one is always needed.
    """

    def __init__(
        self,
        path: Path,
        *,
        open_door: bool = False,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the file.

        Raises:
            ConfigError: it cannot be read, or is not a file of keys.
        """
        self.file = KeyFile(path, wall=wall)
        self._open_door = open_door
        self._wall, self._clock = wall, clock
        self._seen = self._stamp()
        self._looked = clock()
        self._take(self.file.read())

    @property
    def empty(self) -> bool:
        """Whether there are no keys, not even revoked ones."""
        return not self._by_hash

    def find(self, secret: str | None) -> Key:
        """The key that has this secret.

        How long it takes tells nothing of any secret: looked up is a digest under a salt that
        whoever asks does not know.

        Raises:
            InvalidKey: no secret, or no key's.
            RevokedKey: the key has been withdrawn.
            ExpiredKey: its time is over.
        """
        self._look()
        if self._open_door and not self._by_hash:
            return LOCAL
        if not secret:
            raise InvalidKey(
                "there is no API key; send it as a bearer token, or in the header x-api-key"
            )
        wanted = digest(secret[:LONGEST], self._salt)
        key = self._by_hash.get(wanted)
        if key is None or not hmac.compare_digest(key.hash, wanted):
            raise InvalidKey("the API key is not known here")
        if key.revoked is not None:
            raise RevokedKey(f"the API key {key.prefix}... has been revoked")
        if key.expires is not None and self._wall() >= key.expires.timestamp():
            raise ExpiredKey(f"the API key {key.prefix}... expired at {key.expires.isoformat()}")
        return key

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        if stamp is None:
            logger.error("the keys %s are gone; those read last stay valid", self.file.path)
            return
        try:
            self._take(self.file.read())
        except ConfigError as error:
            logger.error("%s; the keys read last stay valid", error)  # noqa: TRY400 -- it says it
            return
        logger.info("the keys %s were read again: %d", self.file.path, len(self._by_hash))

    def _take(self, ring: KeyRing) -> None:
        self._salt = ring.salt
        self._by_hash = {key.hash: key for key in ring.keys}

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self.file.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
