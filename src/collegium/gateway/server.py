"""Runs the gateway: one process or several, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from collegium.errors import ConfigError
from collegium.gateway.making import gateway_of
from collegium.gateway.protocol import BoundedHttp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from collegium.config import Config
    from collegium.config.source import Source
    from collegium.gateway.app import Gateway

logger = logging.getLogger(__name__)

BACKLOG = 2048
KEEP_ALIVE_S = 75
# A worker answers nobody before it has imported everything, which may take long.
STARTED_S = 60
# How often a worker looks whether its parent is there.
ORPHANED_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to serve, and where its workers meet: whatever a new process has to be told.

    `source` is where the configuration came from; `state` the user's folder for what is written
    down; `shared` one of this run's workers alone.
    """

    config: Config
    source: Source
    keys_path: Path
    state: Path
    shared: Path | None = None
    model: str | None = None
    offline: bool = False

    def __call__(self) -> Gateway:
        """The application, in the process that will serve it."""
        return gateway_of(self)


class Draining(uvicorn.Server):
    """A server that says that it is being stopped, and finishes what it has begun."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop: the first one drains, a second Ctrl-C does not wait for that."""
        gateway = cast("object", self.config.loaded_app)  # pyright: ignore[reportUnknownMemberType]
        door = getattr(gateway, "door", None)
        if door is not None:
            door.draining = True
        super().handle_exit(sig, frame)


class Worker(Process):
    """One process of several; it stops when nobody is there any more who would stop it."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._parent = os.getpid()

    @property
    def server(self) -> uvicorn.Server:
        """The server that runs in it."""
        if self._server is None:
            self._server = Draining(self.config)
        return self._server

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """What the process does."""
        threading.Thread(target=self._mind_the_parent, daemon=True).start()
        super().target(sockets)

    def _mind_the_parent(self) -> None:
        while os.getppid() == self._parent:
            time.sleep(ORPHANED_S)
        os.kill(os.getpid(), signal.SIGTERM)


class Workers(Multiprocess):
    """Starts workers, and starts others in the place of those that die."""

    def init_processes(self) -> None:
        """Start them all."""
        self.processes = [self._started() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        """Start another worker in the place of one that died; none if it cannot even start."""
        for place, process in enumerate(self.processes):
            alive = process.is_alive(timeout=self.config.timeout_worker_healthcheck)
            if self.should_exit.is_set() or alive:
                continue
            process.kill()
            process.join()
            if process.exitcode == STARTUP_FAILURE:
                logger.error("a worker cannot start, so none will: see above")
                self.should_exit.set()
                return
            logger.warning("worker %s died; another takes its place", process.pid)
            self.processes[place] = self._started()

    def _started(self) -> Process:
        process = Worker(self.config, self.sockets)
        process.start()
        return process


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        ConfigError: it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"cannot listen at {host}:{port}: {error}; another --port, or 0 for any that is free"
        ) from error
    listener.set_inheritable(True)
    return listener


def serve(
    plan: Plan,
    listener: socket.socket,
    *,
    workers: int = 1,
    drain_s: float = 30.0,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal says to stop; then finish what has begun, for `drain_s` at most.

    Args:
        plan: what to serve.
        listener: where.
        workers: how many processes.
        drain_s: seconds for finishing.
        ready: called when requests are about to be taken.
    """
    config = uvicorn.Config(
        plan,
        factory=True,
        http=BoundedHttp,
        loop="auto",
        ws="none",
        lifespan="on",
        interface="asgi3",
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_worker_healthcheck=STARTED_S,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )
    ready()
    with _Stopping():
        if workers == 1:
            Draining(config).run(sockets=[listener])
        else:
            Workers(config, sockets=[listener]).run()


class _Stopping:
    """uvicorn raises the signal that ended it once more; here that is the ordinary way to end."""

    def __enter__(self) -> None:
        self._before = {one: signal.signal(one, _ended) for one in (signal.SIGTERM, signal.SIGINT)}

    def __exit__(self, *_: object) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)


def _ended(_: int, __: FrameType | None) -> None:
    """Nothing is left to do."""
