"""What every benchmark of the gateway measures with.

The load generator and the upstream are C programs of this folder, so that neither is what limits
the figures. A server under test is a process whose processor time and memory are read from /proc,
its children included.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CHAT = "/v1/chat/completions"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


def build(name: str) -> Path:
    """The program made from `<name>.c`, built unless it was before. Exits without a compiler."""
    sources = [HERE / f"{name}.c", *sorted(HERE.glob("*.h"))]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    program = Path(tempfile.gettempdir()) / f"bench-collegium-{os.getuid()}" / f"{name}-{digest}"
    if program.exists():
        return program
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        sys.exit(f"{name}.c needs a C compiler: install cc (gcc or clang), or set CC")
    program.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = program.with_suffix(f".{os.getpid()}")
    subprocess.run([compiler, "-O2", "-o", fresh, HERE / f"{name}.c"], check=True)
    fresh.replace(program)  # whole or not at all: another benchmark may be building it too
    return program


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children have used: processor seconds so far, memory now."""

    cpu_s: float
    rss_mb: float
    processes: int


class Server:
    """A process under test that listens on a port of 127.0.0.1, and what it uses."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, ready_s: float) -> None:
        self.process = process
        self.port = port
        self.ready_s = ready_s

    @property
    def url(self) -> str:
        """Where chat completions are asked."""
        return f"http://127.0.0.1:{self.port}{CHAT}"

    def usage(self) -> Usage:
        """What it has used by now, its children included."""
        family = [self.process.pid, *descendants(self.process.pid)]
        used = [use for pid in family if (use := _used(pid))]
        return Usage(sum(cpu for cpu, _ in used), sum(rss for _, rss in used), len(used))

    def get(self, path: str) -> Any:
        """The JSON that a path answers. Raises OSError when it does not answer."""
        status, body = ask(self.port, path)
        if status != 200:
            raise OSError(f"GET {path} answered {status}: {body[:200]!r}")
        return json.loads(body)


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    port: int,
    *,
    ready: str = "/v1/models",
    timeout_s: float = 60.0,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[Server]:
    """Run a server until the block ends; begins when `GET ready` answers 200.

    Raises RuntimeError with what it wrote when it ends before that, or takes too long.
    """
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(log.open("w+b") if log else tempfile.TemporaryFile())  # noqa: SIM115 -- closed by the stack
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=told,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=ROOT,
            start_new_session=True,
        )
        stack.callback(_stop, process)
        while not _answers(port, ready):
            if process.poll() is not None or time.perf_counter() - began > timeout_s:
                told.seek(0)
                last = told.read()[-3000:].decode(errors="replace")
                raise RuntimeError(f"{command[0]} was not ready on port {port}:\n{last}")
            time.sleep(0.005)
        yield Server(process, port, time.perf_counter() - began)


@contextlib.contextmanager
def upstream(*options: str) -> Iterator[Server]:
    """The C upstream; its options as `upstream --help` tells them."""
    port = free_port()
    with started([build("upstream"), "--port", str(port), *options], port) as server:
        yield server


def load(url: str, **options: Any) -> dict[str, Any]:
    """Put load on a server and return what `load` reports: the options are those of its help.

    `stream=True` is a flag, `header=[...]` repeats, anything else takes its value as text.
    """
    command = [str(build("load")), "--url", url]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        for one in values:
            if one is True:
                command.append(f"--{name}")
            elif one is not None and one is not False:
                command += [f"--{name}", str(one)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def loaded(server: Server, url: str | None = None, **options: Any) -> dict[str, Any]:
    """`load`, with what the server used meanwhile under `server` (warm-up and its requests too)."""
    before = server.usage()
    began, busy = time.perf_counter(), busy_s()
    with _peak(server) as peak:
        result = load(url or server.url, **options)
    elapsed, busy = time.perf_counter() - began, busy_s() - busy
    after = server.usage()
    used = after.cpu_s - before.cpu_s
    result["server"] = {
        "cpu_s": round(used, 3),
        "cpu_ms_per_request": round(used * 1000 / max(1, result["begun"]), 4),
        "cores": round(used / elapsed, 3),
        "load_cores": round(result["cpu_s"] / elapsed, 3),
        "all_cores": round(busy / elapsed, 3),
        "rss_mb": round(after.rss_mb, 1),
        "rss_before_mb": round(before.rss_mb, 1),
        "rss_peak_mb": round(max(peak), 1),
    }
    return result


def chat_body(model: str, prompt: str, **more: Any) -> str:
    """A chat request as one line of JSON."""
    return json.dumps({"model": model, "messages": [{"role": "user", "content": prompt}], **more})


def ask(port: int, path: str, *, timeout_s: float = 5.0) -> tuple[int, bytes]:
    """GET a path of a server on this machine: its status and body. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(f"GET {path}: {error!r}") from error
    finally:
        connection.close()


def spread(values: Sequence[float], digits: int = 4) -> dict[str, float]:
    """Median, lowest and highest of a few rounds."""
    middle = statistics.median(values)
    return {
        "median": round(middle, digits),
        "low": round(min(values), digits),
        "high": round(max(values), digits),
    }


def busy_s() -> float:
    """Processor seconds that all processes of the machine have used; 0 where nobody tells."""
    try:
        fields = Path("/proc/stat").read_text("utf-8").split("\n", 1)[0].split()
    except OSError:
        return 0.0
    user, nice, system, _idle, _iowait, irq, softirq = (int(field) for field in fields[1:8])
    return (user + nice + system + irq + softirq) / TICKS


def await_quiet(patience_s: float, *, cores: float = 0.2) -> None:
    """Return when others leave the machine alone for half a second, or patience ends."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        before = busy_s()
        time.sleep(0.5)
        if (busy_s() - before) / 0.5 < cores:
            return


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        return {"cores": os.cpu_count(), "cpu": models[0] if models else "", **_python()}
    return {"cores": os.cpu_count(), **_python()}


def say(*words: object) -> None:
    """Progress, where results do not go."""
    print(*words, file=sys.stderr, flush=True)


def descendants(pid: int) -> list[int]:
    """The processes below one, at any depth."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("utf-8").split():
                found += [int(child), *descendants(int(child))]
    return found


def _used(pid: int) -> tuple[float, float] | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
    except (OSError, IndexError):
        return None  # it ended between being listed and being read
    return (int(stat[11]) + int(stat[12])) / TICKS, pages * PAGE_MB


@contextlib.contextmanager
def _peak(server: Server, every_s: float = 0.1) -> Iterator[list[float]]:
    """The server's memory in MB, looked at again and again until the block ends."""
    seen = [server.usage().rss_mb]
    over = threading.Event()

    def look() -> None:
        while not over.wait(every_s):
            seen.append(server.usage().rss_mb)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _answers(port: int, path: str) -> bool:
    try:
        return ask(port, path, timeout_s=2)[0] == 200
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _python() -> dict[str, str]:
    return {"python": platform.python_version(), "system": platform.system()}
