"""Clients that leave: hundreds at once, before the first token, in the middle, or while waiting."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from answers import prompt_of
from serving import Place

RESET = struct.pack("ii", 1, 0)
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Kind:
    """When clients leave: what they ask for, at which pace, and how many events they await."""

    name: str
    streamed: bool
    pace: str
    awaits: int


KINDS = (
    Kind("before the first token", streamed=True, pace="late-20000", awaits=0),
    Kind("mid-stream", streamed=True, pace="tokens-400-200", awaits=3),
    Kind("plain", streamed=False, pace="late-20000", awaits=0),
)


class Leaver:
    """One client on a connection of its own; it never hears the end."""

    def __init__(self, number: int, kind: Kind) -> None:
        self.number = number
        self.left = 0.0
        self._kind = kind
        self._writer: asyncio.StreamWriter | None = None

    async def come(self, place: Place) -> bool:
        """Ask, and await the events that are to be heard; whether they came."""
        address = urlsplit(place.urls[0])
        try:
            async with asyncio.timeout(PATIENCE_S):
                reader, self._writer = await asyncio.open_connection(
                    address.hostname, address.port, limit=2**20
                )
                self._writer.write(self._request(place, address.path))
                for _ in range(self._kind.awaits):
                    await reader.readuntil(b"data:")
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
        return True

    def leave(self) -> None:
        """Close the connection: every other one in good order, the others with a reset."""
        if self._writer is None:
            return
        if self.number % 2:
            own = self._writer.get_extra_info("socket")
            with suppress(OSError):
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.left = time.monotonic()
        self._writer.transport.abort()

    def _request(self, place: Place, path: str) -> bytes:
        prompt = prompt_of(self.number, self._kind.pace)
        body = json.dumps(
            {
                "model": place.model,
                "messages": [{"role": "user", "content": prompt}],
                "stream": self._kind.streamed,
            }
        ).encode()
        head = {"host": "localhost", "content-type": "application/json", **place.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"POST {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Wave:
    """What became of the clients of one wave: who did not come in, and who left when."""

    kind: str
    failed: int
    left: dict[int, float]
    over: float


async def wave(
    place: Place, kind: Kind, numbers: Sequence[int], arrived: Callable[[], int]
) -> Wave:
    """Let so many clients come, and leave all at once when the upstream has them all.

    `arrived` tells how many requests the upstream has had in all.
    """
    before = await asyncio.to_thread(arrived)
    leavers = [Leaver(number, kind) for number in numbers]
    came = await asyncio.gather(*(leaver.come(place) for leaver in leavers))
    await asyncio.to_thread(_until, lambda: arrived() - before >= sum(came))
    for leaver in leavers:
        leaver.leave()
    left = {leaver.number: leaver.left for leaver in leavers if leaver.left}
    return Wave(kind.name, came.count(False), left, time.monotonic())


def _until(holds: Callable[[], bool]) -> None:
    """Return when it holds, or patience ends."""
    until = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
