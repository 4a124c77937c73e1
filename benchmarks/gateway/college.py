"""`collegium serve` as the benchmarks run it: in front of the C upstream, with either gate."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Server, free_port, started

EXPERTS = (
    "CodingExpert MathExpert ReasoningExpert PlanningExpert DataExpert KnowledgeExpert "
    "ResearchExpert WritingExpert LanguageExpert AdvisorExpert"
).split()
CONFIG = """
moe:
  router: {{type: {gate}}}
  experts:
{experts}
backends:
  up: {{kind: http, url: "http://127.0.0.1:{port}/v1", capacity: 2000}}
"""


def configuration(gate: str, upstream_port: int, model: str = "tokens") -> str:
    """The YAML of a college whose experts all answer with one model of the upstream."""
    experts = "\n".join(f"    - {{name: {name}, models: [up/{model}]}}" for name in EXPERTS)
    return CONFIG.format(gate=gate, experts=experts, port=upstream_port)


@contextlib.contextmanager
def collegium(gate: str, upstream_port: int, model: str = "tokens") -> Iterator[Server]:
    """Run the gateway with a gate, one worker, until the block ends.

    Raises RuntimeError with what it wrote when it does not come up.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "collegium.yaml"
        config.write_text(configuration(gate, upstream_port, model), "utf-8")
        # A state of its own: neither the keys nor the records of whoever runs this.
        env = {"XDG_STATE_HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        command = [sys.executable, "-m", "collegium", "serve", "--config", str(config)]
        with started(
            [*command, "--port", str(port)], port, ready="/health/ready", env=env
        ) as server:
            yield server
