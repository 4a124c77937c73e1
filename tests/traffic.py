"""People who ask a served college without pause, and model servers that they are answered by."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gateway_server import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway_server import Server

PATIENCE_S = 60.0


@dataclass(frozen=True)
class ModelServer:
    """An upstream.py of one's own."""

    url: str

    @property
    def stats(self) -> dict[str, Any]:
        """What it has seen so far."""
        seen: dict[str, Any] = self._call("/stats")
        return seen

    def behave(self, mode: str, **details: Any) -> None:
        """Have all its models behave in that way from now on."""
        self._call("/behave", {"mode": mode, **details})

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.url.removesuffix("/v1") + path, data, 10) as reply:
            return json.load(reply)


@contextmanager
def model_servers(count: int) -> Iterator[tuple[ModelServer, ...]]:
    """So many model servers in processes of their own, until the context is left."""
    command = [sys.executable, str(Path(__file__).with_name("upstream.py")), "--with-parent"]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            for _ in range(count)
        ]
        for process in processes:
            stack.callback(process.kill)
        lines = [process.stdout.readline() if process.stdout else "" for process in processes]
        yield tuple(
            ModelServer(f"http://127.0.0.1:{json.loads(line)['port']}/v1") for line in lines
        )


@dataclass
class Traffic:
    """People who ask one question after the other, every second one for a stream.

    `failures` says what went wrong for them, `answers` counts who answered.
    """

    server: Server
    model: str = "auto"
    people: int = 50
    text: str = "write a poem"
    failures: list[str] = field(default_factory=list[str])
    answers: Counter[str] = field(default_factory=Counter[str])

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._numbers = count()
        self._threads = [
            threading.Thread(target=self._ask_on, args=(place,)) for place in range(self.people)
        ]
        for thread in self._threads:
            thread.start()
        try:
            self.go_on()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, each: float = 1) -> None:
        """Wait until each of them, on average, has been answered so often since now."""
        wanted = self.answers.total() + each * self.people
        assert until(lambda: self.answers.total() >= wanted or self.failures, PATIENCE_S)

    def _ask_on(self, place: int) -> None:
        while not self._over.is_set():
            try:
                self._ask(stream=place % 2 == 1)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))

    def _ask(self, *, stream: bool) -> None:
        text = f"{self.text} {next(self._numbers)}"
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": text}],
            "stream": stream,
        }
        asked = urllib.request.Request(
            f"{self.server.base}/chat/completions",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S) as reply:
                expert, said = reply.headers["x-collegium-expert"], reply.read()
        except urllib.error.HTTPError as error:
            with error:
                self.failures.append(f"{error.code}: {error.read()[:500]!r}")
            return
        if stream and not (b'"finish_reason": "stop"' in said and b"data: [DONE]" in said):
            self.failures.append(f"cut off: {said[-500:]!r}")
        self.answers[expert] += 1
