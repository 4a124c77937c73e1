"""A reply that a server gives, as the bytes that come."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from collegium.backends.connection import Connection, ConnectionBroken, ConnectionSilent
from collegium.errors import BackendGarbled, StreamCut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from collegium.backends.connections import Connections
    from collegium.errors import BackendError

MAX_REPLY_BYTES = 64 * 1024 * 1024
DRAIN_S = 0.05


class HttpReply:
    """What a server answers: `status` and `media_type` are known, the body is still to be read.

    A body read to its end gives its connection back for the next request; `close` ends any other,
    which the server sees. Every failure to read is raised as a `BackendError`.
    """

    __slots__ = (
        "_connection",
        "_connections",
        "_given_back",
        "_silence_s",
        "_translate",
        "_where",
        "media_type",
        "status",
    )

    def __init__(
        self,
        connection: Connection,
        connections: Connections,
        *,
        where: str,
        silence_s: float,
        translate: Callable[[Exception], BackendError],
    ) -> None:
        self._connection, self._connections = connection, connections
        self._where, self._silence_s, self._translate = where, silence_s, translate
        self._given_back = False
        self.status = connection.status
        kind = connection.headers.get(b"content-type", b"").partition(b";")[0]
        self.media_type = kind.strip().lower().decode("latin-1")

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name."""
        value = self._connection.headers.get(name.lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    async def piece(self) -> bytes:
        """What has come since the last piece, waited for if nothing has; empty at the end."""
        if self._given_back:
            raise StreamCut(f"the reply of {self._where} was ended before it was read")
        try:
            return await self._connection.piece(self._silence_s)
        except (ConnectionBroken, ConnectionSilent) as error:
            raise self._translate(error) from error

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body, as it comes."""
        while piece := await self.piece():
            yield piece

    async def read(self, most: int = MAX_REPLY_BYTES) -> bytes:
        """The whole body.

        Raises:
            BackendGarbled: it is longer than `most` bytes.
        """
        pieces: list[bytes] = []
        size = 0
        while piece := await self.piece():
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise BackendGarbled(f"{self._where} sent more than {most:,} bytes")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def beginning(self, most: int) -> bytes:
        """The body, or its first `most` bytes."""
        raw = b""
        while len(raw) < most and (piece := await self.piece()):
            raw += piece
        return raw[:most]

    async def drain(self) -> None:
        """Read the little that follows the end, so that the connection can be used again."""
        if self._given_back or self._connection.complete:
            return
        with suppress(ConnectionBroken, ConnectionSilent, TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while await self._connection.piece(DRAIN_S):
                    pass

    def close(self) -> None:
        """Be done with it, at any moment and as often as one likes."""
        if not self._given_back:
            self._given_back = True
            self._connections.done(self._connection)

    async def aclose(self) -> None:
        """The same as `close`."""
        self.close()
