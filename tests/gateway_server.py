"""A real `collegium serve` in a process of its own: started, waited for, and ended cleanly.

    with serving(folder, config_of(upstream)) as server:
        requests go to server.url, and a client's base URL is server.base

What a request asked for and got is on `server.log`. Leaving the context ends the process, and fails
unless it ended by itself, with exit code 0 and without a traceback.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

READY_S = 60.0
ENDING_S = 20.0
SERVES_AT = re.compile(r"serves at (http://127\.0\.0\.1:(\d+))/v1")

CONFIG = """
gateway: {{drain_s: 5, {gateway}}}
backends:
  up: {{kind: http, url: "{upstream}", capacity: 400}}
  narrow: {{kind: http, url: "{upstream}", capacity: 1}}
models: {{quick: up/words-5}}
moe:
  router: {{type: heuristic}}
  experts: [{experts}]
{more}
"""
EXPERTS = {"WritingExpert": "up/echo", "CodingExpert": "up/echo", "AdvisorExpert": "up/echo"}


def config_of(
    upstream: str, *, experts: Mapping[str, str] = EXPERTS, gateway: str = "", more: str = ""
) -> str:
    """A configuration: experts with a model each, and the upstream as a backend.

    It is called `up`, and `narrow` for one request at once; `quick` is an alias of up/words-5.
    """
    rows = ", ".join(f"{{name: {name}, models: [{model}]}}" for name, model in experts.items())
    return CONFIG.format(upstream=upstream, experts=rows, gateway=gateway, more=more)


@dataclass(frozen=True)
class Reply:
    """What came back of one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error, whose body has the OpenAI shape and no traceback."""
        row = self.json
        assert set(row) == {"error"}, row
        assert set(row["error"]) == {"message", "type", "param", "code"}, row
        assert row["error"]["message"]
        assert row["error"]["type"]
        assert "Traceback" not in row["error"]["message"]
        error: dict[str, Any] = row["error"]
        return error


@dataclass(frozen=True)
class Server:
    """The process, where it listens, and where it writes down what happens."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path
    keys_file: Path

    @property
    def base(self) -> str:
        """What a client takes for its base URL."""
        return f"{self.url}/v1"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    @property
    def rss_mb(self) -> float:
        """Megabytes of memory that the process has now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 20.0,
    ) -> Reply:
        """One request; a body that is no bytes goes out as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        head = {"content-type": "application/json", **(headers or {})}
        if key:
            head["authorization"] = f"Bearer {key}"
        asked = urllib.request.Request(self.url + path, data, head, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=timeout_s) as reply:
                return Reply(reply.status, _lower(reply.headers), reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, _lower(error.headers), error.read())

    def get(self, path: str, **options: Any) -> Reply:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Reply:
        return self.send("POST", path, body, **options)

    def chat(self, model: str, text: str = "write a poem", **fields: Any) -> Reply:
        """One chat request of one message."""
        options = {name: fields.pop(name) for name in ("key", "headers") if name in fields}
        body = {"model": model, "messages": [{"role": "user", "content": text}], **fields}
        return self.post("/v1/chat/completions", body, **options)

    def key(self, name: str, *options: str) -> str:
        """A new key, made by the command line, which the server knows by now."""
        told = keys("create", name, *options, "--json", file=self.keys_file)
        secret: str = json.loads(told)["key"]
        assert until(lambda: self._knows(secret), 5)
        return secret

    def _knows(self, secret: str) -> bool:
        """Whether keys are asked for, and this is one."""
        return [self.get("/v1/models", key=one).status for one in ("", secret)] == [401, 200]


class Line:
    """A connection of its own, for requests as they are written, well formed or not."""

    def __init__(
        self, server: Server, *, timeout_s: float = 10.0, window: int | None = None
    ) -> None:
        self.socket = socket.socket()
        if window is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.settimeout(timeout_s)
        self.heard = b""
        try:
            self.socket.connect(("127.0.0.1", server.port))
        except OSError:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, raw: bytes) -> None:
        """Send these bytes, as far as they are wanted."""
        with suppress(ConnectionError):
            self.socket.sendall(raw)

    def until(self, word: bytes) -> bytes:
        """All that came up to that word and a little further."""
        while word not in self.heard:
            piece = self._piece()
            assert piece, f"{word!r} never came, but {self.heard[-2000:]!r}"
            self.heard += piece
        return self.heard

    def rest(self) -> bytes:
        """All that comes until the other side hangs up."""
        while piece := self._piece():
            self.heard += piece
        return self.heard

    def _piece(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""


def request_of(path: str, body: Any, *headers: str) -> bytes:
    """A POST request as it goes over the wire."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["host: localhost", f"content-length: {len(raw)}", *headers, "", ""]
    return f"POST {path} HTTP/1.1\r\n".encode() + "\r\n".join(lines).encode() + raw


def spoken(server: Server, raw: bytes) -> tuple[int, bytes]:
    """The status and the body of what comes back for these bytes."""
    with Line(server) as line:
        line.say(raw)
        head, _, body = line.until(b"\r\n\r\n").partition(b"\r\n\r\n")
        length = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length")]
        while length and len(body) < int(length[0].partition(b":")[2]):
            body += line.socket.recv(65536)
    return int(head.split()[1]), body


def keys(*arguments: str, file: Path) -> str:
    """What `collegium keys` prints."""
    command = [sys.executable, "-m", "collegium", "keys", *arguments, "--keys-file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def launched(
    folder: Path,
    config: str,
    *options: str,
    keys_file: Path | None = None,
    under: Sequence[str] = (),
) -> Server:
    """A server that listens, ready or not; whoever starts it ends it.

    `folder` is where its configuration, its log and its state are; `under` is a command that runs
    it in other circumstances, such as `prlimit`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "collegium.yaml").write_text(config)
    keys_file, log_file = keys_file or folder / "keys.json", folder / "log"
    command = [*under, sys.executable, "-m", "collegium", "serve"]
    command += ["--config", f"{folder}/collegium.yaml"]
    command += ["--port", "0", "--keys-file", str(keys_file), "--offline", *options]
    surroundings = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "200"}
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings)
    server = Server("", process, log_file, keys_file)
    assert until(lambda: SERVES_AT.search(server.log) or process.poll() is not None, READY_S)
    found = SERVES_AT.search(server.log)
    if found is None:
        process.kill()
        raise AssertionError(f"it does not start:\n{server.log[-4000:]}")
    return Server(found[1], process, log_file, keys_file)


@contextmanager
def serving(
    folder: Path,
    config: str,
    *options: str,
    keys_file: Path | None = None,
    under: Sequence[str] = (),
) -> Iterator[Server]:
    """A server, until the context is left; then it ends by itself, with nothing to complain of."""
    server = launched(folder, config, *options, keys_file=keys_file, under=under)
    try:
        assert until(lambda: is_ready(server), READY_S), server.log[-4000:]
        yield server
        ended(server)
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def ended(server: Server) -> None:
    """Tell the server to stop, and see that it does so cleanly."""
    server.process.send_signal(signal.SIGTERM)
    try:
        code = server.process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"it does not end:\n{server.log[-4000:]}") from None
    assert code == 0, server.log[-4000:]
    assert "Traceback" not in server.log, server.log[-8000:]


def is_ready(server: Server) -> bool:
    try:
        return server.get("/health/ready", timeout_s=5).status == 200
    except OSError:
        return False


def until(met: Callable[[], object], within_s: float) -> bool:
    """Whether something comes to be, within so many seconds."""
    ends = time.monotonic() + within_s
    while not met():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
