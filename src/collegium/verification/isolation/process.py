"""Running the launcher: its orders in, its output out within bounds, and its end in any case."""

from __future__ import annotations

import asyncio
import marshal
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_START = "import sys; sys.path.append(sys.argv[1]); from isolation.launcher import main; main({})"
_VERIFICATION = str(Path(__file__).parent.parent)
_PATIENCE_S, _GRACE_S = 10.0, 1.0
_PIECE = 65_536
_DROPPED = 16
"""A program that writes this many times what is kept of its output is ended."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the launcher said: `what` is ended, late, stopped, full, refused or lost."""

    what: str
    exit_code: int | None
    why: str
    stdout: bytes
    stderr: bytes
    elapsed_ms: float


async def launch(
    python: str, orders: Mapping[str, Any], *, wall_s: float, output_bytes: int
) -> Ending:
    """Run what `orders` say; nothing of it is left when this returns or is cancelled."""
    started = time.perf_counter()
    report, writing = os.pipe()
    try:
        try:
            transport, listener = await asyncio.get_running_loop().subprocess_exec(
                lambda: _Listener(output_bytes),
                *(python, "-I", "-S", "-c", _START.format(writing), _VERIFICATION),
                pass_fds=(writing,),
                env={},
                cwd="/",
            )
        finally:
            os.close(writing)
        try:
            listener.control.write(marshal.dumps(dict(orders)))
            await asyncio.wait({listener.exited}, timeout=wall_s + _PATIENCE_S)
        finally:
            listener.stop()
            await asyncio.shield(_ended(transport, listener))
        what, code, why = _read_report(report)
    finally:
        os.close(report)
    stdout, stderr = (bytes(listener.kept[place]) for place in (1, 2))
    return Ending(what, code, why, stdout, stderr, 1000 * (time.perf_counter() - started))


class _Listener(asyncio.SubprocessProtocol):
    """Keeps the first `most` bytes of each output, and never makes the launcher wait."""

    control: asyncio.WriteTransport

    def __init__(self, most: int) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.kept = {1: bytearray(), 2: bytearray()}
        self._most = most
        self._seen = 0

    def stop(self) -> None:
        """Have the launcher end everything, which it does when its stdin ends."""
        if not self.control.is_closing():
            self.control.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        control = cast("asyncio.SubprocessTransport", transport).get_pipe_transport(0)
        self.control = cast("asyncio.WriteTransport", control)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self.kept[fd]
        kept += data[: self._most - len(kept)]
        self._seen += len(data)
        if self._seen > _DROPPED * self._most:
            self.stop()

    def process_exited(self) -> None:
        self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


async def _ended(transport: asyncio.SubprocessTransport, listener: _Listener) -> None:
    """Wait for the launcher, and for its outputs unless something without walls holds them."""
    try:
        await asyncio.wait({listener.exited}, timeout=_PATIENCE_S)
        await asyncio.wait({listener.closed}, timeout=_GRACE_S)
    finally:
        transport.close()  # which kills a launcher that is still there
    await asyncio.wait({listener.closed})


def _read_report(report: int) -> tuple[str, int | None, str]:
    told = os.read(report, _PIECE)
    if not told:
        return "lost", None, "the launcher ended without a word"
    what, code, why = marshal.loads(told)  # noqa: S302 -- our launcher wrote it
    return what, code, why
