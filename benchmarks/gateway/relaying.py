"""How the relays are run: a relay's name and a server's, and the command that joins them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from measure import Server, free_port, started

HERE = Path(__file__).parent / "relays"
SOURCE = Path(__file__).parent.parent.parent / "src"
BARE = "uvicorn + raw ASGI + aiohttp"
CANDIDATES = {
    BARE: ("uvicorn", "raw_aiohttp"),
    "uvicorn + raw ASGI + own connections": ("uvicorn", "raw_connections"),
    "granian + raw ASGI + aiohttp": ("granian", "raw_aiohttp"),
    "uvicorn + raw ASGI + pyreqwest": ("uvicorn", "raw_pyreqwest"),
    "granian + raw ASGI + pyreqwest": ("granian", "raw_pyreqwest"),
    "uvicorn + starlette + aiohttp": ("uvicorn", "starlette_aiohttp"),
    "uvicorn + starlette + httpx": ("uvicorn", "starlette_httpx"),
}
OPTIONS = {
    "uvicorn": "--loop uvloop --http httptools --lifespan on --no-access-log --log-level warning "
    "--app-dir",
    "granian": "--interface asgi --http 1 --loop uvloop --workers 1 --no-ws --log-level warning "
    "--working-dir",
}


@contextlib.contextmanager
def relaying(candidate: str, upstream_port: int) -> Iterator[Server]:
    """Run a candidate in front of an upstream, one worker, until the block ends."""
    server, module = CANDIDATES[candidate]
    port = free_port()
    command = [sys.executable, "-m", server, f"{module}:app", "--host", "127.0.0.1"]
    command += ["--port", str(port), *OPTIONS[server].split(), str(HERE)]
    env = {
        "UPSTREAM": f"http://127.0.0.1:{upstream_port}",
        "PYTHONPATH": os.pathsep.join((str(HERE), str(SOURCE))),
    }
    with started(command, port, env=env) as process:
        yield process
