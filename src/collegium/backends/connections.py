"""The connections to one server: kept for the next request, and never shared by two."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType]

from collegium.backends.connection import Connection, ConnectionBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

# Many servers close a connection that was idle for a minute; some sooner, which is found out.
IDLE_S = 45.0
# So long the next address of a server waits for the one before it.
NEXT_ADDRESS_S = 0.25
# That a kept connection was closed long ago is found out within one journey there and back.
STALE_S = 0.5


class NotReached(Exception):
    """No connection could be made; `late` where nobody had answered in time."""

    def __init__(self, why: str, *, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


class Connections:
    """Requests to the server at `url`, each over a connection of its own while it lasts.

    Raises:
        ValueError: `url` is no http or https address.
    """

    def __init__(self, url: str, *, connect_timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http or https address")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = parts.scheme == "https"
        self._path = parts.path.rstrip("/")
        self._context: ssl.SSLContext | None = None
        self._connect_timeout_s = connect_timeout_s
        self._free: list[Connection] = []
        self._all: set[Connection] = set()
        name = parts.netloc.rpartition("@")[2]
        self._lead = f" HTTP/1.1\r\nhost: {name}\r\naccept: */*\r\n".encode("latin-1")

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        silence_s: float,
        fresh: bool = False,
    ) -> Connection:
        """Send a request, and wait for the head of the reply; the body is read from what comes.

        A request whose kept connection turns out to be closed is sent once more over a new one:
        servers close idle connections, and that is no failure. One that the server has had for
        longer than that takes to be found out is not: it may have been worked on.

        Args:
            method: GET or POST.
            path: what follows the address.
            headers: names and values.
            body: the body; None: none.
            silence_s: for how long the server may say nothing.
            fresh: use no kept connection.

        Raises:
            NotReached: there is no connection to be had.
            ConnectionBroken, ConnectionSilent: the head did not come.
        """
        request = self._request(method, path, headers, body)
        kept = None if fresh else self._kept()
        if kept is not None:
            asked_at = asyncio.get_running_loop().time()
            try:
                return await self._asked(kept, request, silence_s)
            except ConnectionBroken as error:
                took_s = asyncio.get_running_loop().time() - asked_at
                if error.begun or took_s > STALE_S:
                    raise
        return await self._asked(await self._connect(silence_s), request, silence_s)

    async def _asked(self, connection: Connection, request: bytes, silence_s: float) -> Connection:
        try:
            connection.ask(request)
            await connection.head(silence_s)
        except BaseException:
            connection.close()
            raise
        return connection

    def done(self, connection: Connection) -> None:
        """The reply is not wanted any more: the connection is kept if all of it was read."""
        if not connection.reusable:
            connection.close()
        elif connection in self._all and connection not in self._free:
            now = asyncio.get_running_loop().time()
            connection.idle_since = now
            self._free.append(connection)
            while self._free[0].idle_since < now - IDLE_S:  # after a burst, those it left over
                self._free.pop(0).close()

    def close(self) -> None:
        """End all connections."""
        self._free.clear()
        for connection in tuple(self._all):
            connection.close()

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        head = [f"{method} {self._path}{path}".encode("latin-1"), self._lead]
        for name, value in headers.items():
            head.append(_line(name, value))
        if body is not None:
            head.append(b"content-length: %d\r\n" % len(body))
        return b"".join((*head, b"\r\n", body or b""))

    def _kept(self) -> Connection | None:
        """A kept connection that is still there; the last used is the likeliest."""
        oldest = asyncio.get_running_loop().time() - IDLE_S
        while self._free:
            connection = self._free.pop()
            if connection.reusable and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self, silence_s: float) -> Connection:
        limit_s = min(self._connect_timeout_s, silence_s)
        try:
            async with asyncio.timeout(limit_s):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._ended),
                    sock=await self._socket(),
                    ssl=self._secured() if self._tls else None,
                    server_hostname=self._host if self._tls else None,
                )
        except TimeoutError as error:
            raise NotReached(f"within {limit_s:g} s", late=True) from error
        except ssl.SSLError as error:
            logger.warning("no secure connection to %s: %s", self._host, error)
            raise NotReached("no secure connection comes about") from error
        except (OSError, UnicodeError) as error:
            raise NotReached(_why(error)) from error
        self._all.add(connection)
        return connection

    async def _socket(self) -> socket.socket:
        """A connected socket: to whichever address of the server answers first (RFC 8305)."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        connected: socket.socket = await start_connection(
            found, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, loop=loop
        )
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _secured(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _ended(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._free:
            self._free.remove(connection)


def _why(error: OSError | UnicodeError) -> str:
    """Why there is no connection, without the address: these words may go far."""
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else "none of its addresses takes a connection"


def _line(name: str, value: str) -> bytes:
    """One header as it goes out.

    Raises:
        ValueError: it would be more than one.
    """
    if "\r" in value or "\n" in value or "\r" in name or "\n" in name:
        raise ValueError(f"the header {name!r} has a line break")
    return f"{name}: {value}\r\n".encode("latin-1")
