"""Other gateways, installed into a folder outside the tree, and run in front of the same servers.

What is installed is pinned in `peers/`. Each is configured as its documentation says for one model
at several addresses: spread over them, and with three retries.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from measure import HERE, Server, free_port, say, started
from serving import Place

PINS = HERE / "peers"
KEY = "sk-0123456789abcdef-for-this-run-only"
RETRIES = 3
PROVIDERS = ("openai", "groq", "deepseek")  # of ferrogw's, those that speak the same protocol


class NotInstallable(RuntimeError):
    """A rival cannot be installed here, or does not start."""


@dataclass(frozen=True, slots=True)
class Start:
    """How one is started: its command, where it says that it is ready, and how it is asked."""

    command: Sequence[str | Path]
    ready: str
    headers: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict[str, str])


@contextmanager
def rival(
    name: str, bases: Sequence[str], cache: Path | None = None, model: str = "echo"
) -> Iterator[Place]:
    """Run a rival in front of one model at up to three addresses, until the block ends.

    Raises NotInstallable where it cannot be had.
    """
    installed = install(name, cache or default_cache())
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        start = RIVALS[name](installed, Path(folder), port, bases, model)
        running = started(start.command, port, ready=start.ready, env=start.env, timeout_s=120)
        with _starting(name, running) as server:
            yield Place((server.url,), model, server, start.headers)


@contextmanager
def _starting(name: str, running: AbstractContextManager[Server]) -> Iterator[Server]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running)
        except (OSError, RuntimeError) as error:
            raise NotInstallable(f"{name} does not start: {error}") from error
        yield server


def default_cache() -> Path:
    """Where rivals are installed unless told otherwise: outside the tree, and kept."""
    return Path(tempfile.gettempdir()) / "bench-collegium-rivals"


def install(name: str, cache: Path) -> Path:
    """The folder that a rival is installed in, installed unless it was before.

    Raises NotInstallable.
    """
    pins = PINS / ("package.json" if name == "portkey" else f"{name}.txt")
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    place = cache / f"{name}-{digest}"
    if (place / "whole").exists():
        return place
    say(f"installing {name}")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        _npm(place, pins) if name == "portkey" else _pip(place, pins)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotInstallable(f"{name}: {error}") from error
    (place / "whole").touch()
    return place


def _pip(place: Path, pins: Path) -> None:
    _run(sys.executable, "-m", "venv", place)
    # Without dependencies: the pins are all there is, and nothing large comes with them.
    _run(place / "bin" / "pip", "install", "--quiet", "--no-deps", "-r", pins)


def _npm(place: Path, pins: Path) -> None:
    shutil.copy(pins, place / "package.json")
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    _run("npm", "install", "--prefix", place, *quiet)


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr, timeout=900)


def _litellm(installed: Path, folder: Path, port: int, bases: Sequence[str], model: str) -> Start:
    parameters = [{"model": f"openai/{model}", "api_base": base, "api_key": "-"} for base in bases]
    config = {
        "model_list": [{"model_name": model, "litellm_params": one} for one in parameters],
        "router_settings": {"num_retries": RETRIES},
        "litellm_settings": {"telemetry": False},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), "utf-8")
    command: list[str | Path] = [
        installed / "bin" / "litellm",
        "--config",
        path,
        "--host",
        "127.0.0.1",
    ]
    command += ["--port", str(port), "--num_workers", "1", "--telemetry", "False"]
    return Start(
        command,
        ready="/health/liveliness",
        headers={"Authorization": f"Bearer {KEY}"},
        env={"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    )


def _portkey(installed: Path, folder: Path, port: int, bases: Sequence[str], model: str) -> Start:
    del folder, model
    config = {
        "strategy": {"mode": "loadbalance"} if len(bases) > 1 else {"mode": "single"},
        "targets": [{"provider": "openai", "api_key": "-", "custom_host": base} for base in bases],
        "retry": {"attempts": RETRIES},
    }
    program = installed / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    return Start(
        ["node", program, f"--port={port}", "--headless"],
        ready="/",
        headers={"x-portkey-config": json.dumps(config)},
        env={"NODE_ENV": "production"},
    )


def _ferrogw(installed: Path, folder: Path, port: int, bases: Sequence[str], model: str) -> Start:
    path = folder / "config.yaml"
    used = list(zip(PROVIDERS, bases, strict=False))
    targets = [
        {
            "virtual_key": provider,
            "weight": 1,
            "models": [model],
            "retry": {"attempts": RETRIES},
        }
        for provider, _ in used
    ]
    strategy = {"mode": "loadbalance" if len(used) > 1 else "single"}
    path.write_text(json.dumps({"strategy": strategy, "targets": targets}), "utf-8")
    env = {"GATEWAY_CONFIG": str(path), "PORT": str(port), "MASTER_KEY": KEY}
    env |= {"RATE_LIMIT_RPS": "1000000", "RATE_LIMIT_BURST": "1000000"}  # else all come too often
    for provider, base in used:
        env |= {f"{provider.upper()}_BASE_URL": base, f"{provider.upper()}_API_KEY": "-"}
    return Start(
        [installed / "bin" / "ferrogw", "serve"],
        ready="/readyz",
        headers={"Authorization": f"Bearer {KEY}"},
        env=env,
    )


RIVALS: Mapping[str, Callable[[Path, Path, int, Sequence[str], str], Start]] = {
    "litellm": _litellm,
    "portkey": _portkey,
    "ferrogw": _ferrogw,
}
