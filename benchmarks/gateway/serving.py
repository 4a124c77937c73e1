"""`collegium serve` in front of instances that may fail."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from college import EXPERTS
from measure import CHAT, Server, free_port, started


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests are sent, and as what: the server is None where no gateway is between.

    Where there are several addresses, they are asked in turn.
    """

    urls: tuple[str, ...]
    model: str
    server: Server | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@contextmanager
def collegium(
    bases: Sequence[str], *, model: str = "echo", hedge: float | None = None
) -> Iterator[Server]:
    """Run the gateway with the keyword gate, in front of one model at several addresses.

    What can be configured of resilience is left as it is, but for hedging. Raises RuntimeError
    with what it wrote when it does not come up.
    """
    port = free_port()
    backend = {"kind": "http", "url": bases[0], "replicas": list(bases[1:]), "capacity": 1000}
    experts = [{"name": name, "models": [f"up/{model}"]} for name in EXPERTS]
    config = {
        "moe": {"router": {"type": "heuristic"}, "experts": experts},
        "backends": {"up": backend},
        "resilience": {} if hedge is None else {"hedge": hedge},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "collegium.yaml"
        path.write_text(json.dumps(config), "utf-8")  # JSON is YAML
        # A state of its own: neither the keys nor the records of whoever runs this.
        env = {"XDG_STATE_HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        command = [sys.executable, "-m", "collegium", "serve", "--config", str(path)]
        with started(
            [*command, "--port", str(port)], port, ready="/health/ready", env=env
        ) as server:
            yield server


def end_with_all() -> None:
    """Let a SIGTERM end this program in good order, so that no server it began outlives it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def direct(*bases: str, model: str = "echo") -> Place:
    """A model's servers, and nothing between."""
    return Place(tuple(chat_url(base) for base in bases), model)


def chat_url(base: str) -> str:
    """Where a backend's address is asked for chat completions."""
    return base.removesuffix("/v1") + CHAT
