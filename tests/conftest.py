"""What several test modules share: a real model server in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_configure() -> None:
    """Let Ctrl-C reach the processes under test, also where this one was started to ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The base URL of upstream.py, running."""
    command = [sys.executable, str(Path(__file__).with_name("upstream.py")), "--with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = json.loads(process.stdout.readline())["port"]
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


@pytest.fixture
def stats(upstream: str) -> Callable[[], dict[str, Any]]:
    """What the upstream has seen so far: requests, aborted, active, last_body, last_headers."""

    def read() -> dict[str, Any]:
        with urllib.request.urlopen(upstream.removesuffix("/v1") + "/stats", timeout=5) as reply:
            seen: dict[str, Any] = json.load(reply)
        return seen

    return read
