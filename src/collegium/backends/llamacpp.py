"""Embedded llama.cpp: a model in a process of its own, which needs no key and no server."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
import time
from collections import deque
from contextlib import aclosing, suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from collegium.backends.base import joined
from collegium.backends.http import HttpBackend
from collegium.backends.memory import expected_mb, peak_mb
from collegium.errors import (
    BackendBusy,
    BackendUnavailable,
    ModelFileError,
    NoRoom,
    StreamCut,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from collegium.backends.base import Generation, Prompt
    from collegium.backends.room import Room
    from collegium.types import Chunk

logger = logging.getLogger(__name__)

CACHE_MIB = 128
CRASHES_ALLOWED, CRASH_WINDOW_S = 5, 60.0
FIRST_BACK_OFF_S = 0.1
STOP_TIMEOUT_S = 2.0
DYING_S = 0.5
LAST_WORDS = 20
# When to come again where there was no memory.
ROOM_AGAIN_S = 10.0


class LlamaCppBackend:
    """One model in one child process, started when it is first asked.

    The child listens on loopback alone, wants a random key, and ends with this process however that
    ends. When it crashes, whoever it was answering gets an error and another is started at once, or
    after a pause that doubles with each crash; five crashes in a minute are taken for its nature,
    and shown with its last words. Where there is no room for a child, requests are sent away for a
    while, and others may answer them.

    Args:
        model_path: the GGUF file, or what gives it when the child is started.
        name: the backend's name, as messages have it.
        model: the model's name.
        threads: how many the child computes with.
        context_tokens: the longest prompt and answer together, for each of the slots.
        slots: how many requests it answers at once.
        answer_tokens: the longest answer, for requests that do not say; small models ramble.
        start_timeout_s: how long it may take until it answers, in seconds.
        room: whom it asks whether there is memory for a child; None: nobody.
        number: which of the model's processes it is, from 1 on.
    """

    def __init__(
        self,
        model_path: Path | Callable[[], Awaitable[Path]],
        *,
        name: str = "local",
        model: str,
        threads: int = 1,
        context_tokens: int = 4096,
        slots: int = 1,
        answer_tokens: int = 2048,
        start_timeout_s: float = 60.0,
        room: Room | None = None,
        number: int = 1,
    ) -> None:
        self.name, self.model = name, model
        self._model_path = model_path
        self._threads = threads
        self._context_tokens, self._slots = context_tokens, slots
        self._defaults = {"max_tokens": answer_tokens}
        self._start_timeout_s = start_timeout_s
        self._room, self._number = room, number
        self._child: asyncio.subprocess.Process | None = None
        self._http: HttpBackend | None = None
        self._listening: asyncio.Task[None] | None = None
        self._reviving: asyncio.Task[None] | None = None
        self._down = False
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._crashes: deque[float] = deque(maxlen=CRASHES_ALLOWED)
        self._starting = asyncio.Lock()
        self._creating = asyncio.Lock()
        self._closings = 0

    @staticmethod
    def require() -> None:
        """Check that llama.cpp is installed.

        Raises:
            BackendUnavailable: it is not.
        """
        if find_spec("xllamacpp") is None:
            raise BackendUnavailable(
                "an embedded model needs llama.cpp: pip install 'collegium[local]', or start a "
                "model server such as Ollama"
            )

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._child.pid if self._child is not None else None

    @property
    def state(self) -> Literal["asleep", "starting", "running"]:
        """Whether there is a child that answers, one that is being started, or none."""
        if self._starting.locked():
            return "starting"
        return "asleep" if self._child is None else "running"

    @property
    def place(self) -> tuple[str, int]:
        """The model as messages have it, and which of its processes this is."""
        return f"{self.name}/{self.model}", self._number

    @property
    def taken_mb(self) -> float | None:
        """The memory that its child has taken, at the most; None where nobody knows."""
        return None if self.pid is None else peak_mb(self.pid)

    def expected_mb(self, path: Path) -> float:
        """The memory that its child will take; rather too much than too little."""
        return CACHE_MIB + expected_mb(path.stat().st_size, self._context_tokens * self._slots)

    async def start(self) -> HttpBackend:
        """The way to a child that answers; one is started if there is none.

        Raises:
            BackendUnavailable: it does not start, crashes again and again, or is closed meanwhile.
            ModelFileError: the model file could not be had.
            NoRoom: there is no memory for it.
        """
        closings = self._closings
        async with self._starting:
            if self._child is not None and self._child.returncode is not None:
                self._crashes.append(time.monotonic())
                self._down = True
                await self._end()
            if self._http is None:
                await self._pause_after_crashes()
                try:
                    self._http = await self._spawn(closings)
                except BaseException:
                    await self._end()
                    raise
                self._down = False
            return self._http

    async def restart(self) -> HttpBackend:
        """End a child that hangs as if it had crashed; the way to another that answers.

        Raises:
            BackendUnavailable: it does not start, crashes again and again, or is closed meanwhile.
            ModelFileError: the model file could not be had.
        """
        child = self._child
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        return await self.start()

    async def generate(self, prompt: Prompt) -> Generation:
        """The whole reply."""
        return await joined(self.stream(prompt), model=self.model)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk]:
        """The reply as it comes; closing it makes the child stop generating."""
        prompt = replace(prompt, model=self.model, sampling={**self._defaults, **prompt.sampling})
        restarted, closings = False, self._closings
        while True:
            http, spoke = await self._ask_for_child(), False
            try:
                async with aclosing(http.stream(prompt)) as chunks:
                    async for chunk in chunks:
                        spoke = True
                        yield chunk
                return  # noqa: TRY300 -- an else would be read after the loop it ends
            except (BackendUnavailable, StreamCut):
                # A child may be dead and not yet known to be: that costs this request nothing.
                died = await self._has_died()
                if not died or spoke or restarted or closings != self._closings:
                    raise
                restarted = True

    async def models(self) -> tuple[str, ...]:
        """Its one model."""
        return (self.model,)

    async def healthy(self) -> bool:
        """Whether the child is there and answers, or could be started."""
        if self._http is None:
            return find_spec("xllamacpp") is not None
        return await self._http.healthy()

    async def alive(self) -> bool:
        """Whether the child is there and answers, or need not be there yet."""
        return not self._down if self._http is None else await self._http.alive()

    async def aclose(self) -> None:
        """End the child, also one that is being started; the next request starts another."""
        self._closings += 1
        async with self._creating:  # a process half made has no id yet to end it by
            reviving, self._reviving = self._reviving, None
            if reviving is not None:
                reviving.cancel()
            self._down = False
            await self._end()
        if reviving is not None:
            await asyncio.wait([reviving])

    async def _ask_for_child(self) -> HttpBackend:
        """The way to a child that answers, for a request."""
        try:
            return await self.start()
        except NoRoom as error:
            raise BackendBusy(str(error), ROOM_AGAIN_S) from error

    def _check_open(self, closings: int) -> None:
        if closings != self._closings:
            raise BackendUnavailable(
                f"the embedded model {self.model!r} was closed while it started"
            )

    async def _path(self) -> Path:
        return await self._model_path() if callable(self._model_path) else self._model_path

    async def _spawn(self, closings: int) -> HttpBackend:
        self.require()
        path = await self._path()
        await self._enter(path)
        key = secrets.token_urlsafe(32)
        settings = {
            "path": os.fspath(path),
            "model": self.model,
            "key": key,
            "threads": self._threads,
            "context_tokens": self._context_tokens,
            "slots": self._slots,
            "cache_mib": CACHE_MIB,
        }
        self._last_words.clear()
        async with self._creating:
            self._check_open(closings)
            child = self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "collegium.backends.llamacpp_child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            self._listening = asyncio.create_task(self._listen(child))
        assert child.stdin is not None  # noqa: S101 -- it was asked for
        with suppress(ConnectionError):
            child.stdin.write(json.dumps(settings).encode() + b"\n")
            await child.stdin.drain()
        try:
            async with asyncio.timeout(self._start_timeout_s):
                return await self._ready(child, key, closings)
        except TimeoutError as error:
            raise BackendUnavailable(
                f"the embedded model {self.model!r} was not ready after {self._start_timeout_s:g} s"
            ) from error

    async def _enter(self, path: Path) -> None:
        """Have room for a child; one that crashed has it still."""
        if self._room is None:
            return
        if self._down:
            self._room.stay(self, self.expected_mb(path))
        else:
            await self._room.enter(self, self.expected_mb(path))

    async def _ready(
        self, child: asyncio.subprocess.Process, key: str, closings: int
    ) -> HttpBackend:
        assert child.stdout is not None  # noqa: S101 -- it was asked for
        line = await child.stdout.readline()
        if not line:
            raise await self._stillborn(child, closings)
        http = HttpBackend(f"{json.loads(line)['address']}/v1", name=self.name, api_key=key)
        try:
            while not await http.answers("/health"):
                if child.returncode is not None:
                    raise await self._stillborn(child, closings)
                await asyncio.sleep(0.02)
            self._check_open(closings)
        except BaseException:
            await http.aclose()
            raise
        return http

    async def _stillborn(
        self, child: asyncio.subprocess.Process, closings: int
    ) -> BackendUnavailable:
        """What to raise for a child that ended before it answered."""
        await child.wait()
        self._check_open(closings)
        if self._listening is not None:
            await asyncio.wait([self._listening], timeout=1.0)
        self._crashes.append(time.monotonic())
        return BackendUnavailable(self._obituary("did not start"))

    async def _has_died(self) -> bool:
        """Whether the child has ended; what broke its connection is given a moment to."""
        child = self._child
        if child is None:
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(DYING_S):
                await child.wait()
        return child.returncode is not None

    async def _pause_after_crashes(self) -> None:
        recent = [at for at in self._crashes if time.monotonic() - at < CRASH_WINDOW_S]
        if len(recent) >= CRASHES_ALLOWED:
            raise BackendUnavailable(
                self._obituary(f"crashed {len(recent)} times in {CRASH_WINDOW_S:g} s")
            )
        if recent:
            await asyncio.sleep(FIRST_BACK_OFF_S * 2 ** (len(recent) - 1))

    def _obituary(self, what: str) -> str:
        words = " | ".join(self._last_words) or "it said nothing"
        return f"the embedded model {self.model!r} {what}; its last words: {words}"

    async def _listen(self, child: asyncio.subprocess.Process) -> None:
        """Keep the last lines that the child says, and keep its pipe empty, until it has ended."""
        assert child.stderr is not None  # noqa: S101 -- it was asked for
        while piece := await child.stderr.read(1 << 14):
            lines = piece.decode("utf-8", "replace").splitlines()
            self._last_words.extend(line.strip() for line in lines if line.strip())
        await child.wait()
        if child is self._child and self._http is not None:
            self._down = True
            self._reviving = asyncio.create_task(self._revive())

    async def _revive(self) -> None:
        """Start another in place of one that crashed, so that no request has to."""
        logger.warning("%s; another is started", self._obituary("crashed"))
        with suppress(BackendUnavailable, ModelFileError, NoRoom):  # the next request will be told
            await self.start()

    async def _end(self) -> None:
        child, self._child = self._child, None
        http, self._http = self._http, None
        listening, self._listening = self._listening, None
        # The child first: a broken socket wakes a reader, the client's close leaves it waiting.
        if child is not None:
            await _stop(child)
        if http is not None:
            await http.aclose()
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])
        if self._room is not None:
            self._room.leave(self)


async def _stop(child: asyncio.subprocess.Process) -> None:
    """End the child by closing its stdin, and by force when that does not do."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await child.wait()
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError):
            child.kill()
    await child.wait()
